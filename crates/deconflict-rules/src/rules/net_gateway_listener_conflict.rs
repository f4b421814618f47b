use std::collections::BTreeMap;

use deconflict_claims::gateway::{GATEWAY_API, Listener, Listeners};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds listeners of one Gateway that are not distinct: two for HTTP, HTTPS or TLS with the same port and host, two for
    /// TCP or two for UDP on one port, or one for TCP on the port of one for HTTP, HTTPS or TLS. Listeners that a
    /// ListenerSet adds count as the Gateway's, and so do those of other Gateways that Envoy Gateway merges
    /// (`mergeGateways`).
    ///
    /// ## Why it matters
    /// Of listeners that are not distinct the controller accepts one and sets the condition `Conflicted` on the rest (the
    /// Gateway's own come before those of ListenerSets, then the older): routes of the others are served by nobody.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/edge/overlays/prod/gateway.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: public
    ///   namespace: edge
    /// spec:
    ///   gatewayClassName: envoy
    ///   allowedListeners:
    ///     namespaces:
    ///       from: All
    ///   listeners:
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: shop.example.com
    ///       tls: {certificateRefs: [{name: shop}]}
    /// # apps/shop/web/overlays/prod/listeners.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: ListenerSet
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   parentRef:
    ///     name: public
    ///     namespace: edge
    ///   listeners:
    ///     - name: shop
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: shop.example.com
    ///       tls: {certificateRefs: [{name: own}]}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/edge/overlays/prod/gateway.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: public
    ///   namespace: edge
    /// spec:
    ///   gatewayClassName: envoy
    ///   allowedListeners:
    ///     namespaces:
    ///       from: All
    ///   listeners:
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: "*.example.com"
    ///       tls: {certificateRefs: [{name: wildcard}]}
    /// # apps/shop/web/overlays/prod/listeners.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: ListenerSet
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   parentRef:
    ///     name: public
    ///     namespace: edge
    ///   listeners:
    ///     - name: shop
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: shop.example.com
    ///       tls: {certificateRefs: [{name: own}]}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A wildcard host beside an exact one is decided by precedence and is no conflict. Which Gateways an implementation
    /// other than Envoy Gateway serves from one address is not known. What the Gateway's own definition refuses (equal
    /// port, protocol and host within one object) is left to `crd-schema-violation` where the definition is in the tree.
    "net-gateway-listener-conflict", "two listeners of one Gateway cannot both be served",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// Protocols that tell listeners of one port apart by host.
const BY_HOST: [&str; 3] = ["HTTP", "HTTPS", "TLS"];

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let listeners = Listeners::new(context.index);
    let mut ports: BTreeMap<(&str, i64, bool), Vec<&Listener<'_, '_>>> = BTreeMap::new();
    for listener in &listeners.all {
        let protocol = listener.protocol;
        let known = BY_HOST.contains(&protocol) || matches!(protocol, "TCP" | "UDP");
        if let Some(port) = listener.port.filter(|_| known) {
            let key = (listener.domain.as_str(), port, protocol == "UDP");
            ports.entry(key).or_default().push(listener);
        }
    }
    let judged = context.index.plural_of(GATEWAY_API, "Gateway").is_some();
    for ((domain, port, _), listeners) in ports {
        let whole_port = listeners
            .iter()
            .any(|listener| !BY_HOST.contains(&listener.protocol));
        if whole_port {
            report(context, sink, (domain, port, ""), &listeners, judged);
            continue;
        }
        let mut hosts: BTreeMap<&str, Vec<&Listener<'_, '_>>> = BTreeMap::new();
        for listener in listeners {
            hosts.entry(&listener.hostname).or_default().push(listener);
        }
        for (host, listeners) in hosts {
            let host = if host.is_empty() { "*" } else { host };
            report(context, sink, (domain, port, host), &listeners, judged);
        }
    }
}

/// `host` is empty where the port as a whole is what they claim; `judged` when the API server refuses equal listeners.
fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (domain, port, host): (&str, i64, &str),
    listeners: &[&Listener<'_, '_>],
    judged: bool,
) {
    let [first, rest @ ..] = listeners else { return };
    let refused = judged
        && rest.iter().all(|other| {
            std::ptr::eq(first.holder, other.holder)
                && first.protocol == other.protocol
                && first.hostname == other.hostname
        });
    if rest.is_empty() || refused {
        return;
    }
    let sides = listeners.iter().map(|listener| {
        let label = format!("listener {} of {}", listener.name, listener.holder.title());
        Side::new(listener.holder, listener.spot.clone()).labelled(label)
    });
    let collision = Collision::new(context.files, sides);
    let what = match host {
        "" => format!("port {port}"),
        host => format!("host {host} on port {port}"),
    };
    let names: Vec<String> = listeners
        .iter()
        .map(|listener| listener.name.to_owned())
        .collect();
    let message = if rest.iter().all(|other| std::ptr::eq(first.holder, other.holder)) {
        let names = crate::collision::list(&names, "and");
        format!(
            "the listeners {names} of {} claim {what}{}",
            first.holder.title(),
            in_cluster(context.index)
        )
    } else {
        format!(
            "{} {} claim {what} of Gateway {domain}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        )
    };
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{domain} {port} {host}").trim_end().to_owned());
    finding.notes.push(
        "one is served, the others get the condition Conflicted: a Gateway's own come before those of ListenerSets, then \
         the older, and age is not in Git"
            .to_owned(),
    );
    finding.help = Some("give each a host or port of its own, or attach the routes of all to one".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    const RULE: &str = "net-gateway-listener-conflict";

    fn gateway(name: &str, listeners: &str) -> String {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: n}}\n\
             spec: {{gatewayClassName: c, allowedListeners: {{namespaces: {{from: Same}}}}, listeners: [{listeners}]}}\n"
        )
    }

    fn set(namespace: &str, listeners: &str) -> String {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {{name: s, namespace: {namespace}}}\n\
             spec: {{parentRef: {{name: g, namespace: n}}, listeners: [{listeners}]}}\n"
        )
    }

    fn check(text: &str, found: bool) {
        let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{text}");
        let got = run(RULE, &text);
        assert_eq!(!got.is_empty(), found, "{text}\n{got}");
    }

    #[test]
    fn distinctness() {
        for (one, other, found) in [
            ("port: 80, protocol: HTTP", "port: 80, protocol: HTTP", true),
            (
                "port: 80, protocol: HTTP, hostname: a.b",
                "port: 80, protocol: HTTP, hostname: A.b.",
                true,
            ),
            // The protocol and `tls` do not tell listeners apart.
            (
                "port: 443, protocol: HTTPS, hostname: a.b",
                "port: 443, protocol: TLS, hostname: a.b",
                true,
            ),
            ("port: 90, protocol: TCP", "port: 90, protocol: TCP", true),
            ("port: 90, protocol: UDP", "port: 90, protocol: UDP", true),
            (
                "port: 90, protocol: TCP",
                "port: 90, protocol: HTTP, hostname: a.b",
                true,
            ),
            // Near misses.
            ("port: 90, protocol: TCP", "port: 90, protocol: UDP", false),
            ("port: 80, protocol: HTTP", "port: 81, protocol: HTTP", false),
            (
                "port: 80, protocol: HTTP, hostname: a.b",
                "port: 80, protocol: HTTP, hostname: c.b",
                false,
            ),
            (
                "port: 80, protocol: HTTP, hostname: a.b",
                "port: 80, protocol: HTTP, hostname: '*.b'",
                false,
            ),
            (
                "port: 80, protocol: HTTP, hostname: a.b",
                "port: 80, protocol: HTTP",
                false,
            ),
            (
                "port: 80, protocol: example.com/own",
                "port: 80, protocol: example.com/own",
                false,
            ),
        ] {
            check(
                &gateway("g", &format!("{{name: x, {one}}}, {{name: y, {other}}}")),
                found,
            );
            let own = gateway("g", &format!("{{name: x, {one}}}"));
            check(
                &(own.clone() + &set("n", &format!("{{name: y, {other}}}"))),
                found,
            );
            // The Gateway does not let sets of other namespaces in.
            check(
                &(own.clone() + &set("m", &format!("{{name: y, {other}}}"))),
                false,
            );
            // Two Gateways have an address each.
            let two = own + "---\n" + &gateway("h", &format!("{{name: y, {other}}}"));
            check(&two, false);
            let merged = two
                + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\n\
                   spec: {controllerName: e, parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: p, namespace: n}}\n\
                   ---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: p, namespace: n}\n\
                   spec: {mergeGateways: true}\n";
            check(&merged, found);
        }
    }
}
