use std::collections::{BTreeMap, BTreeSet};

use deconflict_claims::pods::Pod;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::overlap::is_scaled;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pod templates whose labels match the `spec.selector` of a second workload in their namespace.
    ///
    /// ## Why it matters
    /// Controllers, autoscalers and `kubectl` find pods by selector. With overlapping selectors each workload counts,
    /// shows and may adopt the other's pods; the API's documentation calls the behaviour undefined.
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
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: api
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/payments:1.0
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
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Two workloads that both have a HorizontalPodAutoscaler are reported as `sel-hpa-ambiguous` instead. Labels that
    /// controllers add to pods (`pod-template-hash`) are not known, so bare Pods are left out.
    "sel-workload-overlap", "the pods of a workload match the selectors of two workloads",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let pods = context.index.pods();
    // Workloads that match a pod, by the pod's workload.
    let mut matchers: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for pod in pods.all() {
        let Some((selector, _)) = &pod.template.selector else {
            continue;
        };
        if selector.is_empty() {
            continue;
        }
        for matched in pods.select(&pod.namespace, selector) {
            if matched.template.selector.is_some() && matched.object != pod.object {
                matchers.entry(matched.object).or_default().insert(pod.object);
            }
        }
    }
    let mut groups: BTreeSet<BTreeSet<u32>> = BTreeSet::new();
    for (object, others) in &mut matchers {
        others.insert(*object);
    }
    groups.extend(matchers.into_values());
    for group in groups {
        let first = |object: &u32| pods.of_object(*object).first();
        let members: Vec<&Pod<'_>> = group.iter().filter_map(first).collect();
        if members.iter().filter(|pod| is_scaled(context.index, pod)).count() < 2 {
            report(context, sink, &members);
        }
    }
}

fn report(context: &ClusterContext<'_>, sink: &mut Sink, members: &[&Pod<'_>]) {
    let sides = members.iter().take(5).filter_map(|pod| {
        let workload = context.index.workload(pod);
        let (_, spot) = pod.template.selector.as_ref()?;
        Some(Side::new(workload, spot.clone()).labelled(format!("the selector of {}", workload.title())))
    });
    let collision = Collision::new(context.files, sides);
    let names: Vec<String> = collision.sides.iter().map(|side| side.placed.title()).collect();
    let message = format!(
        "{} select the same pods{}",
        list(&names, "and"),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding
        .notes
        .push("each counts the other's pods as its own".to_owned());
    finding.help = Some("give each a label of its own, in selector and template (a Deployment's selector cannot change: it has to be made anew)".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn overlapping_selectors() {
        let workload = |app: &str, kind: &str, selector: &str, labels: &str| {
            format!(
                "//- apps/{app}/{app}/overlays/prod/{app}.yaml\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {app}, namespace: n}}\nspec: {{selector: {{matchLabels: {{{selector}}}}}, template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: []}}}}}}\n"
            )
        };
        for (one, other, found) in [
            (
                workload("a", "Deployment", "x: y", "x: y"),
                workload("b", "StatefulSet", "x: y", "x: y"),
                true,
            ),
            // One way is enough.
            (
                workload("a", "Deployment", "x: y", "x: y"),
                workload("b", "Deployment", "x: y, z: w", "x: y, z: w"),
                true,
            ),
            (
                workload("a", "Deployment", "x: y", "x: y"),
                workload("b", "Deployment", "z: w", "z: w"),
                false,
            ),
            // Satisfiable, but no pod has both.
            (
                workload("a", "Deployment", "x: y", "x: y"),
                workload("b", "Deployment", "z: w", "z: w, x: q"),
                false,
            ),
            (
                workload("a", "Deployment", "x: y", "x: y"),
                workload("b", "Deployment", "x: y", "x: y").replace("namespace: n", "namespace: m"),
                false,
            ),
        ] {
            let got = run("sel-workload-overlap", &(one.clone() + &other));
            assert_eq!(!got.is_empty(), found, "{one}{other}\n{got}");
        }
    }
}
