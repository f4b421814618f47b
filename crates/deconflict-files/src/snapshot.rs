//! A tree of files, read lazily.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::RepoPath;

/// What stands at a path. Symbolic links are not followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link and the text it holds.
    Symlink(SmolStr),
    /// Something else (a submodule, a socket, a device): there, but never read.
    Other(&'static str),
}

/// What stands at a path after symbolic links were followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// Why a file could not be read. A value, not a failure of the run: it becomes a finding or a coverage entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// Nothing is there.
    NotFound,
    /// It is a directory.
    IsDirectory,
    /// It is there, but the path leads outside the snapshot.
    Outside,
    /// A chain of symbolic links that never ends.
    LinkLoop,
    /// Larger than the limit, both in bytes.
    TooLarge {
        /// Size of the file.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Not a regular file, or the system refused; the words say what.
    Unreadable(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such file or directory"),
            Self::IsDirectory => f.write_str("is a directory"),
            Self::Outside => f.write_str("lies outside the repository"),
            Self::LinkLoop => f.write_str("too many levels of symbolic links"),
            Self::TooLarge { size, limit } => write!(f, "is {size} bytes, more than the limit of {limit}"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

/// Where a snapshot comes from: a working tree, an index, a commit, memory. Implementations answer about one path at
/// a time and never follow symbolic links; [`Snapshot`] does that, and never leaves the top.
pub trait Tree: Send + Sync {
    /// What stands at `path`, if anything.
    fn entry(&self, path: &RepoPath) -> Option<Entry>;
    /// The bytes of a regular file.
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError>;
    /// Names and kinds in a directory, sorted by name. Empty when it is none.
    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)>;
    /// All files and symbolic links of the tree, sorted by path.
    fn files(&self) -> Vec<RepoPath>;
    /// True when [`Tree::entry`] knows nothing of paths that lead through a symbolic link.
    fn is_strict(&self) -> bool {
        false
    }
    /// True when something is at `path` but Git ignores it, so that the tree is silent about it.
    fn is_ignored(&self, path: &RepoPath) -> bool {
        let _ = path;
        false
    }
    /// Directories that could not be listed, and names that no path can hold, among what was looked at so far;
    /// sorted, with the reason.
    fn troubles(&self) -> Vec<(RepoPath, String)> {
        Vec::new()
    }
}

/// A tree of files with symbolic links resolved inside it. What nobody reads is never opened.
pub struct Snapshot {
    tree: Box<dyn Tree>,
    base: String,
}

/// Linux gives up after 40 links; so do we.
const MAX_LINKS: usize = 40;

impl Snapshot {
    /// A snapshot of `tree`. `base` is the absolute path of the top, without trailing slash, as kustomize's messages
    /// print it; `""` for the root of the file system or a tree that lies nowhere.
    pub fn new(tree: Box<dyn Tree>, base: impl Into<String>) -> Self {
        Self {
            tree,
            base: base.into(),
        }
    }

    /// The absolute form of `path`, for messages only.
    pub fn absolute(&self, path: &RepoPath) -> String {
        if path.is_top() && !self.base.is_empty() {
            self.base.clone()
        } else {
            format!("{}/{}", self.base, path.as_str())
        }
    }

    /// The inverse of [`Snapshot::absolute`]: `None` when the absolute path lies outside the snapshot.
    pub fn relative(&self, absolute: &str) -> Option<RepoPath> {
        let rest = absolute.strip_prefix(self.base.as_str())?;
        if rest.is_empty() || rest.starts_with('/') {
            RepoPath::new(rest)
        } else {
            None
        }
    }

    /// What stands at `path` itself, links not followed.
    pub fn entry(&self, path: &RepoPath) -> Option<Entry> {
        if path.is_top() {
            Some(Entry::Directory)
        } else {
            self.tree.entry(path)
        }
    }

    /// The path that `path` really is, with all symbolic links followed, and what stands there.
    pub fn resolve(&self, path: &RepoPath) -> Result<(RepoPath, Kind), ReadError> {
        if self.tree.is_strict() {
            match self.tree.entry(path) {
                Some(Entry::File) => return Ok((path.clone(), Kind::File)),
                Some(Entry::Directory) => return Ok((path.clone(), Kind::Directory)),
                _ => {}
            }
        }
        let mut links = 0;
        let mut done = RepoPath::top();
        let mut todo: Vec<SmolStr> = path.parts().rev().map(SmolStr::from).collect();
        let mut kind = Kind::Directory;
        while let Some(part) = todo.pop() {
            if kind == Kind::File {
                return Err(ReadError::NotFound);
            }
            if part == ".." {
                done = done.parent().ok_or(ReadError::Outside)?;
                continue;
            }
            let next = done.join(&part).ok_or(ReadError::Outside)?;
            match self.tree.entry(&next) {
                None => return Err(ReadError::NotFound),
                Some(Entry::Directory) => done = next,
                Some(Entry::File) => {
                    kind = Kind::File;
                    done = next;
                }
                Some(Entry::Symlink(target)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(ReadError::LinkLoop);
                    }
                    let mut target = target.as_str();
                    if target.starts_with('/') {
                        target = target
                            .strip_prefix(self.base.as_str())
                            .ok_or(ReadError::Outside)?;
                        if !target.is_empty() && !target.starts_with('/') {
                            return Err(ReadError::Outside);
                        }
                        done = RepoPath::top();
                    }
                    let parts = target.split('/').filter(|part| !matches!(*part, "" | "."));
                    todo.extend(parts.rev().map(SmolStr::from));
                }
                Some(Entry::Other(what)) => return Err(ReadError::Unreadable(format!("is a {what}"))),
            }
        }
        Ok((done, kind))
    }

    /// The bytes of the file at `path`, links followed.
    pub fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.resolve(path)? {
            (real, Kind::File) => self.tree.read(&real),
            (_, Kind::Directory) => Err(ReadError::IsDirectory),
        }
    }

    /// Names and kinds directly below `directory`, sorted by name.
    pub fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        match self.resolve(directory) {
            Ok((real, Kind::Directory)) => self.tree.list(&real),
            _ => Vec::new(),
        }
    }

    /// All files and symbolic links, sorted by path.
    pub fn files(&self) -> Vec<RepoPath> {
        self.tree.files()
    }

    /// True when what stands at a path is known without following links; see [`Tree::is_strict`].
    pub(crate) fn is_strict(&self) -> bool {
        self.tree.is_strict()
    }

    /// True when nothing is at `path` only because Git ignores what is there.
    pub fn is_ignored(&self, path: &RepoPath) -> bool {
        self.tree.is_ignored(path)
    }

    /// What could not be listed so far, and why; see [`Tree::troubles`].
    pub fn troubles(&self) -> Vec<(RepoPath, String)> {
        self.tree.troubles()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({:?})", self.base)
    }
}
