//! Floor 2: `deconflict.yaml`, CODEOWNERS and ignore comments, with positions. What a rule or its options mean is
//! not known here: they stay raw.

mod codeowners;
mod glob;
mod ignore;
mod model;
mod problem;
mod read;

pub use codeowners::{Codeowners, OwnerRule};
pub use glob::Glob;
pub use ignore::{Ignore, Ignores, ignores};
pub use model::{
    ClusterConfig, Config, Contract, DEFAULT_KUBERNETES, External, Layout, ListedRoot, NodePool, RuleSetting,
    SourceConfig, Taint, Team,
};
pub use problem::ConfigProblem;
pub use read::{Found, find, parse};
