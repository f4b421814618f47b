use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds ApplicationSets that make no Application: no element, directory, file or cluster matches, or Argo CD refuses a
    /// generator or template (an undefined key with `missingkey=error`, a merge key that comes twice, two Applications of one
    /// name).
    ///
    /// ## Why it matters
    /// An ApplicationSet that makes nothing deletes what it made before, unless its policy says otherwise; one that fails stops
    /// at what it made last.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     labels: {tier: prod}
    ///     roots: [argocd]
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: ApplicationSet
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   generators:
    ///     - clusters:
    ///         selector:
    ///           matchLabels: {tier: production}
    ///   template:
    ///     metadata:
    ///       name: web-{{name}}
    ///     spec:
    ///       project: web
    ///       source: {repoURL: "https://charts.example", chart: web, targetRevision: 1.2.3}
    ///       destination: {name: "{{name}}", namespace: web}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     labels: {tier: prod}
    ///     roots: [argocd]
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: ApplicationSet
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   generators:
    ///     - clusters:
    ///         selector:
    ///           matchLabels: {tier: prod}
    ///   template:
    ///     metadata:
    ///       name: web-{{name}}
    ///     spec:
    ///       project: web
    ///       source: {repoURL: "https://charts.example", chart: web, targetRevision: 1.2.3}
    ///       destination: {name: "{{name}}", namespace: web}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Generators that only a running Argo CD can answer (scmProvider, pullRequest, plugin) are not evaluated; the coverage
    /// says so.
    "argo-appset-empty", "an ApplicationSet makes no Application, or is refused",
    severity: Warning,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let (app, message, key) = match problem {
            ProblemKind::SetEmpty { app } => (
                app,
                format!("ApplicationSet {app} makes no Application"),
                String::new(),
            ),
            ProblemKind::SetInvalid { app, why } => (
                app,
                format!("ApplicationSet {app} is refused: {why}"),
                why.clone(),
            ),
            _ => return None,
        };
        let mut finding = finding(&RULE, message, at, "ApplicationSet", app, Engine::ArgoCd);
        finding.key = Some(key).filter(|key| !key.is_empty());
        finding.help = Some("check selectors, paths and keys of its generators".to_owned());
        Some(finding)
    });
}
