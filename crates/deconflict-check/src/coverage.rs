//! What was checked and what was not.

use deconflict_findings::{Coverage, Skipped};

use crate::build::{Deployed, reason};

/// Nothing is skipped silently: every root that is not complete is listed with a reason.
pub(crate) fn coverage(deployed: &Deployed) -> Coverage {
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
    coverage.skipped.sort();
    coverage.skipped.dedup();
    coverage
}
