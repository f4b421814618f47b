//! A sparse checkout: files that Git was told to leave out of the working tree are there all the same, because what is
//! missing on disk is not missing in the repository.

use std::sync::Arc;

use deconflict_files::{Entry, ReadError, RepoPath, Tree};
use smol_str::SmolStr;

use crate::objects::Objects;

pub(crate) struct Sparse<T> {
    pub(crate) disk: T,
    /// Only what is left out.
    pub(crate) left_out: Objects,
}

impl<T: Tree> Tree for Sparse<T> {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.disk.entry(path).or_else(|| self.left_out.entry(path))
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.disk.read(path) {
            Err(ReadError::NotFound) => self.left_out.read(path),
            read => read,
        }
    }

    fn is_strict(&self) -> bool {
        self.disk.is_strict() && self.left_out.is_strict()
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        let mut names = self.disk.list(directory);
        names.extend(self.left_out.list(directory));
        // Stable, so what is on disk comes first and wins.
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        names
    }

    fn files(&self) -> Vec<RepoPath> {
        let mut files = self.disk.files();
        let on_disk = |path: &RepoPath| self.disk.entry(path).is_some();
        files.extend(self.left_out.files().into_iter().filter(|path| !on_disk(path)));
        files.sort();
        files
    }

    fn is_ignored(&self, path: &RepoPath) -> bool {
        self.disk.is_ignored(path)
    }

    fn troubles(&self) -> Vec<(RepoPath, String)> {
        self.disk.troubles()
    }
}
