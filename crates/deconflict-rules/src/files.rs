//! What a file is, by its name and its text.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::{Library, Loaded};

/// The names under which kustomize looks for its file, in its order.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// True for a file that kustomize would build from.
pub(crate) fn is_kustomization_file(path: &RepoPath) -> bool {
    KUSTOMIZATION.contains(&path.file_name())
}

/// The kustomization file of `directory`.
pub(crate) fn kustomization_of(library: &Library, directory: &RepoPath) -> Option<Arc<Loaded>> {
    KUSTOMIZATION
        .iter()
        .find_map(|name| library.load(&directory.join(name)?).ok())
}

/// True when a text that cannot be parsed was meant as a manifest.
pub(crate) fn looks_like_manifest(text: &str) -> bool {
    let has = |key: &str| {
        text.lines()
            .any(|line| line.trim_start_matches(['{', ' ', '"']).starts_with(key))
    };
    has("apiVersion") && has("kind")
}
