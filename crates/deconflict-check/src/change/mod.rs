//! A base beside what is judged: what it has too is old, and the finding stands at the side that the change touched.

mod blame;
mod concerns;
mod conflict;
mod inputs;
mod lines;
mod old;
mod rules;
mod weakened;

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::Library;

pub(crate) use blame::Blame;
pub use concerns::concerns;
pub(crate) use conflict::conflict;
pub(crate) use inputs::Inputs;
pub(crate) use lines::Moved;
pub(crate) use old::mark;
pub(crate) use rules::leave_out_said;
pub(crate) use weakened::weakened;

/// What a merge changes in its base. The tree after it is [`crate::Input::library`]; both trees are judged with that
/// one's configuration and owners.
#[derive(Clone, Debug)]
pub struct Change {
    /// The files before it. They are registered in the same table as those after it.
    pub base: Arc<Library>,
    /// Paths at which the two trees differ, sorted.
    pub changed: Vec<RepoPath>,
    /// What moved: the path before, and the path after.
    pub renames: Vec<(RepoPath, RepoPath)>,
    /// Paths that cannot be merged, sorted; the base's text stands for the result.
    pub conflicts: Vec<RepoPath>,
}
