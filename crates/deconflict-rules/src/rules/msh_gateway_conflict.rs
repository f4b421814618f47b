use std::collections::BTreeMap;

use deconflict_claims::{HostDialect, HostRelation, Placed, Spot, relate_hosts};
use deconflict_kube::{Labels, int_at, items_at, text_at, text_of};

use crate::collision::{Collision, Side, in_cluster};
use crate::istio::objects;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Istio Gateways with the same selector whose servers have the same port, the same `bind` and hosts that
    /// overlap, wildcards included.
    ///
    /// ## Why it matters
    /// The proxies can serve a host on a port from one Gateway only. Istio keeps the older one and drops the other's
    /// server, with its certificate and redirect.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/ingress/overlays/prod/gateway.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: public
    ///   namespace: istio-ingress
    /// spec:
    ///   selector:
    ///     istio: ingress
    ///   servers:
    ///     - port: {number: 443, name: https, protocol: HTTPS}
    ///       hosts: ["*.example.com"]
    ///       tls: {mode: SIMPLE, credentialName: wildcard}
    /// # apps/shop/web/overlays/prod/gateway.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     istio: ingress
    ///   servers:
    ///     - port: {number: 443, name: https, protocol: HTTPS}
    ///       hosts: [shop.example.com]
    ///       tls: {mode: SIMPLE, credentialName: shop}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/ingress/overlays/prod/gateway.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: public
    ///   namespace: istio-ingress
    /// spec:
    ///   selector:
    ///     istio: ingress
    ///   servers:
    ///     - port: {number: 443, name: https, protocol: HTTPS}
    ///       hosts: ["*.example.com"]
    ///       tls: {mode: SIMPLE, credentialName: wildcard}
    /// # apps/shop/web/overlays/prod/gateway.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     istio: ingress
    ///   servers:
    ///     - port: {number: 443, name: https, protocol: HTTPS}
    ///       hosts: [shop.example.net]
    ///       tls: {mode: SIMPLE, credentialName: shop}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Selectors are compared as they are written; two different selectors that match the same pods are not found. Whether
    /// the control plane looks for gateways' pods in all namespaces is taken to be so.
    "msh-gateway-conflict", "two Gateways serve one host on one port of the same proxies",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// Selector, port and bind.
type Listener = (Vec<(String, String)>, i64, String);

struct Served<'i, 'a> {
    placed: &'i Placed<'a>,
    host: &'i str,
    spot: Spot,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut listeners: BTreeMap<Listener, Vec<Served<'_, '_>>> = BTreeMap::new();
    for (placed, _) in objects(context.index, "Gateway") {
        let body = &placed.facts.object.body;
        let selector = Labels::of(body.at_path(&["spec", "selector"]));
        let selector: Vec<(String, String)> = selector
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        for server in items_at(body, &["spec", "servers"]) {
            let Some(port) = int_at(server, &["port", "number"]) else {
                continue;
            };
            let bind = text_at(server, &["bind"]).unwrap_or_default().to_owned();
            for node in items_at(server, &["hosts"]) {
                let Some(host) = text_of(node) else { continue };
                // `namespace/host` narrows whose routes may attach, not what is served.
                let host = host.split_once('/').map_or(host, |(_, host)| host);
                let served = Served {
                    placed,
                    host,
                    spot: Spot::of(node),
                };
                listeners
                    .entry((selector.clone(), port, bind.clone()))
                    .or_default()
                    .push(served);
            }
        }
    }
    for ((_, port, _), mut served) in listeners {
        // By reversed labels: what a wildcard holds follows it.
        let reversed = |host: &str| host.rsplit('.').map(str::to_lowercase).collect::<Vec<_>>();
        served.sort_by_cached_key(|served| {
            let mut labels = reversed(served.host);
            if labels.last().is_some_and(|label| label == "*") {
                labels.pop();
            }
            labels
        });
        let mut open: Vec<&Served<'_, '_>> = Vec::new();
        for found in &served {
            open.retain(|before| {
                relate_hosts(before.host, found.host, HostDialect::Istio) != HostRelation::Disjoint
            });
            let other = open
                .iter()
                .find(|before| !std::ptr::eq(before.placed, found.placed));
            if let Some(other) = other {
                report(context, sink, port, other, found);
            }
            open.push(found);
        }
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    port: i64,
    one: &Served<'_, '_>,
    other: &Served<'_, '_>,
) {
    let sides = [one, other].map(|served| Side::new(served.placed, served.spot.clone()));
    let collision = Collision::new(context.files, sides);
    let host = if one.host == other.host {
        one.host.to_owned()
    } else {
        format!("{} (within {})", other.host, one.host)
    };
    let message = format!(
        "{} {} serve host {host} on port {port} of the same gateway{}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{}:{port}", other.host));
    finding
        .notes
        .push("Istio keeps the server of the older Gateway and drops the other's".to_owned());
    finding.help = Some("serve the host from one Gateway and attach the routes of both to it".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn listeners() {
        let gateway = |name: &str, server: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: {name}}}\nspec: {{selector: {{istio: i}}, servers: [{{{server}}}]}}\n"
            )
        };
        let one = "port: {number: 443}, hosts: [a.b.c]";
        for (other, found) in [
            (one, true),
            ("port: {number: 443}, hosts: ['*.b.c']", true),
            ("port: {number: 443}, hosts: ['*']", true),
            ("port: {number: 443}, hosts: [./a.b.c]", true),
            ("port: {number: 443}, hosts: [x.b.c]", false),
            ("port: {number: 80}, hosts: [a.b.c]", false),
            ("port: {number: 443}, bind: 127.0.0.1, hosts: [a.b.c]", false),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\n{}---\n{}",
                gateway("x", one),
                gateway("y", other)
            );
            let got = run("msh-gateway-conflict", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
        let elsewhere = format!(
            "//- apps/a/web/overlays/prod/all.yaml\n{}---\n{}",
            gateway("x", one),
            gateway("y", one).replace("istio: i", "istio: j")
        );
        assert_eq!(run("msh-gateway-conflict", &elsewhere), "");
    }
}
