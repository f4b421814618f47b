use deconflict_claims::Detail;
use deconflict_claims::pods::{Count, ScalerKind};

use crate::argo_drift::{drift_of, is_ignored};
use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Deployments, StatefulSets and other workloads that write `spec.replicas` while a HorizontalPodAutoscaler or
    /// ScaledObject scales them.
    ///
    /// ## Why it matters
    /// Every apply sets the number back, and the autoscaler changes it again: under load a release takes pods away, and
    /// the engine shows the object as out of sync.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   replicas: 3
    ///   selector:
    ///     matchLabels:
    ///       app: search
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: search
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 3
    ///   maxReplicas: 8
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: search
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: search
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 3
    ///   maxReplicas: 8
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// An Application that ignores differences of `spec.replicas` and has `RespectIgnoreDifferences=true` leaves the number
    /// alone; one that heals itself fights at once, which is `argo-selfheal-fight`. `replicas: 0` switches a
    /// HorizontalPodAutoscaler off and is not reported.
    "sel-replicas-vs-hpa", "a workload sets its replicas although an autoscaler does",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let Count::Fixed {
            pods,
            spot: Some(spot),
        } = &pod.template.count
        else {
            continue;
        };
        let scalers = pod
            .scalers
            .iter()
            .map(|index| &context.index.objects[*index as usize]);
        let horizontal = scalers.filter_map(|placed| match &placed.facts.detail {
            Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical => Some((placed, scaler)),
            _ => None,
        });
        let Some((placed, scaler)) = horizontal.into_iter().next().filter(|_| *pods > 0) else {
            continue;
        };
        let workload = context.index.workload(pod);
        if let Some(drift) = drift_of(workload) {
            let is_left = is_ignored(&drift.ignored, workload, "/spec/replicas");
            if (is_left && drift.respects_ignored) || (!is_left && drift.self_heal.is_some()) {
                continue;
            }
        }
        let message = format!(
            "{} sets {pods} replicas although {} scales it{}",
            workload.title(),
            placed.title(),
            in_cluster(context.index)
        );
        let sides = [
            Side::new(workload, spot.clone()),
            Side::new(placed, scaler.spot.clone()),
        ];
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        finding.field = Some("spec.replicas".to_owned());
        finding
            .notes
            .push("every apply sets the number back, and the autoscaler changes it again".to_owned());
        finding.help =
            Some("drop `replicas`, and let `minReplicas` say how many there are at least".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn replicas_and_a_scaler() {
        for (replicas, target, found) in [
            ("replicas: 3", "d", true),
            ("replicas: 0", "d", false),
            ("paused: false", "d", false),
            ("replicas: 3", "other", false),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec:\n  {replicas}\n  template: {{spec: {{containers: []}}}}\n---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: k, namespace: n}}\nspec: {{scaleTargetRef: {{name: {target}}}}}\n"
            );
            let got = run("sel-replicas-vs-hpa", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
