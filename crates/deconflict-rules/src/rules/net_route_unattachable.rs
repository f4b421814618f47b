use deconflict_claims::Placed;
use deconflict_claims::Spot;
use deconflict_claims::gateway::{Listener, Listeners, Parent, Refusal, attach, parents};
use deconflict_findings::Label;
use deconflict_kube::{items_at, text_of};

use crate::collision::{Collision, Side, in_cluster, list};
use crate::gateway::routes;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds routes of the Gateway API that no listener of the Gateway or ListenerSet they name takes: `sectionName` or `port`
    /// is that of no listener, the listener takes no routes of that kind or namespace, or none of the route's hosts is one of
    /// the listener's.
    ///
    /// ## Why it matters
    /// The route is accepted by the API server and gets the condition `Accepted: False`; its host answers with an error, and
    /// nothing in Git looks wrong.
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
    ///   listeners:
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: "*.example.com"
    ///       tls: {certificateRefs: [{name: wildcard}]}
    /// # apps/shop/web/overlays/prod/route.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   parentRefs:
    ///     - name: public
    ///       namespace: edge
    ///   hostnames: [shop.example.com]
    ///   rules:
    ///     - backendRefs: [{name: shop, port: 80}]
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
    ///   listeners:
    ///     - name: https
    ///       port: 443
    ///       protocol: HTTPS
    ///       hostname: "*.example.com"
    ///       tls: {certificateRefs: [{name: wildcard}]}
    ///       allowedRoutes:
    ///         namespaces:
    ///           from: All
    /// # apps/shop/web/overlays/prod/route.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   parentRefs:
    ///     - name: public
    ///       namespace: edge
    ///   hostnames: [shop.example.com]
    ///   rules:
    ///     - backendRefs: [{name: shop, port: 80}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A Gateway that is not in the tree may have any listener. A namespace that is not declared in the tree may have the labels
    /// that a listener asks for.
    "net-route-unattachable", "no listener takes a route",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let listeners = Listeners::new(context.index);
    for route in routes(context.index) {
        for parent in parents(route) {
            let Some(candidates) = listeners.of(parent.target) else {
                continue;
            };
            let refusals = candidates
                .iter()
                .map(|listener| (attach(context.index, route, &parent, listener), *listener));
            let refusals: Vec<(Option<Refusal>, &Listener<'_, '_>)> = refusals
                .map(|(result, listener)| (result.err(), listener))
                .collect();
            if refusals.iter().any(|(refusal, _)| refusal.is_none()) {
                continue;
            }
            // What comes closest to taking it says best what is wrong.
            let closest = refusals.iter().filter_map(|(refusal, _)| *refusal).max();
            if let Some(why) = closest {
                let them: Vec<_> = refusals
                    .iter()
                    .filter(|(refusal, _)| *refusal == closest)
                    .map(|(_, listener)| *listener)
                    .collect();
                report(context, sink, (route, &parent), why, &them);
            }
        }
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (route, parent): (&Placed<'_>, &Parent<'_>),
    why: Refusal,
    closest: &[&Listener<'_, '_>],
) {
    let (_, kind, namespace, name) = parent.target;
    let field = |name: &str| parent.node.at_path(&[name]).unwrap_or(parent.node);
    let hosts = || {
        let hosts = items_at(&route.facts.object.body, &["spec", "hostnames"]).filter_map(text_of);
        list(&hosts.map(str::to_owned).collect::<Vec<_>>(), "or")
    };
    let (node, why_text, help) = match why {
        Refusal::Section => (
            field("sectionName"),
            format!("no listener is called {}", parent.section.unwrap_or_default()),
            "name a listener that is there",
        ),
        Refusal::Port => (
            field("port"),
            format!("no listener has port {}", parent.port.unwrap_or_default()),
            "name the port of a listener",
        ),
        Refusal::Kind => (
            route.facts.object.body.at_path(&["kind"]).unwrap_or(parent.node),
            format!("no listener takes a {}", route.facts.object.key.kind),
            "add a listener with a protocol for it, or allow the kind under `allowedRoutes.kinds`",
        ),
        Refusal::Namespace => (
            field("name"),
            format!(
                "no listener takes routes of namespace {}",
                route.namespace.as_deref().unwrap_or_default()
            ),
            "let the namespace in under `allowedRoutes.namespaces` of the listener: by default it takes its own only",
        ),
        Refusal::Hostname => (
            route
                .facts
                .object
                .body
                .at_path(&["spec", "hostnames"])
                .and_then(|hosts| hosts.items().first().map(|host| &**host))
                .unwrap_or(parent.node),
            format!("no listener serves {}", hosts()),
            "correct the host, or add a listener for it",
        ),
    };
    let message = format!(
        "{} does not attach to {kind} {namespace}/{name}: {why_text}{}",
        route.title(),
        in_cluster(context.index)
    );
    let side = Side::new(route, Spot::of(node));
    let Some(mut finding) = Collision::new(context.files, [side]).finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{kind} {namespace}/{name}"));
    for listener in closest.iter().take(4) {
        finding.related.push(Label::new(
            listener.spot.at,
            format!("listener {} of {}", listener.name, listener.holder.title()),
        ));
    }
    finding
        .notes
        .push("it gets the condition `Accepted: False`, and nobody serves its requests".to_owned());
    finding.help = Some(help.to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn reasons() {
        let gateway = |listener: &str| {
            format!(
                "//- infra/e/overlays/prod/g.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: e}}\n\
                 spec: {{listeners: [{{name: l, port: 443, {listener}}}]}}\n"
            )
        };
        let route = |kind: &str, spec: &str| {
            format!(
                "//- apps/a/web/overlays/prod/r.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r, namespace: a}}\n\
                 spec: {{parentRefs: [{{name: g, namespace: e{spec}}}]}}\n"
            )
        };
        let hosts = |hosts: &str| {
            route("HTTPRoute", "").replace("spec: {", &format!("spec: {{hostnames: [{hosts}], "))
        };
        let namespace = "//- infra/n/overlays/prod/n.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {edge: 'yes'}}\n";
        const ALL: &str = "allowedRoutes: {namespaces: {from: All}}";
        let https = format!("protocol: HTTPS, {ALL}");
        let with_host = |host: &str| format!("{https}, hostname: '{host}'");
        let selector = |selector: &str| {
            format!(
                "protocol: HTTPS, allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}"
            )
        };
        for (listener, route, want) in [
            (https.clone(), route("HTTPRoute", ""), ""),
            (
                https.clone(),
                route("HTTPRoute", ", sectionName: x"),
                "no listener is called x",
            ),
            (
                https.clone(),
                route("HTTPRoute", ", port: 80"),
                "no listener has port 80",
            ),
            (
                https.clone(),
                route("HTTPRoute", ", port: 443, sectionName: l"),
                "",
            ),
            (
                https.clone(),
                route("TCPRoute", ""),
                "no listener takes a TCPRoute",
            ),
            (https.clone(), route("GRPCRoute", ""), ""),
            (
                format!("protocol: TCP, {ALL}"),
                route("HTTPRoute", ""),
                "no listener takes a HTTPRoute",
            ),
            (
                "protocol: HTTPS, allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}"
                    .to_owned(),
                route("HTTPRoute", ""),
                "no listener takes a HTTPRoute",
            ),
            (
                "protocol: HTTPS".to_owned(),
                route("HTTPRoute", ""),
                "no listener takes routes of namespace a",
            ),
            (
                "protocol: HTTPS".to_owned(),
                route("HTTPRoute", "").replace("namespace: a}", "namespace: e}"),
                "",
            ),
            (
                selector("{matchLabels: {edge: 'yes'}}"),
                route("HTTPRoute", "") + namespace,
                "",
            ),
            (
                selector("{matchLabels: {edge: 'no'}}"),
                route("HTTPRoute", "") + namespace,
                "no listener takes routes of namespace a",
            ),
            // The namespace is not declared: its labels may be there, its name is known.
            (
                selector("{matchLabels: {edge: 'no'}}"),
                route("HTTPRoute", ""),
                "",
            ),
            (
                selector("{matchLabels: {kubernetes.io/metadata.name: b}}"),
                route("HTTPRoute", ""),
                "no listener takes routes of namespace a",
            ),
            (with_host("*.x.com"), hosts("a.x.com"), ""),
            (with_host("*.x.com"), hosts("a.b.x.com"), ""),
            (with_host("*.x.com"), hosts("x.com"), "no listener serves x.com"),
            (with_host("*.x.com"), hosts("x.com, a.x.com"), ""),
            (with_host("a.x.com"), hosts("'*.x.com'"), ""),
            (with_host("a.x.com"), route("HTTPRoute", ""), ""),
        ] {
            let text = gateway(&listener) + &route;
            let got = run("net-route-unattachable", &text);
            assert_eq!(got.is_empty(), want.is_empty(), "{text}\n{got}");
            assert!(got.contains(want), "{text}\n{got}");
        }
        // The Gateway is not there: nobody knows.
        assert_eq!(run("net-route-unattachable", &route("HTTPRoute", "")), "");
    }
}
