use std::collections::BTreeSet;

use deconflict_claims::pods::{Pod, ScalerKind};
use deconflict_claims::{Detail, Placed};

use crate::collision::{Collision, Side, in_cluster, list};
use crate::overlap::is_scaled;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds HorizontalPodAutoscalers and ScaledObjects whose target's selector also matches the pods of a workload with
    /// another autoscaler.
    ///
    /// ## Why it matters
    /// The controller finds pods by the target's selector. When a pod answers to two autoscalers it stops both with the
    /// reason AmbiguousSelector, and neither scales.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/api.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: api
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: api
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/checkout:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: checkout
    ///   maxReplicas: 5
    /// # apps/payments/api/overlays/prod/api.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: api
    ///       team: payments
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: api
    ///         team: payments
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/payments:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: payments
    ///   maxReplicas: 5
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/api.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: api
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: api
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/checkout:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: checkout
    ///   maxReplicas: 5
    /// # apps/payments/api/overlays/prod/api.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: payments
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: payments
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/payments:1.0
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: payments
    ///   maxReplicas: 5
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Labels that controllers add to pods are not known.
    "sel-hpa-ambiguous", "an autoscaler's target selects pods that a second autoscaler controls",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let pods = context.index.pods();
    let mut told: BTreeSet<BTreeSet<u32>> = BTreeSet::new();
    for pod in pods.all() {
        let Some((selector, _)) = &pod.template.selector else {
            continue;
        };
        if selector.is_empty() || !is_scaled(context.index, pod) {
            continue;
        }
        let matched = pods.select(&pod.namespace, selector);
        let others = matched
            .into_iter()
            .filter(|other| other.object != pod.object && is_scaled(context.index, other));
        let mut group: Vec<&Pod<'_>> = others.collect();
        if group.is_empty() {
            continue;
        }
        group.push(pod);
        if told.insert(group.iter().map(|pod| pod.object).collect()) {
            report(context, sink, &group);
        }
    }
}

fn report(context: &ClusterContext<'_>, sink: &mut Sink, group: &[&Pod<'_>]) {
    let scaler = |pod: &Pod<'_>| -> Option<&Placed<'_>> {
        let all = pod
            .scalers
            .iter()
            .map(|index| &context.index.objects[*index as usize]);
        let mut horizontal = all.filter(|placed| {
            matches!(&placed.facts.detail, Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical)
        });
        horizontal.next()
    };
    let sides = group.iter().take(5).filter_map(|pod| {
        let (_, spot) = pod.template.selector.as_ref()?;
        let scaler = scaler(pod)?;
        let label = format!("the selector that {} looks at", scaler.title());
        Some(Side::new(context.index.workload(pod), spot.clone()).labelled(label))
    });
    let collision = Collision::new(context.files, sides);
    let names: Vec<String> = group
        .iter()
        .filter_map(|pod| Some(scaler(pod)?.title()))
        .collect();
    let message = format!(
        "the same pods answer to {}{}",
        list(&names, "and"),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding
        .notes
        .push("the controller stops with the reason AmbiguousSelector, and neither scales".to_owned());
    finding.help = Some("give each workload a label of its own, in selector and template".to_owned());
    sink.report(finding);
}
