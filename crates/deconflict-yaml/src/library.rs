//! Every file of a snapshot is read and parsed once, whoever asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use deconflict_files::{FileId, Files, Origin, ReadError, RepoPath, Snapshot, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{Parsed, Problem, ProblemKind, parse};

/// A snapshot, the table of files read from it, and their trees. Shared by all threads of a run.
#[derive(Debug)]
pub struct Library {
    snapshot: Arc<Snapshot>,
    files: Arc<Files>,
    loaded: Mutex<FxHashMap<RepoPath, Slot>>,
    beside: Option<Beside>,
}

/// Another state of the same repository.
#[derive(Debug)]
struct Beside {
    library: Arc<Library>,
    /// Where the two differ.
    changed: FxHashSet<RepoPath>,
}

type Slot = Arc<OnceLock<Result<Arc<Loaded>, ReadError>>>;

/// A file that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Its id.
    pub file: FileId,
    /// The bytes as they are in the snapshot.
    pub bytes: Arc<[u8]>,
    /// The text; bytes that are no UTF-8 stand as U+FFFD.
    pub text: Arc<str>,
    /// Where the bytes stop being UTF-8.
    invalid_from: Option<usize>,
    parsed: OnceLock<Parsed>,
}

impl Loaded {
    /// The documents, parsed at the first call. Use only for what should be YAML or JSON. Bytes that are no UTF-8 hold
    /// no documents, only [`ProblemKind::InvalidUtf8`], as no reader would take them.
    pub fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| match self.invalid_from {
            None => parse(self.file, &self.text),
            Some(offset) => {
                let shown = char::REPLACEMENT_CHARACTER.len_utf8();
                let problem = Problem {
                    kind: ProblemKind::InvalidUtf8 { offset },
                    at: Origin::new(self.file, Span::new(offset, offset + shown)),
                    document: 0,
                };
                Parsed {
                    problems: vec![problem],
                    ..Parsed::default()
                }
            }
        })
    }

    /// True when the bytes are UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.invalid_from.is_none()
    }
}

impl Library {
    /// A library over `snapshot` that registers what it reads in `files`.
    pub fn new(snapshot: Arc<Snapshot>, files: Arc<Files>) -> Self {
        Self {
            snapshot,
            files,
            loaded: Mutex::default(),
            beside: None,
        }
    }

    /// A library over `snapshot`, which differs from that of `base` at `changed` alone: what is the same in both is read
    /// and parsed once, and its trees are the same nodes.
    pub fn beside(
        base: &Arc<Library>,
        snapshot: Arc<Snapshot>,
        changed: impl IntoIterator<Item = RepoPath>,
    ) -> Self {
        Self {
            beside: Some(Beside {
                library: Arc::clone(base),
                changed: changed.into_iter().collect(),
            }),
            ..Self::new(snapshot, Arc::clone(&base.files))
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The table of files.
    pub fn files(&self) -> &Arc<Files> {
        &self.files
    }

    /// True when `path` was asked for here, whether or not it could be read.
    pub fn has_loaded(&self, path: &RepoPath) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.contains_key(path)
    }

    /// How many paths were read, whether here or in the library beside this one.
    pub fn count(&self) -> usize {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let read = loaded.values().filter(|slot| matches!(slot.get(), Some(Ok(_))));
        read.count()
    }

    /// The file at `path` (links followed). Read once; the id belongs to the path as asked for.
    pub fn load(&self, path: &RepoPath) -> Result<Arc<Loaded>, ReadError> {
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(path.clone()).or_default())
        };
        slot.get_or_init(|| {
            if let Some(same) = self.same_as_beside(path) {
                return same.load(path);
            }
            let bytes = self.snapshot.read(path)?;
            let (text, invalid_from): (Arc<str>, _) = match std::str::from_utf8(&bytes) {
                Ok(text) => (text.into(), None),
                Err(error) => (String::from_utf8_lossy(&bytes).into(), Some(error.valid_up_to())),
            };
            let file = self.files.intern(path, &text);
            Ok(Arc::new(Loaded {
                file,
                bytes,
                text,
                invalid_from,
                parsed: OnceLock::new(),
            }))
        })
        .clone()
    }

    /// The other library, if `path` leads to the same file in it.
    fn same_as_beside(&self, path: &RepoPath) -> Option<&Library> {
        let beside = self.beside.as_ref()?;
        let (real, kind) = self.snapshot.resolve(path).ok()?;
        let there = beside.library.snapshot.resolve(path).ok()?;
        let is_same = there == (real.clone(), kind) && !beside.changed.contains(&real);
        is_same.then_some(&beside.library)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, MemoryTree, RepoPath};

    use super::Library;

    #[test]
    fn what_is_the_same_is_parsed_once() {
        let tree = |texts: [&str; 2]| {
            let tree = MemoryTree::new()
                .file("a.yaml", texts[0])
                .file("b.yaml", texts[1]);
            Arc::new(tree.link("link.yaml", "a.yaml").snapshot())
        };
        let path = |text: &str| RepoPath::new(text).unwrap();
        let base = Arc::new(Library::new(tree(["x: 1", "y: 1"]), Arc::new(Files::new())));
        let after = Library::beside(&base, tree(["x: 1", "y: 2"]), [path("b.yaml")]);
        let is_shared = |name: &str| {
            let (a, b) = (base.load(&path(name)).unwrap(), after.load(&path(name)).unwrap());
            assert_eq!(Arc::ptr_eq(&a, &b), a.text == b.text, "{name}");
            Arc::ptr_eq(&a, &b)
        };
        assert!(is_shared("a.yaml"));
        assert!(is_shared("link.yaml"));
        assert!(!is_shared("b.yaml"));
        // A link that leads elsewhere now leads to another file.
        let turned = MemoryTree::new().file("a.yaml", "x: 1").file("b.yaml", "y: 1");
        let turned = Arc::new(turned.link("link.yaml", "b.yaml").snapshot());
        let turned = Library::beside(&base, turned, [path("link.yaml")]);
        assert_eq!(&*turned.load(&path("link.yaml")).unwrap().text, "y: 1");
    }
}
