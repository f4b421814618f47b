//! Listeners of Gateways and ListenerSets.

use deconflict_kube::{int_at, items_at, text_at};
use deconflict_yaml::Node;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use crate::{ClusterIndex, Placed, Spot, normalise_host};

/// The group of Gateways, routes and ListenerSets.
pub const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// One listener, from a Gateway or from a ListenerSet that the Gateway lets in.
#[derive(Clone, Debug)]
pub struct Listener<'i, 'a> {
    /// What declares it: a Gateway or a ListenerSet.
    pub holder: &'i Placed<'a>,
    /// What serves together: the Gateway, or its class where the implementation merges all Gateways of a class.
    pub domain: SmolStr,
    /// Its name, unique within the holder.
    pub name: &'i str,
    /// Its port; `None` when none is given, which the API server refuses.
    pub port: Option<i64>,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or one of the implementation's own.
    pub protocol: &'i str,
    /// The host, normalised; empty for any.
    pub hostname: SmolStr,
    /// The listener.
    pub node: &'i Node,
    /// The hostname's text, else the port's, else the listener's.
    pub spot: Spot,
}

/// Group, kind, namespace and name of what a route attaches to.
pub type ParentRef<'i> = (&'i str, &'i str, &'i str, &'i str);

/// All listeners of a cluster.
#[derive(Debug, Default)]
pub struct Listeners<'i, 'a> {
    /// All, in the order of the objects.
    pub all: Vec<Listener<'i, 'a>>,
    holders: FxHashMap<ParentRef<'i>, Vec<usize>>,
}

impl<'i, 'a> Listeners<'i, 'a> {
    /// The listeners of `index`, each object once. Linear.
    pub fn new(index: &'i ClusterIndex<'a>) -> Self {
        let merged = merged_classes(index);
        let mut listeners = Self::default();
        for placed in index.live() {
            let key = &placed.facts.object.key;
            let (kind, domain) = match (key.group.as_str(), key.kind.as_str()) {
                (GATEWAY_API, "Gateway") => ("Gateway", domain(placed, &merged)),
                (GATEWAY_API, "ListenerSet") | ("gateway.networking.x-k8s.io", "XListenerSet") => {
                    let Some(gateway) = gateway_of(index, placed) else {
                        continue;
                    };
                    (key.kind.as_str(), domain(gateway, &merged))
                }
                _ => continue,
            };
            let namespace = placed.namespace.as_deref().unwrap_or_default();
            let of_holder = listeners
                .holders
                .entry((key.group.as_str(), kind, namespace, key.name.as_str()))
                .or_default();
            for node in items_at(&placed.facts.object.body, &["spec", "listeners"]) {
                of_holder.push(listeners.all.len());
                listeners.all.push(listener(placed, node, domain.clone()));
            }
        }
        listeners
    }

    /// The listeners of a Gateway or ListenerSet; `None` when the cluster has no such object.
    pub fn of(&self, parent: ParentRef<'_>) -> Option<Vec<&Listener<'i, 'a>>> {
        let holder = self.holders.get(&parent)?;
        Some(holder.iter().map(|at| &self.all[*at]).collect())
    }
}

fn listener<'i, 'a>(holder: &'i Placed<'a>, node: &'i Node, domain: SmolStr) -> Listener<'i, 'a> {
    let hostname = node
        .at_path(&["hostname"])
        .filter(|node| node.text().is_some_and(|text| !text.is_empty()));
    let spot = hostname.or_else(|| node.at_path(&["port"])).unwrap_or(node);
    Listener {
        holder,
        domain,
        name: text_at(node, &["name"]).unwrap_or_default(),
        port: int_at(node, &["port"]),
        protocol: text_at(node, &["protocol"]).unwrap_or_default(),
        hostname: hostname
            .and_then(Node::text)
            .map(normalise_host)
            .unwrap_or_default(),
        node,
        spot: Spot::of(spot),
    }
}

fn domain(gateway: &Placed<'_>, merged: &FxHashSet<&str>) -> SmolStr {
    let class = text_at(&gateway.facts.object.body, &["spec", "gatewayClassName"]).unwrap_or_default();
    if merged.contains(class) {
        format_smolstr!("class {class}")
    } else {
        let namespace = gateway.namespace.as_deref().unwrap_or_default();
        format_smolstr!("{namespace}/{}", gateway.facts.object.key.name)
    }
}

/// The Gateway of a ListenerSet, when it lets sets of that namespace in: by default it lets none (`allowedListeners`).
fn gateway_of<'i, 'a>(index: &'i ClusterIndex<'a>, set: &Placed<'a>) -> Option<&'i Placed<'a>> {
    let parent = set.facts.object.body.at_path(&["spec", "parentRef"])?;
    let own = set.namespace.as_deref().unwrap_or_default();
    let namespace = text_at(parent, &["namespace"]).unwrap_or(own);
    let gateway = index.find(
        GATEWAY_API,
        "Gateway",
        Some(namespace),
        text_at(parent, &["name"])?,
    )?;
    let allowed = gateway
        .facts
        .object
        .body
        .at_path(&["spec", "allowedListeners", "namespaces"])?;
    super::attach::lets_in(index, allowed, namespace, own, "None").then_some(gateway)
}

/// Classes whose Gateways Envoy Gateway serves from one proxy: `mergeGateways` of the EnvoyProxy that the class names.
fn merged_classes<'i>(index: &'i ClusterIndex<'_>) -> FxHashSet<&'i str> {
    let mut merged = FxHashSet::default();
    for class in index.live() {
        let object = &class.facts.object;
        if !object.key.is(GATEWAY_API, "GatewayClass") {
            continue;
        }
        let parameter = |field: &str| text_at(&object.body, &["spec", "parametersRef", field]);
        let proxy = parameter("name")
            .filter(|_| parameter("kind") == Some("EnvoyProxy"))
            .and_then(|name| {
                index.find(
                    "gateway.envoyproxy.io",
                    "EnvoyProxy",
                    parameter("namespace"),
                    name,
                )
            });
        let merges = proxy.is_some_and(|proxy| {
            deconflict_kube::bool_at(&proxy.facts.object.body, &["spec", "mergeGateways"]) == Some(true)
        });
        if merges {
            merged.insert(object.key.name.as_str());
        }
    }
    merged
}
