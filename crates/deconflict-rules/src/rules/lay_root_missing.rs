use deconflict_findings::{Finding, Severity};
use deconflict_placement::ProblemKind;

use crate::engine::report;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds entries of `clusters[].roots` in `deconflict.yaml` that name a directory which is not there, or are a glob that
    /// matches nothing to deploy.
    ///
    /// ## Why it matters
    /// What was meant is not compared with anything in that cluster, and nothing else says so: a directory was moved, and
    /// the collisions of the cluster are not found any more.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [clusters/prd, clusters/prod]}]
    /// # clusters/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: web, namespace: web}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [clusters/prod]}]
    /// # clusters/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: web, namespace: web}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A glob that still matches something is right, however much of it is gone.
    "lay-root-missing", "the configuration lists a root that is not there",
    severity: Warning,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let (what, key, help) = match problem {
            ProblemKind::ListedRootMissing { cluster, path } => (
                format!(
                    "the configuration lists {} for {cluster}, and there is no such directory",
                    path.display()
                ),
                format!("{cluster} {}", path.display()),
                "correct the path (it counts from the directory of the configuration), or remove the entry",
            ),
            ProblemKind::ListedGlobEmpty { cluster, glob } => (
                format!("the configuration lists {glob} for {cluster}, which matches nothing to deploy"),
                format!("{cluster} {glob}"),
                "correct the glob: it names directories, with `*` inside one name and `**` across any, or remove the entry",
            ),
            _ => return None,
        };
        let mut finding = Finding::new(RULE.meta.id, Severity::Warning, what, at);
        finding.key = Some(key);
        finding
            .notes
            .push("what was meant is not compared with the rest of the cluster".to_owned());
        finding.help = Some(help.to_owned());
        Some(finding)
    });
}
