//! Floor 8: the pipeline: plan, map per root, reduce per cluster, ignore, fold, sort. The only user of threads. It does not
//! know Git, terminals or arguments.

mod baseline;
mod build;
mod change;
mod coverage;
mod diff;
mod fold;
mod found;
mod guard;
mod instance;
mod judge;
mod lint;
mod pool;
mod propose;
mod rows;
mod run;
mod secrets;
mod select;
mod servers;
mod severity;
mod sides;
mod silence;
#[cfg(test)]
mod tests;
mod world;

use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::RepoPath;
use deconflict_findings::{Difference, Judged, Report, RuleMeta};
use deconflict_yaml::Library;

pub use baseline::{make_baseline, prune_baseline};
pub use change::{Change, concerns};
pub use diff::Only;
pub use propose::propose;

/// What to judge and how.
#[derive(Clone, Debug)]
pub struct Input {
    /// The files.
    pub library: Arc<Library>,
    /// The configuration, its Top included.
    pub config: Arc<Config>,
    /// Path owners.
    pub codeowners: Arc<Codeowners>,
    /// The URL of the Git repository's remote `origin`, if there is one.
    pub origin: Option<String>,
    /// What the report says was judged.
    pub judged: Judged,
}

/// What to report.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only findings with a side at or below it; the top for all.
    pub below: RepoPath,
    /// Rules or families to run; empty for all that are on.
    pub only: Vec<String>,
    /// Rules or families not to run.
    pub skip: Vec<String>,
    /// Threads; 0 for one per core.
    pub threads: usize,
    /// The day, `YYYY-MM-DD`, by which contracts expire; `None` when nothing expires.
    pub today: Option<String>,
    /// True when the process ends after the report: what was built is left to the system, because taking large trees apart
    /// costs a tenth of a run.
    pub is_last: bool,
    /// True when a report of a change matters only if it holds anything new: what the change cannot reach is then not
    /// built, and a report without anything new says nothing about it.
    pub only_new: bool,
    /// True when nothing that is known of the base is used for the tree after the change. Tests compare with it.
    pub apart: bool,
}

/// The catalogue, sorted by id; `lint-*` included.
pub fn rules() -> Vec<&'static RuleMeta> {
    let mut all: Vec<&'static RuleMeta> = deconflict_rules::ALL.iter().map(|rule| &rule.meta).collect();
    all.extend(lint::ALL);
    all.sort_by_key(|meta| meta.id);
    all
}

/// The main job: find, render, join, report.
pub fn check(input: &Input, options: &Options) -> Report {
    pool::with(options.threads, || run::check(input, None, options))
}

/// The same for the tree that a change makes: what the base has too is marked as old, and everything else stands at the
/// side that the change touched.
pub fn check_change(input: &Input, change: &Change, options: &Options) -> Report {
    pool::with(options.threads, || run::check(input, Some(change), options))
}

/// Who deploys what where: placements and clusters only, no findings.
pub fn map(input: &Input, options: &Options) -> Report {
    pool::with(options.threads, || run::map(input))
}

/// What a change does to rendered objects, by cluster and application.
///
/// # Errors
/// The sentence to say when `only` names something that neither tree has.
pub fn diff(input: &Input, change: &Change, only: &Only, options: &Options) -> Result<Difference, String> {
    pool::with(options.threads, || diff::diff(input, change, only, options))
}
