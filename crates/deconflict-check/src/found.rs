//! Instances with their places and identities, in the order of places.

use std::fmt::Write as _;

use deconflict_files::Origin;
use deconflict_findings::{Finding, ObjectRef, Place};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::instance::{Instance, Seen};

/// One instance.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it stands.
    pub(crate) place: Place,
    /// The finding.
    pub(crate) instance: Instance,
    /// Rule, participants, key or field (CONTRACT.md, Report).
    pub(crate) identity: String,
    /// The digest of the identity, and of the number of those that agree in it.
    pub(crate) print: String,
    /// For each place in which it was seen, whether the base has it there too; one for a file that no root reads.
    pub(crate) old: Vec<bool>,
}

impl Found {
    /// The clusters in which it was seen, as [`Found::old`] counts them.
    pub(crate) fn clusters(&self) -> Vec<Option<&str>> {
        match self.instance.seen.as_slice() {
            [] => vec![None],
            seen => seen.iter().map(|seen| seen.cluster.as_deref()).collect(),
        }
    }

    /// True when the base has all of it.
    pub(crate) fn is_old(&self) -> bool {
        self.old.iter().all(|old| *old)
    }
}

/// `instances` in the order of path, rule and message, nothing old. `called` gives the name of the file that stands for a
/// finding without participants.
pub(crate) fn found(
    instances: Vec<Instance>,
    place: &dyn Fn(Origin) -> Place,
    called: &dyn Fn(&str) -> String,
) -> Vec<Found> {
    let mut all: Vec<Found> = instances
        .into_iter()
        .map(|instance| {
            let place = place(instance.finding.primary.at);
            Found {
                identity: identity(&instance.finding, &called(&place.path)),
                print: String::new(),
                old: vec![false; instance.seen.len().max(1)],
                place,
                instance,
            }
        })
        .collect();
    all.sort_by(|a, b| key(a).cmp(&key(b)));
    number(&mut all);
    all
}

fn key(found: &Found) -> (&Place, &'static str, &str, &[Seen]) {
    let Instance { finding, seen, .. } = &found.instance;
    (&found.place, finding.rule, &finding.message, seen)
}

/// Two findings of one instance that agree in their identity but stand at different places are numbered in the order of
/// places: they are two defects.
fn number(all: &mut [Found]) {
    let mut counted: FxHashMap<(&str, Option<&Seen>), Vec<Origin>> = FxHashMap::default();
    let mut prints = Vec::with_capacity(all.len());
    for Found {
        instance, identity, ..
    } in &*all
    {
        let known = counted
            .entry((identity.as_str(), instance.seen.first()))
            .or_default();
        let at = instance.finding.primary.at;
        let number = known.iter().position(|known| *known == at).unwrap_or_else(|| {
            known.push(at);
            known.len() - 1
        });
        prints.push(if number == 0 {
            print(identity)
        } else {
            print(&format!("{identity}\u{0}{number}"))
        });
    }
    for (found, print) in all.iter_mut().zip(prints) {
        found.print = print;
    }
}

fn print(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut print = String::with_capacity(32);
    for byte in &digest[..16] {
        let _ = write!(print, "{byte:02x}");
    }
    print
}

fn identity(finding: &Finding, path: &str) -> String {
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
        participants.push(path.to_owned());
    }
    let field = finding.field.as_deref().unwrap_or_default();
    let key = finding.key.as_deref().unwrap_or_default();
    format!(
        "{}\u{0}{}\u{0}{key}\u{0}{field}",
        finding.rule,
        participants.join("\u{0}")
    )
}
