//! What a change does to rendered objects: both trees are rendered, objects are paired by identity within each cluster,
//! and equal changes of many objects are folded into one.

mod fold;
mod hunks;
mod lines;
mod mask;
mod only;
mod pair;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_files::{Files, RepoPath};
use deconflict_findings::{Change as ObjectChange, Coverage, Difference, Effect, LineSide, Pair, Skipped};
use rayon::prelude::*;

use crate::build::{Deployed, Extent, Known};
use crate::change::{Inputs, Moved};
use crate::guard::Losses;
use crate::run::{Tree, deploy};
use crate::{Change, Input, Options, coverage};
use lines::Lines;
use mask::Mask;
pub use only::Only;

/// See [`crate::diff`].
pub(crate) fn diff(
    input: &Input,
    change: &Change,
    only: &Only,
    options: &Options,
) -> Result<Difference, String> {
    let losses = Losses::default();
    let base = Input {
        library: Arc::clone(&change.base),
        ..input.clone()
    };
    let before = deploy(&base, None, Extent::All, &losses);
    let known = Known {
        roots: &before.roots,
        inputs: &Inputs::new(change, input.library.snapshot()),
    };
    let after = deploy(input, Some(&known), Extent::All, &losses);
    let [old, new] = [&before, &after].map(|deployed| Tree::new(deployed, &losses).clusters);
    only.check(&old.iter().chain(&new).collect::<Vec<_>>())?;
    let files = input.library.files();
    let moved = Moved::new(change, files);
    let compare = Compare {
        mask: Mask::new(&input.config),
        moved: &moved,
        only,
        below: &options.below,
        files,
    };
    let worlds = worlds(&old, &new, &moved);
    let changes: Vec<ObjectChange> = worlds
        .into_par_iter()
        .flat_map_iter(|(before, after)| {
            let name = before.or(after).and_then(ClusterIndex::name).unwrap_or("no name");
            let lost = || format!("comparing the objects of cluster {name}: their differences are lost");
            losses
                .guard(lost, || compare.cluster(before, after))
                .unwrap_or_default()
        })
        .collect();
    let count = |indexes: &[ClusterIndex<'_>]| indexes.iter().map(|index| index.objects.len()).sum();
    let coverages = [&before, &after].map(rendered);
    let difference = Difference {
        judged: input.judged.clone(),
        changes: fold::fold(changes, files),
        unseen: unseen(change, &coverages, &[&before, &after]),
        conflicts: change.conflicts.iter().map(ToString::to_string).collect(),
        objects: [count(&old), count(&new)],
        before: coverages[0].clone(),
        after: coverages[1].clone(),
        unfinished: Vec::new(),
        files: Arc::clone(files),
    };
    if options.is_last {
        std::mem::forget((old, new));
        std::mem::forget((before, after));
    }
    Ok(Difference {
        unfinished: losses.into_sorted(),
        ..difference
    })
}

/// A cluster before and after: one that is not there on one side has nothing there.
type World<'a> = (Option<&'a ClusterIndex<'a>>, Option<&'a ClusterIndex<'a>>);

/// Which cluster, or which root that nothing places.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Named(String),
    Unnamed(String),
    Root(String),
}

fn worlds<'a>(
    before: &'a [ClusterIndex<'a>],
    after: &'a [ClusterIndex<'a>],
    moved: &Moved<'_>,
) -> Vec<World<'a>> {
    let key = |index: &ClusterIndex<'_>, renamed: &dyn Fn(&str) -> String| {
        if let Some(name) = index.name() {
            return Some(Where::Named(name.to_owned()));
        }
        let placement = index.objects.first()?.placement;
        Some(match (&placement.unnamed, &placement.root) {
            (Some(unnamed), _) => Where::Unnamed(unnamed.to_string()),
            (None, Some(root)) => Where::Root(renamed(root.as_str())),
            (None, None) => Where::Root(String::new()),
        })
    };
    let mut worlds: BTreeMap<Where, World<'a>> = BTreeMap::new();
    for index in before {
        if let Some(key) = key(index, &|root| moved.renamed_directory(root)) {
            worlds.entry(key).or_default().0 = Some(index);
        }
    }
    for index in after {
        if let Some(key) = key(index, &str::to_owned) {
            worlds.entry(key).or_default().1 = Some(index);
        }
    }
    worlds.into_values().collect()
}

/// What could be rendered. Values of encrypted objects are secret, and whether they change is seen.
fn rendered(deployed: &Deployed) -> Coverage {
    let mut coverage = coverage::coverage(deployed, coverage::Unchecked::default());
    coverage.skipped.retain(|skip| skip.reason != "encrypted");
    coverage
}

/// Changed files that belong to something that is not rendered, and are not read for anything that is.
fn unseen(change: &Change, coverages: &[Coverage; 2], trees: &[&Deployed; 2]) -> Vec<Skipped> {
    let read: BTreeSet<&RepoPath> = trees
        .iter()
        .flat_map(|deployed| &deployed.roots)
        .flat_map(|built| &built.reads.found)
        .collect();
    let mut unseen = Vec::new();
    for path in change.changed.iter().filter(|path| !read.contains(path)) {
        let holds =
            |skip: &&Skipped| RepoPath::new(&skip.path).is_some_and(|at| !at.is_top() && path.is_within(&at));
        let mut skipped = coverages.iter().rev().flat_map(|coverage| &coverage.skipped);
        if let Some(skip) = skipped.find(holds) {
            unseen.push(Skipped {
                path: path.to_string(),
                ..skip.clone()
            });
        }
    }
    unseen
}

struct Compare<'c> {
    mask: Mask<'c>,
    moved: &'c Moved<'c>,
    only: &'c Only,
    below: &'c RepoPath,
    files: &'c Files,
}

impl Compare<'_> {
    fn cluster<'a>(
        &self,
        before: Option<&'a ClusterIndex<'a>>,
        after: Option<&'a ClusterIndex<'a>>,
    ) -> Vec<ObjectChange> {
        let pairs = pair::pairs(before, after, self.moved);
        let applied = pairs
            .into_iter()
            .filter(|(old, new)| old.or(*new).is_some_and(|placed| !placed.facts.is_local()));
        applied
            .filter_map(|(old, new)| self.pair(old, new))
            .filter(|change| self.is_below(change))
            .collect()
    }

    fn pair(&self, old: Option<&Placed<'_>>, new: Option<&Placed<'_>>) -> Option<ObjectChange> {
        let is_asked = |side: Option<&Placed<'_>>| side.is_some_and(|placed| self.only.is_asked(placed));
        if !is_asked(old) && !is_asked(new) {
            return None;
        }
        let of = |effect, hunks, note| ObjectChange {
            effect,
            objects: vec![Pair {
                before: old.map(Placed::reference),
                after: new.map(Placed::reference),
            }],
            hunks,
            note,
        };
        let (effect, hunks) = match (old, new) {
            (Some(old), Some(new)) => {
                let is_moved = old.identity() != new.identity() || old.app != new.app;
                let same = if is_moved { Effect::Moved } else { Effect::Changed };
                let (body, other) = (pair::under_name_of(old, new), &new.facts.object.body);
                if body == *other {
                    return is_moved.then(|| of(same, Vec::new(), None));
                }
                let lines = Lines::new(&self.mask.of(&body, None))
                    .and_then(|before| Ok((before, Lines::new(&self.mask.of(other, Some(&body)))?)));
                match lines {
                    Ok((before, after)) if before.text == after.text => {
                        return is_moved.then(|| of(same, Vec::new(), None));
                    }
                    Ok((before, after)) => (
                        Effect::Changed,
                        Ok(hunks::hunks(&before, &after, self.files, self.moved)),
                    ),
                    Err(why) => (Effect::Changed, Err(why)),
                }
            }
            (Some(old), None) => (Effect::Removed, self.whole(old, LineSide::Before)),
            (None, Some(new)) => (Effect::Added, self.whole(new, LineSide::After)),
            (None, None) => return None,
        };
        Some(match hunks {
            Ok(hunks) => of(effect, hunks, None),
            Err(why) => of(
                effect,
                Vec::new(),
                Some(format!("it cannot be written as YAML: {why}")),
            ),
        })
    }

    fn whole(&self, placed: &Placed<'_>, side: LineSide) -> Result<Vec<deconflict_findings::Hunk>, String> {
        let lines = Lines::new(&self.mask.of(&placed.facts.object.body, None))?;
        let mut hunk = hunks::whole(&lines, side, self.files);
        hunk.at = vec![placed.facts.object.declared_at];
        Ok(vec![hunk])
    }

    /// True when the object, or a line that makes the difference, stands at or below the directory asked for.
    fn is_below(&self, change: &ObjectChange) -> bool {
        let below = |path: &str| RepoPath::new(path).is_some_and(|path| path.is_within(self.below));
        let mut roots = change
            .objects
            .iter()
            .flat_map(|pair| [&pair.before, &pair.after])
            .flatten()
            .filter_map(|object| object.root.as_deref());
        let mut places = change.hunks.iter().flat_map(|hunk| &hunk.at);
        self.below.is_top()
            || roots.any(below)
            || places.any(|at| below(self.files.get(at.file).path.as_str()))
    }
}
