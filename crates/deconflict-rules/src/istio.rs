//! How Istio reads hosts, gateways and visibility (istio.io, Traffic Management reference).

use std::collections::BTreeSet;

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_kube::{items_at, text_of};

/// The group of Gateways, VirtualServices, DestinationRules, ServiceEntries and Sidecars.
pub(crate) const NETWORKING: &str = "networking.istio.io";

/// Objects of a kind of that group, each once.
pub(crate) fn objects<'i, 'a>(
    index: &'i ClusterIndex<'a>,
    kind: &'static str,
) -> impl Iterator<Item = (&'i Placed<'a>, &'i str)> {
    let wanted = move |placed: &&Placed<'a>| placed.facts.object.key.is(NETWORKING, kind);
    index
        .live()
        .filter(wanted)
        .map(|placed| (placed, placed.namespace.as_deref().unwrap_or_default()))
}

/// A host as the mesh knows it: a short name is that of a Service in the object's own namespace.
pub(crate) fn full_host(host: &str, namespace: &str) -> String {
    let host = host.trim_end_matches('.').to_lowercase();
    if host.contains('.') || host.contains('*') || host.is_empty() {
        host
    } else {
        format!("{host}.{namespace}.svc.cluster.local")
    }
}

/// The namespaces that see an object by its `exportTo`; `None` for all.
pub(crate) fn seen_by(placed: &Placed<'_>) -> Option<BTreeSet<String>> {
    let namespace = placed.namespace.as_deref().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for entry in items_at(&placed.facts.object.body, &["spec", "exportTo"]).filter_map(text_of) {
        match entry {
            "*" => return None,
            "." => seen.insert(namespace.to_owned()),
            "~" => false,
            other => seen.insert(other.to_owned()),
        };
    }
    let has_any = items_at(&placed.facts.object.body, &["spec", "exportTo"])
        .next()
        .is_some();
    has_any.then_some(seen)
}

/// True when one namespace sees both.
pub(crate) fn meet(one: &Placed<'_>, other: &Placed<'_>) -> bool {
    match (seen_by(one), seen_by(other)) {
        (None, None) => true,
        (Some(seen), None) | (None, Some(seen)) => !seen.is_empty(),
        (Some(one), Some(other)) => !one.is_disjoint(&other),
    }
}

/// The first of `group` with all later ones that some namespace sees beside it, at the first where there is one.
pub(crate) fn visible_together<T>(group: &[T], placed: impl Fn(&T) -> &Placed<'_>) -> Vec<&T> {
    for (index, first) in group.iter().enumerate() {
        let with = group[index + 1..]
            .iter()
            .filter(|other| meet(placed(first), placed(other)));
        let found: Vec<&T> = std::iter::once(first).chain(with).collect();
        if found.len() > 1 {
            return found;
        }
    }
    Vec::new()
}
