use deconflict_claims::{Detail, Placed};
use deconflict_findings::{Certainty, Finding};
use deconflict_kube::Selector;

use crate::collision::in_cluster;
use crate::refs::{Target, World, selected};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds HorizontalPodAutoscalers, ScaledObjects of KEDA and VerticalPodAutoscalers whose target nothing in the
    /// cluster's part of the tree makes, and PodDisruptionBudgets that select no pod.
    ///
    /// ## Why it matters
    /// The autoscaler reports `FailedGetScale` and the workload keeps the pods it has, also under load; a budget
    /// without pods protects nothing during a node's upgrade.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: web
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.0
    ///           resources:
    ///             requests: {cpu: 100m, memory: 64Mi}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: www
    ///   minReplicas: 1
    ///   maxReplicas: 3
    ///   metrics:
    ///     - type: Resource
    ///       resource:
    ///         name: cpu
    ///         target: {type: Utilization, averageUtilization: 80}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: web
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.0
    ///           resources:
    ///             requests: {cpu: 100m, memory: 64Mi}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: web
    ///   minReplicas: 1
    ///   maxReplicas: 3
    ///   metrics:
    ///     - type: Resource
    ///       resource:
    ///         name: cpu
    ///         target: {type: Utilization, averageUtilization: 80}
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present. A target that is a custom resource is looked for by group, kind and
    /// name. Budgets in namespaces with custom resources whose operator may run pods are left out.
    "ref-scale-target-missing", "an autoscaler or disruption budget has no target",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(world) = World::new(context) else { return };
    for placed in context.index.live() {
        let finding = match &placed.facts.detail {
            Detail::Scaler(_) => target_of(context, &world, placed),
            _ if placed.facts.object.key.is("policy", "PodDisruptionBudget") => {
                pods_of(context, &world, placed)
            }
            _ => None,
        };
        if let Some(finding) = finding {
            sink.report(finding);
        }
    }
}

fn target_of(context: &ClusterContext<'_>, world: &World<'_, '_>, placed: &Placed<'_>) -> Option<Finding> {
    let Detail::Scaler(scaler) = &placed.facts.detail else {
        return None;
    };
    let namespace = placed.namespace.as_deref();
    let target = Target {
        group: &scaler.group,
        kind: &scaler.target,
        namespace,
        name: &scaler.name,
    };
    // A kind may be written with a group that has moved.
    let moved = scaler.group == "extensions"
        && context
            .index
            .find("apps", &scaler.target, namespace, &scaler.name)
            .is_some();
    if moved || world.has(target) {
        return None;
    }
    let message = format!(
        "{} scales {} {}/{}, which nothing here makes{}",
        placed.title(),
        scaler.target,
        namespace.unwrap_or_default(),
        scaler.name,
        in_cluster(context.index)
    );
    let field = if placed.facts.object.key.kind == "VerticalPodAutoscaler" {
        "targetRef"
    } else {
        "scaleTargetRef"
    };
    let node = placed.facts.object.body.at_path(&["spec", field, "name"])?;
    let mut finding = world.finding(&RULE, (placed, node), (&scaler.target, namespace), message)?;
    finding.key = Some(format!("{} {}", scaler.target, scaler.name));
    finding
        .notes
        .push("the workload keeps the number and size of pods it has".to_owned());
    finding.help = Some("correct kind, group or name of the target, or remove the autoscaler".to_owned());
    Some(finding)
}

fn pods_of(context: &ClusterContext<'_>, world: &World<'_, '_>, placed: &Placed<'_>) -> Option<Finding> {
    let namespace = placed.namespace.as_deref()?;
    let node = placed.facts.object.body.at_path(&["spec", "selector"])?;
    let selector = Selector::of_label_selector(node)?;
    let found = selected(context.index, namespace, &selector);
    if !found.pods.is_empty() || selector.is_empty() || world.has_operated_pods(namespace) {
        return None;
    }
    let message = format!(
        "{} protects no pod: its selector matches none{}",
        placed.title(),
        in_cluster(context.index)
    );
    let mut finding = world.finding(&RULE, (placed, node), ("", Some(namespace)), message)?;
    if found.without_own_labels {
        finding.certainty = Certainty::Possible;
    }
    finding
        .notes
        .push("a node's upgrade may take all pods away that it was meant for".to_owned());
    finding.help = Some("select labels that the pod template has, or remove the budget".to_owned());
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn check(object: &str, expected: &str) {
        let text = format!(
            "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w, namespace: n}}\nspec: {{template: {{metadata: {{labels: {{app: x}}}}, spec: {{containers: []}}}}}}\n---\n{object}"
        );
        let got = run("ref-scale-target-missing", &text);
        assert_eq!(got.is_empty(), expected.is_empty(), "{object}\n{got}");
        assert!(got.contains(expected), "{object}\n{got}");
    }

    #[test]
    fn targets() {
        let scaler = |api: &str, kind: &str, field: &str, target: &str| {
            format!(
                "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: s, namespace: n}}\nspec: {{{field}: {{{target}}}}}\n"
            )
        };
        let hpa = |target: &str| {
            scaler(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                "scaleTargetRef",
                target,
            )
        };
        let keda = |target: &str| scaler("keda.sh/v1alpha1", "ScaledObject", "scaleTargetRef", target);
        let vpa = |target: &str| {
            scaler(
                "autoscaling.k8s.io/v1",
                "VerticalPodAutoscaler",
                "targetRef",
                target,
            )
        };
        for (object, expected) in [
            (hpa("apiVersion: apps/v1, kind: Deployment, name: x"), "error["),
            (hpa("apiVersion: apps/v1, kind: StatefulSet, name: w"), "error["),
            (keda("name: x"), "error["),
            (vpa("apiVersion: apps/v1, kind: Deployment, name: x"), "error["),
            (hpa("apiVersion: apps/v1, kind: Deployment, name: w"), ""),
            (keda("name: w"), ""),
            (vpa("apiVersion: apps/v1, kind: Deployment, name: w"), ""),
        ] {
            check(&object, expected);
        }
    }

    #[test]
    fn budgets() {
        let budget = |selector: &str| {
            format!(
                "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b, namespace: n}}\nspec: {{selector: {selector}}}\n"
            )
        };
        check(&budget("{matchLabels: {app: y}}"), "error[");
        check(&budget("{matchLabels: {app: x, role: leader}}"), "(possible)");
        check(&budget("{matchLabels: {app: x}}"), "");
        check(&budget("{}"), "");
    }
}
