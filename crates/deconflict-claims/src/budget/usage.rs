//! What one pod asks for (rules.md section 5.5, step 2; `PodRequests` and `PodLimits` of Kubernetes).

use std::collections::BTreeMap;

use deconflict_kube::Quantity;
use smol_str::SmolStr;

use crate::pods::{Amount, Container, ContainerKind, Resources};

type Amounts = BTreeMap<SmolStr, Quantity>;

/// Effective requests and limits of one pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// What the scheduler reserves and quotas charge.
    pub requests: Amounts,
    /// What it may not go beyond.
    pub limits: Amounts,
    /// True when no container asks for CPU or memory: the quality of service class BestEffort.
    pub best_effort: bool,
}

impl Usage {
    /// Of these containers (init containers in their order), the pod's own `resources`, and the runtime's overhead.
    pub fn new<'c>(
        containers: impl Iterator<Item = &'c Container> + Clone,
        pod: &Resources,
        overhead: &BTreeMap<SmolStr, Amount>,
    ) -> Self {
        let mut requests = aggregate(
            containers
                .clone()
                .map(|container| (container.kind, &container.resources.requests)),
        );
        let mut limits = aggregate(containers.map(|container| (container.kind, &container.resources.limits)));
        for (name, amount) in &pod.limits {
            if is_pod_level(name) {
                // A pod-level limit is the request too when no container asks.
                requests.entry(name.clone()).or_insert(amount.quantity);
                limits.insert(name.clone(), amount.quantity);
            }
        }
        for (name, amount) in &pod.requests {
            if is_pod_level(name) {
                requests.insert(name.clone(), amount.quantity);
            }
        }
        let none = |amounts: &Amounts| {
            ["cpu", "memory"]
                .iter()
                .all(|name| amounts.get(*name).is_none_or(|amount| amount.is_zero()))
        };
        let best_effort = none(&requests) && none(&limits);
        for (name, amount) in overhead {
            *requests.entry(name.clone()).or_default() += amount.quantity;
            if let Some(limit) = limits.get_mut(name).filter(|limit| !limit.is_zero()) {
                *limit += amount.quantity;
            }
        }
        Self {
            requests,
            limits,
            best_effort,
        }
    }
}

/// Resources that a pod as a whole may set (Kubernetes 1.34, pod-level resources).
fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

/// The greater of what runs together and of what each init container needs beside the sidecars before it.
fn aggregate<'c>(
    containers: impl Iterator<Item = (ContainerKind, &'c BTreeMap<SmolStr, Amount>)>,
) -> Amounts {
    let (mut together, mut sidecars, mut init) = (Amounts::new(), Amounts::new(), Amounts::new());
    for (kind, amounts) in containers {
        match kind {
            ContainerKind::Regular => add(&mut together, amounts),
            ContainerKind::Sidecar => {
                add(&mut together, amounts);
                add(&mut sidecars, amounts);
                raise(&mut init, &sidecars);
            }
            ContainerKind::Init => {
                let mut now = sidecars.clone();
                add(&mut now, amounts);
                raise(&mut init, &now);
            }
        }
    }
    raise(&mut together, &init);
    together
}

fn add(total: &mut Amounts, amounts: &BTreeMap<SmolStr, Amount>) {
    for (name, amount) in amounts {
        *total.entry(name.clone()).or_default() += amount.quantity;
    }
}

fn raise(total: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let known = total.entry(name.clone()).or_default();
        if *amount > *known {
            *known = *amount;
        }
    }
}
