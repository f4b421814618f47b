//! Whether a listener takes a route.

use deconflict_kube::{Labels, Selector, int_at, items_at, text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use super::{GATEWAY_API, Listener, ParentRef};
use crate::{ClusterIndex, HostDialect, HostRelation, Placed, normalise_host, relate_hosts};

/// One entry of a route's `parentRefs`.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'i> {
    /// What it names.
    pub target: ParentRef<'i>,
    /// `sectionName`: the listener of that name only.
    pub section: Option<&'i str>,
    /// `port`: the listeners of that port only.
    pub port: Option<i64>,
    /// The entry.
    pub node: &'i Node,
}

/// Why a listener does not take a route, the closer to taking it the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// It has another name than `sectionName` says.
    Section,
    /// It has another port than `port` says.
    Port,
    /// It takes no routes of that kind.
    Kind,
    /// It takes no routes of that namespace.
    Namespace,
    /// No host is both its and the route's.
    Hostname,
}

/// What a route attaches to, mesh Services excepted. Defaults of the API: group and kind of a Gateway, the route's own
/// namespace.
pub fn parents<'i>(route: &'i Placed<'_>) -> impl Iterator<Item = Parent<'i>> {
    let own = route.namespace.as_deref().unwrap_or_default();
    let parents = items_at(&route.facts.object.body, &["spec", "parentRefs"]);
    parents.filter_map(move |node| {
        let text = |field: &str| text_at(node, &[field]);
        let kind = text("kind").unwrap_or("Gateway");
        let target = (
            text("group").unwrap_or(GATEWAY_API),
            kind,
            text("namespace").unwrap_or(own),
            text("name")?,
        );
        matches!(kind, "Gateway" | "ListenerSet" | "XListenerSet").then_some(Parent {
            target,
            section: text("sectionName").filter(|name| !name.is_empty()),
            port: int_at(node, &["port"]),
            node,
        })
    })
}

/// The hosts, normalised, under which `listener` serves `route` through `parent`: the route's own where it names some,
/// else the listener's; the empty one is any host.
///
/// # Errors
/// Why it does not serve it.
pub fn attach(
    index: &ClusterIndex<'_>,
    route: &Placed<'_>,
    parent: &Parent<'_>,
    listener: &Listener<'_, '_>,
) -> Result<Vec<SmolStr>, Refusal> {
    if parent.section.is_some_and(|name| name != listener.name) {
        return Err(Refusal::Section);
    }
    if parent.port.is_some() && parent.port != listener.port {
        return Err(Refusal::Port);
    }
    let key = &route.facts.object.key;
    if !takes_kind(listener, &key.group, &key.kind) {
        return Err(Refusal::Kind);
    }
    let holder = listener.holder.namespace.as_deref().unwrap_or_default();
    let own = route.namespace.as_deref().unwrap_or_default();
    let nothing = Node::map(listener.node.at);
    let namespaces = listener
        .node
        .at_path(&["allowedRoutes", "namespaces"])
        .unwrap_or(&nothing);
    if !lets_in(index, namespaces, holder, own, "Same") {
        return Err(Refusal::Namespace);
    }
    if !matches!(key.kind.as_str(), "HTTPRoute" | "GRPCRoute" | "TLSRoute") {
        return Ok(vec![SmolStr::default()]);
    }
    let mut named = items_at(&route.facts.object.body, &["spec", "hostnames"])
        .filter_map(text_of)
        .map(normalise_host)
        .peekable();
    if named.peek().is_none() {
        return Ok(vec![listener.hostname.clone()]);
    }
    let mut hosts: Vec<SmolStr> = named
        .filter_map(|host| narrowed(host, &listener.hostname))
        .collect();
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        return Err(Refusal::Hostname);
    }
    Ok(hosts)
}

/// The route's host as far as the listener serves it. A wildcard of the route keeps its own text: precedence among routes
/// is by what they name.
fn narrowed(host: SmolStr, listener: &str) -> Option<SmolStr> {
    match relate_hosts(&host, listener, HostDialect::Gateway) {
        HostRelation::Disjoint => None,
        HostRelation::Equal | HostRelation::Within | HostRelation::Contains => Some(host),
    }
}

/// The kinds that `allowedRoutes.kinds` lists, else those of the protocol. An unknown protocol may take any.
fn takes_kind(listener: &Listener<'_, '_>, group: &str, kind: &str) -> bool {
    let mut listed = items_at(listener.node, &["allowedRoutes", "kinds"]).peekable();
    if listed.peek().is_some() {
        return listed.any(|entry| {
            text_at(entry, &["kind"]) == Some(kind)
                && text_at(entry, &["group"]).unwrap_or(GATEWAY_API) == group
        });
    }
    match listener.protocol {
        "HTTP" | "HTTPS" => matches!(kind, "HTTPRoute" | "GRPCRoute"),
        "TLS" => matches!(kind, "TLSRoute" | "TCPRoute"),
        "TCP" => kind == "TCPRoute",
        "UDP" => kind == "UDPRoute",
        _ => true,
    }
}

/// Whether `namespaces` (`from` and `selector`) of an object in `holder` lets objects of namespace `own` in. Of a
/// namespace that is not declared only the name is known: what a selector says about other labels may then hold.
pub(super) fn lets_in(
    index: &ClusterIndex<'_>,
    namespaces: &Node,
    holder: &str,
    own: &str,
    default: &str,
) -> bool {
    const NAME: &str = "kubernetes.io/metadata.name";
    match text_at(namespaces, &["from"]).unwrap_or(default) {
        "All" => true,
        "None" => false,
        "Selector" => {
            let declared = index.find("", "Namespace", None, own);
            let mut labels = Labels::of(
                declared.and_then(|placed| placed.facts.object.body.at_path(&["metadata", "labels"])),
            );
            labels.set(NAME, own);
            let selector = namespaces.at_path(&["selector"]);
            selector
                .and_then(Selector::of_label_selector)
                .is_none_or(|mut selector| {
                    if declared.is_none() {
                        selector.requirements.retain(|(key, _)| key == NAME);
                    }
                    selector.matches(&labels)
                })
        }
        _ => holder == own,
    }
}
