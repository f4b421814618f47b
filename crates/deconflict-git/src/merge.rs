//! The tree that would exist after a merge, made in memory: nothing is written, no program is run.

use std::cmp::Ordering;
use std::sync::Arc;

use deconflict_files::{RepoPath, Snapshot};
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::merge::tree::TreatAsUnresolved;
use gix::object::tree::diff::ChangeDetached;
use gix::objs::tree::EntryKind;

use crate::listed::{Item, Listed, path_of};
use crate::locate::Location;
use crate::objects::Memory;
use crate::source::{
    Source, anchored, commit_of, head_of, lacking, repository, snapshot, staged, tree_of, walk,
};
use crate::{Error, worktree};

/// What is judged, merged into a base.
#[derive(Debug)]
pub struct Merged {
    /// The tree after the merge. Where Git cannot merge, what the base has stands.
    pub snapshot: Snapshot,
    /// The base's own tree.
    pub base: Snapshot,
    /// Top and configuration as the merged tree has them; both trees are judged with it.
    pub location: Location,
    /// The base's commit.
    pub base_commit: String,
    /// Paths that Git cannot merge, sorted.
    pub conflicts: Vec<RepoPath>,
    /// Paths at which `base` and `snapshot` differ, directories excepted, sorted.
    pub changed: Vec<RepoPath>,
    /// What moved: the path in `base`, and the path in `snapshot`. Found as `git diff` finds renames.
    pub renames: Vec<(RepoPath, RepoPath)>,
    /// Files of either tree that a clone with a filter lacks, sorted.
    pub lacking: Vec<RepoPath>,
}

/// Merge `source` into the commit `base`, as `git merge` would (`ort`, renames found). The working tree and the index are
/// merged as a commit on top of HEAD. Unrelated histories, and those that a shallow clone cuts off, are an error.
pub fn merge(location: &Location, source: &Source, base: &str) -> Result<Merged, Error> {
    let mut git = repository(location)?.with_object_memory();
    without_programs(&mut git).map_err(|error| Error::git(git.git_dir(), error))?;
    let failed = |error: gix::Error| Error::objects(&git, error);
    let ours = commit_of(&git, base)?;
    let theirs = match source {
        Source::Revision(revision) => commit_of(&git, revision)?,
        Source::Staged => {
            let items = staged(&git)?;
            commit_items(&git, location, items.items())?
        }
        Source::Worktree => {
            let items = on_disk(&git, location)?;
            commit_items(&git, location, &items)?
        }
    };
    if git.merge_base(ours, theirs).map_err(failed)?.is_none() {
        let shallow = git.is_shallow().unwrap_or(false);
        return Err(Error::Revision {
            revision: base.to_owned(),
            why: if shallow {
                "this shallow clone does not reach back to where the two part; fetch more (in CI, set the checkout's \
                 fetch depth to 0)"
            } else {
                "has no commit in common with what is merged into it"
            }
            .to_owned(),
        });
    }
    let labels = gix::merge::blob::builtin_driver::text::Labels {
        ancestor: None,
        current: Some("base".into()),
        other: Some("change".into()),
    };
    let options = git.tree_merge_options().map_err(failed)?;
    let mut outcome = git
        .merge_commits(ours, theirs, labels, options.into())
        .map_err(failed)?;
    let unresolved = outcome
        .tree_merge
        .conflicts
        .iter()
        .filter(|conflict| conflict.is_unresolved(TreatAsUnresolved::git()));
    let mut conflicts: Vec<RepoPath> = unresolved
        .flat_map(|conflict| [conflict.ours.location(), conflict.theirs.location()])
        .filter_map(|path| path_of(path.as_bstr()).ok())
        .collect();
    conflicts.sort();
    conflicts.dedup();
    let tree = outcome.tree_merge.tree.write().map_err(failed)?.detach();
    drop(outcome);
    let base_listed = tree_of(&git, ours)?;
    let listed = with_base_at(&conflicts, walk(&git, tree)?, &base_listed);
    let changed = differences(&base_listed, &listed);
    let is_there = |path: &RepoPath| changed.binary_search(path).is_ok();
    let mut renames = renames(&git, ours, tree).map_err(failed)?;
    renames.retain(|(from, to)| is_there(from) && is_there(to));
    let memory: Memory = git
        .objects
        .take_object_memory()
        .into_iter()
        .flat_map(|storage| {
            let objects = storage.iter();
            let made: Vec<_> = objects
                .map(|(id, (_, bytes))| (*id, Arc::from(bytes.as_slice())))
                .collect();
            made
        })
        .collect();
    let mut lacks = lacking(&git, &listed, &memory);
    lacks.extend(lacking(&git, &base_listed, &memory));
    lacks.sort();
    lacks.dedup();
    let location = anchored(location, &listed);
    Ok(Merged {
        lacking: lacks,
        snapshot: snapshot(&location, &git, listed, memory)?,
        base: snapshot(&location, &git, base_listed, Memory::new())?,
        location,
        base_commit: ours.to_string(),
        conflicts,
        changed,
        renames,
    })
}

/// `merged` with what `base` has at `conflicts`: text with conflict marks is nobody's, and without the file all that is
/// built with it would be missing.
fn with_base_at(conflicts: &[RepoPath], merged: Listed, base: &Listed) -> Listed {
    if conflicts.is_empty() {
        return merged;
    }
    let clean = merged.items().iter();
    let mut items: Vec<Item> = clean
        .filter(|item| conflicts.binary_search(&item.path).is_err())
        .cloned()
        .collect();
    items.extend(conflicts.iter().filter_map(|path| base.get(path)).cloned());
    Listed::new(items, merged.troubles().to_vec())
}

/// The paths at which two listings differ: by content, by kind, or by being there.
pub(crate) fn differences(old: &Listed, new: &Listed) -> Vec<RepoPath> {
    let mut found = Vec::new();
    let (mut old, mut new) = (old.items().iter().peekable(), new.items().iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.path.cmp(&b.path),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        if before != after {
            found.extend(before.or(after).map(|item| item.path.clone()));
        }
    }
}

/// What moved between a commit and a tree.
fn renames(
    git: &gix::Repository,
    commit: ObjectId,
    tree: ObjectId,
) -> Result<Vec<(RepoPath, RepoPath)>, gix::Error> {
    let old = git.find_commit(commit)?.tree()?;
    let new = git.find_tree(tree)?;
    let mut options = gix::diff::Options::default();
    options.track_rewrites(Some(gix::diff::Rewrites::default()));
    let changes = git.diff_tree_to_tree(&old, &new, options)?;
    let mut found: Vec<(RepoPath, RepoPath)> = changes
        .into_iter()
        .filter_map(|change| match change {
            ChangeDetached::Rewrite {
                source_location,
                location,
                entry_mode,
                copy: false,
                ..
            } if !entry_mode.is_tree() => Some((
                path_of(source_location.as_bstr()).ok()?,
                path_of(location.as_bstr()).ok()?,
            )),
            _ => None,
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Forget the merge drivers, filters and text conversions of the configuration: they are programs, and none is run.
fn without_programs(git: &mut gix::Repository) -> Result<(), gix::Error> {
    let mut config = git.config_snapshot_mut();
    for name in ["merge", "filter", "diff"] {
        let ids: Vec<_> = config
            .sections_and_ids_by_name(name)
            .into_iter()
            .flatten()
            .filter(|(section, _)| section.header().subsection_name().is_some())
            .map(|(_, id)| id)
            .collect();
        for id in ids {
            config.remove_section_by_id(id);
        }
    }
    config.commit().map(|_| ())
}

/// A commit of `items` on top of HEAD, if there is one, and of what is being merged into it.
fn commit_items(git: &gix::Repository, location: &Location, items: &[Item]) -> Result<ObjectId, Error> {
    let mut parents: Vec<ObjectId> = head_of(git)?.into_iter().collect();
    parents.extend(merging(git, location));
    commit_on(git, parents, items).map_err(|error| Error::objects(git, error))
}

/// What is being merged into HEAD: known from the environment while `git merge` runs, from `MERGE_HEAD` when it stopped
/// for a person.
pub(crate) fn merging(git: &gix::Repository, location: &Location) -> Vec<ObjectId> {
    let bytes = crate::read::raw(&git.git_dir().join("MERGE_HEAD")).unwrap_or_default();
    let stopped = String::from_utf8_lossy(&bytes);
    let names = stopped.lines().chain(location.merging.iter().map(String::as_str));
    names.filter_map(|name| commit_of(git, name).ok()).collect()
}

fn commit_on(git: &gix::Repository, parents: Vec<ObjectId>, items: &[Item]) -> Result<ObjectId, gix::Error> {
    let mut editor = git.empty_tree().edit()?;
    for item in items {
        editor.upsert(item.path.as_str(), item.kind, item.id)?;
    }
    let tree = editor.write()?.detach();
    let signature = gix::actor::Signature {
        name: "deconflict".into(),
        email: "".into(),
        time: gix::date::Time::new(0, 0),
    };
    let commit = gix::objs::Commit {
        tree,
        parents: parents.into(),
        author: signature.clone(),
        committer: signature,
        encoding: None,
        message: "what is judged".into(),
        extra_headers: Vec::new(),
    };
    git.write_object(&commit).map(gix::Id::detach)
}

/// The working tree's files as Git would store them, and the index's outside Top. What the index says about a file's time
/// and size spares reading it.
fn on_disk(git: &gix::Repository, location: &Location) -> Result<Vec<Item>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::git(git.git_dir(), error);
    let index = git
        .index_or_load_from_head_or_empty()
        .map_err(|error| failed(&error))?;
    let listed: Listed = staged(git)?;
    let mut items: Vec<Item> = listed
        .items()
        .iter()
        .filter(|item| !item.path.is_within(&location.top) || item.kind == EntryKind::Commit)
        .cloned()
        .collect();
    let snapshot = worktree(location)?;
    for path in snapshot.files() {
        let absolute = location.base.join(path.as_str());
        let Ok(meta) = gix::index::fs::Metadata::from_path_no_follow(&absolute) else {
            // A sparse checkout leaves it out.
            items.extend(listed.get(&path).cloned());
            continue;
        };
        let known = index.entry_by_path(path.as_str().into());
        let unchanged = known.filter(|entry| {
            let now = gix::index::entry::Stat::from_fs(&meta);
            let options = gix::index::entry::stat::Options::default();
            now.is_ok_and(|now| entry.stat.matches(&now, options))
                && !entry.stat.is_racy(index.timestamp(), options)
        });
        let (kind, id) = match unchanged.zip(listed.get(&path)) {
            Some((_, item)) => (item.kind, item.id),
            None => match store(git, &snapshot, &path, &absolute) {
                Some(stored) => stored,
                // It cannot be read, so it stays what the index says.
                None => match listed.get(&path) {
                    Some(item) => (item.kind, item.id),
                    None => continue,
                },
            },
        };
        // A working tree says nothing about who may run a file that Git would not say too.
        let kind = match (kind, listed.get(&path).map(|item| item.kind)) {
            (EntryKind::Blob, Some(EntryKind::BlobExecutable)) => EntryKind::BlobExecutable,
            _ => kind,
        };
        items.push(Item { path, kind, id });
    }
    Ok(items)
}

fn store(
    git: &gix::Repository,
    snapshot: &Snapshot,
    path: &RepoPath,
    absolute: &std::path::Path,
) -> Option<(EntryKind, ObjectId)> {
    match snapshot.entry(path)? {
        deconflict_files::Entry::Symlink(target) => {
            let id = git.write_blob(target.as_bytes()).ok()?;
            Some((EntryKind::Link, id.detach()))
        }
        deconflict_files::Entry::File => {
            let bytes = crate::read::raw(absolute).ok()?;
            Some((EntryKind::Blob, git.write_blob(bytes).ok()?.detach()))
        }
        _ => None,
    }
}
