//! A tree with one file changed: what would be if somebody made an edit.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::{Entry, ReadError, RepoPath, Snapshot, Tree};

struct Edited {
    snapshot: Arc<Snapshot>,
    /// The file itself, links followed.
    path: RepoPath,
    content: Arc<[u8]>,
}

impl Snapshot {
    /// The same snapshot, where the file at `path` (links followed) holds `content`.
    ///
    /// # Errors
    /// There is no such file.
    pub fn with_content(self: &Arc<Self>, path: &RepoPath, content: &str) -> Result<Self, ReadError> {
        let (path, _) = self.resolve(path)?;
        let edited = Edited {
            snapshot: Arc::clone(self),
            path,
            content: content.as_bytes().into(),
        };
        Ok(Self::new(Box::new(edited), self.absolute(&RepoPath::top())))
    }
}

impl Tree for Edited {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.snapshot.entry(path)
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if *path == self.path {
            return Ok(Arc::clone(&self.content));
        }
        self.snapshot.read(path)
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        self.snapshot.list(directory)
    }

    fn files(&self) -> Vec<RepoPath> {
        self.snapshot.files()
    }

    fn is_strict(&self) -> bool {
        self.snapshot.is_strict()
    }

    fn is_ignored(&self, path: &RepoPath) -> bool {
        self.snapshot.is_ignored(path)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{MemoryTree, RepoPath};

    #[test]
    fn one_file_reads_differently() {
        let tree = MemoryTree::new()
            .file("a/one.yaml", "1")
            .file("a/two.yaml", "2")
            .link("b", "a");
        let snapshot = Arc::new(tree.snapshot());
        let path = |text: &str| RepoPath::new(text).expect("a path");
        let edited = snapshot
            .with_content(&path("b/one.yaml"), "new")
            .expect("the file is there");
        let read = |text: &str| edited.read(&path(text)).map(|bytes| bytes.to_vec());
        assert_eq!(read("a/one.yaml").as_deref(), Ok(&b"new"[..]));
        assert_eq!(read("b/one.yaml").as_deref(), Ok(&b"new"[..]));
        assert_eq!(read("a/two.yaml").as_deref(), Ok(&b"2"[..]));
        assert!(snapshot.with_content(&path("a/none.yaml"), "").is_err());
        assert_eq!(edited.absolute(&path("a")), "/repo/a");
    }
}
