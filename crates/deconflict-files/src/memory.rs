//! A tree in memory, for tests and for what is composed rather than read.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::{Entry, ReadError, RepoPath, Snapshot, Tree};

/// Files held in memory. Directories exist as far as files need them.
#[derive(Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<RepoPath, Content>,
}

#[derive(Debug)]
enum Content {
    Bytes(Arc<[u8]>),
    Link(SmolStr),
}

impl MemoryTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a file. A path that leads outside is ignored.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        if let Some(path) = RepoPath::new(path) {
            self.files.insert(path, Content::Bytes(content.as_ref().into()));
        }
        self
    }

    /// Add a symbolic link. A path that leads outside is ignored.
    #[must_use]
    pub fn link(mut self, path: &str, target: &str) -> Self {
        if let Some(path) = RepoPath::new(path) {
            self.files.insert(path, Content::Link(target.into()));
        }
        self
    }

    /// A tree from one text: lines `//- path` start a file, what follows is its content.
    pub fn fixture(text: &str) -> Self {
        let mut tree = Self::new();
        for part in text.split("//- ").skip(1) {
            let (path, content) = part.split_once('\n').unwrap_or((part, ""));
            tree = tree.file(path.trim(), content);
        }
        tree
    }

    /// Paths of files below a directory, sorted.
    fn below<'t>(&'t self, directory: &'t RepoPath) -> impl Iterator<Item = &'t RepoPath> {
        let from = self.files.range(directory.clone()..).map(|(path, _)| path);
        // Between a directory and what is below it may stand names that go on otherwise: `a`, `a-b`, `a/b`.
        from.take_while(move |path| path.as_str().starts_with(directory.as_str()))
            .filter(move |path| path.is_within(directory) && *path != directory)
    }

    /// As a snapshot that lies at `/repo`.
    pub fn snapshot(self) -> Snapshot {
        Snapshot::new(Box::new(self), "/repo")
    }
}

impl Tree for MemoryTree {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        match self.files.get(path) {
            Some(Content::Bytes(_)) => Some(Entry::File),
            Some(Content::Link(target)) => Some(Entry::Symlink(target.clone())),
            None => self.below(path).next().map(|_| Entry::Directory),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.files.get(path) {
            Some(Content::Bytes(bytes)) => Ok(Arc::clone(bytes)),
            Some(Content::Link(_)) => Err(ReadError::Unreadable("is a symbolic link".to_owned())),
            None if self.entry(path).is_some() => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        let mut names: Vec<(SmolStr, Entry)> = Vec::new();
        for path in self.below(directory) {
            let Some(name) = path
                .below(directory)
                .and_then(|rest| rest.parts().next().map(SmolStr::from))
            else {
                continue;
            };
            if names.last().is_none_or(|(known, _)| *known != name)
                && let Some(entry) = directory.join(&name).and_then(|path| self.entry(&path))
            {
                names.push((name, entry));
            }
        }
        // A file and what lies below a directory of a longer name may stand in between: `a.b` before `a/b`.
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        names
    }

    fn files(&self) -> Vec<RepoPath> {
        self.files.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryTree;
    use crate::{Kind, ReadError, RepoPath};

    #[test]
    fn links_are_followed_inside_only() {
        let snapshot = MemoryTree::new()
            .file("a/real/f.yaml", "x")
            .link("a/link", "real")
            .link("out", "../../etc/passwd")
            .link("absolute", "/repo/a/real")
            .link("elsewhere", "/etc")
            .link("loop", "loop2")
            .link("loop2", "loop")
            .snapshot();
        let resolve = |path: &str| {
            let path = RepoPath::new(path).expect("a path inside");
            snapshot
                .resolve(&path)
                .map(|(path, kind)| (path.as_str().to_owned(), kind))
        };
        assert_eq!(
            resolve("a/link/f.yaml"),
            Ok(("a/real/f.yaml".to_owned(), Kind::File))
        );
        assert_eq!(resolve("absolute"), Ok(("a/real".to_owned(), Kind::Directory)));
        assert_eq!(resolve("out"), Err(ReadError::Outside));
        assert_eq!(resolve("elsewhere"), Err(ReadError::Outside));
        assert_eq!(resolve("loop"), Err(ReadError::LinkLoop));
        assert_eq!(resolve("a/real/f.yaml/x"), Err(ReadError::NotFound));
    }
}
