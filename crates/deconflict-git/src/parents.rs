//! What the commit of a hook is compared with, and what is known beyond it: commits that others published already.

use std::ffi::OsString;

use gix::ObjectId;
use gix::remote::Direction;

use crate::Error;
use crate::locate::Location;
use crate::merge::merging;
use crate::source::{commit_of, head_of, repository};

/// Where a change starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Start {
    /// The commit that it is compared with; `None` when everything is new.
    pub base: Option<String>,
    /// Other commits that it builds on and that a remote has: what they bring is not the change's.
    pub published: Vec<String>,
}

/// Who the author of a commit is, as `git commit` tells its hooks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// `GIT_AUTHOR_NAME`.
    pub name: String,
    /// `GIT_AUTHOR_EMAIL`.
    pub email: String,
    /// `GIT_AUTHOR_DATE`: `@`, seconds since 1970, a space and the time zone.
    pub date: String,
}

impl Author {
    /// As the environment says, if it does.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let text = |name| variable(name)?.into_string().ok();
        Some(Self {
            name: text("GIT_AUTHOR_NAME")?,
            email: text("GIT_AUTHOR_EMAIL")?,
            date: text("GIT_AUTHOR_DATE")?,
        })
    }

    fn seconds(&self) -> Option<u64> {
        self.date.strip_prefix('@')?.split(' ').next()?.parse().ok()
    }
}

/// From which commit the commit starts that Git is about to make of the index at `now` (seconds since 1970): from HEAD, or
/// where HEAD itself is made anew (`git commit --amend`), from HEAD's parent. What is merged into it is published when the
/// branch's upstream has it, or the main branch of a remote.
pub fn start(location: &Location, now: Option<u64>) -> Result<Start, Error> {
    let git = repository(location)?;
    let head = head_of(&git)?;
    let merging = merging(&git, location);
    let mut parents: Vec<ObjectId> = match head {
        Some(head) if merging.is_empty() && amends(&git, location, (head, now))? => {
            let commit = git
                .find_commit(head)
                .map_err(|error| Error::objects(&git, error))?;
            commit.parent_ids().map(gix::Id::detach).collect()
        }
        head => head.into_iter().chain(merging).collect(),
    };
    if parents.is_empty() {
        return Ok(Start::default());
    }
    let base = parents.remove(0);
    let mut known = Vec::new();
    if !parents.is_empty() {
        known.extend(upstream(&git));
        for remote in &git.remote_names() {
            known.extend(main_branches(&git, &remote.to_string()));
        }
    }
    let is_known = |parent: &ObjectId| known.iter().any(|known| is_within(&git, *parent, *known));
    Ok(Start {
        base: Some(base.to_string()),
        published: parents
            .iter()
            .filter(|parent| is_known(parent))
            .map(ToString::to_string)
            .collect(),
    })
}

/// True when the commit to be made has HEAD's author, date included, and that date is past: `git commit` without
/// `--amend` says now. Nothing else tells a hook.
fn amends(
    git: &gix::Repository,
    location: &Location,
    (head, now): (ObjectId, Option<u64>),
) -> Result<bool, Error> {
    let failed = |error: gix::Error| Error::objects(git, error);
    let (Some(author), Some(now)) = (&location.author, now) else {
        return Ok(false);
    };
    let commit = git.find_commit(head).map_err(failed)?;
    let of_head = commit.author().map_err(failed)?;
    let is_same = of_head.name == author.name.as_str()
        && of_head.email == author.email.as_str()
        && author.date.strip_prefix('@') == Some(of_head.time);
    // Two commits of one second have one date.
    Ok(is_same && author.seconds().is_some_and(|then| then + 2 <= now))
}

/// Where `tip` left what the other side has: `known`, the commit it said it is at, else all that is known of `remote`, a
/// name or a URL. The base is `None` when nothing is known of it, or the two have nothing in common. Published is what `tip`
/// has merged of the remote's main branch since.
pub fn fork(location: &Location, tip: &str, known: Option<&str>, remote: &str) -> Result<Start, Error> {
    let git = repository(location)?;
    let tip = commit_of(&git, tip)?;
    let failed = |error: gix::Error| Error::objects(&git, error);
    let known = known.and_then(|name| commit_of(&git, name).ok());
    let remote = named(&git, remote);
    let Some(known) = known else {
        // Names of refs that cannot be read are no reason to take everything for new.
        head_of(&git)?;
        let tracked = tracked(&git, &remote).map_err(failed)?;
        if tracked.is_empty() {
            return Ok(Start::default());
        }
        // Several when the branch has merged one that is published: they are on the other side, each of them.
        let bases = git.merge_bases_many(tip, &tracked).map_err(failed)?;
        let mut bases = bases.into_iter().map(|id| id.to_string());
        return Ok(Start {
            base: bases.next(),
            published: bases.collect(),
        });
    };
    let base = git.merge_base(tip, known).map_err(failed)?.map(gix::Id::detach);
    let mut published = Vec::new();
    for main in main_branches(&git, &remote) {
        let merged = git.merge_base(tip, main).map_err(failed)?.map(gix::Id::detach);
        let is_new = |merged: &ObjectId| !base.is_some_and(|base| is_within(&git, *merged, base));
        published.extend(merged.filter(is_new).map(|id| id.to_string()));
    }
    published.sort();
    published.dedup();
    Ok(Start {
        base: base.map(|id| id.to_string()),
        published,
    })
}

/// As [`fork`], on the side that receives: without `known`, the branch that HEAD names.
pub fn received_fork(location: &Location, tip: &str, known: Option<&str>) -> Result<Start, Error> {
    let git = repository(location)?;
    let tip = commit_of(&git, tip)?;
    let other = match known {
        Some(known) => Some(commit_of(&git, known)?),
        None => head_of(&git)?,
    };
    let Some(other) = other else {
        return Ok(Start::default());
    };
    let base = git
        .merge_base(tip, other)
        .map_err(|error| Error::objects(&git, error))?;
    Ok(Start {
        base: base.map(|id| id.to_string()),
        published: Vec::new(),
    })
}

/// The name of the remote that has `remote` as its URL, if it is one.
fn named(git: &gix::Repository, remote: &str) -> String {
    let names = git.remote_names();
    let has_url = |name: &&gix::bstr::BString| {
        let url = git
            .config_snapshot()
            .string(format!("remote.{name}.url").as_str());
        url.is_some_and(|url| url.as_slice() == remote.as_bytes())
    };
    let found = names.iter().find(has_url);
    found.map_or_else(|| remote.to_owned(), ToString::to_string)
}

/// What clones of a remote start with.
fn main_branches(git: &gix::Repository, remote: &str) -> Vec<ObjectId> {
    let branches = ["HEAD", "main", "master"].map(|branch| format!("refs/remotes/{remote}/{branch}"));
    branches
        .iter()
        .filter_map(|name| commit_of(git, name).ok())
        .collect()
}

/// Where the branches of a remote are known to be.
fn tracked(git: &gix::Repository, remote: &str) -> Result<Vec<ObjectId>, gix::Error> {
    let prefix = format!("refs/remotes/{remote}/");
    let references = git.references()?;
    let mut found = Vec::new();
    for reference in references.all()?.flatten() {
        let name = reference.name().as_bstr().to_string();
        if name.starts_with(&prefix) {
            found.extend(commit_of(git, &name).ok());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// What the branch of HEAD is pulled from.
fn upstream(git: &gix::Repository) -> Option<ObjectId> {
    let branch = git.head_name().ok()??;
    let name = git
        .branch_remote_tracking_ref_name(branch.as_ref(), Direction::Fetch)?
        .ok()?;
    commit_of(git, &name.as_bstr().to_string()).ok()
}

/// True when `commit` is `tip` or an ancestor of it.
fn is_within(git: &gix::Repository, commit: ObjectId, tip: ObjectId) -> bool {
    commit == tip
        || git
            .merge_base(commit, tip)
            .is_ok_and(|base| base.is_some_and(|base| base == commit))
}
