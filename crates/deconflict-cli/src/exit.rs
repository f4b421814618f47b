//! Exit codes. They are promises: scripts and hooks read them.

use std::process::ExitCode;

/// How a run ended. Ordered: a later one beats an earlier one, except that wrong usage ends a run before it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// 0: nothing at or above `--fail-on`.
    Clean,
    /// 1: findings; for `render`, the input cannot be built.
    Findings,
    /// 2: wrong usage or configuration, or nothing to check.
    Usage,
    /// 3: the tool could not finish what it started; what was lost is reported.
    Unfinished,
}

impl Exit {
    /// The number that the process returns.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Unfinished => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
