use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_findings::Label;
use deconflict_kube::Selector;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods that two or more PodDisruptionBudgets select.
    ///
    /// ## Why it matters
    /// The eviction API refuses a pod with more than one budget ("This pod has more than one PodDisruptionBudget, which
    /// the eviction subresource does not support"), so a node with such a pod cannot be drained: upgrades hang.
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
    /// # apps/orders/api/overlays/prod/pdb.yaml
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: api}}
    /// # apps/orders/budgets/overlays/prod/pdb.yaml
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: everything, namespace: orders}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: api}}
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
    /// # apps/orders/api/overlays/prod/pdb.yaml
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: api}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Budgets whose pods are not in Git are not compared.
    "sel-pdb-overlap", "two PodDisruptionBudgets cover one pod",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    let mut by_pod: BTreeMap<u32, Vec<(&Placed<'_>, Spot)>> = BTreeMap::new();
    for placed in index.live() {
        let object = &placed.facts.object;
        let (true, Some(namespace)) = (object.key.is("policy", "PodDisruptionBudget"), &placed.namespace)
        else {
            continue;
        };
        let Some(node) = object.body.at_path(&["spec", "selector"]) else {
            continue;
        };
        let Some(selector) = Selector::of_label_selector(node) else {
            continue;
        };
        // Before v1 an empty selector matched nothing.
        if selector.is_empty() && object.version.as_str() != "v1" {
            continue;
        }
        for pod in index.pods().select(namespace, &selector) {
            let spot = node
                .fields()
                .first()
                .map_or_else(|| Spot::of(node), |field| Spot::of(&field.value));
            let known = by_pod.entry(pod.object).or_default();
            if !known.iter().any(|(other, _)| std::ptr::eq(*other, placed)) {
                known.push((placed, spot));
            }
        }
    }
    // Several workloads under the same budgets are one finding.
    let mut groups: BTreeMap<Vec<String>, (Vec<u32>, Vec<(&Placed<'_>, Spot)>)> = BTreeMap::new();
    for (object, budgets) in by_pod.into_iter().filter(|(_, budgets)| budgets.len() > 1) {
        let titles = budgets.iter().map(|(placed, _)| placed.title()).collect();
        groups
            .entry(titles)
            .or_insert_with(|| (Vec::new(), budgets))
            .0
            .push(object);
    }
    for (objects, budgets) in groups.into_values() {
        let collision = Collision::new(
            context.files,
            budgets.into_iter().map(|(placed, spot)| Side::new(placed, spot)),
        );
        let workloads: Vec<&Placed<'_>> = objects
            .iter()
            .map(|object| &index.objects[*object as usize])
            .collect();
        let titles: Vec<String> = workloads.iter().map(|placed| placed.title()).collect();
        let budgets: Vec<String> = collision.sides.iter().map(|side| side.placed.title()).collect();
        let message = format!(
            "{} cover the same pods{}: {}",
            list(&budgets, "and"),
            in_cluster(index),
            list(&titles, "and")
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        for workload in workloads.iter().take(5) {
            finding.related.push(Label::new(
                workload.facts.object.declared_at,
                format!("pods of {}", workload.title()),
            ));
            finding.objects.push(workload.reference());
        }
        finding
            .notes
            .push("the API server refuses to evict these pods, so their nodes cannot be drained".to_owned());
        finding.help = Some("keep one budget for these pods, or narrow the other's selector".to_owned());
        sink.report(finding);
    }
}
