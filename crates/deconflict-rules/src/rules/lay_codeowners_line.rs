use deconflict_findings::{Finding, Severity};

use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds lines of CODEOWNERS, or owners in them, that GitHub or GitLab skips without a word: negated patterns on GitHub,
    /// owners that are neither a handle nor an address.
    ///
    /// ## Why it matters
    /// The paths of such a line belong to whoever an earlier line names, or to nobody: the review that was meant is not
    /// asked for.
    ///
    /// ## Example
    /// ```yaml
    /// # CODEOWNERS
    /// apps/payments/ @org/payments
    /// !apps/payments/docs/ @org/payments
    /// # apps/payments/api/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: api, namespace: payments}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # CODEOWNERS
    /// apps/payments/ @org/payments
    /// apps/payments/docs/
    /// # apps/payments/api/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: api, namespace: payments}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Whether a handle exists is known to the forge alone.
    "lay-codeowners-line", "a line of CODEOWNERS does not count",
    severity: Warning,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    for problem in &context.placements.owners.codeowners().problems {
        let message = format!("CODEOWNERS: {}", problem.message);
        let mut finding = Finding::new(RULE.meta.id, Severity::Warning, message, problem.at);
        finding
            .notes
            .push("who an earlier line names owns the paths, or nobody".to_owned());
        finding.help.clone_from(&problem.help);
        sink.report(finding);
    }
}
