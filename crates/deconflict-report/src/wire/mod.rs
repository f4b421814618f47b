//! The JSON report's own types: the names and order of fields that the command line promises. Inner types do not
//! derive `Serialize`, so that renaming a field there cannot break a script.

mod finding;
mod map;

use deconflict_files::{Files, Origin};
use deconflict_findings::{Place, Report};
use serde::Serialize;

pub(crate) use self::finding::Object;
use self::finding::WireFinding;
pub(crate) use self::map::WireMap;

#[cfg(feature = "schema")]
use crate::schema::words;

/// The version of the schema of reports, maps and catalogues.
pub(crate) const SCHEMA: u32 = 1;

/// Resolve a place for printing.
pub(crate) fn place(files: &Files, at: Origin) -> Place {
    let file = files.get(at.file);
    Place::of(&file, at.span)
}

/// A place in the text a person would edit. Lines and columns count from 1.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Location {
    /// From the top of the Git repository, with `/`.
    path: String,
    /// Line of the first character.
    line: u32,
    /// Column of the first character, in Unicode characters.
    column: u32,
    /// Line of the end.
    end_line: u32,
    /// Column one past the last character.
    end_column: u32,
    /// First byte of the file.
    start: u32,
    /// One past the last byte.
    end: u32,
}

impl Location {
    pub(crate) fn new(files: &Files, at: Origin) -> Self {
        let Place {
            path,
            start,
            end,
            line,
            column,
            end_line,
            end_column,
        } = place(files, at);
        Self {
            path,
            line,
            column,
            end_line,
            end_column,
            start,
            end,
        }
    }
}

/// Which program wrote this.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    pub(crate) const THIS: Self = Self {
        name: "deconflict",
        version: env!("CARGO_PKG_VERSION"),
    };
}

/// What `deconflict check --format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct WireReport<'r> {
    /// Version of this form. Additions do not change it.
    schema: u32,
    tool: Tool,
    /// What was judged.
    judged: Judged<'r>,
    /// Counts.
    summary: Summary,
    /// What was checked and what was not.
    coverage: Coverage<'r>,
    /// What the tool itself could not finish, a sentence each. Not empty: exit code 3.
    unfinished: &'r [String],
    /// By path, start and rule; one finding, however many overlays or clusters show it.
    findings: Vec<WireFinding<'r>>,
}

/// What was judged.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Judged<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::JudgedKind"))]
    kind: &'static str,
    /// The revision given as `--base`.
    base: Option<&'r str>,
    /// True when the merge with the base was judged.
    merged: bool,
}

/// Counts.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Summary {
    /// Shown findings of severity error.
    errors: usize,
    /// Shown findings of severity warning.
    warnings: usize,
    /// Shown findings of severity info.
    infos: usize,
    /// Findings that the base or the baseline has.
    old: usize,
    /// Findings that a comment or contract silenced.
    suppressed: usize,
    /// Files read.
    files: usize,
    /// Placements, rendered or not.
    placements: usize,
    /// Objects read, placed or not.
    objects: usize,
    /// Clusters.
    clusters: usize,
}

/// What was checked and what was not.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Coverage<'r> {
    /// Roots rendered, placed or not.
    rendered: usize,
    /// What was not checked, sorted.
    skipped: Vec<Skipped<'r>>,
}

/// Something that was not checked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Skipped<'r> {
    path: &'r str,
    /// One word, as `--fail-on-skipped` takes it; more may be added.
    reason: &'static str,
    /// What exactly.
    detail: &'r str,
}

impl<'r> Judged<'r> {
    pub(crate) fn new(judged: &'r deconflict_findings::Judged) -> Self {
        Self {
            kind: judged.kind,
            base: judged.base.as_deref(),
            merged: judged.merged,
        }
    }
}

impl<'r> Coverage<'r> {
    pub(crate) fn new(coverage: &'r deconflict_findings::Coverage) -> Self {
        Self {
            rendered: coverage.rendered,
            skipped: coverage.skipped.iter().map(Skipped::new).collect(),
        }
    }
}

impl<'r> Skipped<'r> {
    pub(crate) fn new(skipped: &'r deconflict_findings::Skipped) -> Self {
        Self {
            path: &skipped.path,
            reason: skipped.reason,
            detail: &skipped.detail,
        }
    }
}

impl<'r> WireReport<'r> {
    pub(crate) fn new(report: &'r Report) -> Self {
        let summary = report.summary;
        Self {
            schema: SCHEMA,
            tool: Tool::THIS,
            judged: Judged::new(&report.judged),
            summary: Summary {
                errors: summary.errors,
                warnings: summary.warnings,
                infos: summary.infos,
                old: summary.old,
                suppressed: summary.suppressed,
                files: summary.files,
                placements: summary.placements,
                objects: summary.objects,
                clusters: summary.clusters,
            },
            coverage: Coverage::new(&report.coverage),
            unfinished: &report.unfinished,
            findings: report
                .findings
                .iter()
                .map(|finding| WireFinding::new(finding, &report.files))
                .collect(),
        }
    }
}
