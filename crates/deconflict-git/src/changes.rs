//! What a hook asks before anything is rendered: which paths differ, and which commit a push starts from.

use std::path::PathBuf;

use deconflict_files::{RepoPath, Snapshot};
use gix::ObjectId;

use crate::Error;
use crate::listed::Listed;
use crate::locate::Location;
use crate::merge::differences;
use crate::objects::Memory;
use crate::source::{Source, anchored, commit_of, head_of, repository, snapshot, staged, tree_of};

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

/// The id of the commit that HEAD stands at; `None` before the first one.
pub fn head(location: &Location) -> Result<Option<String>, Error> {
    let git = repository(location)?;
    Ok(head_of(&git)?.map(|id| id.to_string()))
}

/// The commit where `tip` left what the other side has: `known`, the commit it said it is at, else the branch that
/// clones of `remote` start with. `None` when nothing is known of it, or the two have nothing in common.
pub fn fork(
    location: &Location,
    tip: &str,
    known: Option<&str>,
    remote: &str,
) -> Result<Option<String>, Error> {
    let git = repository(location)?;
    let tip = commit_of(&git, tip)?;
    let named = |name: &str| commit_of(&git, name).ok();
    let known = known.and_then(named);
    if known.is_none() {
        // Names of refs that cannot be read are no reason to take everything for new.
        head_of(&git)?;
    }
    let other = known.or_else(|| {
        let branches = ["HEAD", "main", "master"].map(|branch| format!("refs/remotes/{remote}/{branch}"));
        branches.iter().find_map(|name| named(name))
    });
    base_of(&git, tip, other)
}

/// As [`fork`], on the side that receives: without `known`, the branch that HEAD names.
pub fn received_fork(location: &Location, tip: &str, known: Option<&str>) -> Result<Option<String>, Error> {
    let git = repository(location)?;
    let tip = commit_of(&git, tip)?;
    let other = match known {
        Some(known) => Some(commit_of(&git, known)?),
        None => head_of(&git)?,
    };
    base_of(&git, tip, other)
}

fn base_of(git: &gix::Repository, tip: ObjectId, other: Option<ObjectId>) -> Result<Option<String>, Error> {
    let Some(other) = other else { return Ok(None) };
    let base = git
        .merge_base(tip, other)
        .map_err(|error| Error::objects(git, error))?;
    Ok(base.map(|id| id.to_string()))
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
