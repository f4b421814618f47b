use deconflict_kustomize::ProblemKind;

use crate::kustomize::{finding, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds kustomizations on which kustomize 5.5.0 itself crashes: two deletions in one entry of `patches`, an entry of
    /// `patchesJson6902` without `target`, and a `name` in `images` that is no regular expression.
    ///
    /// ## Why it matters
    /// Nothing is built, and the message is a stack trace of Go that names neither file nor line. Other versions may
    /// accept it, so that it builds on one machine and not in the cluster.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [services.yaml]
    /// patches:
    ///   - patch: |
    ///       $patch: delete
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata: {name: a, namespace: payments}
    ///       ---
    ///       $patch: delete
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata: {name: b, namespace: payments}
    /// # apps/payments/gateway/overlays/prod/services.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: a, namespace: payments}
    /// spec:
    ///   ports: [{port: 80}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: b, namespace: payments}
    /// spec:
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [services.yaml]
    /// patches:
    ///   - patch: |
    ///       $patch: delete
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata: {name: a, namespace: payments}
    ///   - patch: |
    ///       $patch: delete
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata: {name: b, namespace: payments}
    /// # apps/payments/gateway/overlays/prod/services.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: a, namespace: payments}
    /// spec:
    ///   ports: [{port: 80}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: b, namespace: payments}
    /// spec:
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// The crashes of kustomize 5.5.0 that are known. `deconflict render` fails with a message instead.
    "kus-crash", "kustomize 5.5.0 crashes on this kustomization",
    severity: Error,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    for problem in context.problems {
        let (ProblemKind::Crash, Some(at)) = (problem.kind, problem.at) else {
            continue;
        };
        let message = format!("{} cannot be built: {}", whose(context, at), problem.message);
        let mut finding = finding(&RULE, message, at, problem.message.clone());
        finding
            .notes
            .push("nothing of it is deployed, and kustomize prints a stack trace".to_owned());
        finding.help = Some(
            "write it so that kustomize 5.5.0 can build it: one deletion per entry of `patches`, a \
             `target` for every JSON patch, names of images that are regular expressions"
                .to_owned(),
        );
        sink.report(finding);
    }
}
