//! Changes by where they happen: what the same applications of the same clusters get stands together.

use std::collections::BTreeMap;

use deconflict_findings::{Change, Difference, Effect, Pair};

/// An application in a cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Target<'d> {
    /// Empty for an object of no application.
    pub(super) app: &'d str,
    pub(super) cluster: Option<&'d str>,
}

/// Changes of the very same applications and clusters.
pub(super) struct Section<'d> {
    /// Sorted.
    pub(super) targets: Vec<Target<'d>>,
    pub(super) changes: Vec<&'d Change>,
}

impl<'d> Section<'d> {
    /// The teams that own an object of it, sorted.
    pub(super) fn owners(&self) -> Vec<&'d str> {
        let objects = self.changes.iter().flat_map(|change| &change.objects);
        let sides = objects.flat_map(|pair| [&pair.before, &pair.after]);
        distinct(sides.flatten().filter_map(|object| object.owner.as_deref()))
    }
}

/// All sections, by their first application.
pub(super) fn sections(difference: &Difference) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut known: BTreeMap<Vec<Target<'_>>, usize> = BTreeMap::new();
    for change in &difference.changes {
        let targets = targets(change);
        let at = *known.entry(targets).or_insert_with_key(|targets| {
            sections.push(Section {
                targets: targets.clone(),
                changes: Vec::new(),
            });
            sections.len() - 1
        });
        if let Some(section) = sections.get_mut(at) {
            section.changes.push(change);
        }
    }
    sections
}

fn targets(change: &Change) -> Vec<Target<'_>> {
    let mut targets: Vec<Target<'_>> = change
        .objects
        .iter()
        .filter_map(Pair::shown)
        .map(|object| Target {
            app: object.app.as_deref().unwrap_or_default(),
            cluster: object.cluster.as_deref(),
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// How many objects come, change, move and go, and in how many applications and clusters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    pub(super) added: usize,
    pub(super) changed: usize,
    pub(super) moved: usize,
    pub(super) removed: usize,
    pub(super) applications: usize,
    pub(super) clusters: usize,
}

impl Counts {
    /// Count `changes`. An application in two clusters counts once.
    pub(super) fn of<'d>(changes: impl Iterator<Item = &'d Change>) -> Self {
        let mut counts = Self::default();
        let mut seen = Vec::new();
        for change in changes {
            let number = change.objects.len();
            match change.effect {
                Effect::Added => counts.added += number,
                Effect::Changed => counts.changed += number,
                Effect::Moved => counts.moved += number,
                Effect::Removed => counts.removed += number,
            }
            seen.extend(targets(change));
        }
        counts.applications = distinct(seen.iter().map(|target| target.app)).len();
        counts.clusters = distinct(seen.iter().filter_map(|target| target.cluster)).len();
        counts
    }

    /// `1 added, 3 changed`; `no differences`.
    pub(super) fn words(self) -> String {
        let parts = [
            (self.added, "added"),
            (self.changed, "changed"),
            (self.moved, "moved"),
            (self.removed, "removed"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{} {word}", crate::text::thousands(number)))
            .collect();
        if parts.is_empty() {
            "no differences".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

/// Sorted, each once.
pub(super) fn distinct<'d>(all: impl Iterator<Item = &'d str>) -> Vec<&'d str> {
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}
