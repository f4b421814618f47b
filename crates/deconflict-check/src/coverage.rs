//! What was checked and what was not.

use std::sync::{Mutex, PoisonError};

use deconflict_findings::{Coverage, Skipped};

use crate::build::{Deployed, reason};
use crate::change::Change;

/// What rules could not tell.
#[derive(Debug, Default)]
pub(crate) struct Unchecked {
    all: Mutex<Vec<Skipped>>,
}

impl Unchecked {
    /// Sentences about objects of a root.
    pub(crate) fn note(&self, root: &str, what: &[String]) {
        let skipped = what.iter().map(|detail| Skipped {
            path: root.to_owned(),
            reason: "unsupported",
            detail: detail.clone(),
        });
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(skipped);
    }
}

/// Nothing is skipped silently: every root that is not complete is listed with a reason.
pub(crate) fn coverage(deployed: &Deployed, unchecked: Unchecked) -> Coverage {
    let mut coverage = Coverage {
        rendered: 0,
        skipped: deployed.placements.skipped.clone(),
    };
    for built in &deployed.roots {
        let path = built.root.path.display();
        if built.problems.is_empty() {
            coverage.rendered += 1;
        }
        for problem in &built.problems {
            let reason = match (reason(problem.kind), problem.kind) {
                (Some(word), _) => word,
                (None, deconflict_kustomize::ProblemKind::NotFound) => "not-found",
                (None, _) => "failed",
            };
            coverage.skipped.push(Skipped {
                path: path.to_owned(),
                reason,
                detail: problem.message.clone(),
            });
        }
        for facts in &built.footprint.objects {
            if facts.object.body.at_path(&["sops", "mac"]).is_some() {
                coverage.skipped.push(Skipped {
                    path: path.to_owned(),
                    reason: "encrypted",
                    detail: facts.object.key.to_string(),
                });
            }
        }
    }
    let unchecked = unchecked.all.into_inner().unwrap_or_else(PoisonError::into_inner);
    coverage.skipped.extend(unchecked);
    coverage.skipped.sort();
    coverage.skipped.dedup();
    coverage
}

/// What cannot be merged is not checked.
pub(crate) fn conflicts(coverage: &mut Coverage, change: &Change) {
    let conflicts = change.conflicts.iter().map(|path| Skipped {
        path: path.as_str().to_owned(),
        reason: "conflict",
        detail: "Git cannot merge it; what the base has there was checked".to_owned(),
    });
    coverage.skipped.extend(conflicts);
    coverage.skipped.sort();
}
