//! Titles, places and fields in text for people. Text from the repository is escaped.

use std::fmt::Write as _;

use deconflict_files::{Files, Origin};
use deconflict_findings::{Change, Effect, FieldPart, Hunk, LineSide, ObjectRef, Pair};

use super::sections::{Section, distinct};
use crate::text::{count, escape, is_hostile, list};
use crate::wire::place;

/// Files of one hunk, and runs of lines in one file, that are named.
const PLACES: usize = 3;

/// Characters of a line that are shown.
const LONGEST: usize = 400;

/// `checkout/api in prod, staging (team checkout)`.
pub(super) fn section_title(section: &Section<'_>, limit: usize) -> String {
    let targets = &section.targets;
    let apps = distinct(
        targets
            .iter()
            .map(|target| target.app)
            .filter(|app| !app.is_empty()),
    );
    let clusters = distinct(targets.iter().filter_map(|target| target.cluster));
    let is_placed = targets.iter().all(|target| target.cluster.is_some());
    let names = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| escape(name)).collect();
        list(&names, limit)
    };
    let place = match clusters.as_slice() {
        [] => "in no known cluster".to_owned(),
        all if all.len() <= limit => format!("in {}", names(all)),
        all => format!("in {}", count(all.len(), "cluster", "clusters")),
    };
    let place = if is_placed || clusters.is_empty() {
        place
    } else {
        format!("{place} and in no known cluster")
    };
    let mut title = match apps.as_slice() {
        [] => place,
        [app] => {
            let mut title = format!("{} {place}", escape(app));
            if clusters.len() > limit {
                let _ = write!(title, ": {}", names(&clusters));
            }
            title
        }
        all => format!(
            "{} {place}: {}",
            count(all.len(), "application", "applications"),
            names(all)
        ),
    };
    match section.owners().as_slice() {
        [] => {}
        [owner] => {
            let _ = write!(title, " (team {})", escape(owner));
        }
        all => {
            let _ = write!(title, " (teams {})", names(all));
        }
    }
    title
}

/// `Deployment shop/web`; several objects with one change are listed.
pub(super) fn object_title(change: &Change, arrow: &str, limit: usize) -> String {
    let mut titles: Vec<String> = change
        .objects
        .iter()
        .filter_map(|pair| pair_title(pair, arrow))
        .collect();
    titles.sort();
    titles.dedup();
    if let [title] = titles.as_slice() {
        return title.clone();
    }
    let shown: Vec<&ObjectRef> = change.objects.iter().filter_map(Pair::shown).collect();
    if let Some(first) = shown.first()
        && shown
            .iter()
            .all(|object| object.kind == first.kind && object.name == first.name)
        && change.objects.iter().all(|pair| !is_renamed(pair))
    {
        let namespaces = distinct(shown.iter().filter_map(|object| object.namespace.as_deref()));
        let names: Vec<_> = namespaces.iter().map(|name| escape(name)).collect();
        return format!(
            "{} {} in {}: {}",
            escape(&first.kind),
            escape(&first.name),
            count(names.len(), "namespace", "namespaces"),
            list(&names, limit)
        );
    }
    if let Some((before, after)) = namespaces_of_all(change) {
        let mut names: Vec<String> = shown
            .iter()
            .map(|object| format!("{} {}", escape(&object.kind), escape(&object.name)))
            .collect();
        names.sort();
        names.dedup();
        return format!(
            "{} objects, {} {arrow} {}: {}",
            titles.len(),
            escape(before),
            escape(after),
            list(&names, limit)
        );
    }
    format!("{} objects: {}", titles.len(), list(&titles, limit))
}

fn pair_title(pair: &Pair, arrow: &str) -> Option<String> {
    let shown = pair.shown()?;
    let name = |object: &ObjectRef| match &object.namespace {
        Some(namespace) => format!("{}/{}", escape(namespace), escape(&object.name)),
        None => escape(&object.name).into_owned(),
    };
    let kind = escape(&shown.kind);
    Some(match &pair.before {
        Some(before) if is_renamed(pair) => {
            let after = if before.namespace == shown.namespace {
                escape(&shown.name).into_owned()
            } else {
                name(shown)
            };
            format!("{kind} {} {arrow} {after}", name(before))
        }
        _ => format!("{kind} {}", name(shown)),
    })
}

/// The namespaces between which all of them move, names kept.
fn namespaces_of_all(change: &Change) -> Option<(&str, &str)> {
    let mut all = change.objects.iter().map(|pair| {
        let (before, after) = pair.before.as_ref().zip(pair.after.as_ref())?;
        let namespaces = before.namespace.as_deref().zip(after.namespace.as_deref());
        namespaces.filter(|(old, new)| old != new && before.name == after.name)
    });
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}

fn is_renamed(pair: &Pair) -> bool {
    let both = pair.before.as_ref().zip(pair.after.as_ref());
    both.is_some_and(|(before, after)| before.name != after.name || before.namespace != after.namespace)
}

/// What the lines do not say: where it was, and that it is another object for the cluster.
pub(super) fn remark(change: &Change) -> Option<String> {
    let (before, after) = change
        .objects
        .iter()
        .find_map(|pair| pair.before.as_ref().zip(pair.after.as_ref()))?;
    let mut parts = Vec::new();
    if before.app != after.app {
        let app = before.app.as_deref().unwrap_or_default();
        parts.push(format!("moved here from {}", escape(app)));
    }
    if before.namespace != after.namespace {
        parts.push("deleted and made anew: another namespace".to_owned());
    } else if before.name != after.name && !is_hash_of_same(before, after) {
        parts.push("deleted and made anew: another name".to_owned());
    }
    if change.effect == Effect::Moved && before.app != after.app {
        parts.push("same content".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// True for `web-5d8h2k7m9t` and `web-9bk2f4c6gt`, which generators make anew by design.
fn is_hash_of_same(before: &ObjectRef, after: &ObjectRef) -> bool {
    const HASH: usize = 10;
    let stem = |name: &'_ str| {
        let (stem, hash) = name.rsplit_once('-')?;
        (hash.len() == HASH).then(|| stem.to_owned())
    };
    let (old, new) = (stem(&before.name), stem(&after.name));
    old.as_deref() == Some(&*after.name)
        || new.as_deref() == Some(&*before.name)
        || old.is_some() && old == new
}

/// `spec.containers[web].image`: items by their name, where they have one.
pub(super) fn field_for_people(field: &[FieldPart]) -> String {
    escape(&field_text(field, true)).into_owned()
}

/// `spec.containers[0].image`, as in findings.
pub(super) fn field_for_programs(field: &[FieldPart]) -> String {
    field_text(field, false)
}

fn field_text(field: &[FieldPart], named: bool) -> String {
    let mut text = String::new();
    for part in field {
        let _ = match part {
            FieldPart::Item(_, Some(name)) if named => write!(text, "[{name}]"),
            FieldPart::Item(index, _) => write!(text, "[{index}]"),
            FieldPart::Key(name) if name.is_empty() || name.contains(['.', '/', '[', ']', '"', ' ']) => {
                write!(text, "[\"{name}\"]")
            }
            FieldPart::Key(name) if text.is_empty() => write!(text, "{name}"),
            FieldPart::Key(name) => write!(text, ".{name}"),
        };
    }
    text
}

/// `apps/a.yaml:3, 7-9`: where a person would edit; with `was` for what is gone.
pub(super) fn places_text(hunk: &Hunk, files: &Files) -> String {
    let is_gone = hunk.lines.iter().all(|line| line.side != LineSide::After);
    let text = lines_of(&hunk.at, files);
    if is_gone && !text.is_empty() {
        format!("was {text}")
    } else {
        text
    }
}

fn lines_of(at: &[Origin], files: &Files) -> String {
    let mut by_file: Vec<(String, Vec<(u32, u32)>)> = Vec::new();
    for at in at {
        let place = place(files, *at);
        if by_file.last().is_none_or(|(path, _)| *path != place.path) {
            by_file.push((place.path.clone(), Vec::new()));
        }
        let Some((_, runs)) = by_file.last_mut() else {
            continue;
        };
        match runs.last_mut() {
            Some((_, last)) if *last + 1 >= place.line => *last = place.line.max(*last),
            _ => runs.push((place.line, place.line)),
        }
    }
    let texts: Vec<String> = by_file
        .into_iter()
        .map(|(path, runs)| {
            let runs: Vec<String> = runs
                .into_iter()
                .map(|(first, last)| {
                    if first == last {
                        first.to_string()
                    } else {
                        format!("{first}-{last}")
                    }
                })
                .collect();
            format!("{}:{}", escape(&path), list(&runs, PLACES))
        })
        .collect();
    list(&texts, PLACES)
}

/// A line of an object, escaped; a very long one is cut.
pub(super) fn line_text(text: &str, ellipsis: &str) -> String {
    // A tab within a line fools nobody.
    let safe = |text: &str| {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if is_hostile(c) && c != '\t' {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
        out
    };
    match text.char_indices().nth(LONGEST) {
        None => safe(text),
        Some((end, _)) => format!(
            "{}{ellipsis} ({})",
            safe(&text[..end]),
            count(text[end..].chars().count(), "more character", "more characters")
        ),
    }
}
