use deconflict_claims::pods::Pod;
use deconflict_findings::{Label, Severity};
use deconflict_kube::Quantity;

use crate::collision::{Collision, Side};
use crate::quota::{amount, declared, number, short, stated};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Adds up the CPU and memory that all pods of a cluster ask for, DaemonSets once per matching node, and compares the
    /// sum with what the nodes that the configuration lists can give; steady, and with every scaler at its upper bound
    /// (then a warning).
    ///
    /// ## Why it matters
    /// Every namespace may be within its quota, and the sum still does not fit: the pods that start last stay pending,
    /// whoever owns them.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     nodes:
    ///       - {name: general, count: 2, cpu: "4", memory: 16Gi}
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 5
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
    ///               cpu: "2"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     nodes:
    ///       - {name: general, count: 2, cpu: "4", memory: 16Gi}
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 4
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
    ///               cpu: "2"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Needs `clusters[].nodes` with `cpu` or `memory`, meant as allocatable. Whether single pods fit on single nodes is
    /// not computed. What is not in the repository (system pods, pods of operators) is not counted.
    "cap-cluster-oversold", "the pods of a cluster ask for more than its nodes have",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(cluster) = context.index.cluster else {
        return;
    };
    for name in ["cpu", "memory"] {
        let of = |pool: &deconflict_config::NodePool| {
            let text = if name == "cpu" { &pool.cpu } else { &pool.memory };
            Some(Quantity::parse(text.as_deref()?)?.times(u64::from(pool.count)))
        };
        let known: Vec<Quantity> = cluster.nodes.iter().filter_map(of).collect();
        if known.is_empty() {
            continue;
        }
        let capacity: Quantity = known.into_iter().sum();
        let each = |pod: &Pod<'_>| pod.usage.requests.get(name).copied().unwrap_or_default();
        let steady_of = |pod: &Pod<'_>| each(pod).times(pod.counts.steady);
        let max_of = |pod: &Pod<'_>| each(pod).times(pod.counts.max.unwrap_or(pod.counts.steady));
        let pods = context.index.pods().all();
        let steady: Quantity = pods.iter().map(steady_of).sum();
        let at_max: Quantity = pods.iter().map(max_of).sum();
        let (total, when, severity) = if steady > capacity {
            (steady, "", RULE.meta.severity)
        } else if at_max > capacity {
            (at_max, " at maximum scale", Severity::Warning)
        } else {
            continue;
        };
        let mut greatest: Vec<&Pod<'_>> = pods.iter().filter(|pod| !max_of(pod).is_zero()).collect();
        greatest.sort_by_key(|pod| {
            std::cmp::Reverse(if when.is_empty() {
                steady_of(pod)
            } else {
                max_of(pod)
            })
        });
        let sides = greatest.iter().take(5).map(|pod| {
            let (count, spot) = if when.is_empty() {
                (pod.counts.steady, &pod.counts.spot)
            } else {
                (pod.counts.max.unwrap_or(pod.counts.steady), &pod.counts.max_spot)
            };
            let spot = spot
                .clone()
                .or_else(|| Some(stated(pod, name)?.spot.clone()))
                .unwrap_or_else(|| declared(pod));
            let label = format!(
                "{} {}: {count} × {}",
                pod.facts.object.key.kind,
                short(pod),
                number(name, each(pod))
            );
            Side::new(context.index.workload(pod), spot).labelled(label)
        });
        let message = format!(
            "the pods of {} ask for {}{when}, its nodes have {}",
            cluster.name,
            amount(name, total),
            amount(name, capacity),
        );
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        if let Some(at) = cluster.declared_at {
            finding.related.push(Label::new(at, "the cluster and its nodes"));
        }
        finding.severity = severity;
        finding.key = Some(name.to_owned());
        finding.notes.push(format!(
            "{name}   steady {}   at maximum {}   nodes {}",
            number(name, steady),
            number(name, at_max),
            number(name, capacity)
        ));
        finding
            .notes
            .push("the pods that start last stay pending".to_owned());
        finding.help = Some("ask for less, or add nodes".to_owned());
        sink.report(finding);
    }
}
