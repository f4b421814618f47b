//! What a hook asks before anything is rendered: which paths differ, and where Git looks for hooks.

use std::path::PathBuf;

use deconflict_files::{RepoPath, Snapshot};

use crate::Error;
use crate::listed::Listed;
use crate::locate::Location;
use crate::merge::differences;
use crate::objects::Memory;
use crate::source::{Source, anchored, commit_of, repository, snapshot, staged, tree_of};

/// Two trees and where they differ.
#[derive(Debug)]
pub struct Changes {
    /// The files before the change.
    pub before: Snapshot,
    /// The files after it.
    pub after: Snapshot,
    /// Paths at which they differ, directories excepted, sorted. What is not merged yet is among them.
    pub paths: Vec<RepoPath>,
}

/// What `source` (the index or a commit) changes in the commit `base`; without one, everything is new.
pub fn changes(location: &Location, source: &Source, base: Option<&str>) -> Result<Changes, Error> {
    let git = repository(location)?;
    let after = match source {
        Source::Revision(revision) => tree_of(&git, commit_of(&git, revision)?)?,
        Source::Staged | Source::Worktree => staged(&git)?,
    };
    let before = match base {
        Some(base) => tree_of(&git, commit_of(&git, base)?)?,
        None => Listed::new(Vec::new(), Vec::new()),
    };
    let mut paths = differences(&before, &after);
    paths.extend(after.troubles().iter().map(|(path, _)| path.clone()));
    paths.sort();
    paths.dedup();
    let location = anchored(location, &after);
    Ok(Changes {
        before: snapshot(&location, &git, before, Memory::new())?,
        after: snapshot(&location, &git, after, Memory::new())?,
        paths,
    })
}

/// True when `name` is a commit, or a tag of one.
pub fn is_commit(location: &Location, name: &str) -> bool {
    repository(location).is_ok_and(|git| commit_of(&git, name).is_ok())
}

/// Where Git looks for hooks.
#[derive(Clone, Debug)]
pub struct Hooks {
    /// The directory; it need not exist.
    pub directory: PathBuf,
    /// `core.hooksPath` comes from outside the repository's own configuration, so that other repositories use it too.
    pub shared: bool,
}

/// Where Git looks for hooks of a repository with a working tree: `core.hooksPath`, else what all its working trees share.
pub fn hooks(location: &Location) -> Result<Hooks, Error> {
    let git = repository(location)?;
    let config = git.config_snapshot();
    let path = config.trusted_path("core.hooksPath");
    let Some(path) = path.map_err(|error| Error::git(git.git_dir(), error))? else {
        return Ok(Hooks {
            directory: git.common_dir().join("hooks"),
            shared: false,
        });
    };
    let own = |meta: &gix::config::file::Metadata| {
        matches!(
            meta.source,
            gix::config::Source::Local | gix::config::Source::Worktree
        )
    };
    let is_own = config.plumbing().string_filter("core.hooksPath", own).is_some();
    Ok(Hooks {
        // A relative one counts from where hooks run, the top of the working tree.
        directory: location.base.join(path),
        shared: !is_own,
    })
}
