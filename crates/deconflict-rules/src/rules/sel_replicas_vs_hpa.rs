use deconflict_claims::Detail;
use deconflict_claims::pods::{Controller, Count, ScalerKind};
use deconflict_findings::{Finding, Label};

use crate::collision::in_cluster;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds `spec.replicas` in a workload that a HorizontalPodAutoscaler or ScaledObject scales.
    ///
    /// ## Why it matters
    /// Every sync puts the written number back and the autoscaler moves it again: pods are started and stopped at each
    /// sync (argo-cd#5105, #1603), in the worst case while traffic is high.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   replicas: 3
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
    /// An Argo CD Application that ignores the difference (`ignoreDifferences` with `RespectIgnoreDifferences=true`) may
    /// leave the field; that is not looked at. `replicas: 0` switches the autoscaler off and is not reported.
    "sel-replicas-vs-hpa", "a workload that is autoscaled also fixes its replicas",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    for pod in index.pods().all() {
        let Count::Fixed {
            pods,
            spot: Some(spot),
        } = &pod.template.count
        else {
            continue;
        };
        if *pods == 0
            || !matches!(
                pod.template.controller,
                Controller::Deployment
                    | Controller::StatefulSet
                    | Controller::ReplicaSet
                    | Controller::Rollout
            )
        {
            continue;
        }
        let scaler = pod
            .scalers
            .iter()
            .map(|at| &index.objects[*at as usize])
            .find_map(|placed| match &placed.facts.detail {
                Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical => Some((placed, scaler)),
                _ => None,
            });
        let Some((placed, scaler)) = scaler else { continue };
        let workload = index.workload(pod);
        let bounds = match scaler.max {
            Some(max) => format!("between {} and {max}", scaler.min),
            None => format!("from {}", scaler.min),
        };
        let message = format!(
            "{} fixes {pods} replicas, and {} scales it {bounds}{}",
            workload.title(),
            placed.title(),
            in_cluster(index)
        );
        let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, spot.at);
        "the fixed number".clone_into(&mut finding.primary.text);
        finding.trail = spot.trail();
        finding.related = vec![Label::new(
            scaler.spot.at,
            format!("scaled by {}", placed.title()),
        )];
        finding.objects = vec![workload.reference(), placed.reference()];
        finding.field = Some("spec.replicas".to_owned());
        finding
            .notes
            .push("every sync sets the number back, and the autoscaler moves it again".to_owned());
        finding.help = Some("remove `replicas` from the workload".to_owned());
        sink.report(finding);
    }
}
