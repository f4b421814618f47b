//! A finding in the JSON report.

use deconflict_files::Files;
use deconflict_findings::{Finding, ObjectRef, Safety, family_of, rule_url};
use serde::Serialize;

use super::Location;
#[cfg(feature = "schema")]
use crate::schema::words;

/// One finding.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
pub(super) struct WireFinding<'r> {
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
pub(crate) struct Object<'r> {
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

impl<'r> WireFinding<'r> {
    pub(super) fn new(finding: &'r Finding, files: &Files) -> Self {
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
    pub(crate) fn new(object: &'r ObjectRef) -> Self {
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
