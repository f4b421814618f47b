//! A finding in one place, before findings are folded.

use deconflict_findings::{Finding, RuleMeta};

/// A cluster and a root in which a finding was seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Seen {
    /// Cluster, if known.
    pub(crate) cluster: Option<String>,
    /// Render root.
    pub(crate) root: String,
}

/// A finding as one rule reported it once.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// What was found.
    pub(crate) finding: Finding,
    /// The rule.
    pub(crate) meta: &'static RuleMeta,
    /// Where; empty for a file that no root reads.
    pub(crate) seen: Vec<Seen>,
    /// True when it follows from one cluster alone, and the other tree of a change has the same cluster.
    pub(crate) kept: bool,
}
