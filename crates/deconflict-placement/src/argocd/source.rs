//! What a source of an Application is.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_kube::{text_at, text_of};
use deconflict_yaml::{Dialect, Library, Node};
use smol_str::SmolStr;

use crate::edit;
use crate::survey::Survey;
use crate::{Build, Edited, Root, RootKind};

use super::directory;
use super::kustomize::{self, Variables};

/// What the files at a source's path, and its stanzas, make of it.
#[derive(Debug)]
pub(crate) enum Found {
    /// One root.
    Root(Root),
    /// The path is not there.
    Missing,
    /// More than one stanza.
    Ambiguous,
}

/// The root of a source at `path` of this repository.
pub(crate) fn find(
    survey: &Survey,
    library: &Library,
    path: &RepoPath,
    source: &Node,
    variables: &Variables,
) -> Found {
    if !survey.is_directory(path) {
        return Found::Missing;
    }
    let stanzas: Vec<&str> = ["kustomize", "helm", "directory", "plugin"]
        .into_iter()
        .filter(|name| source.get(name).is_some_and(|stanza| !is_empty(stanza)))
        .collect();
    let kind = match stanzas.as_slice() {
        ["kustomize"] => RootKind::Kustomize,
        ["helm"] => RootKind::Helm,
        ["directory"] => RootKind::Directory,
        ["plugin"] => RootKind::Plugin,
        [] => detect(survey, path),
        _ => return Found::Ambiguous,
    };
    let root = Root::new(path.clone(), kind);
    Found::Root(match kind {
        RootKind::Kustomize => Root {
            build: overrides(survey, library, path, source, variables),
            ..root
        },
        RootKind::Directory => {
            let files = directory::files(survey, library, path, source.get("directory").map(|node| &**node));
            if files.manifests.is_empty() && !files.jsonnet.is_empty() {
                Root::new(path.clone(), RootKind::Jsonnet)
            } else {
                Root::directory(path.clone(), files.manifests)
            }
        }
        _ => root,
    })
}

/// By the names of files in the path itself; of both a chart and a kustomization the kustomization, because the later
/// name in byte order wins.
fn detect(survey: &Survey, path: &RepoPath) -> RootKind {
    if survey.kustomizations.contains_key(path) {
        RootKind::Kustomize
    } else if path
        .join("Chart.yaml")
        .is_some_and(|chart| survey.is_file(&chart))
    {
        RootKind::Helm
    } else {
        RootKind::Directory
    }
}

fn overrides(
    survey: &Survey,
    library: &Library,
    path: &RepoPath,
    source: &Node,
    variables: &Variables,
) -> Build {
    let edited = source.get("kustomize").and_then(|stanza| {
        let file = edit::kustomization(library, path)?;
        let content = kustomize::edited(survey, path, &file, stanza, variables)?;
        Edited::new(Arc::new(content))
    });
    Build {
        unrestricted: survey.argo_is_unrestricted,
        kustomization: edited,
        ..Build::default()
    }
}

/// The source with `.argocd-source.yaml` and `.argocd-source-APP.yaml` of its path laid over it; they cannot change
/// where it comes from.
pub(crate) fn overridden(
    survey: &Survey,
    library: &Library,
    path: &RepoPath,
    app: &str,
    source: &Arc<Node>,
) -> Arc<Node> {
    let mut merged = Arc::clone(source);
    for name in [
        ".argocd-source.yaml".to_owned(),
        format!(".argocd-source-{app}.yaml"),
    ] {
        let Some(file) = path.join(&name).filter(|file| survey.is_file(file)) else {
            continue;
        };
        let Ok(loaded) = library.load(&file) else { continue };
        let root = loaded
            .parsed()
            .documents
            .iter()
            .find_map(|document| document.root.as_ref());
        let Some(root) = root.filter(|root| root.is_map()) else {
            continue;
        };
        let mut patch = Node::clone(root);
        for fixed in ["chart", "path", "repoURL", "targetRevision"] {
            patch.remove(fixed);
        }
        merged = edit::merge(&merged, &Arc::new(patch));
    }
    merged
}

/// Null, `{}`, or a map of such.
fn is_empty(node: &Node) -> bool {
    node.is_null(Dialect::Kubernetes)
        || (node.is_map() && node.fields().iter().all(|field| is_nothing(&field.value)))
}

fn is_nothing(node: &Node) -> bool {
    node.is_null(Dialect::Kubernetes)
        || (node.as_scalar().is_some() && text_of(node) == Some(""))
        || (node.is_map() && node.fields().is_empty())
        || (node.is_list() && node.items().is_empty())
}

/// The kind that a source in another repository says it has.
pub(crate) fn kind_elsewhere(source: &Node) -> RootKind {
    let says = |name: &str| source.get(name).is_some_and(|stanza| !is_empty(stanza));
    if text_at(source, &["chart"]).is_some() || says("helm") {
        RootKind::Helm
    } else if says("directory") {
        RootKind::Directory
    } else if says("plugin") {
        RootKind::Plugin
    } else {
        RootKind::Kustomize
    }
}

/// `name` of the source as a text that is not empty.
pub(crate) fn text(source: &Node, name: &str) -> Option<SmolStr> {
    text_at(source, &[name])
        .filter(|text| !text.is_empty())
        .map(SmolStr::from)
}
