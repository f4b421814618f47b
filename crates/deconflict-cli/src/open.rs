//! From arguments to something that can be checked: location, files, configuration, owners.

use std::path::Path;
use std::sync::Arc;

use deconflict_check::{Change, Input, Only, Options};
use deconflict_config::{Baseline, Codeowners, Config, ConfigProblem, Found};
use deconflict_files::{Files, MemoryTree, RepoPath, Snapshot};
use deconflict_findings::{Difference, Judged, Report, Severity};
use deconflict_git::{Environment, Location};
use deconflict_yaml::Library;

use crate::args::{Look, Source};
use crate::{Exit, clock, environment, output};

/// Why nothing can be checked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A sentence.
    Message(String),
    /// Mistakes in a file of ours, each with its place.
    Config(Vec<ConfigProblem>, Arc<Files>),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<deconflict_git::Error> for Refusal {
    fn from(error: deconflict_git::Error) -> Self {
        Self::Message(error.to_string())
    }
}

impl Refusal {
    /// Say it on stderr.
    pub(crate) fn say(&self, look: &Look) -> Exit {
        match self {
            Self::Message(message) => output::say_error(message),
            Self::Config(problems, files) => {
                let style = environment::stderr_style(look);
                let texts = problems.iter().map(|problem| {
                    let help = problem.help.as_deref();
                    let severity = Severity::Error;
                    deconflict_report::problem(severity, &problem.message, problem.at, help, files, style)
                });
                output::say(&texts.collect::<Vec<_>>().join("\n"));
            }
        }
        Exit::Usage
    }
}

/// A tree that is ready to be checked.
#[derive(Debug)]
pub(crate) struct Opened {
    /// How messages call it.
    pub(crate) shown: String,
    input: Input,
    /// What the merge changes, when there is a base.
    change: Option<Change>,
    options: Options,
    /// A temporary directory must go before the process ends.
    quarantined: bool,
}

impl Opened {
    /// True when it must be dropped properly.
    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantined
    }

    /// The files that were read so far.
    pub(crate) fn files(&self) -> &Files {
        self.input.library.files()
    }

    /// Findings, as the last thing that the process does; with a base, those that it has too are marked as old. With
    /// `only_new`, a report that holds nothing new may say no more than that.
    pub(crate) fn check(&self, only: &[String], skip: &[String], only_new: bool) -> Report {
        let options = Options {
            only: only.to_vec(),
            skip: skip.to_vec(),
            is_last: true,
            only_new,
            ..self.options.clone()
        };
        match &self.change {
            Some(change) => deconflict_check::check_change(&self.input, change, &options),
            None => deconflict_check::check(&self.input, &options),
        }
    }

    /// Everything that is found, wherever one looks from.
    pub(crate) fn check_all(&self) -> Report {
        let options = Options {
            below: RepoPath::top(),
            ..self.options.clone()
        };
        deconflict_check::check(&self.input, &options)
    }

    /// What of the baseline `report` still shows, and how many entries are gone or narrower.
    pub(crate) fn prune_baseline(&self, report: &Report) -> (Baseline, usize) {
        deconflict_check::prune_baseline(&self.input, &self.options, report)
    }

    /// How many findings the baseline accepts.
    pub(crate) fn accepted(&self) -> usize {
        self.input.config.baseline.entries.len()
    }

    /// A configuration for it, opened without one.
    pub(crate) fn propose(&self, origin: Option<&str>) -> String {
        deconflict_check::propose(&self.input, &self.options, origin)
    }

    /// What the change does to rendered objects, as the last thing that the process does. Opened without a base there is
    /// no change.
    pub(crate) fn diff(&self, only: &Only) -> Result<Difference, Refusal> {
        let Some(change) = &self.change else {
            return Err(Refusal::Message("a difference needs a base".to_owned()));
        };
        let options = Options {
            is_last: true,
            ..self.options.clone()
        };
        Ok(deconflict_check::diff(&self.input, change, only, &options)?)
    }

    pub(crate) fn map(&self) -> Report {
        deconflict_check::map(&self.input, &self.options)
    }
}

/// Open what `source` says.
pub(crate) fn open(source: &Source) -> Result<Opened, Refusal> {
    open_merged(source, None)
}

/// Open what `source` says; with a `base`, the tree that exists after it is merged into that commit.
pub(crate) fn open_merged(source: &Source, base: Option<&str>) -> Result<Opened, Refusal> {
    let found = deconflict_git::discover(&source.root, &Environment::of_process())?;
    let (kind, judged) = judged(source);
    let files = Arc::new(Files::new());
    let library = |snapshot| Arc::new(Library::new(Arc::new(snapshot), Arc::clone(&files)));
    // The configuration is read from what is judged, so its Top is that one's.
    let (location, library, change) = match base {
        None => {
            let opened = deconflict_git::open(&found, &judged)?;
            complete(&found, &opened.lacking)?;
            (opened.location, library(opened.snapshot), None)
        }
        Some(base) => {
            let merged = deconflict_git::merge(&found, &judged, base)?;
            complete(&found, &merged.lacking)?;
            let base = library(merged.base);
            let after = Library::beside(&base, Arc::new(merged.snapshot), merged.changed.iter().cloned());
            let change = Change {
                base,
                changed: merged.changed,
                renames: merged.renames,
                conflicts: merged.conflicts,
            };
            (merged.location, Arc::new(after), Some(change))
        }
    };
    let Found { mut config, problems } = configuration(source, &location, &library)?;
    if !problems.is_empty() {
        return Err(Refusal::Config(problems, files));
    }
    if let Some(version) = &source.kubernetes_version {
        // It beats a cluster's own, which beats the top-level one.
        config.kubernetes = version.into();
        for cluster in &mut config.clusters {
            cluster.kubernetes = None;
        }
    }
    let codeowners = Codeowners::find(&library, &location.top);
    let input = Input {
        library,
        config: Arc::new(config),
        codeowners: Arc::new(codeowners),
        origin: location.origin_url(),
        judged: Judged {
            kind,
            base: base.map(str::to_owned),
            merged: base.is_some(),
        },
    };
    let options = Options {
        below: if location.root == location.top {
            RepoPath::top()
        } else {
            location.root.clone()
        },
        threads: source.threads.map_or(0, usize::from),
        today: clock::today(),
        ..Options::default()
    };
    Ok(Opened {
        shown: source.root.display().to_string(),
        input,
        change,
        options,
        quarantined: found.is_quarantined(),
    })
}

/// Refuse a clone that lacks manifests: what cannot be read would pass. Other files are missed by who asks for them.
fn complete(location: &Location, lacking: &[RepoPath]) -> Result<(), Refusal> {
    let is_manifest = |path: &&RepoPath| matches!(path.extension(), Some("yaml" | "yml" | "json"));
    let mut manifests = lacking.iter().filter(is_manifest);
    match manifests.next() {
        None => Ok(()),
        Some(first) => Err(deconflict_git::Error::Filtered {
            path: location.base.clone(),
            what: format!(
                "{} of the files to check (such as {first})",
                manifests.count() + 1
            ),
        }
        .into()),
    }
}

/// What is judged, and what the report calls it.
fn judged(source: &Source) -> (&'static str, deconflict_git::Source) {
    match &source.rev {
        Some(revision) => ("revision", deconflict_git::Source::Revision(revision.clone())),
        None if source.staged => ("staged", deconflict_git::Source::Staged),
        None => ("worktree", deconflict_git::Source::Worktree),
    }
}

fn configuration(source: &Source, location: &Location, library: &Library) -> Result<Found, Refusal> {
    let rules = crate::commands::all_rules();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    if source.isolated {
        return Ok(Found {
            config: Config {
                top: location.top.clone(),
                ..Config::default()
            },
            problems: Vec::new(),
        });
    }
    let Some(file) = &source.config else {
        return Ok(deconflict_config::find(library, &location.top, &ids));
    };
    // Git may ignore what the command line names.
    match inside(file, location).filter(|path| library.snapshot().entry(path).is_some()) {
        Some(path) => Ok(deconflict_config::parse(library, &path, &location.top, &ids)),
        None => outside(file, location, library, &ids),
    }
}

/// `file` as a path of the snapshot, when it lies there.
fn inside(file: &Path, location: &Location) -> Option<RepoPath> {
    let absolute = file.canonicalize().ok()?;
    RepoPath::new(absolute.strip_prefix(&location.base).ok()?.to_str()?)
}

/// A configuration from elsewhere, which the command line names and may therefore be read. Messages show its path as
/// given.
#[expect(clippy::disallowed_methods, reason = "the command line names this file")]
fn outside(file: &Path, location: &Location, library: &Library, ids: &[&str]) -> Result<Found, Refusal> {
    let bytes = std::fs::read(file)
        .map_err(|error| format!("cannot read the configuration {}: {error}", file.display()))?;
    let shown = file.to_string_lossy();
    let path = RepoPath::new(&shown)
        .or_else(|| RepoPath::new(&file.file_name()?.to_string_lossy()))
        .unwrap_or_default();
    let tree: Snapshot = MemoryTree::new().file(path.as_str(), bytes).snapshot();
    let alone = Library::new(Arc::new(tree), Arc::clone(library.files()));
    Ok(deconflict_config::parse(&alone, &path, &location.top, ids))
}
