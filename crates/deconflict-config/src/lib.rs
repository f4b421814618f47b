//! Floor 2: `deconflict.yaml`, CODEOWNERS and ignore comments, with positions. What a rule or its options mean is
//! not known here: they stay raw.

mod baseline;
mod build;
mod codeowners;
mod contract;
mod date;
mod glob;
mod ignore;
mod model;
mod problem;
mod read;
mod schema;
mod team;
#[cfg(test)]
mod tests;

pub use baseline::{BASELINE_FILE, Baseline, BaselineEntry};
pub use codeowners::{CODEOWNERS_FILES, Codeowners, OwnerRule};
pub use date::is_date;
pub use glob::Glob;
pub use ignore::{Ignore, Ignores, ignores};
pub use model::{
    ClusterConfig, Config, Contract, DEFAULT_KUBERNETES, External, Layout, ListedRoot, NodePool, RuleSetting,
    SchemaConfig, SourceConfig, Taint, Team,
};
pub use problem::ConfigProblem;
pub use read::{CONFIG_FILES, Found, find, parse};
pub use schema::{json_schema, reference};
pub use team::{team_key, team_name};

/// A name that no pattern spells: it stands for any file of a directory.
pub(crate) const ANY_FILE: &str = "\u{1}";
