//! Services.

use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::meta::labels;
use super::names::{is_dns_label, is_dns_subdomain, is_port_name};
use super::{Effect, Sink};
use deconflict_files::Origin;

/// The default node port range of a cluster (`--service-node-port-range`).
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// Service.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    if !spec.exists() {
        return;
    }
    labels(sink, &spec.get("selector"), Effect::Refused);
    let kind = match spec.get("type").text() {
        "" => "ClusterIP",
        text => text,
    };
    let headless = spec.get("clusterIP").text() == "None";
    let ports = spec.get("ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        let message = "a Service needs at least one port, unless it is headless";
        if ports.exists() {
            sink.refuse("service-ports", &ports, message);
        } else {
            sink.refuse_missing("service-ports", &spec, "ports", message);
        }
    }
    check_ports(sink, &ports, kind);
    external_name(sink, &spec, kind, headless);
    type_fields(sink, &spec, kind, headless);
}

fn check_ports(sink: &mut Sink<'_>, ports: &Cursor<'_>, kind: &str) {
    let many = ports.items().len() > 1;
    let mut names: FxHashMap<String, Origin> = FxHashMap::default();
    let mut numbers: FxHashMap<(String, i64), Origin> = FxHashMap::default();
    let mut nodes: FxHashMap<(String, i64), Origin> = FxHashMap::default();
    for port in ports.items() {
        let name = port.get("name");
        match name.text() {
            "" => {
                if many {
                    sink.refuse_missing(
                        "service-ports",
                        &port,
                        "name",
                        "with more than one port each needs a name",
                    );
                }
            }
            text if !is_dns_label(text) => {
                sink.refuse(
                    "service-ports",
                    &name,
                    format!("`{text}` is no port name: lower-case letters, digits and `-`, at most 63"),
                );
            }
            text => {
                if let Some(first) = names.insert(text.to_owned(), name.at()) {
                    sink.refuse("service-ports", &name, format!("two ports are called `{text}`"))
                        .relate(first, "the first one");
                }
            }
        }
        let protocol = match port.get("protocol").text() {
            "" => "TCP",
            text => text,
        };
        let number = port.get("port");
        if let Some(value) = number.int() {
            if !(1..=65535).contains(&value) {
                sink.refuse("port-range", &number, format!("{value} is no port: 1 to 65535"));
            } else if let Some(first) = numbers.insert((protocol.to_owned(), value), number.at()) {
                sink.refuse(
                    "service-ports",
                    &number,
                    format!("port {value}/{protocol} stands here twice"),
                )
                .relate(first, "the first one");
            }
        } else if !number.exists() {
            sink.refuse_missing(
                "port-range",
                &port,
                "port",
                "a Service port needs its number, `port`",
            );
        }
        let target = port.get("targetPort");
        match (target.int(), target.str()) {
            (Some(value), _) if !(1..=65535).contains(&value) => {
                sink.refuse("port-range", &target, format!("{value} is no port: 1 to 65535"));
            }
            (None, Some(text)) if !is_port_name(text) => {
                let found = sink.refuse("port-name", &target, format!("`{text}` is no port name: at most 15 lower-case letters, digits and single `-`, with a letter"));
                if text.parse::<u16>().is_ok() {
                    found.help("remove the quotes").repair(text, text);
                }
            }
            _ => {}
        }
        node_port(sink, &port.get("nodePort"), kind, protocol, &mut nodes);
    }
}

fn node_port(
    sink: &mut Sink<'_>,
    port: &Cursor<'_>,
    kind: &str,
    protocol: &str,
    seen: &mut FxHashMap<(String, i64), Origin>,
) {
    let Some(value) = port.int().filter(|value| *value != 0) else {
        return;
    };
    if !matches!(kind, "NodePort" | "LoadBalancer") {
        sink.refuse(
            "node-port",
            port,
            format!("a Service of type {kind} has no node port"),
        )
        .help("remove `nodePort`, or set `type: NodePort`");
        return;
    }
    if let Some(first) = seen.insert((protocol.to_owned(), value), port.at()) {
        sink.refuse(
            "node-port",
            port,
            format!("node port {value}/{protocol} stands here twice"),
        )
        .relate(first, "the first one");
    }
    if !(1..=65535).contains(&value) {
        sink.refuse("port-range", port, format!("{value} is no port: 1 to 65535"));
    } else if !NODE_PORTS.contains(&value) {
        sink.at(
            "node-port",
            Effect::Warned,
            port,
            format!("{value} lies outside of 30000 to 32767, the range a cluster has unless it was changed"),
        );
    }
}

fn external_name(sink: &mut Sink<'_>, spec: &Cursor<'_>, kind: &str, headless: bool) {
    if kind != "ExternalName" {
        return;
    }
    let name = spec.get("externalName");
    match name.text().strip_suffix('.').unwrap_or(name.text()) {
        "" => {
            sink.refuse_missing(
                "service-external-name",
                spec,
                "externalName",
                "a Service of type ExternalName needs an `externalName`",
            );
        }
        text if !is_dns_subdomain(text) => {
            sink.refuse(
                "service-external-name",
                &name,
                format!("`{text}` is no host name in lower case"),
            );
        }
        _ => {}
    }
    let address = spec.get("clusterIP");
    if headless || !address.text().is_empty() {
        sink.refuse(
            "service-external-name",
            &address,
            "a Service of type ExternalName has no cluster address",
        );
    }
}

fn type_fields(sink: &mut Sink<'_>, spec: &Cursor<'_>, kind: &str, headless: bool) {
    let balancer = kind == "LoadBalancer";
    if headless && matches!(kind, "NodePort" | "LoadBalancer") {
        sink.refuse(
            "service-headless-type",
            &spec.get("clusterIP"),
            format!("a headless Service (`clusterIP: None`) cannot be of type {kind}"),
        )
        .relate(spec.get("type").at(), "the type");
    }
    for field in ["loadBalancerClass", "allocateLoadBalancerNodePorts"] {
        let value = spec.get(field);
        if value.exists() && !balancer {
            sink.refuse(
                "service-type-fields",
                &value,
                format!("`{field}` is for `type: LoadBalancer` only"),
            );
        }
    }
    let ranges = spec.get("loadBalancerSourceRanges");
    if !ranges.is_empty() && !balancer {
        sink.refuse(
            "service-type-fields",
            &ranges,
            "`loadBalancerSourceRanges` is for `type: LoadBalancer` only",
        );
    }
    let policy = spec.get("externalTrafficPolicy");
    let outward = matches!(kind, "NodePort" | "LoadBalancer") || !spec.get("externalIPs").is_empty();
    if policy.exists() && !policy.text().is_empty() && !outward {
        sink.refuse(
            "service-type-fields",
            &policy,
            format!("`externalTrafficPolicy` has no meaning for a Service of type {kind}"),
        );
    }
    let health = spec.get("healthCheckNodePort");
    if health.int().is_some_and(|port| port != 0) && !(balancer && policy.text() == "Local") {
        sink.refuse(
            "service-type-fields",
            &health,
            "`healthCheckNodePort` needs `type: LoadBalancer` and `externalTrafficPolicy: Local`",
        );
    }
}
