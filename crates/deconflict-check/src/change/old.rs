//! Which instances of findings the base has too (CONTRACT.md: *old* is decided per participants and cluster).

use std::collections::BTreeMap;

use deconflict_files::Origin;
use deconflict_findings::{Finding, Severity};
use rustc_hash::FxHashMap;

use super::Moved;
use super::lines::Kept;
use crate::found::Found;

/// One thing in one cluster, at one place.
struct Occurrence<'f> {
    at: Origin,
    severity: Severity,
    finding: &'f Finding,
    /// The other tree's, with its severity there.
    matched: Option<Severity>,
}

/// By what a finding is about, and the cluster.
type Occurrences<'f> = BTreeMap<(&'f str, Option<&'f str>), Vec<Occurrence<'f>>>;

/// Mark in `after` what `before` has too: the same participants, key and field in the same cluster, at least as severe.
/// Where one thing is found several times, those on lines that the change left alone are the old ones.
pub(crate) fn mark(after: &mut [Found], before: &[Found], moved: &Moved<'_>) {
    let (mut new, mut known) = (occurrences(after), occurrences(before));
    for (key, new) in &mut new {
        if let Some(known) = known.get_mut(key) {
            pair(new, known, |new, known| stands_where(new.at, known.at, moved));
            pair(new, known, |_, _| true);
        }
    }
    pair_moved(&mut new, &mut known, moved);
    let is_old = |found: &Found, cluster: Option<&str>| {
        let same = new.get(&(found.identity.as_str(), cluster));
        let here = same
            .into_iter()
            .flatten()
            .find(|one| one.at == found.instance.finding.primary.at);
        // What gets worse is new.
        here.is_some_and(|one| one.matched.is_some_and(|before| before >= one.severity))
    };
    let verdicts: Vec<Vec<bool>> = after
        .iter()
        .map(|found| {
            let clusters = found.clusters().into_iter();
            clusters.map(|cluster| is_old(found, cluster)).collect()
        })
        .collect();
    for (found, old) in after.iter_mut().zip(verdicts) {
        found.old = old;
    }
}

fn occurrences(all: &[Found]) -> Occurrences<'_> {
    let mut by_key = Occurrences::default();
    for found in all {
        let finding = &found.instance.finding;
        for cluster in found.clusters() {
            let same = by_key.entry((found.identity.as_str(), cluster)).or_default();
            match same.iter_mut().find(|one| one.at == finding.primary.at) {
                Some(one) => one.severity = one.severity.max(finding.severity),
                None => same.push(Occurrence {
                    at: finding.primary.at,
                    severity: finding.severity,
                    finding,
                    matched: None,
                }),
            }
        }
    }
    by_key
}

/// Match each of `new` with the first of `known` that is still free and `fits`.
fn pair(
    new: &mut [Occurrence<'_>],
    known: &mut [Occurrence<'_>],
    fits: impl Fn(&Occurrence<'_>, &Occurrence<'_>) -> bool,
) {
    for new in new.iter_mut().filter(|new| new.matched.is_none()) {
        let free = known.iter_mut().filter(|known| known.matched.is_none());
        if let Some(known) = free.into_iter().find(|known| fits(new, known)) {
            new.matched = Some(known.severity);
            known.matched = Some(new.severity);
        }
    }
}

/// True when the line at `new` is the line at `known`, which the change left alone.
fn stands_where(new: Origin, known: Origin, moved: &Moved<'_>) -> bool {
    moved.kept(new).is_some_and(|kept| kept == moved.before(known))
}

/// All that stays of a finding when a directory gets another name, and with it applications that are called by it.
#[derive(PartialEq, Eq, Hash)]
struct Moving<'f> {
    rule: &'static str,
    key: Option<&'f str>,
    field: Option<&'f str>,
    cluster: Option<&'f str>,
    objects: Vec<[&'f str; 4]>,
    places: Vec<Kept>,
}

impl<'f> Moving<'f> {
    fn new(finding: &'f Finding, cluster: Option<&'f str>, places: Vec<Kept>) -> Self {
        let object = |object: &'f deconflict_findings::ObjectRef| {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            [object.group.as_str(), &object.kind, namespace, &object.name]
        };
        Self {
            rule: finding.rule,
            key: finding.key.as_deref(),
            field: finding.field.as_deref(),
            cluster,
            objects: finding.objects.iter().map(object).collect(),
            places,
        }
    }
}

/// Match what stands, with all its sides, on lines that the change left alone in files that moved.
fn pair_moved(new: &mut Occurrences<'_>, known: &mut Occurrences<'_>, moved: &Moved<'_>) {
    fn places(finding: &Finding) -> impl Iterator<Item = Origin> {
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        labels.map(|label| label.at)
    }
    if !moved.any_renamed() {
        return;
    }
    let mut free: FxHashMap<Moving<'_>, &mut Occurrence<'_>> = FxHashMap::default();
    for ((_, cluster), known) in known {
        for one in known.iter_mut().filter(|one| one.matched.is_none()) {
            let at = places(one.finding).map(|at| moved.before(at)).collect();
            free.insert(Moving::new(one.finding, *cluster, at), one);
        }
    }
    for ((_, cluster), new) in new {
        for one in new.iter_mut().filter(|one| one.matched.is_none()) {
            let at: Option<Vec<Kept>> = places(one.finding).map(|at| moved.kept(at)).collect();
            let same = at.and_then(|at| free.remove(&Moving::new(one.finding, *cluster, at)));
            one.matched = same.map(|same| same.severity);
        }
    }
}
