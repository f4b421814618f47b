//! The run-wide table of files that were read.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::{LineIndex, RepoPath};

/// A file of this run. A small number; never stored, printed or sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId(u32);

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{}", self.0)
    }
}

/// The text of one file, and where it lies.
#[derive(Debug)]
pub struct File {
    /// Path in the snapshot.
    pub path: RepoPath,
    /// The text as read; bytes that are no UTF-8 stand as U+FFFD (the parser reports them).
    pub text: Arc<str>,
    lines: OnceLock<LineIndex>,
}

impl File {
    /// Line starts, computed at the first call.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// Interns (path, text): two trees share what is equal in both. Shared by all threads of a run.
#[derive(Debug, Default)]
pub struct Files {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    all: Vec<Arc<File>>,
    by_path: FxHashMap<RepoPath, Vec<FileId>>,
}

impl Files {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of `text` at `path`; equal pairs have equal ids.
    pub fn intern(&self, path: &RepoPath, text: &Arc<str>) -> FileId {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let known = inner.by_path.get(path).into_iter().flatten();
        if let Some(id) = known.copied().find(|id| inner.all[id.0 as usize].text == *text) {
            return id;
        }
        let id = FileId(inner.all.len() as u32);
        inner.all.push(Arc::new(File {
            path: path.clone(),
            text: Arc::clone(text),
            lines: OnceLock::new(),
        }));
        inner.by_path.entry(path.clone()).or_default().push(id);
        id
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.all.len()
    }

    /// The file behind an id of this table.
    pub fn get(&self, id: FileId) -> Arc<File> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&inner.all[id.0 as usize])
    }
}
