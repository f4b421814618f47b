//! Directories of templates that another tool (cookiecutter, Backstage, Jinja, a script) fills in before anything is
//! deployed. Their kustomizations are no roots and their manifests no manifests.

use std::collections::BTreeMap;

use deconflict_files::RepoPath;
use deconflict_yaml::{Library, Loaded};
use memchr::memmem;

use super::is_kustomization_file;

/// Names that such directories have.
const NAMES: [&str; 7] = [
    "template",
    "templates",
    "skeleton",
    "skeletons",
    "scaffold",
    "scaffolding",
    "boilerplate",
];

/// The outermost directories with such a name in which some file is not YAML before it is filled in. The name alone is
/// not enough: people keep manifests, and Alertmanager or ApplicationSet templates, under `templates` too.
pub(crate) fn find(library: &Library, kustomizations: &[RepoPath], others: &[RepoPath]) -> Vec<RepoPath> {
    let mut found: BTreeMap<RepoPath, bool> = BTreeMap::new();
    for path in kustomizations.iter().chain(others) {
        let Some(directory) = named(path) else { continue };
        let known = found.entry(directory).or_insert(false);
        let has = |loaded: &Loaded| has_placeholders(loaded, is_kustomization_file(path));
        *known = *known || library.load(path).is_ok_and(|loaded| has(&loaded));
    }
    found
        .into_iter()
        .filter(|(_, is)| *is)
        .map(|(path, _)| path)
        .collect()
}

/// True when `path` lies in one of them.
pub(crate) fn holds(templates: &[RepoPath], path: &RepoPath) -> bool {
    templates.iter().any(|directory| path.is_within(directory))
}

fn named(path: &RepoPath) -> Option<RepoPath> {
    let mut here = RepoPath::top();
    let directory = path.parent()?;
    for part in directory.parts() {
        here = here.join(part)?;
        if NAMES.contains(&part) {
            return Some(here);
        }
    }
    None
}

/// True for a text that is no YAML before somebody fills it in.
pub(super) fn has_placeholders(loaded: &Loaded, is_kustomization: bool) -> bool {
    let has = |word: &str| memmem::find(loaded.text.as_bytes(), word.as_bytes()).is_some();
    let opens = has("{{") || has("{%") || has("<%");
    opens && (is_kustomization || has("{%") || loaded.parsed().problems.iter().any(|p| p.kind.is_fatal()))
}
