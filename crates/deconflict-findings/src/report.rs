//! The whole report.

use std::sync::Arc;

use deconflict_files::{Files, Origin};

use crate::{Finding, Place, Secrets, Severity};

/// What was judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// `worktree`, `staged` or `revision`.
    pub kind: &'static str,
    /// The base revision, if one was given.
    pub base: Option<String>,
    /// True when a merge with the base was judged.
    pub merged: bool,
}

/// Counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Findings of severity error that are shown.
    pub errors: usize,
    /// Findings of severity warning that are shown.
    pub warnings: usize,
    /// Findings of severity info that are shown.
    pub infos: usize,
    /// Findings that the base already had.
    pub old: usize,
    /// Findings that a comment, contract or rule setting silenced.
    pub suppressed: usize,
    /// Files read.
    pub files: usize,
    /// Placements, rendered or not.
    pub placements: usize,
    /// Objects read, placed or not.
    pub objects: usize,
    /// Clusters.
    pub clusters: usize,
}

/// Something that was not checked, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Skipped {
    /// Path relative to the top of the repository.
    pub path: String,
    /// One word of the contract: `remote`, `helm`, `plugin`, `encrypted`, `ignored`, `not-found`, `unsupported`, …
    pub reason: &'static str,
    /// What exactly.
    pub detail: String,
}

/// What was checked and what was not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Roots rendered, placed or not.
    pub rendered: usize,
    /// Everything that was not checked, sorted.
    pub skipped: Vec<Skipped>,
}

/// Whether a placement's objects are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlacementStatus {
    /// All objects are known.
    Rendered,
    /// It cannot be built.
    Failed,
    /// It was not built, on purpose.
    Skipped,
}

impl PlacementStatus {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rendered => "rendered",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Where a placement's source comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Source {
    /// `self`, or a URL.
    pub repo: String,
    /// Revision, if it says one.
    pub revision: Option<String>,
    /// True when merging to the judged branch changes what is deployed.
    pub deployed_by_merge: bool,
}

/// One row of `deconflict map`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacementRow {
    /// `argocd`, `flux` or `plain`.
    pub engine: &'static str,
    /// `namespace/name` of the application.
    pub app: Option<String>,
    /// Directory in the repository.
    pub root: Option<String>,
    /// `kustomize`, `helm`, `directory`, `jsonnet` or `plugin`.
    pub kind: &'static str,
    /// Cluster.
    pub cluster: Option<String>,
    /// Namespace that the engine sets.
    pub namespace: Option<String>,
    /// Argo CD project.
    pub project: Option<String>,
    /// Owning team.
    pub owner: Option<String>,
    /// Where the source comes from.
    pub source: Source,
    /// The line that declares it.
    pub declared_at: Option<Origin>,
    /// Whether its objects are known.
    pub status: PlacementStatus,
    /// Why not.
    pub reason: Option<String>,
    /// How many objects.
    pub objects: usize,
}

/// One cluster of `deconflict map`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClusterRow {
    /// Name.
    pub name: String,
    /// `production`, `staging`, `development`, …
    pub class: Option<String>,
    /// Kubernetes version, `major.minor`.
    pub kubernetes: Option<String>,
    /// Placements in it.
    pub placements: usize,
    /// Objects in it.
    pub objects: usize,
}

/// Everything a run says.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was judged.
    pub judged: Judged,
    /// Counts.
    pub summary: Summary,
    /// What was checked and what was not.
    pub coverage: Coverage,
    /// Findings by path, start, rule; folded.
    pub findings: Vec<Finding>,
    /// Placements, sorted.
    pub placements: Vec<PlacementRow>,
    /// Clusters, sorted.
    pub clusters: Vec<ClusterRow>,
    /// What the tool itself could not finish, and what was lost by it, a sentence each. Not empty: exit code 3.
    pub unfinished: Vec<String>,
    /// Where secret values stand; frames show dots there.
    pub secrets: Secrets,
    /// The texts that places refer to.
    pub files: Arc<Files>,
}

impl Report {
    /// Drop the findings that the base already had; the summary still counts them.
    pub fn hide_old(&mut self) {
        self.findings.retain(|finding| !finding.old);
    }

    /// Mark as old what is not new in `other`, a report on the same tree against another base: what neither base has is
    /// new, and nothing else.
    pub fn keep_new_of(&mut self, other: &Report) {
        let is_new = |finding: &Finding| {
            let mut same = other.findings.iter();
            same.any(|known| !known.old && known.fingerprint == finding.fingerprint)
        };
        for finding in self.findings.iter_mut().filter(|finding| !finding.old) {
            finding.old = !is_new(finding);
            if finding.old {
                finding.seen_in.iter_mut().for_each(|seen| seen.old = true);
            }
        }
        self.count();
    }

    /// Count the findings anew.
    pub fn count(&mut self) {
        let new = |severity: Severity| {
            let of = |finding: &&Finding| !finding.old && finding.severity == severity;
            self.findings.iter().filter(of).count()
        };
        let (errors, warnings, infos) = (new(Severity::Error), new(Severity::Warning), new(Severity::Info));
        self.summary.errors = errors;
        self.summary.warnings = warnings;
        self.summary.infos = infos;
        self.summary.old = self.findings.iter().filter(|finding| finding.old).count();
    }

    /// True when findings that the base already had are among those shown.
    pub fn shows_old(&self) -> bool {
        self.findings.iter().any(|finding| finding.old)
    }

    /// Resolve a place for printing.
    pub fn place(&self, at: Origin) -> Place {
        Place::of(&self.files.get(at.file), at.span)
    }
}
