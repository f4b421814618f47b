//! Whether a plan says the same about a tree after a change.

use deconflict_files::{Entry, RepoPath};
use deconflict_yaml::{Library, Loaded};
use memchr::memmem;

use super::Plan;
use crate::entry;
use crate::survey::{Traits, is_kustomization_file};

impl Plan {
    /// True when the plan of the tree in `after`, which differs from this one's at `changed`, would hand out the same roots
    /// and place them in the same way, as far as the texts tell: the same files are there, and of those that changed the
    /// plan uses nothing but traits that did not change. What roots that were rendered have read is for the caller to
    /// compare. To be asked when nothing is left to hand out.
    pub fn stands(&self, after: &Library, changed: &[RepoPath]) -> bool {
        changed.iter().all(|path| self.ignores(after, path))
    }

    fn ignores(&self, after: &Library, path: &RepoPath) -> bool {
        let is_file = |library: &Library| library.snapshot().entry(path) == Some(Entry::File);
        let is_asked = self.library.has_loaded(path) || self.config.file.as_ref() == Some(path);
        if is_asked || !is_file(&self.texts) || !is_file(after) {
            return false;
        }
        if !is_kustomization_file(path) && !matches!(path.extension(), Some("yaml" | "yml" | "json")) {
            return true;
        }
        let (Ok(old), Ok(new)) = (self.texts.load(path), after.load(path)) else {
            return false;
        };
        let is_silent = |loaded: &Loaded| {
            entry::raw(loaded).is_empty() && !may_substitute(loaded) && !self.leads(path, loaded)
        };
        let traits = |library, loaded: &Loaded| Traits::of(&self.survey, library, path, loaded);
        is_silent(&old) && is_silent(&new) && traits(&self.texts, &old) == traits(after, &new)
    }
}

/// True for a text that may tell Flux to take variables from somewhere.
pub(super) fn may_substitute(loaded: &Loaded) -> bool {
    memmem::find(loaded.text.as_bytes(), b"substituteFrom").is_some()
}
