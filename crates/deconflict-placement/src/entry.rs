//! Objects of the engines: what makes them deploy something.

use std::sync::Arc;

use deconflict_kube::{expand_list, text_at};
use deconflict_yaml::{Loaded, Node};
use memchr::memmem;
use smol_str::SmolStr;

/// What an engine's object is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum EntryKind {
    /// Argo CD `Application`.
    Application,
    /// Argo CD `ApplicationSet`.
    ApplicationSet,
    /// Flux `Kustomization`.
    Kustomization,
    /// Flux `HelmRelease`.
    HelmRelease,
    /// `FluxInstance` of the Flux operator.
    FluxInstance,
    /// `ResourceSet` of the Flux operator, which makes objects from templates in the cluster.
    ResourceSet,
    /// A Flux source, an AppProject, a ConfigMap, a Secret: others look it up.
    Fact,
}

impl EntryKind {
    /// The kind of an object, if it matters here.
    pub(crate) fn of(object: &Node) -> Option<Self> {
        let api = text_at(object, &["apiVersion"])?;
        let kind = text_at(object, &["kind"])?;
        let group = api.split_once('/').map_or("", |(group, _)| group);
        match (group, kind) {
            ("argoproj.io", "Application") => Some(Self::Application),
            ("argoproj.io", "ApplicationSet") => Some(Self::ApplicationSet),
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => Some(Self::Kustomization),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => Some(Self::HelmRelease),
            ("fluxcd.controlplane.io", "FluxInstance") => Some(Self::FluxInstance),
            ("fluxcd.controlplane.io", "ResourceSet") => Some(Self::ResourceSet),
            ("", "ConfigMap" | "Secret")
            | ("argoproj.io", "AppProject")
            | ("source.toolkit.fluxcd.io" | "source.extensions.fluxcd.io", _) => Some(Self::Fact),
            _ => None,
        }
    }

    /// True for what leads to further roots.
    pub(crate) fn leads_on(self) -> bool {
        matches!(
            self,
            Self::Application | Self::ApplicationSet | Self::Kustomization | Self::FluxInstance
        )
    }

    pub(crate) fn is_argo(self) -> bool {
        matches!(self, Self::Application | Self::ApplicationSet)
    }
}

/// An engine's object as it stands in a file, before anything is built.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) kind: EntryKind,
    /// The paths that it names, as written.
    pub(crate) paths: Vec<SmolStr>,
    /// Repositories that it takes directories from, with the path as written.
    pub(crate) urls: Vec<(SmolStr, SmolStr)>,
    /// The source that `flux bootstrap` makes.
    pub(crate) is_bootstrap: bool,
}

/// The engines' objects that a file holds.
pub(crate) fn raw(loaded: &Loaded) -> Vec<Raw> {
    let has = |word: &str| memmem::find(loaded.text.as_bytes(), word.as_bytes()).is_some();
    if !(has("argoproj.io/") || has("toolkit.fluxcd.io/") || has("fluxcd.controlplane.io/")) {
        return Vec::new();
    }
    let roots = loaded
        .parsed()
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref());
    roots
        .flat_map(expand_list)
        .filter_map(|object| one(&object))
        .collect()
}

fn one(object: &Arc<Node>) -> Option<Raw> {
    let kind = EntryKind::of(object)?;
    let mut raw = Raw {
        kind,
        paths: Vec::new(),
        urls: Vec::new(),
        is_bootstrap: false,
    };
    let text = |path: &[&str]| text_at(object, path).map(SmolStr::from);
    match kind {
        EntryKind::Application | EntryKind::ApplicationSet => {
            let spec = match kind {
                EntryKind::Application => object.at_path(&["spec"]),
                _ => object.at_path(&["spec", "template", "spec"]),
            };
            for source in spec.map(sources).unwrap_or_default() {
                if let Some(path) = text_at(&source, &["path"]) {
                    raw.paths.push(path.into());
                    let url = text_at(&source, &["repoURL"]);
                    raw.urls
                        .extend(url.map(|url| (SmolStr::from(url), SmolStr::from(path))));
                }
            }
        }
        EntryKind::Kustomization => raw.paths.push(text(&["spec", "path"]).unwrap_or_default()),
        EntryKind::FluxInstance => {
            raw.paths.extend(text(&["spec", "sync", "path"]));
            let path = text(&["spec", "sync", "path"]).unwrap_or_default();
            raw.urls
                .extend(text(&["spec", "sync", "url"]).map(|url| (url, path)));
            raw.is_bootstrap = true;
        }
        EntryKind::Fact => {
            if text_at(object, &["kind"]) == Some("GitRepository") {
                raw.urls
                    .extend(text(&["spec", "url"]).map(|url| (url, SmolStr::default())));
                raw.is_bootstrap = text_at(object, &["metadata", "name"]) == Some("flux-system");
            }
        }
        EntryKind::HelmRelease | EntryKind::ResourceSet => {}
    }
    Some(raw)
}

/// The sources of an Application's `spec`: `sources` hides `source`.
pub(crate) fn sources(spec: &Node) -> Vec<Arc<Node>> {
    match spec.get("sources").filter(|sources| !sources.items().is_empty()) {
        Some(sources) => sources.items().to_vec(),
        None => spec.get("source").cloned().into_iter().collect(),
    }
}

/// `namespace/name` of an object; `namespace` when it names none.
pub(crate) fn full_name(object: &Node, namespace: Option<&str>) -> Option<(SmolStr, SmolStr)> {
    let name = text_at(object, &["metadata", "name"])?;
    let own = text_at(object, &["metadata", "namespace"]);
    Some((own.or(namespace).unwrap_or_default().into(), name.into()))
}
