//! One finding, however many overlays or clusters show it.

use std::fmt::Write as _;
use std::hash::Hash;

use deconflict_files::Origin;
use deconflict_findings::{Finding, Label, ObjectRef, Place, Report};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::instance::{Instance, Seen};

/// Fold instances of one defect: equal fingerprints, or the same rule and key at the same places (a base that several
/// applications share). Sorted by path, start, rule.
pub(crate) fn fold(instances: Vec<Instance>, place: &dyn Fn(Origin) -> Place) -> Vec<Finding> {
    let mut all: Vec<(Place, Instance)> = instances
        .into_iter()
        .map(|instance| (place(instance.finding.primary.at), instance))
        .collect();
    all.sort_by(|(a, left), (b, right)| {
        (a, left.finding.rule, &left.finding.message, &left.seen).cmp(&(
            b,
            right.finding.rule,
            &right.finding.message,
            &right.seen,
        ))
    });
    let prints = fingerprints(&all);
    let mut groups: Vec<usize> = (0..all.len()).collect();
    join(
        &mut groups,
        all.iter().zip(&prints).map(|(_, print)| print.clone()),
    );
    join(
        &mut groups,
        all.iter().map(|(_, instance)| Text::of(&instance.finding)),
    );

    let mut members: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for index in 0..all.len() {
        members[find(&mut groups, index)].push(index);
    }
    let mut folded: Vec<(Place, Finding)> = Vec::new();
    for group in members.into_iter().filter(|group| !group.is_empty()) {
        let lead = group.iter().copied().max_by(|a, b| {
            let rank = |index: usize| (all[index].1.finding.severity, all[index].1.finding.certainty);
            // The first of equals leads.
            rank(*a).cmp(&rank(*b)).then(b.cmp(a))
        });
        let Some(lead) = lead else { continue };
        let mut finding = all[lead].1.finding.clone();
        finding.fingerprint.clone_from(
            group
                .iter()
                .map(|index| &prints[*index])
                .min()
                .unwrap_or(&prints[lead]),
        );
        let mut seen: Vec<&Seen> = Vec::new();
        for index in &group {
            let (_, instance) = &all[*index];
            seen.extend(&instance.seen);
            if *index != lead {
                let others = std::iter::once(&instance.finding.primary).chain(&instance.finding.related);
                for other in others {
                    add(&mut finding, other);
                }
            }
        }
        seen.sort_unstable();
        seen.dedup();
        finding.seen_in = seen
            .into_iter()
            .map(|seen| deconflict_findings::Instance {
                cluster: seen.cluster.clone(),
                root: seen.root.clone(),
                old: false,
            })
            .collect();
        folded.push((all[lead].0.clone(), finding));
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

/// Rule, participants, key or field (CONTRACT.md, Report). Two findings of one instance that agree in all of these but
/// stand at different places are numbered in the order of places: they are two defects.
fn fingerprints(all: &[(Place, Instance)]) -> Vec<String> {
    let mut counted: FxHashMap<(String, Option<&Seen>), Vec<Origin>> = FxHashMap::default();
    let mut prints = Vec::with_capacity(all.len());
    for (place, instance) in all {
        let text = identity(&instance.finding, place);
        let known = counted.entry((text.clone(), instance.seen.first())).or_default();
        let at = instance.finding.primary.at;
        let number = known.iter().position(|known| *known == at).unwrap_or_else(|| {
            known.push(at);
            known.len() - 1
        });
        let text = if number == 0 {
            text
        } else {
            format!("{text}\u{0}{number}")
        };
        let digest = Sha256::digest(text.as_bytes());
        let mut print = String::with_capacity(32);
        for byte in &digest[..16] {
            let _ = write!(print, "{byte:02x}");
        }
        prints.push(print);
    }
    prints
}

fn identity(finding: &Finding, place: &Place) -> String {
    let participant = |object: &ObjectRef| {
        [
            object.app.as_deref().unwrap_or_default(),
            &object.group,
            &object.kind,
            object.namespace.as_deref().unwrap_or_default(),
            &object.name,
        ]
        .join("\u{1}")
    };
    let mut participants: Vec<String> = finding.objects.iter().map(participant).collect();
    participants.sort();
    participants.dedup();
    // A finding about a file has no other participant.
    if participants.is_empty() {
        participants.push(place.path.clone());
    }
    let field = finding.field.as_deref().unwrap_or_default();
    let key = finding.key.as_deref().unwrap_or_default();
    format!(
        "{}\u{0}{}\u{0}{key}\u{0}{field}",
        finding.rule,
        participants.join("\u{0}")
    )
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
