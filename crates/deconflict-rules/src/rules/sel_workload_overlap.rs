use std::collections::BTreeMap;

use deconflict_claims::pods::Pod;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds workloads (Deployment, StatefulSet, DaemonSet, ReplicaSet) whose `spec.selector` matches the pod template of
    /// another workload in their namespace.
    ///
    /// ## Why it matters
    /// Kubernetes asks that selectors of workloads do not overlap and does not check it. Whatever counts by selector
    /// (autoscalers, disruption budgets, `kubectl rollout`) counts the other's pods too, and a pod that lost its owner is
    /// adopted by the wrong one.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    /// # apps/billing/web/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    /// # apps/billing/web/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Pods of Jobs are not counted: their selector is made by the cluster. Where both workloads are autoscaled it is
    /// `sel-hpa-ambiguous`.
    "sel-workload-overlap", "two workloads select the same pods",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    let selecting = |pod: &Pod<'_>| !pod.template.controller.ends() && pod.template.selector.is_some();
    // By template: who selects it, itself first.
    let mut groups: BTreeMap<Vec<u32>, ()> = BTreeMap::new();
    let mut selected_by: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for pod in index.pods().all().iter().filter(|pod| selecting(pod)) {
        let Some((selector, _)) = &pod.template.selector else {
            continue;
        };
        // An empty selector is refused by the API server.
        if selector.is_empty() {
            continue;
        }
        for other in index.pods().select(&pod.namespace, selector) {
            // Two that are both scaled are `sel-hpa-ambiguous`.
            let both_scaled = !pod.scalers.is_empty() && !other.scalers.is_empty();
            if other.object != pod.object && selecting(other) && !both_scaled {
                let known = selected_by
                    .entry(other.object)
                    .or_insert_with(|| vec![other.object]);
                known.push(pod.object);
            }
        }
    }
    for mut objects in selected_by.into_values() {
        objects.sort_unstable();
        objects.dedup();
        groups.insert(objects, ());
    }
    for objects in groups.into_keys() {
        let pods = objects
            .iter()
            .filter_map(|object| index.pods().of_object(*object).first());
        let collision = Collision::new(
            context.files,
            pods.filter_map(|pod| {
                let (_, spot) = pod.template.selector.as_ref()?;
                let workload = index.workload(pod);
                Some(Side::new(workload, spot.clone()).labelled(format!("selector of {}", workload.title())))
            }),
        );
        let titles: Vec<String> = collision.sides.iter().map(|side| side.placed.title()).collect();
        let message = format!(
            "{} select the same pods{}{}",
            list(&titles, "and"),
            of_teams(&collision),
            in_cluster(index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.notes.push(
            "whatever counts pods by selector, such as an autoscaler or a disruption budget, counts the other's too"
                .to_owned(),
        );
        finding.help = Some("add a label that tells them apart to one selector and its template".to_owned());
        sink.report(finding);
    }
}

fn of_teams(collision: &Collision<'_, '_>) -> String {
    if collision.crosses_applications() {
        format!(" ({})", collision.who())
    } else {
        String::new()
    }
}
