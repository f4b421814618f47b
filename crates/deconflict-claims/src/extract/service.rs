//! What Services claim.

use deconflict_kube::{Object, int_of, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::{SmolStr, ToSmolStr};

use crate::{Claim, Space, Spot, What};

/// Node ports, those of health checks included. A port of 0 is left to the cluster. The fields of a Service whose type
/// has no node ports are refused or dropped by the API server, so they claim nothing.
pub(super) fn ports(service: &Object, claims: &mut Vec<Claim>) {
    let kind = text_at(&service.body, &["spec", "type"]).unwrap_or("ClusterIP");
    if !matches!(kind, "NodePort" | "LoadBalancer") {
        return;
    }
    for port in items_at(&service.body, &["spec", "ports"]) {
        let protocol = text_at(port, &["protocol"]).unwrap_or("TCP");
        if let Some(node) = port.get("nodePort") {
            claims.extend(node_port(node, protocol, false));
        }
    }
    let local = text_at(&service.body, &["spec", "externalTrafficPolicy"]) == Some("Local");
    if kind == "LoadBalancer"
        && local
        && let Some(node) = service.body.at_path(&["spec", "healthCheckNodePort"])
    {
        claims.extend(node_port(node, "TCP", true));
    }
}

/// Static addresses inside the cluster; `None` is headless.
pub(super) fn cluster_ips(service: &Object, claims: &mut Vec<Claim>) {
    let mut known: Vec<&str> = Vec::new();
    let body = &service.body;
    let one = body.at_path(&["spec", "clusterIP"]);
    for node in one.into_iter().chain(items_at(body, &["spec", "clusterIPs"])) {
        let Some(address) = node.text().filter(|text| !matches!(*text, "" | "None")) else {
            continue;
        };
        if !known.contains(&address) {
            known.push(address);
            claims.push(claim(Space::ClusterIp, address, node, What::Whole));
        }
    }
}

/// Annotations that ask for addresses: MetalLB, Cilium, kube-vip.
const ADDRESSES: [&str; 5] = [
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
    "lbipam.cilium.io/ips",
    "io.cilium/lb-ipam-ips",
    "kube-vip.io/loadbalancerIPs",
];

/// Annotations with a key under which Services share an address.
const SHARING: [&str; 4] = [
    "metallb.io/allow-shared-ip",
    "metallb.universe.tf/allow-shared-ip",
    "lbipam.cilium.io/sharing-key",
    "io.cilium/lb-ipam-sharing-key",
];

/// Static addresses of a load balancer, from the field or an implementation's annotation.
pub(super) fn load_balancer_ips(service: &Object, claims: &mut Vec<Claim>) {
    let body = &service.body;
    if text_at(body, &["spec", "type"]) != Some("LoadBalancer") {
        return;
    }
    let annotation = |name: &&str| body.at_path(&["metadata", "annotations", name]);
    let sharing = SHARING
        .iter()
        .filter_map(annotation)
        .find_map(Node::text)
        .map(SmolStr::from);
    let mut ports: Vec<(i64, SmolStr)> = items_at(body, &["spec", "ports"])
        .filter_map(|port| {
            let protocol = text_at(port, &["protocol"]).unwrap_or("TCP");
            Some((int_of(port.get("port")?)?, protocol.into()))
        })
        .collect();
    ports.sort();
    let field = body.at_path(&["spec", "loadBalancerIP"]);
    let mut known: Vec<&str> = Vec::new();
    for node in field.into_iter().chain(ADDRESSES.iter().filter_map(annotation)) {
        for address in node.text().unwrap_or_default().split(',').map(str::trim) {
            if !address.is_empty() && address != "0.0.0.0" && !known.contains(&address) {
                known.push(address);
                let what = What::Address {
                    sharing: sharing.clone(),
                    ports: ports.clone(),
                };
                claims.push(claim(Space::LoadBalancerIp, address, node, what));
            }
        }
    }
}

fn claim(space: Space, key: &str, node: &Node, what: What) -> Claim {
    Claim {
        space,
        key: key.into(),
        spot: Spot::of(node),
        what,
    }
}

fn node_port(node: &Node, protocol: &str, health_check: bool) -> Option<Claim> {
    let port = int_of(node).filter(|port| *port > 0)?;
    Some(Claim {
        space: Space::NodePort,
        key: port.to_smolstr(),
        spot: Spot::of(node),
        what: What::Port {
            protocol: SmolStr::from(protocol),
            health_check,
        },
    })
}
