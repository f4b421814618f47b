//! The kustomization that Flux generates for a directory without one (fluxcd/pkg kustomize `Generator.generate`).

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_yaml::{Kind, Node, Scalar};

use super::ignore::Ignore;
use crate::survey::{KUSTOMIZATION_FILES, Survey, is_kustomization_file};

/// What it lists.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    /// The directory it is for.
    path: RepoPath,
    /// Files with objects, sorted.
    pub(crate) files: Vec<RepoPath>,
    /// Directories with a kustomization of their own, which are not entered, sorted.
    pub(crate) directories: Vec<RepoPath>,
}

/// Walk the directory: a sub-directory with a kustomization file is one resource and not entered; every other `.yaml`
/// and `.yml` file is one too.
pub(crate) fn generated(survey: &Survey, path: &RepoPath) -> Generated {
    let mut found = Generated {
        path: path.clone(),
        ..Generated::default()
    };
    for file in survey.below(path) {
        let Some(directory) = file.parent() else { continue };
        if found
            .directories
            .last()
            .is_some_and(|known| directory.is_within(known))
        {
            continue;
        }
        if let Some(outermost) = owner(survey, path, &directory) {
            if !found.directories.contains(&outermost) {
                found.directories.push(outermost);
            }
        } else if matches!(file.extension(), Some("yaml" | "yml"))
            && !is_kustomization_file(file)
            && survey.objects.contains(file)
        {
            found.files.push(file.clone());
        }
    }
    found.directories.sort();
    found
}

/// The outermost directory with a kustomization from below `path` down to `directory`.
fn owner(survey: &Survey, path: &RepoPath, directory: &RepoPath) -> Option<RepoPath> {
    let mut here = path.clone();
    for part in directory.below(path)?.parts() {
        here = here.join(part)?;
        if survey.kustomizations.contains_key(&here) {
            return Some(here);
        }
    }
    None
}

impl Generated {
    /// Without what the source of the directory leaves out.
    pub(crate) fn without(mut self, survey: &Survey, ignore: &Ignore) -> Self {
        self.files.retain(|file| !ignore.drops(file));
        self.directories.retain(|directory| {
            let names = KUSTOMIZATION_FILES.iter().filter_map(|name| directory.join(name));
            names
                .filter(|file| survey.is_file(file))
                .any(|file| !ignore.drops(&file))
        });
        self
    }

    /// As the content of a kustomization file. It stands nowhere, so everything in it has the place of what asked for
    /// the directory.
    pub(crate) fn content(&self, at: Origin) -> Node {
        let mut resources: Vec<&RepoPath> = self.files.iter().chain(&self.directories).collect();
        resources.sort();
        let items = resources
            .into_iter()
            .filter_map(|path| path.below(&self.path))
            .map(|path| Arc::new(Node::scalar(Scalar::string(format!("./{}", path.as_str())), at)))
            .collect();
        let mut content = Node::map(at);
        for (name, value) in [
            ("apiVersion", "kustomize.config.k8s.io/v1beta1"),
            ("kind", "Kustomization"),
        ] {
            content.set(name, at, Node::scalar(Scalar::plain(value), at));
        }
        content.set("resources", at, Node::new(Kind::List(items), at));
        content
    }
}
