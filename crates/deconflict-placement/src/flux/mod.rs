//! Flux: which directories its objects apply, and how.

mod artifact;
mod depends;
mod edits;
mod generated;
mod ignore;
mod release;
pub(crate) mod substitute;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{PlacementStatus, Source};
use deconflict_kube::{bool_at, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::{SmolStr, format_smolstr};

use crate::entry::full_name;
use crate::plan::{Plan, Site, SiteId};
use crate::{
    Build, Edited, Engine, Placement, PlacementId, ProblemKind, Root, RootKind, Substitution, Upkeep, edit,
    fact, layout,
};

use artifact::{Artifact, generated_artifact};
pub(crate) use depends::Waiting;
pub(crate) use generated::generated;
use ignore::Ignore;

/// The namespace of a Flux object that names none and whose root sets none: that of `flux bootstrap`.
const DEFAULT_NAMESPACE: &str = "flux-system";

/// The source that `flux bootstrap` makes; its manifest is often not in the tree.
const BOOTSTRAP: &str = "flux-system";

/// A Flux object that waits for what it names.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) site: SiteId,
    pub(crate) object: Arc<Node>,
}

/// What a Flux object still waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Wait {
    /// For anything that it names and that may turn up.
    Anything,
    /// For sources and ConfigMaps, not for Secrets.
    Others,
    /// What is not known now never will be.
    Nothing,
}

/// Names of a Flux object.
struct Named {
    app: SmolStr,
    namespace: SmolStr,
    at: Origin,
}

fn named(object: &Node, namespace: Option<&str>) -> Option<Named> {
    let (namespace, name) = full_name(object, namespace)?;
    let namespace = if namespace.is_empty() {
        DEFAULT_NAMESPACE.into()
    } else {
        namespace
    };
    Some(Named {
        app: format_smolstr!("{namespace}/{name}"),
        namespace,
        at: object
            .at_path(&["metadata", "name"])
            .map_or(object.at, |name| name.at),
    })
}

impl Plan {
    /// Place what a Flux Kustomization applies. False when it has to wait: something that it names may still turn up.
    pub(crate) fn flux_kustomization(&mut self, pending: &Pending, wait: Wait) -> bool {
        let force = wait == Wait::Nothing;
        let Pending { site, object } = pending;
        let Some(spec) = object.get("spec").filter(|spec| spec.is_map()) else {
            return true;
        };
        let Some(named) = named(object, self.site(*site).placement.namespace.as_deref()) else {
            return true;
        };
        let written = text_at(spec, &["path"]).unwrap_or_default();
        self.note_dependencies(*site, false, &named, spec);
        let reference = spec.get("sourceRef");
        let Some(source) =
            reference.and_then(|source| self.artifact(*site, source, &named.namespace, written, force))
        else {
            if !force {
                return false;
            }
            if let Some(source) = reference {
                self.source_missing(*site, &named, source);
            }
            return true;
        };
        let (cluster, unnamed) = self.flux_cluster(*site, spec, &source, written);
        let Ok(substitution) = self.substitution(*site, spec, &named.namespace, wait) else {
            return false;
        };
        let mut placement = Self::flux_placement(&named, RootKind::Kustomize);
        placement.upkeep = Upkeep {
            prunes: Some(bool_at(spec, &["prune"]) == Some(true)),
            recreates: bool_at(spec, &["force"]) == Some(true),
            ..Upkeep::default()
        };
        placement.cluster = cluster;
        placement.unnamed = unnamed;
        placement.namespace = text_at(spec, &["targetNamespace"])
            .filter(|text| !text.is_empty())
            .map(SmolStr::from);
        placement.source = source_of(&source);
        let place = spec.get("path").map_or(named.at, |path| path.at);
        if matches!(source, Artifact::Elsewhere { .. }) {
            self.add(Site::within(*site, placement), SmolStr::default());
            return true;
        }
        let Some(path) = source.resolve(written) else {
            let kind = ProblemKind::PathOutside {
                app: named.app,
                path: written.into(),
            };
            self.problem(kind, Some(place));
            return true;
        };
        placement.root = Some(path.clone());
        if !self.survey.is_directory(&path) {
            placement.status = PlacementStatus::Failed;
            placement.reason = Some("not-found".into());
            let kind = ProblemKind::PathMissing { app: named.app, path };
            self.problem(kind, Some(place));
        } else if bool_at(spec, &["suspend"]) == Some(true) {
            placement.status = PlacementStatus::Skipped;
            placement.reason = Some("suspended".into());
            self.cover(&path);
        } else {
            placement.status = PlacementStatus::Rendered;
            placement.reason = None;
            placement.render = Some(Arc::new(self.flux_root(
                &path,
                &source,
                spec,
                place,
                substitution,
            )));
        }
        self.add(Site::within(*site, placement), SmolStr::default());
        true
    }

    /// What Flux builds for `path`.
    fn flux_root(
        &self,
        path: &RepoPath,
        source: &Artifact,
        spec: &Node,
        at: Origin,
        substitution: Option<Substitution>,
    ) -> Root {
        let has_file = self.survey.kustomizations.contains_key(path);
        let mut walked = generated(&self.survey, path);
        if let (Artifact::Directory { base, ignore, .. }, false) = (source, has_file) {
            let ignore = Ignore::of(&self.survey, &self.library, base, ignore.as_deref());
            walked = walked.without(&self.survey, &ignore);
        }
        if !has_file && walked.files.is_empty() && walked.directories.is_empty() {
            // Nothing to apply is no error to Flux.
            return Root::directory(path.clone(), Vec::new());
        }
        let content = if has_file {
            edits::changes(spec)
                .then(|| edit::kustomization(&self.library, path))
                .flatten()
        } else {
            Some(walked.content(at))
        };
        let edited = content.and_then(|mut content| {
            edits::apply(&mut content, spec, &self.survey, path);
            Edited::new(Arc::new(content))
        });
        Root {
            build: Build {
                unrestricted: true,
                kustomization: edited,
                substitution: substitution.map(Arc::new),
            },
            ..Root::new(path.clone(), RootKind::Kustomize)
        }
    }

    /// `FluxInstance.spec.sync`: a source and a Kustomization of the instance's namespace.
    pub(crate) fn flux_instance(&mut self, site: SiteId, object: &Arc<Node>) {
        let Some(sync) = object.at_path(&["spec", "sync"]) else {
            return;
        };
        let Some(mut named) = named(object, self.site(site).placement.namespace.as_deref()) else {
            return;
        };
        named.app = format_smolstr!(
            "{}/{}",
            named.namespace,
            text_at(sync, &["name"]).unwrap_or(BOOTSTRAP)
        );
        let written = text_at(sync, &["path"]).unwrap_or_default();
        let url = text_at(sync, &["url"]).unwrap_or_default();
        let reference = text_at(sync, &["ref"]);
        let source = match self.own.find(url) {
            Some(own) => Artifact::Directory {
                base: own.base.clone(),
                follows: own.follows(reference),
                revision: reference.map(SmolStr::from),
                ignore: None,
            },
            None => Artifact::Elsewhere {
                url: url.into(),
                revision: reference.map(SmolStr::from),
            },
        };
        let (cluster, unnamed) = self.flux_cluster(site, sync, &source, written);
        let mut placement = Self::flux_placement(&named, RootKind::Kustomize);
        placement.cluster = cluster;
        placement.unnamed = unnamed;
        placement.source = source_of(&source);
        if let Some(path) = source
            .resolve(written)
            .filter(|path| self.survey.is_directory(path))
        {
            let place = sync.get("path").map_or(named.at, |path| path.at);
            placement.status = PlacementStatus::Rendered;
            placement.reason = None;
            placement.root = Some(path.clone());
            placement.render = Some(Arc::new(self.flux_root(
                &path,
                &source,
                &Node::map(place),
                place,
                None,
            )));
        }
        self.add(Site::within(site, placement), SmolStr::default());
    }

    fn flux_placement(named: &Named, kind: RootKind) -> Placement {
        Placement {
            id: PlacementId(0),
            engine: Engine::Flux,
            app: Some(named.app.clone()),
            declared_app: true,
            root: None,
            render: None,
            root_kind: kind,
            cluster: None,
            unnamed: None,
            namespace: None,
            project: None,
            environment: None,
            owner: None,
            declared_at: Some(named.at),
            status: PlacementStatus::Skipped,
            reason: Some("remote".into()),
            source: Source {
                repo: "self".to_owned(),
                revision: None,
                deployed_by_merge: false,
            },
            project_owner: None,
            request: None,
            upkeep: Upkeep::default(),
        }
    }

    /// The cluster: `spec.kubeConfig`, else that of the site, else what `clusters/<name>` in the path says.
    fn flux_cluster(
        &mut self,
        site: SiteId,
        spec: &Node,
        source: &Artifact,
        written: &str,
    ) -> (Option<SmolStr>, Option<SmolStr>) {
        let holder = &self.site(site).placement;
        let (cluster, unnamed) = (holder.cluster.clone(), holder.unnamed.clone());
        let remote = text_at(spec, &["kubeConfig", "secretRef", "name"])
            .or_else(|| text_at(spec, &["kubeConfig", "configMapRef", "name"]));
        if let Some(secret) = remote {
            return match self.inventory.spelled(secret) {
                Some(cluster) => (Some(cluster), None),
                None => (None, Some(format_smolstr!("kubeConfig {secret}"))),
            };
        }
        if cluster.is_some() {
            return (cluster, None);
        }
        let path = source.resolve(written);
        if let Some(listed) = path.as_ref().and_then(|path| self.listed_cluster(path)) {
            return (Some(listed), None);
        }
        let said = path.and_then(|path| layout::read(&self.config, &path).cluster);
        if let Some(name) = &said {
            self.inventory.name(name, &self.config);
        }
        (said, unnamed)
    }

    /// What a `sourceRef` names; `None` when it is not known (yet).
    fn artifact(
        &self,
        site: SiteId,
        reference: &Node,
        namespace: &str,
        path: &str,
        force: bool,
    ) -> Option<Artifact> {
        let kind = text_at(reference, &["kind"]).unwrap_or("GitRepository");
        let name = text_at(reference, &["name"])?;
        let namespace = text_at(reference, &["namespace"]).unwrap_or(namespace);
        let full = format_smolstr!("{namespace}/{name}");
        if let Some(known) = self.config.sources.iter().find(|source| source.name == full) {
            return Some(Artifact::Directory {
                base: self.config.top.join(known.path.as_str())?,
                follows: true,
                revision: None,
                ignore: None,
            });
        }
        if kind == "ExternalArtifact" {
            return self
                .facts(site, "ArtifactGenerator", namespace)
                .into_iter()
                .find_map(|generator| {
                    generated_artifact(&generator, name, |source| {
                        self.artifact(site, source, namespace, "", force)
                    })
                });
        }
        if let Some(object) = self.fact(site, kind, namespace, name) {
            return Some(self.source_object(&object));
        }
        // `flux bootstrap` writes its source into the cluster; the file is left out of many exports and forks.
        let is_here = || {
            let base = self.own_base();
            base.join(path)
                .is_some_and(|path| self.survey.is_directory(&path))
        };
        let assumed =
            force && kind == "GitRepository" && (name == BOOTSTRAP || (!path.is_empty() && is_here()));
        assumed.then(|| Artifact::Directory {
            base: self.own_base(),
            follows: true,
            revision: None,
            ignore: None,
        })
    }

    /// A `GitRepository`, `OCIRepository`, `Bucket`, `HelmRepository`.
    fn source_object(&self, object: &Node) -> Artifact {
        let url = text_at(object, &["spec", "url"])
            .or_else(|| text_at(object, &["spec", "endpoint"]))
            .unwrap_or_default();
        let reference = object.at_path(&["spec", "ref"]);
        let part = |name: &str| {
            reference
                .and_then(|reference| text_at(reference, &[name]))
                .map(SmolStr::from)
        };
        let pinned = ["commit", "name", "semver", "tag", "digest"]
            .into_iter()
            .find_map(part);
        let branch = part("branch");
        let revision = pinned.clone().or_else(|| branch.clone());
        match self.own.find(url) {
            Some(own) => Artifact::Directory {
                base: own.base.clone(),
                follows: pinned.is_none() && own.follows(branch.as_deref()),
                revision,
                ignore: text_at(object, &["spec", "ignore"]).map(SmolStr::from),
            },
            None => Artifact::Elsewhere {
                url: url.into(),
                revision,
            },
        }
    }

    /// `postBuild`: nothing when it says nothing; `Err` when a source of variables may still turn up.
    fn substitution(
        &self,
        site: SiteId,
        spec: &Node,
        namespace: &str,
        wait: Wait,
    ) -> Result<Option<Substitution>, ()> {
        let Some(post) = spec.get("postBuild").filter(|post| post.is_map()) else {
            return Ok(None);
        };
        let mut found = Substitution {
            always: text_at(post, &["substituteStrategy"]) == Some("Always"),
            ..Substitution::default()
        };
        let mut variables: std::collections::BTreeMap<SmolStr, Option<SmolStr>> =
            std::collections::BTreeMap::new();
        for source in items_at(post, &["substituteFrom"]) {
            let kind = text_at(source, &["kind"]).unwrap_or("ConfigMap");
            let name = text_at(source, &["name"]).unwrap_or_default();
            match self.fact(site, kind, namespace, name) {
                Some(object) => variables.extend(fact::variables(&object)),
                None if wait < Wait::Others || (wait < Wait::Nothing && kind != "Secret") => {
                    return Err(());
                }
                // An operator, a person or an encrypted file may make it.
                None => found.open = true,
            }
        }
        for (name, value) in crate::argocd::texts(post.get("substitute").map(|map| &**map)) {
            variables.insert(name, Some(value));
        }
        found.variables = variables.into_iter().collect();
        let is_nothing = found.variables.is_empty() && !found.always && !found.open;
        Ok((!is_nothing).then_some(found))
    }

    /// Report it where sources of the cluster are kept in the tree; else they are made elsewhere altogether.
    fn source_missing(&mut self, site: SiteId, named: &Named, reference: &Node) {
        if !self.has_sources(site) {
            return;
        }
        let namespace = text_at(reference, &["namespace"]).unwrap_or(&named.namespace);
        let name = text_at(reference, &["name"]).unwrap_or_default();
        let kind = ProblemKind::SourceMissing {
            app: named.app.clone(),
            kind: text_at(reference, &["kind"]).unwrap_or("GitRepository").into(),
            source: format_smolstr!("{namespace}/{name}"),
        };
        let at = reference.get("name").map_or(reference.at, |name| name.at);
        self.problem(kind, Some(at));
    }
}

fn source_of(source: &Artifact) -> Source {
    let revision = match source {
        Artifact::Directory { revision, .. } | Artifact::Elsewhere { revision, .. } => revision.clone(),
        Artifact::Copies { .. } => None,
    };
    Source {
        repo: match source {
            Artifact::Elsewhere { url, .. } => url.to_string(),
            _ => "self".to_owned(),
        },
        revision: revision.map(String::from),
        deployed_by_merge: source.follows(),
    }
}
