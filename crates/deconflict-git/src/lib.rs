//! Floor 1: directories and Git repositories as snapshots. The only crate that names gix, and the only one besides the
//! command line that touches the file system. It knows nothing of YAML.

mod directory;
mod error;
mod excludes;
mod locate;
mod on_demand;
mod read;
mod worktree;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use locate::{Environment, Location, discover};
pub use on_demand::on_demand;
pub use read::FILE_LIMIT;
pub use worktree::worktree;
