//! The JSON report's own types: the names and order of fields that the command line promises. Inner types do not
//! derive `Serialize`, so that renaming a field there cannot break a script.

use deconflict_files::{Files, Origin};
use deconflict_findings::{Finding, ObjectRef, Place, PlacementRow, Report, Safety, family_of, rule_url};
use serde::Serialize;

/// The version of the schema of reports, maps and catalogues.
pub(crate) const SCHEMA: u32 = 1;

/// Resolve a place for printing.
pub(crate) fn place(files: &Files, at: Origin) -> Place {
    let file = files.get(at.file);
    Place::of(&file, at.span)
}

#[derive(Serialize)]
pub(crate) struct Location {
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start: u32,
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

#[derive(Serialize)]
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

#[derive(Serialize)]
pub(crate) struct WireReport<'r> {
    schema: u32,
    tool: Tool,
    judged: Judged<'r>,
    summary: Summary,
    coverage: Coverage<'r>,
    unfinished: &'r [String],
    findings: Vec<WireFinding<'r>>,
}

#[derive(Serialize)]
struct Judged<'r> {
    kind: &'static str,
    base: Option<&'r str>,
    merged: bool,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    old: usize,
    suppressed: usize,
    files: usize,
    placements: usize,
    objects: usize,
    clusters: usize,
}

#[derive(Serialize)]
struct Coverage<'r> {
    rendered: usize,
    skipped: Vec<Skipped<'r>>,
}

#[derive(Serialize)]
struct Skipped<'r> {
    path: &'r str,
    reason: &'static str,
    detail: &'r str,
}

#[derive(Serialize)]
struct WireFinding<'r> {
    rule: &'static str,
    family: &'static str,
    severity: &'static str,
    message: &'r str,
    location: Location,
    label: Option<&'r str>,
    related: Vec<Related<'r>>,
    trail: Vec<Step<'r>>,
    objects: Vec<Object<'r>>,
    field: Option<&'r str>,
    key: Option<&'r str>,
    certainty: &'static str,
    seen_in: Vec<Instance<'r>>,
    notes: &'r [String],
    help: Option<&'r str>,
    url: Option<String>,
    fingerprint: &'r str,
    old: bool,
    fix: Option<Fix<'r>>,
}

#[derive(Serialize)]
struct Related<'r> {
    location: Location,
    message: &'r str,
}

#[derive(Serialize)]
struct Step<'r> {
    action: &'static str,
    location: Location,
    detail: &'r str,
}

#[derive(Serialize)]
struct Object<'r> {
    cluster: Option<&'r str>,
    group: &'r str,
    version: &'r str,
    kind: &'r str,
    namespace: Option<&'r str>,
    name: &'r str,
    root: Option<&'r str>,
    app: Option<&'r str>,
    engine: Option<&'static str>,
    owner: Option<&'r str>,
}

#[derive(Serialize)]
struct Instance<'r> {
    cluster: Option<&'r str>,
    root: &'r str,
    old: bool,
}

#[derive(Serialize)]
struct Fix<'r> {
    title: &'r str,
    safety: &'static str,
    edits: Vec<Edit<'r>>,
}

#[derive(Serialize)]
struct Edit<'r> {
    path: String,
    start: u32,
    end: u32,
    with: &'r str,
}

impl<'r> WireReport<'r> {
    pub(crate) fn new(report: &'r Report) -> Self {
        let summary = report.summary;
        Self {
            schema: SCHEMA,
            tool: Tool::THIS,
            judged: Judged {
                kind: report.judged.kind,
                base: report.judged.base.as_deref(),
                merged: report.judged.merged,
            },
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
            coverage: Coverage {
                rendered: report.coverage.rendered,
                skipped: report
                    .coverage
                    .skipped
                    .iter()
                    .map(|skip| Skipped {
                        path: &skip.path,
                        reason: skip.reason,
                        detail: &skip.detail,
                    })
                    .collect(),
            },
            unfinished: &report.unfinished,
            findings: report
                .findings
                .iter()
                .map(|finding| WireFinding::new(finding, &report.files))
                .collect(),
        }
    }
}

impl<'r> WireFinding<'r> {
    fn new(finding: &'r Finding, files: &Files) -> Self {
        Self {
            rule: finding.rule,
            family: family_of(finding.rule),
            severity: finding.severity.word(),
            message: &finding.message,
            location: Location::new(files, finding.primary.at),
            label: (!finding.primary.text.is_empty()).then_some(finding.primary.text.as_str()),
            related: finding
                .related
                .iter()
                .map(|side| Related {
                    location: Location::new(files, side.at),
                    message: &side.text,
                })
                .collect(),
            trail: finding
                .trail
                .iter()
                .map(|step| Step {
                    action: step.action.word(),
                    location: Location::new(files, step.at),
                    detail: &step.detail,
                })
                .collect(),
            objects: finding.objects.iter().map(Object::new).collect(),
            field: finding.field.as_deref(),
            key: finding.key.as_deref(),
            certainty: finding.certainty.word(),
            seen_in: finding
                .seen_in
                .iter()
                .map(|seen| Instance {
                    cluster: seen.cluster.as_deref(),
                    root: &seen.root,
                    old: seen.old,
                })
                .collect(),
            notes: &finding.notes,
            help: finding.help.as_deref(),
            url: Some(rule_url(finding.rule)),
            fingerprint: &finding.fingerprint,
            old: finding.old,
            fix: finding.fix.as_ref().map(|fix| Fix {
                title: &fix.title,
                safety: match fix.safety {
                    Safety::Safe => "safe",
                    Safety::Unsafe => "unsafe",
                },
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| Edit {
                        path: files.get(edit.at.file).path.as_str().to_owned(),
                        start: edit.at.span.start,
                        end: edit.at.span.end,
                        with: &edit.with,
                    })
                    .collect(),
            }),
        }
    }
}

impl<'r> Object<'r> {
    fn new(object: &'r ObjectRef) -> Self {
        Self {
            cluster: object.cluster.as_deref(),
            group: &object.group,
            version: &object.version,
            kind: &object.kind,
            namespace: object.namespace.as_deref(),
            name: &object.name,
            root: object.root.as_deref(),
            app: object.app.as_deref(),
            engine: object.engine,
            owner: object.owner.as_deref(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct WireMap<'r> {
    schema: u32,
    clusters: Vec<Cluster<'r>>,
    placements: Vec<Placement<'r>>,
}

#[derive(Serialize)]
struct Cluster<'r> {
    name: &'r str,
    class: Option<&'r str>,
    kubernetes: Option<&'r str>,
    placements: usize,
    objects: usize,
}

#[derive(Serialize)]
struct Placement<'r> {
    engine: &'static str,
    app: Option<&'r str>,
    root: Option<&'r str>,
    kind: &'static str,
    cluster: Option<&'r str>,
    namespace: Option<&'r str>,
    project: Option<&'r str>,
    owner: Option<&'r str>,
    source: Source<'r>,
    declared_at: Option<Location>,
    status: &'static str,
    reason: Option<&'r str>,
    objects: usize,
}

#[derive(Serialize)]
struct Source<'r> {
    repo: &'r str,
    revision: Option<&'r str>,
    deployed_by_merge: bool,
}

impl<'r> WireMap<'r> {
    pub(crate) fn new(report: &'r Report) -> Self {
        Self {
            schema: SCHEMA,
            clusters: report
                .clusters
                .iter()
                .map(|row| Cluster {
                    name: &row.name,
                    class: row.class.as_deref(),
                    kubernetes: row.kubernetes.as_deref(),
                    placements: row.placements,
                    objects: row.objects,
                })
                .collect(),
            placements: report
                .placements
                .iter()
                .map(|row| Placement::new(row, &report.files))
                .collect(),
        }
    }
}

impl<'r> Placement<'r> {
    fn new(row: &'r PlacementRow, files: &Files) -> Self {
        Self {
            engine: row.engine,
            app: row.app.as_deref(),
            root: row.root.as_deref(),
            kind: row.kind,
            cluster: row.cluster.as_deref(),
            namespace: row.namespace.as_deref(),
            project: row.project.as_deref(),
            owner: row.owner.as_deref(),
            source: Source {
                repo: &row.source.repo,
                revision: row.source.revision.as_deref(),
                deployed_by_merge: row.source.deployed_by_merge,
            },
            declared_at: row.declared_at.map(|at| Location::new(files, at)),
            status: row.status.word(),
            reason: row.reason.as_deref(),
            objects: row.objects,
        }
    }
}
