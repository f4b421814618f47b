//! All paths of a tree or an index, listed at once.

use std::collections::BTreeMap;

use deconflict_files::{Entry, RepoPath};
use gix::bstr::{BStr, ByteSlice as _};
use gix::objs::tree::EntryKind;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// A path that Git knows, directories excepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    pub(crate) path: RepoPath,
    pub(crate) kind: EntryKind,
    pub(crate) id: gix::ObjectId,
}

/// Items, and the directories that they imply.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Sorted by path.
    items: Vec<Item>,
    /// Names in each directory, sorted. For a file, the place among `items`.
    directories: FxHashMap<RepoPath, Vec<(SmolStr, Option<usize>)>>,
    troubles: Vec<(RepoPath, String)>,
}

impl Listed {
    pub(crate) fn new(mut items: Vec<Item>, mut troubles: Vec<(RepoPath, String)>) -> Self {
        items.sort_by(|a, b| a.path.cmp(&b.path));
        items.dedup_by(|a, b| a.path == b.path);
        troubles.sort();
        troubles.dedup();
        let mut directories: BTreeMap<RepoPath, Vec<(SmolStr, Option<usize>)>> = BTreeMap::new();
        directories.insert(RepoPath::top(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let mut below = (item.path.clone(), Some(index));
            while let Some(parent) = below.0.parent() {
                let name = SmolStr::from(below.0.file_name());
                let known = directories.contains_key(&parent);
                directories
                    .entry(parent.clone())
                    .or_default()
                    .push((name, below.1));
                if known {
                    break;
                }
                below = (parent, None);
            }
        }
        let sorted = directories.into_iter().map(|(directory, mut names)| {
            names.sort();
            (directory, names)
        });
        Self {
            items,
            directories: sorted.collect(),
            troubles,
        }
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn troubles(&self) -> &[(RepoPath, String)] {
        &self.troubles
    }

    pub(crate) fn is_directory(&self, path: &RepoPath) -> bool {
        self.directories.contains_key(path)
    }

    pub(crate) fn get(&self, path: &RepoPath) -> Option<&Item> {
        let at = self.items.binary_search_by(|item| item.path.cmp(path)).ok()?;
        self.items.get(at)
    }

    /// Names directly below, each with its item unless it is a directory.
    pub(crate) fn names(&self, directory: &RepoPath) -> impl Iterator<Item = (&SmolStr, Option<&Item>)> {
        let names = self.directories.get(directory).into_iter().flatten();
        names.map(|(name, item)| (name, item.and_then(|item| self.items.get(item))))
    }
}

/// What an item is, as a snapshot says it; `link` reads the text of a symbolic link.
pub(crate) fn entry_of(item: &Item, link: impl FnOnce(&Item) -> Option<SmolStr>) -> Entry {
    match item.kind {
        EntryKind::Blob | EntryKind::BlobExecutable => Entry::File,
        EntryKind::Link => {
            link(item).map_or(Entry::Other("symbolic link that cannot be read"), Entry::Symlink)
        }
        EntryKind::Commit => Entry::Other("submodule"),
        EntryKind::Tree => Entry::Directory,
    }
}

/// A path of Git's as ours; else the trouble with it.
pub(crate) fn path_of(path: &BStr) -> Result<RepoPath, (RepoPath, String)> {
    let shown = path.to_str_lossy();
    let here = RepoPath::new(&shown).unwrap_or_default();
    match path.to_str() {
        // What is written differently than it is read (`a/../b`) cannot come from a working tree.
        Ok(text) if here.as_str() == text && !here.is_top() => Ok(here),
        Ok(_) => Err((here, "its name leads elsewhere".to_owned())),
        Err(_) => Err((here, "its name is not UTF-8".to_owned())),
    }
}
