use std::collections::BTreeMap;

use deconflict_kube::Selector;

use deconflict_claims::{Placed, Spot};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pod templates that the selectors of two or more PodDisruptionBudgets in their namespace match.
    ///
    /// ## Why it matters
    /// The eviction API refuses such a pod with an internal error, "This pod has more than one PodDisruptionBudget": its
    /// node cannot be drained, and cluster upgrades stop there.
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
    ///         tier: backend
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    /// ---
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   maxUnavailable: 1
    ///   selector:
    ///     matchLabels:
    ///       app: search
    /// # infra/budgets/overlays/prod/backend.yaml
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: backend
    ///   namespace: shop
    /// spec:
    ///   maxUnavailable: 1
    ///   selector:
    ///     matchLabels:
    ///       tier: backend
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
    ///   replicas: 3
    ///   selector:
    ///     matchLabels:
    ///       app: search
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: search
    ///         tier: backend
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    /// ---
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: search
    ///   namespace: shop
    /// spec:
    ///   maxUnavailable: 1
    ///   selector:
    ///     matchLabels:
    ///       app: search
    /// # infra/budgets/overlays/prod/backend.yaml
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: backend
    ///   namespace: shop
    /// spec:
    ///   maxUnavailable: 1
    ///   selector:
    ///     matchLabels:
    ///       tier: frontend
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Budgets that operators make for their pods are not in the tree.
    "sel-pdb-overlap", "a pod belongs to two PodDisruptionBudgets",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let pods = context.index.pods();
    let mut budgets: Vec<(&Placed<'_>, Spot)> = Vec::new();
    // Budgets by the workload whose pods they match.
    let mut by_pod: BTreeMap<(u32, &str), Vec<usize>> = BTreeMap::new();
    for placed in context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("policy", "PodDisruptionBudget"))
    {
        let Some(node) = placed
            .facts
            .object
            .body
            .at_path(&["spec", "selector"])
            .filter(|node| node.is_map())
        else {
            continue;
        };
        let (Some(selector), Some(namespace)) = (Selector::of_label_selector(node), &placed.namespace) else {
            continue;
        };
        for pod in pods.select(namespace, &selector) {
            by_pod
                .entry((pod.object, pod.template.part.as_str()))
                .or_default()
                .push(budgets.len());
        }
        budgets.push((placed, Spot::of(node)));
    }
    // One finding per set of budgets, with the first workload as witness.
    let mut told: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    for ((object, _), found) in by_pod {
        if found.len() > 1 {
            told.entry(found).or_insert(object);
        }
    }
    for (found, object) in told {
        let workload = &context.index.objects[object as usize];
        let sides = found.iter().take(5).map(|index| {
            let (placed, spot) = &budgets[*index];
            Side::new(placed, spot.clone())
        });
        let collision = Collision::new(context.files, sides);
        let message = format!(
            "{} {} put {} under a PodDisruptionBudget{}",
            collision.who(),
            collision.both(),
            workload.title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        let pods = Side::declared(workload);
        finding.related.push(deconflict_findings::Label::new(
            pods.spot.at,
            format!("witness: the pods of {}", workload.title()),
        ));
        finding
            .notes
            .push("eviction refuses its pods, so their nodes cannot be drained".to_owned());
        finding.help = Some("narrow one of the selectors, or drop one of the budgets".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn two_budgets() {
        let pdb = |name: &str, selector: &str| {
            format!(
                "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: n}}\nspec: {{selector: {selector}}}\n"
            )
        };
        for (one, other, found) in [
            ("{matchLabels: {a: b}}", "{matchLabels: {c: d}}", true),
            ("{matchLabels: {a: b}}", "{}", true),
            ("{matchLabels: {a: b}}", "null", false),
            ("{matchLabels: {a: b}}", "{matchLabels: {c: x}}", false),
            // Satisfiable together, but no pod is in both.
            ("{matchLabels: {a: b}}", "{matchLabels: {e: f}}", false),
            (
                "{matchLabels: {a: b}}",
                "{matchExpressions: [{key: c, operator: Exists}]}",
                true,
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec: {{template: {{metadata: {{labels: {{a: b, c: d}}}}, spec: {{containers: []}}}}}}\n{}{}",
                pdb("one", one),
                pdb("other", other)
            );
            let got = run("sel-pdb-overlap", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
