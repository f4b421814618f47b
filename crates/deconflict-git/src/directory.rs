//! One directory, listed.

use std::path::Path;
use std::sync::Arc;

use deconflict_files::{Entry, RepoPath};
use smol_str::SmolStr;

use crate::excludes::{Chain, Excludes};
use crate::read::{read_file, words};

/// What a directory holds, ignored files left out.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// Sorted by name.
    pub(crate) entries: Vec<(SmolStr, Entry)>,
    /// Names that are there but ignored, sorted.
    pub(crate) ignored: Vec<SmolStr>,
    /// Names or, for the directory itself, `None`, that could not be taken in, and why.
    pub(crate) troubles: Vec<(Option<SmolStr>, String)>,
    /// Subdirectories that are ignored and hold tracked files.
    narrowed: Vec<SmolStr>,
    chain: Option<Arc<Chain>>,
    /// Only tracked files count here, because the directory itself is ignored.
    tracked_only: bool,
    with_globals: bool,
}

impl Directory {
    /// What stands there under that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        let at = self
            .entries
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
            .ok()?;
        self.entries.get(at).map(|(_, entry)| entry)
    }

    /// List `path`, which lies at `absolute`; `parent` is the directory that holds it. At `top` the patterns above
    /// are forgotten: an outer repository's `.gitignore` does not apply below a nested Top.
    pub(crate) fn list(
        path: &RepoPath,
        absolute: &Path,
        parent: Option<&Directory>,
        excludes: Option<&Excludes>,
        top: &RepoPath,
    ) -> Self {
        let fresh = path == top;
        let mut directory = Self {
            chain: parent.filter(|_| !fresh).and_then(|parent| parent.chain.clone()),
            tracked_only: !fresh && parent.is_some_and(|parent| parent.is_narrowed(path.file_name())),
            with_globals: if fresh {
                path.is_top()
            } else {
                parent.is_none_or(|parent| parent.with_globals)
            },
            ..Self::default()
        };
        let mut found = directory.scan(absolute);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(excludes) = excludes {
            if found
                .iter()
                .any(|(name, entry)| name == ".gitignore" && *entry == Entry::File)
                && let Ok(text) = read_file(&absolute.join(".gitignore"))
                && let Some(chain) = excludes.extend(path, &text, directory.chain.as_ref())
            {
                directory.chain = Some(chain);
            }
            found.retain_mut(|(name, entry)| directory.keep(path, absolute, name, entry, excludes));
        }
        directory.entries = found;
        directory
    }

    fn is_narrowed(&self, name: &str) -> bool {
        self.tracked_only || self.narrowed.iter().any(|known| known == name)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the crate that reads")]
    fn scan(&mut self, absolute: &Path) -> Vec<(SmolStr, Entry)> {
        let listing = match std::fs::read_dir(absolute) {
            Ok(listing) => listing,
            Err(error) => {
                self.troubles.push((None, words(&error)));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for item in listing {
            let (name, kind) = match item.and_then(|item| Ok((item.file_name(), item.file_type()?))) {
                Ok(item) => item,
                Err(error) => {
                    self.troubles.push((None, words(&error)));
                    continue;
                }
            };
            let Some(name) = name.to_str() else {
                let shown = name.to_string_lossy().into_owned();
                self.troubles
                    .push((Some(shown.into()), "its name is not UTF-8".to_owned()));
                continue;
            };
            if name == ".git" {
                continue;
            }
            found.push((SmolStr::from(name), entry_of(kind, &absolute.join(name))));
        }
        found
    }

    /// False when Git ignores it; then it is noted as such.
    fn keep(
        &mut self,
        directory: &RepoPath,
        absolute: &Path,
        name: &SmolStr,
        entry: &mut Entry,
        excludes: &Excludes,
    ) -> bool {
        let Some(path) = directory.join(name) else {
            return false;
        };
        let is_directory = *entry == Entry::Directory;
        let ignored = self.tracked_only
            || excludes.is_ignored(&path, is_directory, self.chain.as_ref(), self.with_globals);
        if is_directory {
            let nested = absolute.join(name).join(".git").symlink_metadata().is_ok();
            if (ignored || nested) && !excludes.has_tracked_below(&path) {
                if !ignored {
                    *entry = Entry::Other("submodule");
                    return true;
                }
            } else {
                if ignored {
                    self.narrowed.push(name.clone());
                }
                return true;
            }
        } else if !ignored || excludes.is_tracked(&path) {
            return true;
        }
        self.ignored.push(name.clone());
        false
    }
}

pub(crate) fn entry_of(kind: std::fs::FileType, absolute: &Path) -> Entry {
    if kind.is_file() {
        Entry::File
    } else if kind.is_dir() {
        Entry::Directory
    } else if kind.is_symlink() {
        match std::fs::read_link(absolute) {
            Ok(target) => Entry::Symlink(target.to_string_lossy().into_owned().into()),
            Err(_) => Entry::Other("symbolic link that cannot be read"),
        }
    } else {
        Entry::Other("special file")
    }
}
