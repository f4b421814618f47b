//! The JSON report's own types: the names and order of fields that the command line promises. Inner types do not
//! derive `Serialize`, so that renaming a field there cannot break a script.

use deconflict_files::{Files, Origin};
use deconflict_findings::{Finding, ObjectRef, Place, PlacementRow, Report, Safety, family_of, rule_url};
use serde::Serialize;

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
struct Judged<'r> {
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
struct Coverage<'r> {
    /// Roots rendered, placed or not.
    rendered: usize,
    /// What was not checked, sorted.
    skipped: Vec<Skipped<'r>>,
}

/// Something that was not checked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Skipped<'r> {
    path: &'r str,
    /// One word, as `--fail-on-skipped` takes it; more may be added.
    reason: &'static str,
    /// What exactly.
    detail: &'r str,
}

/// One finding.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
struct WireFinding<'r> {
    /// Its id; `deconflict explain RULE` shows its page.
    rule: &'static str,
    /// The first word of the id.
    family: &'static str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    severity: &'static str,
    /// One line that stands alone.
    message: &'r str,
    /// The side that changed, else the first in path order.
    location: Location,
    /// At most ten words about the location.
    label: Option<&'r str>,
    /// Every other side.
    related: Vec<Related<'r>>,
    /// How the value at the location travelled, newest step first.
    trail: Vec<Step<'r>>,
    /// The objects that take part, sides first.
    objects: Vec<Object<'r>>,
    /// For a finding about one field: its path; odd keys as `labels["a/b"]`.
    field: Option<&'r str>,
    /// What collides, for example a port or host and path.
    key: Option<&'r str>,
    #[cfg_attr(feature = "schema", schemars(with = "words::Certainty"))]
    certainty: &'static str,
    /// Where it was seen.
    seen_in: Vec<Instance<'r>>,
    /// What would happen in the cluster, and other facts, a sentence each.
    notes: &'r [String],
    /// The edit to make.
    help: Option<&'r str>,
    /// The rule's page.
    url: Option<String>,
    /// Rule, participants, and key or field; no line, cluster or root, so it survives edits elsewhere.
    fingerprint: &'r str,
    /// True when the base or the baseline has all of its instances.
    old: bool,
    /// Text edits that remove it.
    fix: Option<Fix<'r>>,
}

/// Another side.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Related<'r> {
    location: Location,
    /// At most ten words about it; may be empty.
    message: &'r str,
}

/// One step of a value on its way.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Step<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::Action"))]
    action: &'static str,
    location: Location,
    /// The mechanism in the field's words.
    detail: &'r str,
}

/// An object that takes part.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Object<'r> {
    cluster: Option<&'r str>,
    /// API group; empty for core.
    group: &'r str,
    version: &'r str,
    kind: &'r str,
    namespace: Option<&'r str>,
    name: &'r str,
    /// Its render root.
    root: Option<&'r str>,
    /// `namespace/name` of the application.
    app: Option<&'r str>,
    #[cfg_attr(feature = "schema", schemars(with = "Option<words::Engine>"))]
    engine: Option<&'static str>,
    /// The owning team, if known.
    owner: Option<&'r str>,
}

/// One place where a finding was seen.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Instance<'r> {
    cluster: Option<&'r str>,
    /// The render root.
    root: &'r str,
    /// The base or the baseline has it here.
    old: bool,
}

/// Text edits, not overlapping.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Fix<'r> {
    title: &'r str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Safety"))]
    safety: &'static str,
    edits: Vec<Edit<'r>>,
}

/// Replace a range of bytes of one file.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What `deconflict map --format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct WireMap<'r> {
    /// Version of this form. Additions do not change it.
    schema: u32,
    clusters: Vec<Cluster<'r>>,
    placements: Vec<Placement<'r>>,
}

/// One cluster.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Cluster<'r> {
    name: &'r str,
    /// `production`, `staging`, `development`, or a word of the configuration.
    class: Option<&'r str>,
    /// `major.minor`.
    kubernetes: Option<&'r str>,
    placements: usize,
    objects: usize,
}

/// Who deploys what where.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Placement<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::Engine"))]
    engine: &'static str,
    /// `namespace/name` of the application.
    app: Option<&'r str>,
    /// Directory in the repository.
    root: Option<&'r str>,
    #[cfg_attr(feature = "schema", schemars(with = "words::PlacementKind"))]
    kind: &'static str,
    cluster: Option<&'r str>,
    /// The namespace that the engine sets.
    namespace: Option<&'r str>,
    /// Argo CD project.
    project: Option<&'r str>,
    owner: Option<&'r str>,
    source: Source<'r>,
    /// The line that declares it.
    declared_at: Option<Location>,
    #[cfg_attr(feature = "schema", schemars(with = "words::Status"))]
    status: &'static str,
    /// Why it is not rendered.
    reason: Option<&'r str>,
    objects: usize,
}

/// Where a placement's files come from.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Source<'r> {
    /// `self`, or a URL.
    repo: &'r str,
    revision: Option<&'r str>,
    /// True when a merge to the judged branch changes what is deployed.
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
