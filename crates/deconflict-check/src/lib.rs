//! Floor 8: the pipeline: plan, map per root, reduce per cluster, ignore, fold, sort. The only user of threads. It does not
//! know Git, terminals or arguments.

use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::RepoPath;
use deconflict_findings::{Judged, Report, RuleMeta};
use deconflict_yaml::Library;

/// What to judge and how.
#[derive(Clone, Debug)]
pub struct Input {
    /// The files.
    pub library: Arc<Library>,
    /// The configuration, its Top included.
    pub config: Arc<Config>,
    /// Path owners.
    pub codeowners: Arc<Codeowners>,
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
}

/// The catalogue, sorted by id; `lint-*` included.
pub fn rules() -> Vec<&'static RuleMeta> {
    deconflict_rules::ALL.iter().map(|rule| &rule.meta).collect()
}

/// The main job: find, render, join, report.
pub fn check(input: &Input, options: &Options) -> Report {
    let _ = options;
    map(input)
}

/// Who deploys what where: placements and clusters only, no findings.
pub fn map(input: &Input) -> Report {
    let _ = input;
    unimplemented!("stands in until the pipeline lands")
}
