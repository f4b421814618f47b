//! The arithmetic of a quota: what the pods of its namespace take of one resource (rules.md section 5.5).

use deconflict_kube::{Quantity, bool_at};
use smol_str::SmolStr;

use crate::pods::{Amount, Pod};
use crate::{ClusterIndex, Detail, Placed};

use super::{Quota, Resource};

/// What the pods of one template take.
#[derive(Clone, Copy, Debug)]
pub struct Row<'i, 'a> {
    /// The pods.
    pub pod: &'i Pod<'a>,
    /// Each of them.
    pub each: Quantity,
    /// Each of them, without what is injected.
    pub own: Quantity,
}

impl Row<'_, '_> {
    /// All of them, as long as nothing scales.
    pub fn steady(&self) -> Quantity {
        self.each.times(self.pod.counts.steady)
    }

    /// All of them at the upper bound of their scaler; without a bound the steady number.
    pub fn at_max(&self) -> Quantity {
        self.each
            .times(self.pod.counts.max.unwrap_or(self.pod.counts.steady))
    }

    /// What a rollout adds.
    pub fn surge(&self) -> Quantity {
        self.each.times(self.pod.counts.surge)
    }

    /// What injected containers take of the steady number.
    pub fn injected(&self) -> Quantity {
        self.each.minus(self.own).times(self.pod.counts.steady)
    }
}

/// One entry of a quota with all that is charged to it.
#[derive(Clone, Debug)]
pub struct Account<'i, 'a> {
    /// The ResourceQuota.
    pub placed: &'i Placed<'a>,
    /// Its content.
    pub quota: &'i Quota,
    /// Its namespace.
    pub namespace: &'i str,
    /// The key of `hard`.
    pub resource: &'i SmolStr,
    /// What it allows.
    pub hard: &'i Amount,
    /// The pods it counts that take something, the greatest first.
    pub rows: Vec<Row<'i, 'a>>,
    /// Pods it counts whose number is not known.
    pub unknown: Vec<&'i Pod<'a>>,
    /// Sum as long as nothing scales.
    pub steady: Quantity,
    /// Sum at the upper bounds of all scalers.
    pub at_max: Quantity,
    /// Sum during the rollout that adds most.
    pub rollout: Quantity,
    /// The priority class of pods that name none.
    pub default_priority: Option<&'i str>,
}

impl<'i, 'a> Account<'i, 'a> {
    /// The row whose rollout adds most; of equals the first.
    pub fn largest_rollout(&self) -> Option<&Row<'i, 'a>> {
        self.rows.iter().rev().max_by_key(|row| row.surge())
    }
}

/// One account per quota and resource that pods take, in the order of quotas. Linear in quotas times the pods of their
/// namespace.
pub fn accounts<'i, 'a>(index: &'i ClusterIndex<'a>) -> Vec<Account<'i, 'a>> {
    let default_priority = default_priority(index);
    let mut accounts = Vec::new();
    for placed in index.live() {
        let (Detail::Quota(quota), Some(namespace)) = (&placed.facts.detail, &placed.namespace) else {
            continue;
        };
        let counted: Vec<&Pod<'a>> = index
            .pods()
            .of_namespace(namespace)
            .filter(|pod| quota.counts(pod, default_priority))
            .collect();
        for (key, hard) in &quota.hard {
            let resource = Resource::of(key);
            if matches!(resource, Resource::Objects(_)) {
                continue;
            }
            let row = |pod: &&'i Pod<'a>| {
                let row = Row {
                    pod,
                    each: resource.of_pod(&pod.usage)?,
                    own: resource.of_pod(&pod.own_usage)?,
                };
                (!row.each.is_zero()).then_some(row)
            };
            let mut rows: Vec<Row<'i, 'a>> = counted
                .iter()
                .filter(|pod| !pod.counts.unknown)
                .filter_map(row)
                .collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.steady()));
            let steady: Quantity = rows.iter().map(Row::steady).sum();
            let largest = rows.iter().map(Row::surge).max().unwrap_or_default();
            accounts.push(Account {
                placed,
                quota,
                namespace,
                resource: key,
                hard,
                steady,
                at_max: rows.iter().map(Row::at_max).sum(),
                rollout: steady + largest,
                default_priority,
                unknown: counted.iter().filter(|pod| pod.counts.unknown).copied().collect(),
                rows,
            });
        }
    }
    accounts
}

/// The PriorityClass that pods without one get.
fn default_priority<'i>(index: &'i ClusterIndex<'_>) -> Option<&'i str> {
    let is_default = |placed: &&Placed<'_>| {
        let object = &placed.facts.object;
        object.key.is("scheduling.k8s.io", "PriorityClass")
            && bool_at(&object.body, &["globalDefault"]) == Some(true)
    };
    index
        .live()
        .find(is_default)
        .map(|placed| placed.facts.object.key.name.as_str())
}
