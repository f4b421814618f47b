//! Roots that no engine's object names: what the configuration lists, kustomizations, manifests.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_findings::{PlacementStatus, Source};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{From, Plan, Site};
use crate::{Engine, Placement, PlacementId, Root, RootKind, Upkeep, layout, listed};

impl Plan {
    /// What the configuration lists.
    pub(super) fn take_listed(&mut self) {
        let config = Arc::clone(&self.config);
        for cluster in &config.clusters {
            for entry in &cluster.roots {
                let roots = match listed::roots(&self.survey, &config, cluster, entry) {
                    Ok(roots) => roots,
                    Err(problem) => {
                        self.result.problems.push(problem);
                        continue;
                    }
                };
                for root in roots {
                    let clusters = self.listed.entry(root.path.clone()).or_default();
                    clusters.insert(cluster.name.clone());
                    let mut placement = self.plain(Arc::new(root));
                    placement.engine = match entry.engine.as_deref() {
                        Some("argocd") => Engine::ArgoCd,
                        Some("flux") => Engine::Flux,
                        _ => Engine::Plain,
                    };
                    if let Some(app) = &entry.app {
                        placement.app = Some(app.clone());
                        placement.declared_app = true;
                    }
                    placement.cluster = Some(cluster.name.clone());
                    placement.namespace.clone_from(&entry.namespace);
                    placement.declared_at = Some(entry.at);
                    let site = Site {
                        placement,
                        from: From::Listed,
                        depth: 0,
                    };
                    self.add(site, SmolStr::default());
                }
            }
        }
    }

    /// Kustomizations that nobody builds on and nothing placed.
    pub(super) fn take_kustomizations(&mut self) {
        for path in self.survey.leaves() {
            if !self.covered.directories.contains(&path) {
                self.request(Arc::new(Root::new(path, RootKind::Kustomize)));
            }
        }
    }

    /// Manifests that no kustomization names and nothing placed.
    pub(super) fn take_manifests(&mut self) {
        let free = self.free_manifests();
        for root in listed::by_directory(free.iter()) {
            self.request(Arc::new(root));
        }
        self.result.free = free;
    }

    /// Files with objects that no kustomization names and nothing placed.
    pub(super) fn free_manifests(&self) -> Vec<RepoPath> {
        let mut named = FxHashSet::default();
        for kustomization in self.survey.kustomizations.values() {
            named.extend(&kustomization.files);
        }
        let is_free = |file: &&RepoPath| !named.contains(*file) && !self.covered.files.contains(*file);
        self.survey.objects.iter().filter(is_free).cloned().collect()
    }

    /// A placement of `root` as a plain one that nobody declared.
    pub(super) fn plain(&self, root: Arc<Root>) -> Placement {
        let reading = layout::read(&self.config, &root.path);
        let (status, reason) = match root.kind {
            RootKind::Helm => (PlacementStatus::Skipped, Some("helm".into())),
            RootKind::Jsonnet => (PlacementStatus::Skipped, Some("unsupported".into())),
            RootKind::Plugin => (PlacementStatus::Skipped, Some("plugin".into())),
            RootKind::Kustomize | RootKind::Directory => (PlacementStatus::Rendered, None),
        };
        Placement {
            id: PlacementId(0),
            engine: Engine::Plain,
            app: Some(layout::app_of(&self.config, &root.path, &reading)),
            declared_app: false,
            root: Some(root.path.clone()),
            root_kind: root.kind,
            render: Some(root),
            cluster: None,
            unnamed: None,
            namespace: None,
            project: None,
            environment: reading.environment,
            owner: reading.team,
            declared_at: None,
            status,
            reason,
            source: Source {
                repo: "self".to_owned(),
                revision: None,
                deployed_by_merge: true,
            },
            project_owner: None,
            request: None,
            upkeep: Upkeep::default(),
        }
    }
}
