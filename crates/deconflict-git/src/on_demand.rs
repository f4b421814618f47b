//! A tree that looks only at the paths it is asked about, for `render`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deconflict_files::{Entry, ReadError, RepoPath, Snapshot, Tree};
use smol_str::SmolStr;

use crate::Error;
use crate::directory::{Directory, entry_of};
use crate::locate::{Environment, Location, discover};
use crate::read::read_file;

/// What `render DIR` reads from, and DIR seen from its top: ignored files included. The top is that of the Git
/// repository, outside Git that of the file system, where only kustomize's own load restrictor holds.
pub fn on_demand(directory: &Path, environment: &Environment) -> Result<(Snapshot, RepoPath), Error> {
    let location: Location = discover(directory, environment)?;
    if location.is_git() {
        let base = base_text(&location.base)?;
        return Ok((
            Snapshot::new(Box::new(OnDemand { base: location.base }), base),
            location.root,
        ));
    }
    let inside = location.base.join(location.root.as_str());
    let text = inside
        .to_str()
        .ok_or_else(|| Error::NotUtf8 { path: inside.clone() })?;
    let path = RepoPath::new(text).unwrap_or_default();
    Ok((
        Snapshot::new(
            Box::new(OnDemand {
                base: PathBuf::from("/"),
            }),
            "",
        ),
        path,
    ))
}

/// The text of a snapshot's base: absolute, without trailing slash.
pub(crate) fn base_text(base: &Path) -> Result<String, Error> {
    let text = base.to_str().ok_or_else(|| Error::NotUtf8 {
        path: base.to_owned(),
    })?;
    Ok(text.trim_end_matches('/').to_owned())
}

struct OnDemand {
    base: PathBuf,
}

impl OnDemand {
    fn absolute(&self, path: &RepoPath) -> PathBuf {
        if path.is_top() {
            self.base.clone()
        } else {
            self.base.join(path.as_str())
        }
    }
}

impl Tree for OnDemand {
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        let absolute = self.absolute(path);
        let meta = absolute.symlink_metadata().ok()?;
        Some(entry_of(meta.file_type(), &absolute))
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.entry(path) {
            Some(Entry::Other(what)) => Err(ReadError::Unreadable(format!("is a {what}"))),
            Some(Entry::Symlink(_)) => Err(ReadError::Unreadable("is a symbolic link".to_owned())),
            _ => read_file(&self.absolute(path)),
        }
    }

    fn list(&self, directory: &RepoPath) -> Vec<(SmolStr, Entry)> {
        Directory::list(directory, &self.absolute(directory), None, None, directory).entries
    }

    /// None: what is read on demand has no list.
    fn files(&self) -> Vec<RepoPath> {
        Vec::new()
    }
}
