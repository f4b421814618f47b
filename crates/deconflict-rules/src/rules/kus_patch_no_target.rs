use deconflict_findings::Severity;
use deconflict_kustomize::{ProblemKind, WarningKind};

use crate::kustomize::{finding, warnings, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds patches and replacements whose object is not there: a `target:` or `select:` that selects nothing, over which
    /// kustomize says nothing, and a patch that names an object that no resource has, which fails the build.
    ///
    /// ## Why it matters
    /// The change that the patch was written for is not made. Mostly somebody renamed an object, moved it to another base,
    /// or its API version moved on, and the limits, the replica count or the security setting is lost without a word.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [service.yaml]
    /// patches:
    ///   - target: {kind: Service, name: gatway}
    ///     patch: |
    ///       - {op: add, path: /spec/type, value: ClusterIP}
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [service.yaml]
    /// patches:
    ///   - target: {kind: Service, name: gateway}
    ///     patch: |
    ///       - {op: add, path: /spec/type, value: ClusterIP}
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A target in a component or base that several roots share is of use when it selects something in one of them. Where
    /// something could not be loaded (the network, a chart), the object may come from there, and nothing is said. A target
    /// that takes what fits, by labels, by kind alone or by an expression, may be meant for objects to come, and one whose
    /// patch deletes the object finds it gone: that they select nothing is information only.
    "kus-patch-no-target", "a patch or replacement is for an object that is not there",
    severity: Error,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    let is_it = |kind| matches!(kind, WarningKind::NoTarget | WarningKind::NoMatch);
    for warning in warnings(context, is_it) {
        if context.used.contains(&warning.at) {
            continue;
        }
        let message = format!(
            "a target of {} selects nothing: {}",
            whose(context, warning.at),
            warning.message
        );
        let mut finding = finding(&RULE, message, warning.at, warning.message.clone());
        if warning.kind == WarningKind::NoMatch {
            finding.severity = Severity::Info;
        }
        finding
            .notes
            .push("kustomize builds it without a word, and the change is not made".to_owned());
        finding.help = Some("correct the target, or remove what it is for".to_owned());
        sink.report(finding);
    }
    for problem in context.problems {
        let (ProblemKind::NoTarget, Some(at)) = (problem.kind, problem.at) else {
            continue;
        };
        let message = format!("{} cannot be built: {}", whose(context, at), problem.message);
        let mut finding = finding(&RULE, message, at, problem.message.clone());
        finding
            .notes
            .push("nothing of the kustomization is deployed until it builds".to_owned());
        finding.help = Some("correct the kind, name or namespace, or remove what it is for".to_owned());
        sink.report(finding);
    }
}
