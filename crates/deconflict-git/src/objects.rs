//! A tree of Git's objects as a snapshot: what a commit, the index or a merge holds. No file of the working tree is read.

use std::collections::HashMap;
use std::sync::Arc;

use deconflict_files::{Entry, ReadError, RepoPath, Tree};
use gix::ObjectId;
use smol_str::SmolStr;

use crate::listed::{Item, Listed, entry_of};
use crate::quarantine::Quarantine;
use crate::read::{FILE_LIMIT, content};

/// Objects that exist only in memory: what a merge made.
pub(crate) type Memory = HashMap<ObjectId, Arc<[u8]>>;

pub(crate) struct Objects {
    pub(crate) git: gix::ThreadSafeRepository,
    pub(crate) listed: Listed,
    pub(crate) memory: Memory,
    /// [`deconflict_files::Snapshot::files`] are those below.
    pub(crate) top: RepoPath,
    #[expect(
        dead_code,
        reason = "held so that the object directories stay where they are looked for"
    )]
    pub(crate) quarantine: Option<Quarantine>,
}

impl Objects {
    fn blob(&self, item: &Item) -> Result<Arc<[u8]>, ReadError> {
        if let Some(bytes) = self.memory.get(&item.id) {
            return content(Arc::clone(bytes));
        }
        let git = self.git.to_thread_local();
        let failed = |error: gix::Error| ReadError::Unreadable(format!("cannot be read from Git: {error}"));
        let Some(header) = git.try_find_header(item.id).map_err(failed)? else {
            return Err(ReadError::Unreadable(format!(
                "is not in this clone (object {}); fetch it, or clone without a filter",
                item.id
            )));
        };
        if header.size() > FILE_LIMIT {
            return Err(ReadError::TooLarge {
                size: header.size(),
                limit: FILE_LIMIT,
            });
        }
        let mut object = git.find_object(item.id).map_err(failed)?;
        content(std::mem::take(&mut object.data).into())
    }

    fn link(&self, item: &Item) -> Option<SmolStr> {
        let bytes = self.blob(item).ok()?;
        Some(String::from_utf8_lossy(&bytes).into())
    }
}

impl Tree for Objects {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        if self.listed.is_directory(path) {
            return Some(Entry::Directory);
        }
        self.listed
            .get(path)
            .map(|item| entry_of(item, |item| self.link(item)))
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.listed.get(path) {
            None if self.listed.is_directory(path) => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
            Some(item) => match entry_of(item, |_| Some(SmolStr::default())) {
                Entry::File => self.blob(item),
                Entry::Symlink(_) => Err(ReadError::Unreadable("is a symbolic link".to_owned())),
                Entry::Other(what) => Err(ReadError::Unreadable(format!("is a {what}"))),
                Entry::Directory => Err(ReadError::IsDirectory),
            },
        }
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        let names = self.listed.names(directory);
        let entries = names.map(|(name, item)| {
            let entry = item.map_or(Entry::Directory, |item| entry_of(item, |item| self.link(item)));
            (name.clone(), entry)
        });
        entries.collect()
    }

    fn files(&self) -> Vec<RepoPath> {
        let within = self
            .listed
            .items()
            .iter()
            .filter(|item| item.path.is_within(&self.top));
        let readable =
            within.filter(|item| !matches!(entry_of(item, |_| Some(SmolStr::default())), Entry::Other(_)));
        readable.map(|item| item.path.clone()).collect()
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn troubles(&self) -> Vec<(RepoPath, String)> {
        self.listed.troubles().to_vec()
    }
}
