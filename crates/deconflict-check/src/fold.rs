//! One finding, however many overlays or clusters show it.

use std::collections::BTreeMap;
use std::hash::Hash;

use deconflict_files::Origin;
use deconflict_findings::{Finding, Label, Place, Report};
use rustc_hash::FxHashMap;

use crate::found::Found;
use crate::instance::Seen;

/// Fold instances of one defect: equal fingerprints, or the same rule and key at the same places (a base that several
/// applications share). Sorted by path, start, rule.
pub(crate) fn fold(all: &[Found], place: &dyn Fn(Origin) -> Place) -> Vec<Finding> {
    let mut groups: Vec<usize> = (0..all.len()).collect();
    join(&mut groups, all.iter().map(|found| found.print.as_str()));
    join(
        &mut groups,
        all.iter().map(|found| Text::of(&found.instance.finding)),
    );

    let mut members: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for index in 0..all.len() {
        members[find(&mut groups, index)].push(index);
    }
    let mut folded: Vec<(Place, Finding)> = Vec::new();
    for group in members.into_iter().filter(|group| !group.is_empty()) {
        let lead = group.iter().copied().max_by(|a, b| {
            let rank = |index: usize| {
                let finding = &all[index].instance.finding;
                (!all[index].is_old(), finding.severity, finding.certainty)
            };
            // The first of equals leads.
            rank(*a).cmp(&rank(*b)).then(b.cmp(a))
        });
        let Some(lead) = lead else { continue };
        let mut finding = all[lead].instance.finding.clone();
        let prints = group.iter().map(|index| &all[*index].print);
        finding
            .fingerprint
            .clone_from(prints.min().unwrap_or(&all[lead].print));
        let mut seen: BTreeMap<&Seen, bool> = BTreeMap::new();
        for index in &group {
            let Found { instance, old, .. } = &all[*index];
            for (place, old) in instance.seen.iter().zip(old) {
                *seen.entry(place).or_insert(true) &= *old;
            }
            if *index != lead {
                let others = std::iter::once(&instance.finding.primary).chain(&instance.finding.related);
                for other in others {
                    add(&mut finding, other);
                }
            }
        }
        finding.seen_in = seen
            .into_iter()
            .map(|(seen, old)| deconflict_findings::Instance {
                cluster: seen.cluster.clone(),
                root: seen.root.clone(),
                old,
            })
            .collect();
        finding.old = group.iter().all(|index| all[*index].is_old());
        folded.push((place(finding.primary.at), finding));
    }
    folded.sort_by(|(a, left), (b, right)| {
        let key = |place: &Place| (place.path.clone(), place.start);
        (key(a), left.rule, &left.fingerprint).cmp(&(key(b), right.rule, &right.fingerprint))
    });
    folded.into_iter().map(|(_, finding)| finding).collect()
}

/// One more place of a finding, unless it is known.
fn add(finding: &mut Finding, label: &Label) {
    let known = std::iter::once(&finding.primary).chain(&finding.related);
    if !known.into_iter().any(|known| known.at == label.at) {
        finding.related.push(label.clone());
    }
}

/// Rule, key, field and all places: equal for one text that several applications deploy.
#[derive(PartialEq, Eq, Hash)]
struct Text<'f> {
    rule: &'static str,
    key: Option<&'f str>,
    field: Option<&'f str>,
    places: Vec<Origin>,
}

impl<'f> Text<'f> {
    fn of(finding: &'f Finding) -> Self {
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        Self {
            rule: finding.rule,
            key: finding.key.as_deref(),
            field: finding.field.as_deref(),
            places: labels.map(|label| label.at).collect(),
        }
    }
}

fn join<K: Eq + Hash>(groups: &mut [usize], keys: impl Iterator<Item = K>) {
    let mut first: FxHashMap<K, usize> = FxHashMap::default();
    for (index, key) in keys.enumerate() {
        let known = *first.entry(key).or_insert(index);
        let (a, b) = (find(groups, known), find(groups, index));
        // The smaller leads, so that the result does not depend on the order of joins.
        groups[a.max(b)] = a.min(b);
    }
}

fn find(groups: &mut [usize], index: usize) -> usize {
    let mut root = index;
    while groups[root] != root {
        groups[root] = groups[groups[root]];
        root = groups[root];
    }
    root
}

/// True when any side of it lies at or below `root`.
pub(crate) fn is_below(finding: &Finding, root: &deconflict_files::RepoPath, report: &Report) -> bool {
    let within = |path: &str| deconflict_files::RepoPath::new(path).is_some_and(|path| path.is_within(root));
    let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
    root.is_top()
        || labels.any(|label| report.files.get(label.at.file).path.is_within(root))
        || finding
            .objects
            .iter()
            .any(|object| object.root.as_deref().is_some_and(within))
        || finding
            .seen_in
            .iter()
            .any(|seen| !seen.root.is_empty() && within(&seen.root))
}
