//! Ignore comments.

use deconflict_files::{FileId, Origin};
use deconflict_yaml::Comment;
use smol_str::SmolStr;

use crate::ConfigProblem;

/// `# deconflict: ignore[rule-id] reason`: one for each rule that a comment names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ignore {
    /// The rule's id as written.
    pub rule: SmolStr,
    /// Why.
    pub reason: SmolStr,
    /// The lines it speaks about, from 1: its own, and for a comment on its own line the next with content.
    pub lines: (u32, u32),
    /// The rule's id in the comment.
    pub at: Origin,
}

/// The ignore comments of one file, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ignores {
    /// Well-formed ones.
    pub all: Vec<Ignore>,
    /// Malformed ones: no rule, no reason.
    pub problems: Vec<ConfigProblem>,
}

/// The ignore comments among `comments` of a file.
pub fn ignores(file: FileId, text: &str, comments: &[Comment]) -> Ignores {
    let _ = (file, text, comments);
    Ignores::default()
}
