//! What Git ignores, and what it tracks all the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deconflict_files::RepoPath;
use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;
use gix::glob::search::pattern::List;
use gix::ignore::Search;
use gix::ignore::search::{Ignore, pattern_matching_relative_path};

use crate::{Error, Location};

/// The patterns and the index of one repository.
pub(crate) struct Excludes {
    index: gix::worktree::IndexPersistedOrInMemory,
    /// `info/exclude` and `core.excludesFile`.
    globals: Search,
    case: Case,
    parse: Ignore,
}

/// The `.gitignore` files from a directory upwards, innermost first.
#[derive(Debug)]
pub(crate) struct Chain {
    list: List<Ignore>,
    above: Option<Arc<Chain>>,
}

impl Excludes {
    /// Of the repository at `location`; `None` outside Git.
    pub(crate) fn new(location: &Location) -> Result<Option<Self>, Error> {
        let Some(git) = &location.git else { return Ok(None) };
        let git = git.to_thread_local();
        let failed = |message: String| Error::Git {
            path: git.git_dir().to_owned(),
            message,
        };
        let index = git
            .index_or_load_from_head_or_empty()
            .map_err(|error| failed(error.to_string()))?;
        let config = git.config_snapshot();
        let case = if config.boolean("core.ignoreCase").unwrap_or(false) {
            Case::Fold
        } else {
            Case::Sensitive
        };
        let parse = Ignore::default();
        // A user's file that cannot be read must not stop a check.
        let file = config
            .trusted_path("core.excludesFile")
            .ok()
            .flatten()
            .or_else(default_excludes_file);
        let read =
            |file: Option<PathBuf>| Search::from_git_dir(git.common_dir(), file, &mut Vec::new(), parse);
        let globals = read(file).or_else(|_| read(None)).unwrap_or_default();
        Ok(Some(Self {
            index,
            globals,
            case,
            parse,
        }))
    }

    /// `above` with the `.gitignore` of `directory` before it.
    pub(crate) fn extend(
        &self,
        directory: &RepoPath,
        text: &[u8],
        above: Option<&Arc<Chain>>,
    ) -> Option<Arc<Chain>> {
        let source = Path::new(directory.as_str()).join(".gitignore");
        let list = List::from_bytes(text, source, Some(Path::new("")), self.parse).ok()?;
        Some(Arc::new(Chain {
            list,
            above: above.cloned(),
        }))
    }

    /// True when the patterns ignore `path`. Directories above it are not asked about. `with_globals`: not only
    /// `.gitignore` files count.
    pub(crate) fn is_ignored(
        &self,
        path: &RepoPath,
        is_directory: bool,
        chain: Option<&Arc<Chain>>,
        with_globals: bool,
    ) -> bool {
        let path: &BStr = path.as_str().into();
        let name = path.rfind_byte(b'/').map(|slash| slash + 1);
        let mut next = chain;
        while let Some(chain) = next {
            if let Some(found) =
                pattern_matching_relative_path(&chain.list, path, name, Some(is_directory), self.case)
            {
                return !found.pattern.is_negative();
            }
            next = chain.above.as_ref();
        }
        with_globals
            && self
                .globals
                .pattern_matching_relative_path(path, Some(is_directory), self.case)
                .is_some_and(|found| !found.pattern.is_negative())
    }

    /// True when Git tracks the file.
    pub(crate) fn is_tracked(&self, path: &RepoPath) -> bool {
        self.index.entry_range(path.as_str().into()).is_some()
    }

    /// True when Git tracks something below the directory. A submodule is tracked itself, nothing below it is.
    pub(crate) fn has_tracked_below(&self, path: &RepoPath) -> bool {
        let prefix = format!("{}/", path.as_str());
        self.index.prefixed_entries(prefix.as_str().into()).is_some()
    }
}

/// Where Git looks when `core.excludesFile` is not set (gitignore(5)).
fn default_excludes_file() -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let config = config.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(config.join("git/ignore")).filter(|path| path.is_file())
}
