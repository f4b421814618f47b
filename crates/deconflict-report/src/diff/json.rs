//! For programs.

use deconflict_files::Files;
use deconflict_findings::{Change, Difference, Hunk, LineSide, Pair};
use serde::Serialize;

use super::sections::Counts;
use super::words::field_for_programs;
use crate::json::to_text;
#[cfg(feature = "schema")]
use crate::schema::words;
use crate::wire::{Coverage, Judged, Location, Object, SCHEMA, Skipped, Tool};

/// The difference as JSON with a line break at the end.
pub fn diff_json(difference: &Difference) -> String {
    to_text(&WireDifference::new(difference))
}

/// What `deconflict diff --format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct WireDifference<'r> {
    /// Version of this form. Additions do not change it.
    schema: u32,
    tool: Tool,
    judged: Judged<'r>,
    summary: Summary,
    coverage: Sides<'r>,
    /// Changed files of what is not rendered, with the reason: what they do is not known.
    unseen: Vec<Skipped<'r>>,
    /// Paths that Git cannot merge; the base's text was compared.
    conflicts: &'r [String],
    /// What the tool itself could not finish, a sentence each. Not empty: exit code 3.
    unfinished: &'r [String],
    /// By application, cluster and object; each with every object that has it.
    changes: Vec<WireChange<'r>>,
}

/// Counts of objects: one in three clusters counts three times.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DiffSummary"))]
struct Summary {
    added: usize,
    changed: usize,
    /// Of another application, namespace or name, with the same content.
    moved: usize,
    removed: usize,
    /// Applications with a difference.
    applications: usize,
    /// Clusters with a difference.
    clusters: usize,
    /// All objects before the change.
    objects_before: usize,
    /// All objects after it.
    objects_after: usize,
}

/// What could be rendered on each side.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Sides<'r> {
    before: Coverage<'r>,
    after: Coverage<'r>,
}

/// One change and all objects that have it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Change"))]
struct WireChange<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::Effect"))]
    change: &'static str,
    /// By application and cluster.
    objects: Vec<WirePair<'r>>,
    /// The lines that differ, with some around them; of an object that comes or goes all. Where objects differ in the
    /// lines around, those of the first.
    hunks: Vec<WireHunk<'r>>,
    /// Why there are no lines, if there should be.
    note: Option<&'r str>,
}

/// An object before and after.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Pair"))]
struct WirePair<'r> {
    before: Option<Object<'r>>,
    after: Option<Object<'r>>,
}

/// Lines near each other.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Hunk"))]
struct WireHunk<'r> {
    /// The field that holds all that differs; odd keys as `labels["a/b"]`.
    field: Option<String>,
    /// The first line in the rendered object before the change, from 1.
    before_line: usize,
    /// The first line in the rendered object after it, from 1.
    after_line: usize,
    /// Where a person would edit, for all objects of the change: the lines that come; where lines only go, those.
    locations: Vec<Location>,
    lines: Vec<WireLine<'r>>,
}

/// One line of a rendered object; secret values are masked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Line"))]
struct WireLine<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::LineSide"))]
    side: &'static str,
    text: &'r str,
    /// Where a person would edit it, in the first object of the change.
    location: Option<Location>,
}

impl<'r> WireDifference<'r> {
    fn new(difference: &'r Difference) -> Self {
        let counts = Counts::of(difference.changes.iter());
        let [objects_before, objects_after] = difference.objects;
        Self {
            schema: SCHEMA,
            tool: Tool::THIS,
            judged: Judged::new(&difference.judged),
            summary: Summary {
                added: counts.added,
                changed: counts.changed,
                moved: counts.moved,
                removed: counts.removed,
                applications: counts.applications,
                clusters: counts.clusters,
                objects_before,
                objects_after,
            },
            coverage: Sides {
                before: Coverage::new(&difference.before),
                after: Coverage::new(&difference.after),
            },
            unseen: difference.unseen.iter().map(Skipped::new).collect(),
            conflicts: &difference.conflicts,
            unfinished: &difference.unfinished,
            changes: difference
                .changes
                .iter()
                .map(|change| WireChange::new(change, &difference.files))
                .collect(),
        }
    }
}

impl<'r> WireChange<'r> {
    fn new(change: &'r Change, files: &Files) -> Self {
        let pair = |pair: &'r Pair| WirePair {
            before: pair.before.as_ref().map(Object::new),
            after: pair.after.as_ref().map(Object::new),
        };
        Self {
            change: change.effect.word(),
            objects: change.objects.iter().map(pair).collect(),
            hunks: change
                .hunks
                .iter()
                .map(|hunk| WireHunk::new(hunk, files))
                .collect(),
            note: change.note.as_deref(),
        }
    }
}

impl<'r> WireHunk<'r> {
    fn new(hunk: &'r Hunk, files: &Files) -> Self {
        let lines = hunk.lines.iter().map(|line| WireLine {
            side: match line.side {
                LineSide::Both => "both",
                LineSide::Before => "before",
                LineSide::After => "after",
            },
            text: &line.text,
            location: line.at.map(|at| Location::new(files, at)),
        });
        Self {
            field: (!hunk.field.is_empty()).then(|| field_for_programs(&hunk.field)),
            before_line: hunk.before,
            after_line: hunk.after,
            locations: hunk.at.iter().map(|at| Location::new(files, *at)).collect(),
            lines: lines.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::diff_json;
    use crate::diff::fixture;

    #[test]
    fn fields_are_promises() {
        let json: serde_json::Value = serde_json::from_str(&diff_json(&fixture::difference())).unwrap();
        let keys = |value: &serde_json::Value| {
            let keys = value.as_object().unwrap().keys().cloned();
            keys.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            keys(&json),
            "schema tool judged summary coverage unseen conflicts unfinished changes"
        );
        let change = &json["changes"][0];
        assert_eq!(keys(change), "change objects hunks note");
        let hunk = &change["hunks"][0];
        assert_eq!(keys(hunk), "field before_line after_line locations lines");
        // As in findings: an item is its index.
        assert_eq!(hunk["field"], "spec.containers[0].image");
        assert_eq!(hunk["locations"][0]["line"], 4);
        assert_eq!(hunk["lines"][2]["side"], "after");
        assert_eq!(
            hunk["lines"][2]["location"]["path"],
            "apps/web/base/deployment.yaml"
        );
        assert_eq!(json["summary"]["changed"], 2);
        assert_eq!(json["changes"][2]["objects"][0]["before"]["app"], "api");
    }
}
