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
