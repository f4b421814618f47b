use std::collections::BTreeMap;

use deconflict_claims::pods::{Scaler, ScalerKind};
use deconflict_claims::{Detail, Placed};
use deconflict_kube::text_at;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two HorizontalPodAutoscalers or ScaledObjects, or two VerticalPodAutoscalers that change pods, with one
    /// target.
    ///
    /// ## Why it matters
    /// Each sets the replicas to its own number and finds the other's number a moment later: the workload is scaled up
    /// and down at every round, or not at all (the HPA controller stops with AmbiguousSelector).
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           resources: {requests: {cpu: 100m}}
    /// # apps/orders/api/overlays/prod/hpa.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
    ///   minReplicas: 2
    ///   maxReplicas: 6
    ///   metrics:
    ///     - type: Resource
    ///       resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    /// # apps/orders/scaling/overlays/prod/hpa.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: api-load, namespace: orders}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
    ///   minReplicas: 2
    ///   maxReplicas: 6
    ///   metrics:
    ///     - type: Resource
    ///       resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           resources: {requests: {cpu: 100m}}
    /// # apps/orders/api/overlays/prod/hpa.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
    ///   minReplicas: 2
    ///   maxReplicas: 6
    ///   metrics:
    ///     - type: Resource
    ///       resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A ScaledObject that takes an existing autoscaler over (`scaledobject.keda.sh/transfer-hpa-ownership`) is not
    /// counted with it.
    "sel-hpa-duplicate", "two autoscalers change one workload",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut by_target: BTreeMap<Target<'_>, Vec<(&Placed<'_>, &Scaler)>> = BTreeMap::new();
    for placed in context.index.live() {
        let (Detail::Scaler(scaler), Some(namespace)) = (&placed.facts.detail, &placed.namespace) else {
            continue;
        };
        let key = Target {
            namespace,
            kind: &scaler.target,
            name: &scaler.name,
            vertical: scaler.kind == ScalerKind::Vertical,
        };
        by_target.entry(key).or_default().push((placed, scaler));
    }
    for (target, mut scalers) in by_target {
        if scalers.iter().any(|(placed, _)| takes_over(placed)) {
            scalers.retain(|(_, scaler)| scaler.kind != ScalerKind::Horizontal);
        }
        if scalers.len() < 2 {
            continue;
        }
        let sides = scalers
            .iter()
            .map(|(placed, scaler)| Side::new(placed, scaler.spot.clone()));
        let collision = Collision::new(context.files, sides);
        let titles: Vec<String> = collision.sides.iter().map(|side| side.placed.title()).collect();
        let title = format!("{} {}/{}", target.kind, target.namespace, target.name);
        let message = format!(
            "{} scale {title}{}",
            list(&titles, "and"),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(title);
        finding
            .notes
            .push("each sets its own number, so the workload is scaled up and down in turn".to_owned());
        finding.help = Some("keep one of them, with the metrics of both".to_owned());
        sink.report(finding);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Target<'t> {
    namespace: &'t str,
    kind: &'t str,
    name: &'t str,
    vertical: bool,
}

fn takes_over(placed: &Placed<'_>) -> bool {
    let annotation = [
        "metadata",
        "annotations",
        "scaledobject.keda.sh/transfer-hpa-ownership",
    ];
    text_at(&placed.facts.object.body, &annotation) == Some("true")
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    const RULE: &str = "sel-hpa-duplicate";

    fn scaler(name: &str, api: &str, kind: &str, spec: &str) -> String {
        format!(
            "//- apps/a/{name}/overlays/prod/h.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: a}}\nspec: {{{spec}}}\n"
        )
    }

    #[test]
    fn kinds_of_scalers() {
        let horizontal = |name| {
            scaler(
                name,
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3",
            )
        };
        let keda = scaler(
            "k",
            "keda.sh/v1alpha1",
            "ScaledObject",
            "scaleTargetRef: {name: web}",
        );
        let vertical = |name, mode| {
            scaler(
                name,
                "autoscaling.k8s.io/v1",
                "VerticalPodAutoscaler",
                &format!(
                    "targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}, updatePolicy: {{updateMode: {mode}}}"
                ),
            )
        };
        assert!(
            run(RULE, &(horizontal("h") + &keda))
                .contains("HorizontalPodAutoscaler a/h and ScaledObject a/k scale Deployment a/web in prod")
        );
        assert_ne!(
            run(RULE, &(vertical("v", "Auto") + &vertical("w", "Recreate"))),
            ""
        );
        // One of each direction, a recommender, another target, a takeover.
        assert_eq!(run(RULE, &(horizontal("h") + &vertical("v", "Auto"))), "");
        assert_eq!(run(RULE, &(vertical("v", "Auto") + &vertical("w", "'Off'"))), "");
        assert_eq!(
            run(
                RULE,
                &(horizontal("h") + &horizontal("i").replace("name: web", "name: other"))
            ),
            ""
        );
        let takeover = keda.replace(
            "namespace: a}",
            "namespace: a, annotations: {scaledobject.keda.sh/transfer-hpa-ownership: 'true'}}",
        );
        assert_eq!(run(RULE, &(horizontal("h") + &takeover)), "");
    }
}
