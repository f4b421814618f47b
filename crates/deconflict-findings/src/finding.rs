//! One finding.

use deconflict_files::{Action, File, Origin, Span};

/// How bad it is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; never blocks by default.
    Info,
    /// Should be looked at.
    Warning,
    /// Will break something; blocks by default.
    Error,
}

impl Severity {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// One step less; `Info` stays.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::Error => Self::Warning,
            Self::Warning | Self::Info => Self::Info,
        }
    }

    /// One step more; `Error` stays.
    #[must_use]
    pub fn raise(self) -> Self {
        match self {
            Self::Info => Self::Warning,
            Self::Warning | Self::Error => Self::Error,
        }
    }
}

/// Whether rendered objects show it, or it could only happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// Satisfiable, but nothing rendered shows it. At most `info`.
    Possible,
    /// A concrete rendered pod, host, path or object shows it.
    Witnessed,
}

impl Certainty {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Witnessed => "witnessed",
        }
    }
}

/// A place in the text a person would edit, resolved for printing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Path relative to the top of the repository.
    pub path: String,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1, in Unicode characters.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
}

impl Place {
    /// Resolve `span` of `file`.
    pub fn of(file: &File, span: Span) -> Self {
        let (start, end) = (span.start, span.end.max(span.start));
        let from = file.lines().place(&file.text, start);
        let to = file.lines().place(&file.text, end);
        Self {
            path: file.path.as_str().to_owned(),
            start,
            end,
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
        }
    }
}

/// A place with at most ten words about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub at: Origin,
    /// The words, lower case, no full stop; may be empty.
    pub text: String,
    /// The text at the place is a secret: reports print dots instead of it.
    pub masked: bool,
    /// How the value of another side travelled, newest first; that of the primary side is [`Finding::trail`].
    pub trail: Vec<TrailStep>,
}

impl Label {
    /// A label on text that may be shown.
    pub fn new(at: Origin, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
            masked: false,
            trail: Vec::new(),
        }
    }

    /// A label on a secret value: reports print dots instead of the text.
    pub fn secret(at: Origin, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
            masked: true,
            trail: Vec::new(),
        }
    }
}

/// One step of a value's trail, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrailStep {
    /// What happened.
    pub action: Action,
    /// Where it is written.
    pub at: Origin,
    /// The mechanism in the field's words.
    pub detail: String,
}

/// An object that takes part in a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ObjectRef {
    /// Cluster, if known.
    pub cluster: Option<String>,
    /// API group, empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, if it has one.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Render root, if any.
    pub root: Option<String>,
    /// Application, if known.
    pub app: Option<String>,
    /// `argocd`, `flux` or `plain`.
    pub engine: Option<&'static str>,
    /// Owning team, if known.
    pub owner: Option<String>,
}

/// Where a folded finding was seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instance {
    /// Cluster, if known.
    pub cluster: Option<String>,
    /// Render root.
    pub root: String,
    /// The base already had it there.
    pub old: bool,
}

/// Whether a fix keeps the meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Safety {
    /// The result means the same, or exactly one edit is right.
    Safe,
    /// Somebody must look at it.
    Unsafe,
}

/// Replace a range of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// The bytes to replace.
    pub at: Origin,
    /// What to put there.
    pub with: String,
}

/// Text edits that remove the finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// Whether it can be applied unseen.
    pub safety: Safety,
    /// The edits, not overlapping.
    pub edits: Vec<Edit>,
}

/// What a rule found. The pipeline adds relation, class and folding; the report formats turn it into text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Rule id.
    pub rule: &'static str,
    /// Severity; a rule sets its declared one, the pipeline moves it.
    pub severity: Severity,
    /// The headline: who with whom, what, where. Stands alone in one line. Never a secret value.
    pub message: String,
    /// The side to show first.
    pub primary: Label,
    /// Every other side.
    pub related: Vec<Label>,
    /// How the primary value travelled, newest first.
    pub trail: Vec<TrailStep>,
    /// Participants; sides first.
    pub objects: Vec<ObjectRef>,
    /// For a finding about one field: its path, odd keys as `labels["a/b"]`.
    pub field: Option<String>,
    /// What collides, for example a port or host and path.
    pub key: Option<String>,
    /// Whether rendered objects show it.
    pub certainty: Certainty,
    /// What would happen in the cluster, and other facts, a sentence each. Shown between the frames and the help.
    pub notes: Vec<String>,
    /// The edit to make.
    pub help: Option<String>,
    /// Text edits that remove it.
    pub fix: Option<Fix>,
    /// Where it was seen; filled by the pipeline while folding.
    pub seen_in: Vec<Instance>,
    /// Stable identity: rule, participants, key or field; filled by the pipeline.
    pub fingerprint: String,
    /// The base already had all instances.
    pub old: bool,
}

impl Finding {
    /// A witnessed finding with a place and nothing else.
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>, at: Origin) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            primary: Label::new(at, ""),
            related: Vec::new(),
            trail: Vec::new(),
            objects: Vec::new(),
            field: None,
            key: None,
            certainty: Certainty::Witnessed,
            notes: Vec::new(),
            help: None,
            fix: None,
            seen_in: Vec::new(),
            fingerprint: String::new(),
            old: false,
        }
    }
}
