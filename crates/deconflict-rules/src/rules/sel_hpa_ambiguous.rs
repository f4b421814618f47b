use std::collections::BTreeSet;

use deconflict_claims::Detail;
use deconflict_claims::pods::{Pod, ScalerKind};
use deconflict_findings::Label;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a HorizontalPodAutoscaler or ScaledObject whose target selects pods of a workload that a second one scales.
    ///
    /// ## Why it matters
    /// The controller asks which autoscalers a pod has. When its target's selector reaches into the other target, it
    /// finds two, stops scaling both and only says `AmbiguousSelector` in a condition.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   selector: {matchLabels: {app: shop}}
    ///   template:
    ///     metadata: {labels: {app: shop, part: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           resources: {requests: {cpu: 100m}}
    /// # apps/orders/worker/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: worker, namespace: orders}
    /// spec:
    ///   selector: {matchLabels: {part: worker}}
    ///   template:
    ///     metadata: {labels: {app: shop, part: worker}}
    ///     spec:
    ///       containers:
    ///         - name: worker
    ///           image: registry.example/worker:1.4
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
    /// # apps/orders/worker/overlays/prod/hpa.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: worker, namespace: orders}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
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
    ///   selector: {matchLabels: {part: api}}
    ///   template:
    ///     metadata: {labels: {app: shop, part: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           resources: {requests: {cpu: 100m}}
    /// # apps/orders/worker/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: worker, namespace: orders}
    /// spec:
    ///   selector: {matchLabels: {part: worker}}
    ///   template:
    ///     metadata: {labels: {app: shop, part: worker}}
    ///     spec:
    ///       containers:
    ///         - name: worker
    ///           image: registry.example/worker:1.4
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
    /// # apps/orders/worker/overlays/prod/hpa.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: worker, namespace: orders}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
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
    /// Where two workloads select the same pods and only one is scaled, `sel-workload-overlap` says so.
    "sel-hpa-ambiguous", "an autoscaler counts the pods of another autoscaler's workload",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    let scaler_of = |pod: &Pod<'_>| {
        let scalers = pod.scalers.iter().map(|at| &index.objects[*at as usize]);
        scalers
            .filter_map(|placed| match &placed.facts.detail {
                Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical => Some((placed, scaler)),
                _ => None,
            })
            .next()
    };
    let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
    for pod in index.pods().all() {
        let (Some(_), Some((selector, _))) = (scaler_of(pod), &pod.template.selector) else {
            continue;
        };
        for other in index.pods().select(&pod.namespace, selector) {
            if other.object != pod.object && scaler_of(other).is_some() {
                pairs.insert((pod.object.min(other.object), pod.object.max(other.object)));
            }
        }
    }
    for (one, other) in pairs {
        let pods = [one, other]
            .into_iter()
            .filter_map(|object| index.pods().of_object(object).first());
        let pods: Vec<&Pod<'_>> = pods.collect();
        let sides = pods.iter().filter_map(|pod| {
            let (placed, scaler) = scaler_of(pod)?;
            Some(Side::new(placed, scaler.spot.clone()))
        });
        let collision = Collision::new(context.files, sides);
        let titles: Vec<String> = collision.sides.iter().map(|side| side.placed.title()).collect();
        let targets: Vec<String> = pods.iter().map(|pod| index.workload(pod).title()).collect();
        let message = format!(
            "{} scale workloads with overlapping selectors{}: {}",
            list(&titles, "and"),
            in_cluster(index),
            list(&targets, "and")
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        for pod in &pods {
            if let Some((_, spot)) = &pod.template.selector {
                let workload = index.workload(pod);
                finding
                    .related
                    .push(Label::new(spot.at, format!("selector of {}", workload.title())));
                finding.objects.push(workload.reference());
            }
        }
        finding
            .notes
            .push("the controller stops scaling both (condition `AmbiguousSelector`)".to_owned());
        finding.help = Some("add a label that tells the two apart to the selectors and templates".to_owned());
        sink.report(finding);
    }
}
