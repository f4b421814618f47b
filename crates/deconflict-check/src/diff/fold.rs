//! Equal changes of many objects are one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deconflict_files::Files;
use deconflict_findings::{Change, Effect, Hunk, LineSide, ObjectRef, Pair, Place};

/// One change for all objects that have it: the same lines at the same fields, whatever stands around them; of whole
/// objects the same text but for name and namespace. What only moves is one for each way. Sorted by first object.
pub(super) fn fold(changes: Vec<Change>, files: &Files) -> Vec<Change> {
    let mut changes = changes;
    changes.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut folded: Vec<Change> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let key = key(&change);
        let Some(first) = known.get(&key).and_then(|at| folded.get_mut(*at)) else {
            known.insert(key, folded.len());
            folded.push(change);
            continue;
        };
        first.objects.extend(change.objects);
        for (mine, other) in first.hunks.iter_mut().zip(change.hunks) {
            mine.at.extend(other.at);
        }
    }
    for hunk in folded.iter_mut().flat_map(|change| &mut change.hunks) {
        sort_places(hunk, files);
    }
    folded
}

/// Application first: what one team deploys stands together.
type Order<'c> = (
    &'c str,
    &'c str,
    &'c str,
    &'c str,
    &'c str,
    &'c str,
    Effect,
    &'c Pair,
);

fn order(change: &Change) -> Option<Order<'_>> {
    let pair = change.objects.first()?;
    let ObjectRef {
        app,
        cluster,
        kind,
        namespace,
        name,
        group,
        ..
    } = pair.shown()?;
    Some((
        app.as_deref().unwrap_or_default(),
        cluster.as_deref().unwrap_or_default(),
        kind,
        group,
        namespace.as_deref().unwrap_or_default(),
        name,
        change.effect,
        pair,
    ))
}

/// Equal for what is folded.
fn key(change: &Change) -> String {
    let mut key = format!("{}\n", change.effect.word());
    let pair = change.objects.first();
    if let Some(note) = &change.note {
        // Nobody knows whether the differences are the same.
        let _ = writeln!(key, "{note} {pair:?}");
    }
    if let Some((before, after)) = pair.and_then(|pair| pair.before.as_ref().zip(pair.after.as_ref())) {
        for (what, old, new) in [
            ("app", &before.app, &after.app),
            ("namespace", &before.namespace, &after.namespace),
        ] {
            if old != new {
                let _ = writeln!(key, "{what} {old:?} {new:?}");
            }
        }
        if change.effect == Effect::Moved && before.name != after.name {
            let _ = writeln!(key, "{} {}", before.name, after.name);
        }
    }
    for hunk in &change.hunks {
        let _ = writeln!(key, "{:?}", hunk.field);
        let is_whole = matches!(change.effect, Effect::Added | Effect::Removed);
        let mut section = "";
        let mut gap = false;
        for line in &hunk.lines {
            if is_whole && !line.text.starts_with([' ', '-']) {
                section = line.text.as_str();
            }
            let names_it = is_whole
                && section == "metadata:"
                && (line.text.starts_with("  name: ") || line.text.starts_with("  namespace: "));
            // What stands around may be named otherwise, but where lines are parted counts.
            match line.side {
                LineSide::Both => gap = true,
                _ if names_it => {}
                side => {
                    let _ = writeln!(key, "{gap}{side:?}{}", line.text);
                    gap = false;
                }
            }
        }
    }
    key
}

/// By path and line, each line once.
fn sort_places(hunk: &mut Hunk, files: &Files) {
    let place = |at: &deconflict_files::Origin| Place::of(&files.get(at.file), at.span);
    let mut places: Vec<_> = hunk.at.iter().map(|at| (place(at), *at)).collect();
    places.sort_by(|a, b| (&a.0.path, a.0.line, a.0.column).cmp(&(&b.0.path, b.0.line, b.0.column)));
    places.dedup_by(|a, b| a.0.path == b.0.path && a.0.line == b.0.line);
    hunk.at = places.into_iter().map(|(_, at)| at).collect();
}
