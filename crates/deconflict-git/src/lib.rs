//! Floor 1: directories and Git repositories as snapshots. The only crate that names gix, and the only one besides the
//! command line that touches the file system. It knows nothing of YAML.

mod changes;
mod directory;
mod error;
mod excludes;
mod listed;
mod locate;
mod merge;
mod objects;
mod on_demand;
mod parents;
mod quarantine;
mod read;
mod source;
mod sparse;
mod worktree;

#[cfg(test)]
mod tests;

pub use changes::{Changes, Hooks, changes, hooks, is_commit};
pub use error::Error;
pub use locate::{Environment, Location, discover};
pub use merge::{Merged, merge};
pub use on_demand::on_demand;
pub use parents::{Author, Start, fork, received_fork, start};
pub use read::FILE_LIMIT;
pub use source::{Opened, Source, open};
pub use worktree::worktree;
