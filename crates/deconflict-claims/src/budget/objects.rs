//! Quotas on objects, node ports, load balancers and storage.

use deconflict_kube::{Object, Quantity, bool_at, int_at, items_at, text_at};
use smol_str::SmolStr;

use crate::pods::{Amount, Template, amounts};
use crate::{ClusterIndex, Detail, Placed};

/// One entry of a quota that counts objects, with all that is charged to it.
#[derive(Clone, Debug)]
pub struct ObjectCount<'i, 'a> {
    /// The ResourceQuota.
    pub placed: &'i Placed<'a>,
    /// Its namespace.
    pub namespace: &'i str,
    /// The key of `hard`.
    pub resource: &'i SmolStr,
    /// What it allows.
    pub hard: &'i Amount,
    /// Who takes how much, the greatest first.
    pub rows: Vec<(&'i Placed<'a>, Quantity)>,
    /// Their sum.
    pub total: Quantity,
}

/// One account per quota and key that is not about pods' resources, in the order of quotas.
pub fn object_counts<'i, 'a>(index: &'i ClusterIndex<'a>) -> Vec<ObjectCount<'i, 'a>> {
    let mut found = Vec::new();
    let wanted = |placed: &&Placed<'a>| matches!(&placed.facts.detail, Detail::Quota(quota) if quota.scopes.is_empty() && quota.hard.iter().any(|(key, _)| is_objects(key)));
    let quotas: Vec<&'i Placed<'a>> = index.live().filter(wanted).collect();
    if quotas.is_empty() {
        return found;
    }
    let mut by_namespace: rustc_hash::FxHashMap<&str, Vec<&'i Placed<'a>>> = rustc_hash::FxHashMap::default();
    for placed in index.live() {
        if let Some(namespace) = &placed.namespace {
            by_namespace.entry(namespace).or_default().push(placed);
        }
    }
    for placed in quotas {
        let (Detail::Quota(quota), Some(namespace)) = (&placed.facts.detail, &placed.namespace) else {
            continue;
        };
        let objects = by_namespace
            .get(namespace.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        for (key, hard) in quota.hard.iter().filter(|(key, _)| is_objects(key)) {
            let mut rows: Vec<(&'i Placed<'a>, Quantity)> = objects
                .iter()
                .map(|placed| (*placed, taken(index, placed, key)))
                .filter(|(_, amount)| !amount.is_zero())
                .collect();
            rows.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
            found.push(ObjectCount {
                placed,
                namespace,
                resource: key,
                hard,
                total: rows.iter().map(|(_, amount)| *amount).sum(),
                rows,
            });
        }
    }
    found
}

fn is_objects(key: &str) -> bool {
    matches!(super::Resource::of(key), super::Resource::Objects(_))
}

/// What `placed` takes of the resource `key`.
fn taken(index: &ClusterIndex<'_>, placed: &Placed<'_>, key: &str) -> Quantity {
    let object = &placed.facts.object;
    let one = |is: bool| Quantity::units(i64::from(is));
    if let Some(class_and_key) = key.split_once(".storageclass.storage.k8s.io/") {
        let (class, key) = class_and_key;
        return storage(index, placed, Some(class), key == "persistentvolumeclaims");
    }
    match key {
        "requests.storage" => storage(index, placed, None, false),
        "persistentvolumeclaims" | "count/persistentvolumeclaims" => storage(index, placed, None, true),
        "services.loadbalancers" => one(is_service(object, &["LoadBalancer"])),
        "services.nodeports" if is_service(object, &["LoadBalancer", "NodePort"]) => {
            // Without allocation only the ports that are written down exist.
            let allocates = bool_at(&object.body, &["spec", "allocateLoadBalancerNodePorts"]) != Some(false)
                || is_service(object, &["NodePort"]);
            let ports = items_at(&object.body, &["spec", "ports"]);
            let counted =
                ports.filter(|port| allocates || int_at(port, &["nodePort"]).is_some_and(|port| port > 0));
            Quantity::units(i64::try_from(counted.count()).unwrap_or(i64::MAX))
        }
        "services.nodeports" => Quantity::ZERO,
        _ => {
            let resource = key.strip_prefix("count/").unwrap_or(key);
            let (name, group) = resource.split_once('.').unwrap_or((resource, ""));
            // Without `count/` only core kinds can be named.
            one(object.key.group == group && plural(index, object) == name && !object.key.name.is_empty())
        }
    }
}

fn is_service(object: &Object, types: &[&str]) -> bool {
    object.key.is("", "Service")
        && text_at(&object.body, &["spec", "type"]).is_some_and(|kind| types.contains(&kind))
}

/// Claims, or the storage they ask for: a PersistentVolumeClaim's, or those that a workload makes for each of its pods.
fn storage(index: &ClusterIndex<'_>, placed: &Placed<'_>, class: Option<&str>, count: bool) -> Quantity {
    let object = &placed.facts.object;
    let of_class = |found: Option<&str>| class.is_none() || found == class;
    if object.key.is("", "PersistentVolumeClaim") {
        if !of_class(text_at(&object.body, &["spec", "storageClassName"])) {
            return Quantity::ZERO;
        }
        let requests = amounts(object.body.at_path(&["spec", "resources", "requests"]));
        return match (count, requests.get("storage")) {
            (true, _) => Quantity::units(1),
            (false, Some(amount)) => amount.quantity,
            (false, None) => Quantity::ZERO,
        };
    }
    let Detail::Pods(templates) = &placed.facts.detail else {
        return Quantity::ZERO;
    };
    if templates
        .iter()
        .all(|template: &Template| template.claim_templates.is_empty())
    {
        return Quantity::ZERO;
    }
    let pods = index.pods().of_object(index.position(placed));
    let each = |pod: &crate::pods::Pod<'_>| -> Quantity {
        let claims = pod.template.claim_templates.iter();
        let claims = claims.filter(|claim| of_class(claim.class.as_deref()));
        let amounts = claims.map(|claim| match (count, &claim.storage) {
            (true, _) => Quantity::units(1),
            (false, Some(amount)) => amount.quantity,
            (false, None) => Quantity::ZERO,
        });
        amounts.sum::<Quantity>().times(pod.counts.steady)
    };
    pods.iter().map(each).sum()
}

/// The plural name of the object's kind: what a CustomResourceDefinition of the tree says, else the kind in lower case in
/// its regular plural, as all built-in kinds but Endpoints have it.
pub fn plural(index: &ClusterIndex<'_>, object: &Object) -> String {
    let kind = object.key.kind.to_lowercase();
    if object.key.group.contains('.')
        && let Some(name) = index.plural_of(&object.key.group, &object.key.kind)
    {
        return name.to_owned();
    }
    if kind == "endpoints" {
        return kind;
    }
    if kind.ends_with("ss") || kind.ends_with('x') || kind.ends_with("ch") {
        return format!("{kind}es");
    }
    match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{kind}s"),
    }
}
