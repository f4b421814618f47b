//! What policies for network traffic select and allow: NetworkPolicy and CiliumNetworkPolicy.

use deconflict_claims::pods::Pod;
use deconflict_claims::{ClusterIndex, Placed};
use deconflict_kube::{Labels, Selector, int_of, items_at, text_of};
use deconflict_yaml::Node;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Which way traffic goes, seen from the selected pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// True when a policy for the whole cluster exists, which may deny or allow anything.
pub(crate) fn has_cluster_policy(index: &ClusterIndex<'_>) -> bool {
    const KINDS: [&str; 4] = [
        "CiliumClusterwideNetworkPolicy",
        "GlobalNetworkPolicy",
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
    ];
    index
        .live()
        .any(|placed| KINDS.contains(&placed.facts.object.key.kind.as_str()))
}

/// Pods that only accept or send what policies allow, each with the indices of those policies in the order of objects. A
/// policy with a rule that allows everything closes nothing for incoming traffic.
pub(crate) fn isolated<'a>(
    index: &ClusterIndex<'a>,
    direction: Direction,
) -> FxHashMap<*const Pod<'a>, Vec<u32>> {
    let mut found: FxHashMap<*const Pod<'a>, Vec<u32>> = FxHashMap::default();
    for placed in index.live() {
        let namespace = placed.namespace.as_deref().unwrap_or_default();
        for spec in specs(placed) {
            let selector = match placed.facts.object.key.kind.as_str() {
                "NetworkPolicy" if closes(spec, direction) => match spec.at_path(&["podSelector"]) {
                    Some(node) => Selector::of_label_selector(node),
                    None => Some(Selector::default()),
                },
                "CiliumNetworkPolicy" if spec.at_path(&[direction.field()]).is_some_and(Node::is_list) => {
                    spec.at_path(&["endpointSelector"])
                        .and_then(Selector::of_label_selector)
                        .map(plain)
                }
                _ => None,
            };
            let open = direction == Direction::Ingress
                && items_at(spec, &["ingress"]).any(|rule| rule.is_map() && rule.fields().is_empty());
            let Some(selector) = selector.filter(|_| !open) else {
                continue;
            };
            for pod in index.pods().select(namespace, &selector) {
                let policies = found.entry(std::ptr::from_ref(pod)).or_default();
                let policy = index.position(placed);
                if !policies.contains(&policy) {
                    policies.push(policy);
                }
            }
        }
    }
    found
}

/// The `spec`, or with Cilium the `specs`, of a policy; empty for any other object.
fn specs<'i>(placed: &Placed<'i>) -> Vec<&'i Node> {
    let object = &placed.facts.object;
    let is_policy = object.key.is("networking.k8s.io", "NetworkPolicy")
        || object.key.is("cilium.io", "CiliumNetworkPolicy");
    if !is_policy {
        return Vec::new();
    }
    object
        .body
        .at_path(&["spec"])
        .into_iter()
        .chain(items_at(&object.body, &["specs"]))
        .collect()
}

/// `policyTypes`; without them a policy is about incoming traffic, and about outgoing if it has rules for it.
fn closes(spec: &Node, direction: Direction) -> bool {
    let mut types = items_at(spec, &["policyTypes"]).filter_map(text_of).peekable();
    match (types.peek(), direction) {
        (None, Direction::Ingress) => true,
        (None, Direction::Egress) => !items_at(spec, &["egress"]).count().eq(&0),
        (Some(_), direction) => types.any(|kind| kind.eq_ignore_ascii_case(direction.field())),
    }
}

/// Cilium writes where a label comes from before its key.
fn plain(mut selector: Selector) -> Selector {
    for (key, _) in &mut selector.requirements {
        for source in ["k8s:", "any:"] {
            if let Some(rest) = key.strip_prefix(source) {
                *key = SmolStr::from(rest);
            }
        }
    }
    selector
}

/// The namespaces of the cluster's DNS: Kubernetes' and OpenShift's.
const DNS_NAMESPACES: [&str; 2] = ["kube-system", "openshift-dns"];

/// True when the policy lets DNS through, as far as that can be said: see the limits of `iso-egress-no-dns`.
pub(crate) fn allows_dns(placed: &Placed<'_>) -> bool {
    let is_cilium = placed.facts.object.key.kind == "CiliumNetworkPolicy";
    let own = placed
        .namespace
        .as_deref()
        .is_some_and(|namespace| DNS_NAMESPACES.contains(&namespace));
    specs(placed)
        .into_iter()
        .flat_map(|spec| items_at(spec, &["egress"]))
        .any(|rule| {
            if is_cilium {
                cilium_ports(rule) && cilium_peers(rule, own)
            } else {
                let mut ports = items_at(rule, &["ports"]).peekable();
                let mut peers = items_at(rule, &["to"]).peekable();
                (ports.peek().is_none() || ports.any(is_dns_port))
                    && (peers.peek().is_none() || peers.any(|peer| may_be_dns(peer, own)))
            }
        })
}

/// True when the policy lets out something that clients find by a name: anything but the API server, whose address is in
/// the environment of every container (`KUBERNETES_SERVICE_HOST`).
pub(crate) fn reaches_names(placed: &Placed<'_>) -> bool {
    let rules = specs(placed)
        .into_iter()
        .flat_map(|spec| items_at(spec, &["egress"]));
    let is_api_server = |peer: &Node| {
        ["podSelector", "namespaceSelector"].iter().any(|selector| {
            let labels = peer.at_path(&[*selector, "matchLabels"]);
            labels.is_some_and(|labels| {
                let mut values = labels.fields().iter().filter_map(|label| label.value.text());
                values.any(|value| value.contains("kube-apiserver"))
            })
        })
    };
    rules.into_iter().any(|rule| {
        let mut peers = items_at(rule, &["to"]).peekable();
        peers.peek().is_none() || !peers.all(is_api_server)
    })
}

/// 53, or 5353 on OpenShift; a port by name may be any.
fn is_dns_port(port: &Node) -> bool {
    let number = |field: &str| {
        port.at_path(&[field])
            .and_then(|node| int_of(node).or_else(|| text_of(node)?.parse().ok()))
    };
    let has_port = port.at_path(&["port"]).and_then(text_of).is_some();
    match (number("port"), number("endPort")) {
        (Some(first), Some(last)) => [53, 5353].iter().any(|dns| (first..=last).contains(dns)),
        (Some(only), None) => matches!(only, 0 | 53 | 5353),
        (None, _) => {
            !has_port
                || port
                    .at_path(&["port"])
                    .and_then(text_of)
                    .is_some_and(|name| name.contains("dns"))
        }
    }
}

fn may_be_dns(peer: &Node, own: bool) -> bool {
    if peer.at_path(&["ipBlock"]).is_some() {
        return true;
    }
    match peer.at_path(&["namespaceSelector"]) {
        None => own,
        Some(node) => {
            Selector::of_label_selector(node).is_none_or(|selector| may_match_dns_namespace(&selector))
        }
    }
}

/// The name of the namespace is known; its other labels may be anything.
fn may_match_dns_namespace(selector: &Selector) -> bool {
    DNS_NAMESPACES.iter().any(|name| {
        let mut labels = Labels::default();
        labels.set("kubernetes.io/metadata.name", name);
        let about_name = selector
            .requirements
            .iter()
            .filter(|(key, _)| key == "kubernetes.io/metadata.name");
        let named = Selector {
            requirements: about_name.cloned().collect(),
        };
        named.matches(&labels)
    })
}

fn cilium_ports(rule: &Node) -> bool {
    let mut entries = items_at(rule, &["toPorts"]).peekable();
    entries.peek().is_none()
        || entries.any(|entry| {
            let mut ports = items_at(entry, &["ports"]).peekable();
            ports.peek().is_none() || ports.any(is_dns_port)
        })
}

/// Without peers a rule allows everything.
fn cilium_peers(rule: &Node, own: bool) -> bool {
    const NAMESPACE: &str = "io.kubernetes.pod.namespace";
    let peers = [
        "toEndpoints",
        "toEntities",
        "toCIDR",
        "toCIDRSet",
        "toFQDNs",
        "toServices",
        "toNodes",
        "toGroups",
    ];
    if peers.iter().all(|field| rule.at_path(&[field]).is_none()) {
        return true;
    }
    let addresses = ["toCIDR", "toCIDRSet"]
        .iter()
        .any(|field| items_at(rule, &[field]).next().is_some());
    let entities = items_at(rule, &["toEntities"])
        .filter_map(text_of)
        .any(|entity| matches!(entity, "all" | "cluster"));
    let services = items_at(rule, &["toServices"]).next().is_some();
    addresses
        || entities
        || services
        || items_at(rule, &["toEndpoints"])
            .filter_map(Selector::of_label_selector)
            .map(plain)
            .any(|selector| {
                let named: Vec<_> = selector
                    .requirements
                    .iter()
                    .filter(|(key, _)| key.ends_with(NAMESPACE))
                    .collect();
                let other_label = selector
                    .requirements
                    .iter()
                    .any(|(key, _)| key.contains("io.cilium.k8s.namespace.labels"));
                // Without a namespace an endpoint selector means the policy's own.
                other_label
                    || match named.as_slice() {
                        [] => own,
                        named => DNS_NAMESPACES.iter().any(|name| {
                            let mut labels = Labels::default();
                            for (key, _) in named {
                                labels.set(key, name);
                            }
                            let named = Selector {
                                requirements: named.iter().map(|wanted| (*wanted).clone()).collect(),
                            };
                            named.matches(&labels)
                        }),
                    }
            })
}

/// A peer of a policy that is made of pods.
#[derive(Clone, Debug)]
pub(crate) struct Peer<'n> {
    /// The entry of `from` or `to`, of `fromEndpoints` or `toEndpoints`, or the entity.
    pub(crate) node: &'n Node,
    /// It names no pods: all of the namespaces are meant.
    pub(crate) any_pod: bool,
    pods: Selector,
    namespaces: Vec<SmolStr>,
}

impl Peer<'_> {
    /// The pods that it matches, those on the node's network aside.
    pub(crate) fn pods<'i, 'a>(&self, index: &'i ClusterIndex<'a>) -> Vec<&'i Pod<'a>> {
        let selected = self.namespaces.iter();
        let pods = selected.flat_map(|namespace| index.pods().select(namespace, &self.pods));
        pods.filter(|pod| !pod.template.host_network).collect()
    }
}

/// The label that every namespace has: its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// Namespaces that have pods and whose labels `selector` matches. Of one that is not declared only the name is known.
fn namespaces(index: &ClusterIndex<'_>, selector: &Selector) -> Vec<SmolStr> {
    let matches = |name: &&SmolStr| {
        let declared = index.find("", "Namespace", None, name);
        let labels = declared.and_then(|placed| placed.facts.object.body.at_path(&["metadata", "labels"]));
        let mut labels = Labels::of(labels);
        labels.set(NAME, name);
        selector.matches(&labels)
    };
    index.pods().namespaces().filter(matches).cloned().collect()
}

/// The peers of a CiliumNetworkPolicy that are pods: endpoints, and the entities that stand for all of them.
fn cilium_peers_of<'n>(
    index: &ClusterIndex<'_>,
    policy: &'n Placed<'_>,
    direction: Direction,
) -> Vec<Peer<'n>> {
    const NAMESPACE: &str = "io.kubernetes.pod.namespace";
    const NAMESPACE_LABEL: &str = "io.cilium.k8s.namespace.labels.";
    let (endpoints, entities) = match direction {
        Direction::Ingress => ("fromEndpoints", "fromEntities"),
        Direction::Egress => ("toEndpoints", "toEntities"),
    };
    let peer = |node: &'n Node| {
        let selector = plain(Selector::of_label_selector(node)?);
        let (mut pods, mut spaces) = (Selector::default(), Selector::default());
        for (key, wanted) in selector.requirements {
            if key == NAMESPACE {
                spaces.requirements.push((NAME.into(), wanted));
            } else if let Some(label) = key.strip_prefix(NAMESPACE_LABEL) {
                spaces.requirements.push((label.into(), wanted));
            } else if key.contains(':') || key.starts_with("io.cilium.") {
                // Reserved identities and Cilium's own labels are not those of pods.
                return None;
            } else {
                pods.requirements.push((key, wanted));
            }
        }
        Some(Peer {
            node,
            any_pod: pods.is_empty(),
            // Without a namespace an endpoint selector means the policy's own.
            namespaces: if spaces.is_empty() {
                vec![policy.namespace.clone()?]
            } else {
                namespaces(index, &spaces)
            },
            pods,
        })
    };
    let entity = |node: &'n Node| {
        matches!(text_of(node), Some("all" | "cluster")).then(|| Peer {
            node,
            any_pod: true,
            pods: Selector::default(),
            namespaces: index.pods().namespaces().cloned().collect(),
        })
    };
    let specs = specs(policy).into_iter();
    let rules = specs.flat_map(|spec| items_at(spec, &[direction.field()]));
    let all = rules.flat_map(|rule| {
        let named = items_at(rule, &[entities]).filter_map(entity);
        items_at(rule, &[endpoints]).filter_map(peer).chain(named)
    });
    all.collect()
}

/// The peers of a policy with the namespaces that each reaches and that have pods.
pub(crate) fn peers<'n>(
    index: &ClusterIndex<'_>,
    policy: &'n Placed<'_>,
    direction: Direction,
) -> Vec<Peer<'n>> {
    let object = &policy.facts.object;
    if object.key.is("cilium.io", "CiliumNetworkPolicy") {
        return cilium_peers_of(index, policy, direction);
    }
    if !object.key.is("networking.k8s.io", "NetworkPolicy") {
        return Vec::new();
    }
    let field = match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let rules = items_at(&object.body, &["spec", direction.field()]);
    let nodes = rules.flat_map(|rule| items_at(rule, &[field]));
    let peer = |node: &'n Node| {
        let select = |field: &str| node.at_path(&[field]).map(Selector::of_label_selector);
        let pods = select("podSelector");
        let namespaces = match select("namespaceSelector") {
            None if pods.is_none() => return None,
            None => vec![policy.namespace.clone()?],
            Some(selector) => namespaces(index, &selector?),
        };
        Some(Peer {
            node,
            any_pod: pods.is_none(),
            pods: match pods {
                Some(selector) => selector?,
                None => Selector::default(),
            },
            namespaces,
        })
    };
    nodes.filter_map(peer).collect()
}
