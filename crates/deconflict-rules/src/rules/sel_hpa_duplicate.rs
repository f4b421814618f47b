use std::collections::BTreeMap;

use deconflict_claims::pods::{Scaler, ScalerKind};
use deconflict_claims::{Detail, Placed};
use rustc_hash::FxHashMap;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two HorizontalPodAutoscalers or ScaledObjects, or two VerticalPodAutoscalers that change pods, with the same
    /// target.
    ///
    /// ## Why it matters
    /// Each computes its own number of replicas and writes it; the workload goes up and down for ever. Recent versions of
    /// Kubernetes stop both.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/search/overlays/prod/hpa.yaml
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
    ///   maxReplicas: 5
    ///   metrics:
    ///     - type: Pods
    ///       pods:
    ///         metric:
    ///           name: requests
    ///         target:
    ///           type: AverageValue
    ///           averageValue: "10"
    /// # infra/scaling/overlays/prod/keda.yaml
    /// apiVersion: keda.sh/v1alpha1
    /// kind: ScaledObject
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     name: search
    ///   triggers:
    ///     - type: cron
    ///       metadata:
    ///         timezone: Europe/Berlin
    ///         start: 0 8 * * *
    ///         end: 0 18 * * *
    ///         desiredReplicas: "5"
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
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/search/overlays/prod/hpa.yaml
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
    ///   maxReplicas: 5
    ///   metrics:
    ///     - type: Pods
    ///       pods:
    ///         metric:
    ///           name: requests
    ///         target:
    ///           type: AverageValue
    ///           averageValue: "10"
    /// # infra/scaling/overlays/prod/keda.yaml
    /// apiVersion: keda.sh/v1alpha1
    /// kind: ScaledObject
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     name: suggest
    ///   triggers:
    ///     - type: cron
    ///       metadata:
    ///         timezone: Europe/Berlin
    ///         start: 0 8 * * *
    ///         end: 0 18 * * *
    ///         desiredReplicas: "5"
    /// # apps/search/overlays/prod/suggest.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: suggest
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: suggest
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: suggest
    ///     spec:
    ///       containers:
    ///         - name: suggest
    ///           image: registry.example/suggest:1.0
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
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A HorizontalPodAutoscaler with a VerticalPodAutoscaler on the same target is legal when they look at different
    /// resources and is not reported here.
    "sel-hpa-duplicate", "two autoscalers have one target",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// Namespace, kind, name, and whether pods are resized or counted.
type Target<'i> = (&'i str, &'i str, &'i str, bool);

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut by_target: FxHashMap<Target<'_>, Vec<(&Placed<'_>, &Scaler)>> = FxHashMap::default();
    for placed in context.index.live() {
        if let (Detail::Scaler(scaler), Some(namespace)) = (&placed.facts.detail, &placed.namespace) {
            let key = (
                namespace.as_str(),
                scaler.target.as_str(),
                scaler.name.as_str(),
                scaler.kind == ScalerKind::Vertical,
            );
            by_target.entry(key).or_default().push((placed, scaler));
        }
    }
    by_target.retain(|_, scalers| scalers.len() > 1);
    let sorted: BTreeMap<_, _> = by_target.into_iter().collect();
    for ((namespace, kind, name, _), scalers) in sorted {
        let sides = scalers
            .iter()
            .take(5)
            .map(|(placed, scaler)| Side::new(placed, scaler.spot.clone()));
        let collision = Collision::new(context.files, sides);
        let message = format!(
            "{} {} scale {kind} {namespace}/{name}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{kind} {namespace}/{name}"));
        finding
            .notes
            .push("each writes its own number, in turn".to_owned());
        finding.help = Some(
            "keep one of them; a ScaledObject can hold several triggers, an HPA several metrics".to_owned(),
        );
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn one_target() {
        let hpa = |name: &str, target: &str| {
            format!(
                "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: {name}, namespace: n}}\nspec: {{scaleTargetRef: {{{target}}}}}\n"
            )
        };
        let vpa = |mode: &str| {
            format!(
                "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {{name: v{mode}, namespace: n}}\nspec: {{targetRef: {{kind: Deployment, name: a}}, updatePolicy: {{updateMode: {mode}}}}}\n"
            )
        };
        for (one, other, found) in [
            (
                hpa("x", "kind: Deployment, name: a"),
                hpa("y", "kind: Deployment, name: a"),
                true,
            ),
            (
                hpa("x", "kind: Deployment, name: a"),
                hpa("y", "kind: Deployment, name: b"),
                false,
            ),
            (
                hpa("x", "kind: Deployment, name: a"),
                hpa("y", "kind: StatefulSet, name: a"),
                false,
            ),
            (
                hpa("x", "kind: Deployment, name: a"),
                hpa("y", "kind: Deployment, name: a").replace("namespace: n", "namespace: m"),
                false,
            ),
            (hpa("x", "kind: Deployment, name: a"), vpa("Auto"), false),
            (vpa("Auto"), vpa("Recreate"), true),
            (vpa("Auto"), vpa("Off"), false),
        ] {
            let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{one}---\n{other}");
            let got = run("sel-hpa-duplicate", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
