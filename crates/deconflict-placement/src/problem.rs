//! What is wrong with a layout. Wording for people belongs to the rules.

use deconflict_files::{Origin, RepoPath};
use smol_str::SmolStr;

/// Something about where things are deployed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The text that shows it, if one does.
    pub at: Option<Origin>,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A root listed in the configuration that is no directory.
    ListedRootMissing {
        /// The cluster whose `roots` list it.
        cluster: SmolStr,
        /// The path as resolved.
        path: RepoPath,
    },
    /// A glob of roots in the configuration that matches nothing deployable.
    ListedGlobEmpty {
        /// The cluster whose `roots` list it.
        cluster: SmolStr,
        /// The glob.
        glob: SmolStr,
    },
    /// A file that looks like a manifest and cannot be read: the system or a limit refuses. (Files that can be read
    /// but not parsed are in the library's problems.)
    Unreadable {
        /// The file.
        path: RepoPath,
        /// Why.
        why: deconflict_files::ReadError,
    },
}
