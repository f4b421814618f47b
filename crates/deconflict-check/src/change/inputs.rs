//! Whether a render would see the same before and after a change.

use std::sync::{PoisonError, RwLock};

use deconflict_files::{Entry, Kind, Reads, RepoPath, Snapshot};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Change;

/// Two trees and where they differ.
pub(crate) struct Inputs<'c> {
    before: &'c Snapshot,
    after: &'c Snapshot,
    changed: FxHashSet<&'c RepoPath>,
    /// Directories in which something came, went or became something else.
    listings: FxHashSet<RepoPath>,
    /// What is known already: roots read the same files.
    known: RwLock<FxHashMap<RepoPath, bool>>,
}

impl<'c> Inputs<'c> {
    /// The trees of `change`; `after` is the one after it.
    pub(crate) fn new(change: &'c Change, after: &'c Snapshot) -> Self {
        let before = change.base.snapshot();
        let mut listings = FxHashSet::default();
        for path in &change.changed {
            let is_file = |snapshot: &Snapshot| snapshot.entry(path) == Some(Entry::File);
            if is_file(before) && is_file(after) {
                continue;
            }
            // What is new or gone may bring or take its directories along.
            let mut at = path.clone();
            while let Some(parent) = at.parent() {
                if !listings.insert(parent.clone()) {
                    break;
                }
                at = parent;
            }
        }
        Self {
            before,
            after,
            changed: change.changed.iter().collect(),
            listings,
            known: RwLock::default(),
        }
    }

    /// True when everything that was looked at is the same in both trees, so that a render gives the same.
    pub(crate) fn are_same(&self, reads: &Reads) -> bool {
        reads.found.iter().all(|path| self.is_same(path))
            && reads
                .missed
                .iter()
                // Messages name the first part that is missing.
                .all(|path| {
                    std::iter::successors(Some(path.clone()), RepoPath::parent)
                        .all(|path| self.is_same(&path))
                })
    }

    /// True when `path`, links followed, is the same file, directory or nothing in both trees.
    pub(crate) fn is_same(&self, path: &RepoPath) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(path) {
            return *known;
        }
        drop(known);
        let is_same = self.look(path);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(path.clone(), is_same);
        is_same
    }

    fn look(&self, path: &RepoPath) -> bool {
        let (before, after) = (self.before.resolve(path), self.after.resolve(path));
        if before != after {
            return false;
        }
        match after {
            Ok((real, Kind::File)) => !self.changed.contains(&real),
            Ok((real, Kind::Directory)) => !self.listings.contains(&real),
            Err(_) => true,
        }
    }
}
