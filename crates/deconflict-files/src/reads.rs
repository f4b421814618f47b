//! What a render looked at: everything that could change its result.

use std::collections::BTreeSet;

use crate::RepoPath;

/// Paths read, listed, and looked for in vain during one render. Two equal sets of contents give equal results.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    /// Files and directories that were there.
    pub found: BTreeSet<RepoPath>,
    /// Paths that were looked for and were not there.
    pub missed: BTreeSet<RepoPath>,
}

impl Reads {
    /// Note that `path` was looked for.
    pub fn note(&mut self, path: &RepoPath, found: bool) {
        if found {
            self.found.insert(path.clone());
        } else {
            self.missed.insert(path.clone());
        }
    }

    /// Take over all of `other`.
    pub fn extend(&mut self, other: &Reads) {
        self.found.extend(other.found.iter().cloned());
        self.missed.extend(other.missed.iter().cloned());
    }
}
