//! What is judged: the working tree, the index or a commit, as a snapshot.

use deconflict_files::{RepoPath, Snapshot};
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::index::entry::{Flags, Mode, Stage};
use gix::objs::tree::EntryKind;

use crate::error::is_filtered;
use crate::listed::{Item, Listed, path_of};
use crate::locate::{CONFIGS, Location};
use crate::objects::{Memory, Objects};
use crate::{Error, on_demand, worktree};

/// What is judged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Source {
    /// Tracked and untracked files as they lie there.
    #[default]
    Worktree,
    /// The index: what `git commit` would make. Honours `GIT_INDEX_FILE`, so that `git commit -- path` is judged by its
    /// own temporary index.
    Staged,
    /// A commit, named as in git-rev-parse(1).
    Revision(String),
}

/// A source that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its files.
    pub snapshot: Snapshot,
    /// Top and configuration as this source has them.
    pub location: Location,
    /// The commit, for a revision.
    pub commit: Option<String>,
    /// Files that a clone with a filter lacks, sorted; empty for the working tree, whose files are there.
    pub lacking: Vec<RepoPath>,
}

/// The files of `source`. Only the working tree works outside Git.
pub fn open(location: &Location, source: &Source) -> Result<Opened, Error> {
    match source {
        Source::Worktree => Ok(Opened {
            snapshot: worktree(location)?,
            location: location.clone(),
            commit: None,
            lacking: Vec::new(),
        }),
        Source::Staged => {
            let git = repository(location)?;
            if location.bare && !git.index_path().exists() {
                return Err(Error::NoIndex {
                    path: location.base.clone(),
                });
            }
            opened(location, &git, staged(&git)?, None)
        }
        Source::Revision(revision) => {
            let git = repository(location)?;
            let commit = commit_of(&git, revision)?;
            let listed = tree_of(&git, commit)?;
            opened(location, &git, listed, Some(commit.to_string()))
        }
    }
}

pub(crate) fn repository(location: &Location) -> Result<gix::Repository, Error> {
    let git = location.git.as_ref().ok_or_else(|| Error::NoRepository {
        path: location.base.clone(),
    })?;
    let mut git = git.to_thread_local();
    git.object_cache_size_if_unset(64 << 20);
    Ok(git)
}

fn opened(
    location: &Location,
    git: &gix::Repository,
    listed: Listed,
    commit: Option<String>,
) -> Result<Opened, Error> {
    let location = anchored(location, &listed);
    let lacking = lacking(git, &listed, &Memory::new());
    let snapshot = snapshot(&location, git, listed, Memory::new())?;
    Ok(Opened {
        snapshot,
        location,
        commit,
        lacking,
    })
}

/// Files of `listed` that a clone with a filter lacks.
pub(crate) fn lacking(git: &gix::Repository, listed: &Listed, memory: &Memory) -> Vec<RepoPath> {
    if !is_filtered(git) {
        return Vec::new();
    }
    let lacks = |item: &&Item| {
        item.kind != EntryKind::Commit && !memory.contains_key(&item.id) && !git.has_object(item.id)
    };
    let items = listed.items().iter().filter(lacks);
    items.map(|item| item.path.clone()).collect()
}

pub(crate) fn snapshot(
    location: &Location,
    git: &gix::Repository,
    listed: Listed,
    memory: Memory,
) -> Result<Snapshot, Error> {
    let objects = Objects {
        git: git.clone().into_sync(),
        listed,
        memory,
        top: location.top.clone(),
        quarantine: location.quarantine.clone(),
    };
    Ok(Snapshot::new(
        Box::new(objects),
        on_demand::base_text(&location.base)?,
    ))
}

/// `location` with the Top that `listed` has: the configuration is read from what is judged.
pub(crate) fn anchored(location: &Location, listed: &Listed) -> Location {
    let mut directory = Some(location.root.clone());
    let mut found = None;
    while let (Some(here), None) = (&directory, &found) {
        let named = CONFIGS.iter().filter_map(|name| here.join(name));
        found = named
            .map(|config| (here.clone(), config))
            .find(|(_, config)| listed.get(config).is_some());
        directory = here.parent();
    }
    let (top, config) = found.map_or((RepoPath::top(), None), |(top, config)| (top, Some(config)));
    Location {
        top,
        config,
        ..location.clone()
    }
}

const REFTABLE: &str = "this repository keeps its refs in reftables, which cannot be read: name the commit by its full \
                        id, or change the format (`git refs migrate --ref-format=files`)";

fn has_reftable(git: &gix::Repository) -> bool {
    let format = git.config_snapshot().string("extensions.refStorage");
    format.is_some_and(|format| format.as_bstr() == "reftable")
}

/// The commit that HEAD stands at; `None` before the first one.
pub(crate) fn head_of(git: &gix::Repository) -> Result<Option<ObjectId>, Error> {
    if has_reftable(git) {
        return Err(Error::Revision {
            revision: "HEAD".to_owned(),
            why: REFTABLE.to_owned(),
        });
    }
    let head = git.head().map_err(|error| Error::objects(git, error))?;
    Ok(head.id().map(gix::Id::detach))
}

/// The commit that `revision` names.
pub(crate) fn commit_of(git: &gix::Repository, revision: &str) -> Result<ObjectId, Error> {
    let unknown = |why: String| Error::Revision {
        revision: revision.to_owned(),
        why,
    };
    let shallow = git.is_shallow().unwrap_or(false);
    let found = git.rev_parse_single(revision).map_err(|_| {
        unknown(if has_reftable(git) {
            REFTABLE.to_owned()
        } else if shallow {
            "no such commit in this shallow clone; fetch it (in CI, set the checkout's fetch depth to 0)"
                .to_owned()
        } else {
            "no such commit".to_owned()
        })
    })?;
    let object = found.object().map_err(|error| unknown(error.to_string()))?;
    object
        .peel_to_commit()
        .map(|commit| commit.id)
        .map_err(|_| unknown("is no commit".to_owned()))
}

/// All paths of a commit.
pub(crate) fn tree_of(git: &gix::Repository, commit: ObjectId) -> Result<Listed, Error> {
    let failed = |error: gix::Error| Error::objects(git, error);
    let tree = git
        .find_commit(commit)
        .and_then(|commit| commit.tree_id())
        .map_err(failed)?;
    walk(git, tree.detach())
}

pub(crate) fn walk(git: &gix::Repository, tree: ObjectId) -> Result<Listed, Error> {
    let (mut items, mut troubles) = (Vec::new(), Vec::new());
    below(git, tree, &RepoPath::top(), &mut items, &mut troubles)?;
    Ok(Listed::new(items, troubles))
}

/// The paths of `tree`, which stands at `directory`.
fn below(
    git: &gix::Repository,
    tree: ObjectId,
    directory: &RepoPath,
    items: &mut Vec<Item>,
    troubles: &mut Vec<(RepoPath, String)>,
) -> Result<(), Error> {
    let mut todo = vec![(tree, directory.clone())];
    while let Some((tree, directory)) = todo.pop() {
        let found = git.find_tree(tree).map_err(|error| Error::objects(git, error))?;
        for entry in found.iter() {
            let entry = entry.map_err(|error| Error::objects(git, error))?;
            let name = match path_of(entry.filename()) {
                Ok(name) if name.parts().count() == 1 => name,
                Ok(name) => {
                    troubles.push((directory.clone(), format!("holds a name with a slash, {name}")));
                    continue;
                }
                Err((name, why)) => {
                    troubles.push((directory.join(name.as_str()).unwrap_or_default(), why));
                    continue;
                }
            };
            let Some(path) = directory.join(name.as_str()) else {
                continue;
            };
            match entry.kind() {
                EntryKind::Tree => todo.push((entry.object_id(), path)),
                kind => items.push(Item {
                    path,
                    kind,
                    id: entry.object_id(),
                }),
            }
        }
    }
    Ok(())
}

/// What a sparse checkout leaves out of the working tree; `None` for an ordinary one.
pub(crate) fn left_out(location: &Location) -> Result<Option<Objects>, Error> {
    if !location.is_git() {
        return Ok(None);
    }
    let git = repository(location)?;
    let listed = staged_if(&git, |entry| {
        entry.mode == Mode::DIR || entry.flags.contains(Flags::SKIP_WORKTREE)
    })?;
    if listed.items().is_empty() {
        return Ok(None);
    }
    Ok(Some(Objects {
        git: git.into_sync(),
        listed,
        memory: Memory::new(),
        top: location.top.clone(),
        quarantine: location.quarantine.clone(),
    }))
}

/// All paths of the index. Paths that are not merged yet are troubles; what was only announced (`git add -N`) is absent.
pub(crate) fn staged(git: &gix::Repository) -> Result<Listed, Error> {
    staged_if(git, |_| true)
}

fn staged_if(git: &gix::Repository, wanted: impl Fn(&gix::index::Entry) -> bool) -> Result<Listed, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::objects(git, error);
    let index = git
        .index_or_load_from_head_or_empty()
        .map_err(|error| failed(&error))?;
    let (mut items, mut troubles) = (Vec::new(), Vec::new());
    for entry in index.entries().iter().filter(|entry| wanted(entry)) {
        // The directory of a sparse index ends in a slash.
        let raw = entry.path(&index);
        let path = match path_of(raw.trim_end_with(|c| c == '/').as_bstr()) {
            Ok(path) => path,
            Err(trouble) => {
                troubles.push(trouble);
                continue;
            }
        };
        if entry.stage() != Stage::Unconflicted {
            troubles.push((path, "is not merged yet".to_owned()));
            continue;
        }
        if entry.flags.contains(Flags::INTENT_TO_ADD) {
            continue;
        }
        let kind = match entry.mode {
            Mode::DIR => {
                below(git, entry.id, &path, &mut items, &mut troubles)?;
                continue;
            }
            Mode::SYMLINK => EntryKind::Link,
            Mode::COMMIT => EntryKind::Commit,
            Mode::FILE_EXECUTABLE => EntryKind::BlobExecutable,
            _ => EntryKind::Blob,
        };
        items.push(Item {
            path,
            kind,
            id: entry.id,
        });
    }
    Ok(Listed::new(items, troubles))
}
