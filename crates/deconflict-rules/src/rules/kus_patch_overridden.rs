use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_findings::{Finding, Label};
use deconflict_yaml::{Kind, Node};

use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds values that a patch of one team sets and a patch of another team sets otherwise, so that the first has no effect.
    ///
    /// ## Why it matters
    /// Both teams believe that their value counts. Which one does depends on the order of bases and overlays, and the team
    /// whose patch comes first never hears of it.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: test}]
    /// teams:
    ///   - {name: platform, paths: ["base/**"]}
    ///   - {name: payments, paths: ["apps/payments/**"]}
    /// contracts:
    ///   - {rule: kus-cross-team-resource, object: Kustomization/base, allow: [platform, payments], reason: shared base}
    /// # base/kustomization.yaml
    /// resources: [deployment.yaml]
    /// patches:
    ///   - path: limits.yaml
    /// # base/limits.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   replicas: 2
    /// # base/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   replicas: 1
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers:
    ///         - {name: web, image: "registry.example/web:1.4.2"}
    /// # apps/payments/gateway/overlays/test/kustomization.yaml
    /// resources: [../../../../../base]
    /// patches:
    ///   - path: replicas.yaml
    /// # apps/payments/gateway/overlays/test/replicas.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   replicas: 5
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: test}]
    /// teams:
    ///   - {name: platform, paths: ["base/**"]}
    ///   - {name: payments, paths: ["apps/payments/**"]}
    /// contracts:
    ///   - {rule: kus-cross-team-resource, object: Kustomization/base, allow: [platform, payments], reason: shared base}
    /// # base/kustomization.yaml
    /// resources: [deployment.yaml]
    /// patches:
    ///   - path: limits.yaml
    /// # base/limits.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   replicas: 2
    /// # base/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   replicas: 1
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers:
    ///         - {name: web, image: "registry.example/web:1.4.2"}
    /// # apps/payments/gateway/overlays/test/kustomization.yaml
    /// resources: [../../../../../base]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Who wrote a patch is said by `teams[].paths` of the configuration alone. A patch over a manifest's own value is what
    /// patches are for, and no finding; neither is one over a patch of the same team.
    "kus-patch-overridden", "a patch of one team takes back what a patch of another sets",
    severity: Warning,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    // With fewer than two teams there is nobody else.
    if context.config.teams.len() < 2 {
        return;
    }
    // Two patches may differ in many values; one finding tells of the first.
    let mut told = BTreeSet::new();
    let mut path = Vec::new();
    walk(context, &context.object.body, &mut path, &mut told, sink);
}

fn walk<'n>(
    context: &ObjectContext<'_>,
    node: &'n Arc<Node>,
    path: &mut Vec<&'n str>,
    told: &mut BTreeSet<(String, String)>,
    sink: &mut Sink,
) {
    match &node.kind {
        Kind::Map(fields) => {
            for field in fields {
                path.push(field.name());
                walk(context, &field.value, path, told, sink);
                path.pop();
            }
        }
        Kind::List(items) => {
            for item in items {
                walk(context, item, path, told, sink);
            }
        }
        Kind::Scalar(_) => {
            if let Some(finding) = overridden(context, node, path, told) {
                sink.report(finding);
            }
        }
    }
}

/// A value under two patches, of which the older one's is lost. The oldest step is where the manifest's own value stood.
fn overridden(
    context: &ObjectContext<'_>,
    node: &Node,
    path: &[&str],
    told: &mut BTreeSet<(String, String)>,
) -> Option<Finding> {
    let mut patched = node
        .via
        .iter()
        .flat_map(Step::chain)
        .filter(|step| step.action == Action::Patched);
    let lost = patched.next()?.at;
    patched.next()?;
    let whose = |at: Origin| {
        let file = context.files.get(at.file);
        let text = file.text.get(at.span.range())?.trim().to_owned();
        let team = context.config.team_of_path(&file.path)?.clone();
        Some((team, text, file.path.to_string()))
    };
    let (winner, new, by) = whose(node.at)?;
    let (loser, old, from) = whose(lost)?;
    if winner == loser || new == old || !told.insert((by, from)) {
        return None;
    }
    let (title, path) = (&context.object.key, path.join("."));
    let secret = context.object.key.is("", "Secret");
    let message = if secret {
        format!("{title}: {winner} sets `{path}`, which {loser} sets otherwise")
    } else {
        format!("{title}: {winner} sets `{path}` to {new}, {loser} to {old}, which is lost")
    };
    let mut finding = about(&RULE, context.object, message, node.at);
    let label = if secret { Label::secret } else { Label::new };
    finding.primary = label(node.at, "this one counts");
    finding.related = vec![label(lost, "this one is lost")];
    finding.field = Some(path);
    finding.help = Some("agree on one value, and remove the other patch's".to_owned());
    Some(finding)
}
