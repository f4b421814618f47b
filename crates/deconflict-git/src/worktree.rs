//! The working tree, or a plain directory, as a snapshot.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use deconflict_files::{Entry, ReadError, RepoPath, Snapshot, Tree};
use smol_str::SmolStr;

use crate::directory::Directory;
use crate::excludes::Excludes;
use crate::locate::Location;
use crate::read::read_file;
use crate::source::left_out;
use crate::sparse::Sparse;
use crate::{Error, on_demand};

/// What a check of `location` judges: tracked and untracked files, ignored ones only when tracked. Submodules and
/// other nested repositories are there but never read. A directory is listed when somebody first asks about it;
/// [`Snapshot::files`] are those of Top. What a sparse checkout leaves out is read from the index.
pub fn worktree(location: &Location) -> Result<Snapshot, Error> {
    if location.bare {
        return Err(Error::Bare {
            path: location.base.clone(),
        });
    }
    let tree = Worktree {
        base: location.base.clone(),
        top: location.top.clone(),
        excludes: Excludes::new(location)?,
        directories: RwLock::default(),
    };
    let base = on_demand::base_text(&location.base)?;
    Ok(match left_out(location)? {
        None => Snapshot::new(Box::new(tree), base),
        Some(left_out) => Snapshot::new(Box::new(Sparse { disk: tree, left_out }), base),
    })
}

struct Worktree {
    base: PathBuf,
    top: RepoPath,
    excludes: Option<Excludes>,
    directories: RwLock<HashMap<RepoPath, Arc<Directory>>>,
}

impl Worktree {
    fn known(&self, path: &RepoPath) -> Option<Arc<Directory>> {
        self.directories
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned()
    }

    /// The listing of `path`; `None` when no directory is there.
    fn directory(&self, path: &RepoPath) -> Option<Arc<Directory>> {
        if let Some(known) = self.known(path) {
            return Some(known);
        }
        let mut here = RepoPath::top();
        let mut listing = self.listed(&here, None);
        for part in path.parts() {
            if listing.get(part) != Some(&Entry::Directory) {
                return None;
            }
            here = here.join(part)?;
            listing = self.listed(&here, Some(&listing));
        }
        Some(listing)
    }

    fn listed(&self, path: &RepoPath, parent: Option<&Directory>) -> Arc<Directory> {
        if let Some(known) = self.known(path) {
            return known;
        }
        let absolute = self.absolute(path);
        let listing = Directory::list(path, &absolute, parent, self.excludes.as_ref(), &self.top);
        let mut all = self.directories.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(path.clone()).or_insert_with(|| Arc::new(listing)))
    }

    fn absolute(&self, path: &RepoPath) -> PathBuf {
        if path.is_top() {
            self.base.clone()
        } else {
            self.base.join(path.as_str())
        }
    }
}

impl Tree for Worktree {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        let Some(parent) = path.parent() else {
            return Some(Entry::Directory);
        };
        self.directory(&parent)?.get(path.file_name()).cloned()
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.entry(path) {
            None => Err(ReadError::NotFound),
            Some(Entry::Directory) => Err(ReadError::IsDirectory),
            Some(Entry::File) => read_file(&self.absolute(path)),
            Some(Entry::Symlink(_)) => Err(ReadError::Unreadable("is a symbolic link".to_owned())),
            Some(Entry::Other(what)) => Err(ReadError::Unreadable(format!("is a {what}"))),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        self.directory(directory)
            .map(|listing| listing.entries.clone())
            .unwrap_or_default()
    }

    fn files(&self) -> Vec<RepoPath> {
        let mut found = Vec::new();
        let mut todo = vec![self.top.clone()];
        while let Some(path) = todo.pop() {
            let Some(listing) = self.directory(&path) else {
                continue;
            };
            for (name, entry) in &listing.entries {
                let Some(path) = path.join(name) else { continue };
                match entry {
                    Entry::Directory => todo.push(path),
                    Entry::File | Entry::Symlink(_) => found.push(path),
                    Entry::Other(_) => {}
                }
            }
        }
        found.sort();
        found
    }

    fn is_ignored(&self, path: &RepoPath) -> bool {
        let mut here = RepoPath::top();
        for part in path.parts() {
            let Some(listing) = self.directory(&here) else {
                return false;
            };
            if listing.ignored.iter().any(|name| name == part) {
                return true;
            }
            let Some(next) = here.join(part) else { return false };
            here = next;
        }
        false
    }

    fn troubles(&self) -> Vec<(RepoPath, String)> {
        let all = self.directories.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<(RepoPath, String)> = Vec::new();
        let mut known: Vec<(&RepoPath, &Arc<Directory>)> = all.iter().collect();
        known.sort_by_key(|(path, _)| *path);
        for (path, listing) in known {
            for (name, why) in &listing.troubles {
                let path = name
                    .as_ref()
                    .and_then(|name| path.join(name))
                    .unwrap_or_else(|| path.clone());
                found.push((path, why.clone()));
            }
        }
        found.sort();
        found
    }
}
