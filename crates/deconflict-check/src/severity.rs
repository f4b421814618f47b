//! Severity by relation, certainty, class and configuration (CONTRACT.md, Severity; rules.md section 3.1).

use deconflict_config::Config;
use deconflict_findings::{Certainty, Finding, RuleMeta, Severity};
use deconflict_placement::Placements;

use crate::sides::{cross_teams, objects};

/// The severity of what a rule reported with its declared severity, or one that it knew better.
pub(crate) fn severity(
    finding: &Finding,
    meta: &RuleMeta,
    config: &Config,
    placements: &Placements,
) -> Severity {
    if let Some(severity) = config.rules.get(meta.id).and_then(|setting| setting.severity) {
        return severity;
    }
    if finding.certainty == Certainty::Possible {
        return Severity::Info;
    }
    if !meta.joins || objects(finding).len() < 2 {
        return finding.severity;
    }
    if !cross_teams(finding) {
        return finding.severity.lower();
    }
    let cluster = |name: &str| {
        placements
            .cluster(name)
            .is_some_and(deconflict_placement::Cluster::is_production)
    };
    let in_production = objects(finding)
        .iter()
        .any(|side| side.cluster.as_deref().is_some_and(cluster));
    if in_production {
        finding.severity.raise()
    } else {
        finding.severity
    }
}
