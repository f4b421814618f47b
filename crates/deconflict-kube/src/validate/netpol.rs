//! NetworkPolicies.

use std::net::IpAddr;

use super::cursor::Cursor;
use super::meta::selector;
use super::names::is_port_name;
use super::{Effect, Sink};

/// NetworkPolicy.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    selector(sink, &spec.get("podSelector"), Effect::Refused);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules = spec.get(direction);
        for rule in rules.items() {
            let list = rule.get("ports");
            for port in list.items() {
                ports(sink, &port);
            }
            let list = rule.get(peers);
            for peer in list.items() {
                one_peer(sink, &peer);
            }
        }
    }
}

fn ports(sink: &mut Sink<'_>, entry: &Cursor<'_>) {
    let (port, end) = (entry.get("port"), entry.get("endPort"));
    if let Some(number) = port.int()
        && !(1..=65535).contains(&number)
    {
        sink.refuse("port-range", &port, format!("{number} is no port: 1 to 65535"));
    } else if let Some(name) = port.str()
        && !is_port_name(name)
    {
        sink.refuse("port-name", &port, format!("`{name}` is no port name: at most 15 lower-case letters, digits and single `-`, with a letter"));
    }
    let Some(last) = end.int() else { return };
    match port.int() {
        Some(first) if last < first => {
            sink.refuse(
                "netpol-peer",
                &end,
                format!("the range ends at {last}, before it starts at {first}"),
            )
            .relate(port.at(), "the start");
        }
        Some(_) if last > 65535 => {
            sink.refuse("port-range", &end, format!("{last} is no port: 1 to 65535"));
        }
        Some(_) => {}
        None => {
            sink.refuse("netpol-peer", &end, "`endPort` needs a `port` that is a number");
        }
    }
}

fn one_peer(sink: &mut Sink<'_>, peer: &Cursor<'_>) {
    let (block, pods, namespaces) = (
        peer.get("ipBlock"),
        peer.get("podSelector"),
        peer.get("namespaceSelector"),
    );
    if !block.exists() && !pods.exists() && !namespaces.exists() {
        sink.refuse(
            "netpol-peer",
            peer,
            "a peer names `podSelector`, `namespaceSelector` or `ipBlock`",
        );
    }
    if block.exists() && (pods.exists() || namespaces.exists()) {
        let other = if pods.exists() { pods } else { namespaces };
        sink.refuse(
            "netpol-peer",
            &block,
            "a peer is an `ipBlock` or selectors, not both",
        )
        .relate(other.at(), "the selector");
    }
    selector(sink, &pods, Effect::Refused);
    selector(sink, &namespaces, Effect::Refused);
    if !block.exists() {
        return;
    }
    let cidr = block.get("cidr");
    let outer = network(cidr.text());
    if outer.is_none() {
        if cidr.exists() {
            sink.refuse(
                "netpol-peer",
                &cidr,
                format!("`{}` is no CIDR, for example `10.0.0.0/8`", cidr.text()),
            );
        } else {
            sink.refuse_missing("netpol-peer", &block, "cidr", "an `ipBlock` needs its `cidr`");
        }
    }
    let exceptions = block.get("except");
    for except in exceptions.items() {
        match (network(except.text()), outer) {
            (None, _) => {
                sink.refuse("netpol-peer", &except, format!("`{}` is no CIDR", except.text()));
            }
            (Some(inner), Some(outer)) if !strictly_within(inner, outer) => {
                sink.refuse(
                    "netpol-peer",
                    &except,
                    format!(
                        "`{}` does not lie strictly within `{}`",
                        except.text(),
                        cidr.text()
                    ),
                )
                .relate(cidr.at(), "the block");
            }
            _ => {}
        }
    }
}

/// An address as a number, its width in bits and the length of the prefix.
fn network(text: &str) -> Option<(u128, u32, u32)> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let (bits, width) = match address.parse().ok()? {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    (length <= width).then_some((bits, width, length))
}

fn strictly_within(inner: (u128, u32, u32), outer: (u128, u32, u32)) -> bool {
    let keep = |bits: u128, (_, width, length): (u128, u32, u32)| {
        if length == 0 { 0 } else { bits >> (width - length) }
    };
    inner.1 == outer.1 && inner.2 > outer.2 && keep(inner.0, outer) == keep(outer.0, outer)
}

#[cfg(test)]
mod tests {
    use super::{network, strictly_within};

    #[test]
    fn blocks() {
        let net = |text| network(text).expect("a network");
        assert!(strictly_within(net("10.1.0.0/16"), net("10.0.0.0/8")));
        assert!(!strictly_within(net("10.0.0.0/8"), net("10.0.0.0/8")));
        assert!(!strictly_within(net("11.0.0.0/16"), net("10.0.0.0/8")));
        assert!(strictly_within(net("fd00::/16"), net("::/0")));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("10.0.0.0"), None);
    }
}
