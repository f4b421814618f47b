//! How lists of built-in kinds compare: as maps by a key, as sets, or in order.

use std::sync::Arc;

use deconflict_yaml::Node;
use rustc_hash::FxHashMap;

use crate::text_of;

/// The fields that identify an item of the list at `names`; from the `x-kubernetes-list-map-keys` and patch merge keys
/// of the built-in types. `None` for a list in which order counts.
pub(super) fn keys(names: &[&str]) -> Option<&'static [&'static str]> {
    Some(match names {
        [
            ..,
            "containers" | "initContainers" | "ephemeralContainers",
            "ports",
        ] => &["containerPort", "protocol"],
        ["spec", "ports"] => &["port", "protocol"],
        [
            ..,
            "containers"
            | "initContainers"
            | "ephemeralContainers"
            | "volumes"
            | "env"
            | "imagePullSecrets"
            | "webhooks",
        ]
        | ["spec", "versions"]
        | ["secrets"] => &["name"],
        [.., "volumeMounts"] => &["mountPath"],
        [.., "volumeDevices"] => &["devicePath"],
        [.., "hostAliases"] => &["ip"],
        [.., "topologySpreadConstraints"] => &["topologyKey", "whenUnsatisfiable"],
        _ => return None,
    })
}

/// True for lists of texts whose order means nothing.
pub(super) fn is_set(names: &[&str]) -> bool {
    matches!(
        names,
        [.., "accessModes"]
            | ["metadata", "finalizers"]
            | [
                "rules",
                "verbs" | "apiGroups" | "resources" | "resourceNames" | "nonResourceURLs"
            ]
    )
}

/// True where the value is an amount.
pub(super) fn is_quantity(names: &[&str]) -> bool {
    matches!(
        names,
        [
            ..,
            "limits"
                | "requests"
                | "hard"
                | "capacity"
                | "podFixed"
                | "max"
                | "min"
                | "default"
                | "defaultRequest"
                | "maxLimitRequestRatio",
            _
        ] | [.., "sizeLimit" | "divisor" | "averageValue"]
            | [.., "target", "value"]
    )
}

type Pairs = Vec<(Option<usize>, Option<usize>)>;

/// First with first.
pub(super) fn pair_in_order(left: usize, right: usize) -> Pairs {
    (0..left.max(right))
        .map(|at| ((at < left).then_some(at), (at < right).then_some(at)))
        .collect()
}

/// Items with equal keys, in the left one's order, then what only the right one has.
pub(super) fn pair_by_keys(left: &[Arc<Node>], right: &[Arc<Node>], keys: &[&str]) -> Pairs {
    pair(left, right, |item| {
        let key = |name: &&str| {
            let default = if *name == "protocol" { "TCP" } else { "" };
            let value = item.get(name).and_then(|value| text_of(value));
            value.unwrap_or(default).to_owned()
        };
        keys.iter().map(key).collect()
    })
}

/// Equal texts.
pub(super) fn pair_as_set(left: &[Arc<Node>], right: &[Arc<Node>]) -> Pairs {
    pair(left, right, |item| {
        vec![item.text().unwrap_or_default().to_owned()]
    })
}

fn pair(left: &[Arc<Node>], right: &[Arc<Node>], key: impl Fn(&Node) -> Vec<String>) -> Pairs {
    let mut waiting: FxHashMap<Vec<String>, Vec<usize>> = FxHashMap::default();
    for (at, item) in right.iter().enumerate().rev() {
        waiting.entry(key(item)).or_default().push(at);
    }
    let mut met = vec![false; right.len()];
    let mut pairs: Pairs = Vec::new();
    for (at, item) in left.iter().enumerate() {
        let other = waiting.get_mut(&key(item)).and_then(Vec::pop);
        if let Some(other) = other {
            met[other] = true;
        }
        pairs.push((Some(at), other));
    }
    pairs.extend((0..right.len()).filter(|at| !met[*at]).map(|at| (None, Some(at))));
    pairs
}
