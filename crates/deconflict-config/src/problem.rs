//! What is wrong in a file of ours.

use std::fmt;

use deconflict_files::Origin;

/// A mistake in `deconflict.yaml`, CODEOWNERS or an ignore comment. In `deconflict.yaml` each is an error (exit 2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigProblem {
    /// The smallest text that shows it.
    pub at: Origin,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// The edit to make, if one is known.
    pub help: Option<String>,
}

impl ConfigProblem {
    pub(crate) fn new(at: Origin, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigProblem {}
