use std::collections::BTreeMap;

use deconflict_claims::budget::{Quota, Resource};
use deconflict_claims::pods::Amount;
use deconflict_claims::{Detail, Placed};
use deconflict_findings::Label;
use deconflict_kube::{Quantity, text_at};

use crate::collision::{Collision, Side};
use crate::context::options;
use crate::quota::amount;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Adds up the CPU and memory requests that the ResourceQuotas of a cluster allow and compares the sum with what the
    /// nodes that the configuration lists can give. A namespace counts with the smallest of its quotas.
    ///
    /// ## Why it matters
    /// A quota that the nodes cannot honour is no promise: teams stay within their quotas and their pods stay pending.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     nodes:
    ///       - {name: general, count: 2, cpu: "8", memory: 32Gi}
    /// # infra/quotas/overlays/prod/quotas.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     requests.cpu: "12"
    /// ---
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-b
    /// spec:
    ///   hard:
    ///     requests.cpu: "10"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     nodes:
    ///       - {name: general, count: 2, cpu: "8", memory: 32Gi}
    /// # infra/quotas/overlays/prod/quotas.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     requests.cpu: "6"
    /// ---
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-b
    /// spec:
    ///   hard:
    ///     requests.cpu: "10"
    /// ```
    ///
    /// ## Options
    /// - `factor`: how many times the capacity may be promised; 1 unless set.
    ///
    /// ## Known limits
    /// Needs `clusters[].nodes` with `cpu` or `memory`. Quotas with scopes are left out.
    "cap-quotas-oversold", "the quotas of a cluster promise more than its nodes have",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(cluster) = context.index.cluster else {
        return;
    };
    let factor = options(context.config, RULE.meta.id)
        .and_then(|options| text_at(options, &["factor"])?.parse::<f64>().ok())
        .unwrap_or(1.0);
    for name in ["cpu", "memory"] {
        let Some(capacity) = capacity(cluster, name) else {
            continue;
        };
        // By namespace the smallest quota.
        let mut promised: BTreeMap<&str, (&Placed<'_>, &Amount)> = BTreeMap::new();
        for placed in context.index.live() {
            let (Detail::Quota(quota), Some(namespace)) = (&placed.facts.detail, &placed.namespace) else {
                continue;
            };
            for hard in requests(quota, name) {
                let known = promised.entry(namespace).or_insert((placed, hard));
                if hard.quantity < known.1.quantity {
                    *known = (placed, hard);
                }
            }
        }
        let total: Quantity = promised.values().map(|(_, amount)| amount.quantity).sum();
        if total.ratio(capacity).is_none_or(|ratio| ratio <= factor) {
            continue;
        }
        let mut quotas: Vec<(&Placed<'_>, &Amount)> = promised.into_values().collect();
        quotas.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.quantity));
        let sides = quotas.iter().take(5).map(|(placed, amount)| {
            let label = format!("{}: {}", placed.title(), amount.quantity);
            Side::new(placed, amount.spot.clone()).labelled(label)
        });
        let message = format!(
            "the quotas of {} promise {}, its nodes have {}",
            cluster.name,
            amount(name, total),
            amount(name, capacity),
        );
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        if let Some(at) = cluster.declared_at {
            finding.related.push(Label::new(at, "the cluster and its nodes"));
            // The nodes explain; they are no side.
            finding.objects.truncate(quotas.len().min(5));
        }
        finding.key = Some(name.to_owned());
        finding
            .notes
            .push("when teams use what they were promised, pods stay pending".to_owned());
        finding.help = Some(
            "lower a quota, add nodes, or say how much may be oversold with the option `factor`".to_owned(),
        );
        sink.report(finding);
    }
}

fn requests<'q>(quota: &'q Quota, name: &'q str) -> impl Iterator<Item = &'q Amount> {
    let all = quota
        .hard
        .iter()
        .filter(move |(key, _)| quota.scopes.is_empty() && Resource::of(key) == Resource::Requests(name));
    all.map(|(_, amount)| amount)
}

/// What all nodes together can give; `None` when no node says.
fn capacity(cluster: &deconflict_placement::Cluster, name: &str) -> Option<Quantity> {
    let of = |pool: &deconflict_config::NodePool| {
        let text = if name == "cpu" { &pool.cpu } else { &pool.memory };
        Some(Quantity::parse(text.as_deref()?)?.times(u64::from(pool.count)))
    };
    let known: Vec<Quantity> = cluster.nodes.iter().filter_map(of).collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}
