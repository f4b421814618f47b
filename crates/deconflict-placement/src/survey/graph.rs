//! Who builds on whom.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_files::RepoPath;

use super::Survey;

/// What one kustomization reaches: itself and everything it names, however far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// Directories with a kustomization.
    pub(crate) directories: BTreeSet<RepoPath>,
    /// Files, kustomization files excluded.
    pub(crate) files: BTreeSet<RepoPath>,
}

impl Reach {
    pub(crate) fn extend(&mut self, other: &Reach) {
        self.directories.extend(other.directories.iter().cloned());
        self.files.extend(other.files.iter().cloned());
    }
}

impl Survey {
    /// What the kustomization at `directory` reaches.
    pub(crate) fn reach(&self, directory: &RepoPath) -> Reach {
        let mut reach = Reach::default();
        let mut todo = vec![directory];
        while let Some(directory) = todo.pop() {
            let Some(here) = self.kustomizations.get(directory) else {
                continue;
            };
            if reach.directories.insert(directory.clone()) {
                reach.files.extend(here.files.iter().cloned());
                todo.extend(&here.directories);
            }
        }
        reach
    }

    /// The kustomizations that nobody else builds on, sorted; of a cycle that nobody enters its first. Components are
    /// never among them.
    pub(crate) fn leaves(&self) -> Vec<RepoPath> {
        let mut used: BTreeMap<&RepoPath, bool> =
            self.kustomizations.keys().map(|path| (path, false)).collect();
        for kustomization in self.kustomizations.values() {
            for directory in &kustomization.directories {
                used.entry(directory).and_modify(|used| *used = true);
            }
        }
        let is_root = |path: &RepoPath| self.kustomizations.get(path).is_some_and(|k| !k.is_component);
        let mut leaves: Vec<RepoPath> = used
            .iter()
            .filter(|(path, used)| !**used && is_root(path))
            .map(|(path, _)| (*path).clone())
            .collect();
        let mut reached = Reach::default();
        let unused = used.iter().filter(|(_, used)| !**used).map(|(path, _)| *path);
        for path in unused {
            reached.extend(&self.reach(path));
        }
        for path in used.keys().filter(|path| is_root(path)) {
            if !reached.directories.contains(*path) {
                reached.extend(&self.reach(path));
                leaves.push((*path).clone());
            }
        }
        leaves.sort();
        leaves
    }
}
