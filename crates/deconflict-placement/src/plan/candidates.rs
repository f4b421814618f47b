//! Raw engine objects that nothing reaches: people apply them by hand, and they deploy what they say.

use std::sync::Arc;

use deconflict_files::RepoPath;
use smol_str::{SmolStr, ToSmolStr};

use super::{From, Plan, Site};
use crate::entry::{EntryKind, Raw};
use crate::survey::Reach;
use crate::{Engine, Root, RootKind, layout, listed};

/// A root that holds engine objects, and what they point at.
struct Candidate {
    root: Root,
    reach: Reach,
    argo: bool,
    flux: bool,
    /// Directories that its objects name.
    targets: Vec<RepoPath>,
    /// It starts Flux: what `flux bootstrap` writes, a `FluxInstance`, or a Kustomization that applies itself.
    is_bootstrap: bool,
}

impl Plan {
    /// Take the next roots with engine objects; false when there are none that deploy anything.
    pub(super) fn take_candidates(&mut self) -> bool {
        let all = self.candidates();
        let engine = |wanted: Engine| self.sites.iter().any(|site| site.placement.engine == wanted);
        self.declared.argo |= engine(Engine::ArgoCd);
        self.declared.flux |= engine(Engine::Flux);
        let bootstraps: Vec<&Candidate> = all.iter().filter(|candidate| candidate.is_bootstrap).collect();
        let chosen = if bootstraps.is_empty() {
            // What no declared entry point reaches deploys nothing: an orphan.
            let declared = self.declared;
            let alive = |candidate: &&Candidate| {
                (candidate.argo && !declared.argo) || (candidate.flux && !declared.flux)
            };
            self.first_of(&all.iter().filter(alive).collect::<Vec<_>>())
        } else {
            self.first_of(&bootstraps)
        };
        let mut any = false;
        for root in chosen {
            let reading = layout::read(&self.config, &root.path);
            let mut placement = self.plain(Arc::new(root));
            placement.cluster.clone_from(&reading.cluster);
            if let Some(name) = &reading.cluster {
                self.inventory.name(name, &self.config);
            } else {
                let path = placement.root.clone().unwrap_or_default();
                placement.unnamed = Some(path.display().to_smolstr());
            }
            let site = Site {
                placement,
                from: From::Candidate,
                depth: 0,
            };
            self.add(site, SmolStr::default());
            any = true;
        }
        any
    }

    /// Roots that hold engine objects which lead on, and that nothing reached.
    fn candidates(&self) -> Vec<Candidate> {
        let leaves = self
            .survey
            .leaves()
            .into_iter()
            .filter(|path| !self.covered.directories.contains(path))
            .map(|path| Root::new(path, RootKind::Kustomize));
        let free = self.free_manifests();
        let directories = listed::by_directory(free.iter());
        leaves
            .chain(directories)
            .filter_map(|root| self.candidate(root))
            .collect()
    }

    fn candidate(&self, root: Root) -> Option<Candidate> {
        let reach = self.reach_of(&root);
        let with_raw = reach
            .files
            .iter()
            .filter_map(|file| Some((file, self.raw.get(file)?)));
        let raw: Vec<(&RepoPath, &Raw)> = with_raw
            .flat_map(|(file, raw)| raw.iter().map(move |raw| (file, raw)))
            .filter(|(_, raw)| raw.kind.leads_on())
            .collect();
        if raw.is_empty() {
            return None;
        }
        let base = self.own_base();
        let targets: Vec<RepoPath> = raw
            .iter()
            .flat_map(|(_, raw)| &raw.paths)
            .filter_map(|path| base.join(path))
            .filter(|path| self.survey.is_directory(path))
            .collect();
        let is_bootstrap = raw.iter().any(|(file, raw)| {
            raw.kind == EntryKind::FluxInstance
                || (raw.kind == EntryKind::Kustomization && file.file_name() == "gotk-sync.yaml")
        });
        let flux = raw.iter().any(|(_, raw)| !raw.kind.is_argo());
        let is_bootstrap = is_bootstrap || (flux && targets.iter().any(|target| self.covers(target, &root)));
        Some(Candidate {
            argo: raw.iter().any(|(_, raw)| raw.kind.is_argo()),
            flux,
            root,
            reach,
            targets,
            is_bootstrap,
        })
    }

    /// Of `all` those that no other one's objects point at; of a circle the first.
    fn first_of(&self, all: &[&Candidate]) -> Vec<Root> {
        let is_free = |candidate: &&&Candidate| {
            !all.iter().any(|other| {
                other.root != candidate.root
                    && !other.reach.directories.contains(&candidate.root.path)
                    && other
                        .targets
                        .iter()
                        .any(|target| self.covers(target, &candidate.root))
            })
        };
        let free: Vec<Root> = all
            .iter()
            .filter(is_free)
            .map(|candidate| candidate.root.clone())
            .collect();
        if free.is_empty() {
            all.first()
                .map(|candidate| candidate.root.clone())
                .into_iter()
                .collect()
        } else {
            free
        }
    }

    /// True when an engine that builds `target` builds what `root` builds.
    fn covers(&self, target: &RepoPath, root: &Root) -> bool {
        if *target == root.path {
            return true;
        }
        if !self.survey.kustomizations.contains_key(target) {
            return root.path.is_within(target);
        }
        let reach = self.survey.reach(target);
        match root.kind {
            RootKind::Directory => root.files.iter().all(|file| reach.files.contains(file)),
            _ => reach.directories.contains(&root.path),
        }
    }
}
