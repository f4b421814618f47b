//! Every file of a snapshot is read and parsed once, whoever asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use deconflict_files::{FileId, Files, ReadError, RepoPath, Snapshot};
use rustc_hash::FxHashMap;

use crate::{Parsed, parse};

/// A snapshot, the table of files read from it, and their trees. Shared by all threads of a run.
#[derive(Debug)]
pub struct Library {
    snapshot: Arc<Snapshot>,
    files: Arc<Files>,
    loaded: Mutex<FxHashMap<RepoPath, Slot>>,
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
    parsed: OnceLock<Parsed>,
}

impl Loaded {
    /// The documents, parsed at the first call. Use only for what should be YAML or JSON.
    pub fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(self.file, &self.text))
    }

    /// True when the bytes are UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.text.len() == self.bytes.len() && self.text.as_bytes() == &*self.bytes
    }
}

impl Library {
    /// A library over `snapshot` that registers what it reads in `files`.
    pub fn new(snapshot: Arc<Snapshot>, files: Arc<Files>) -> Self {
        Self {
            snapshot,
            files,
            loaded: Mutex::default(),
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The table of files.
    pub fn files(&self) -> &Arc<Files> {
        &self.files
    }

    /// The file at `path` (links followed). Read once; the id belongs to the path as asked for.
    pub fn load(&self, path: &RepoPath) -> Result<Arc<Loaded>, ReadError> {
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(path.clone()).or_default())
        };
        slot.get_or_init(|| {
            let bytes = self.snapshot.read(path)?;
            let text: Arc<str> = match std::str::from_utf8(&bytes) {
                Ok(text) => text.into(),
                Err(_) => String::from_utf8_lossy(&bytes).into(),
            };
            let file = self.files.intern(path, &text);
            Ok(Arc::new(Loaded {
                file,
                bytes,
                text,
                parsed: OnceLock::new(),
            }))
        })
        .clone()
    }
}
