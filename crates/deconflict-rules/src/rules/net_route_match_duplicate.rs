use std::collections::BTreeMap;

use deconflict_claims::gateway::{Listeners, PathKind, RouteMatch, attach, parents, route_matches};
use deconflict_claims::{Placed, Spot};
use deconflict_findings::Certainty;
use deconflict_kube::{items_at, text_of};

use crate::collision::{Collision, Side, in_cluster, list};
use crate::gateway::routes;
use crate::mixed_routes::{Served, pairs};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two routes of the Gateway API, of different applications, that one listener serves for the same host with the
    /// same match: path, method, headers and query parameters. Of TLSRoutes the host alone counts, of TCPRoutes and UDPRoutes
    /// the listener. An HTTPRoute and a GRPCRoute whose hosts have one in common on a listener are found too, whatever they
    /// match.
    ///
    /// ## Why it matters
    /// Between routes that differ the more specific one wins. Between equal ones the older does, and age is not in Git: the
    /// younger gets no requests, and a new cluster built from the same repository may decide the other way round.
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
    ///     - matches:
    ///         - path:
    ///             value: /cart
    ///       backendRefs: [{name: shop, port: 80}]
    /// # apps/cart/web/overlays/prod/route.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata:
    ///   name: cart
    ///   namespace: cart
    /// spec:
    ///   parentRefs:
    ///     - name: public
    ///       namespace: edge
    ///   hostnames: [shop.example.com]
    ///   rules:
    ///     - matches:
    ///         - path:
    ///             value: /cart/
    ///       backendRefs: [{name: cart, port: 80}]
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
    ///     - matches:
    ///         - path:
    ///             value: /
    ///       backendRefs: [{name: shop, port: 80}]
    /// # apps/cart/web/overlays/prod/route.yaml
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata:
    ///   name: cart
    ///   namespace: cart
    /// spec:
    ///   parentRefs:
    ///     - name: public
    ///       namespace: edge
    ///   hostnames: [shop.example.com]
    ///   rules:
    ///     - matches:
    ///         - path:
    ///             value: /cart/
    ///       backendRefs: [{name: cart, port: 80}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Equal regular expressions are only possible collisions, since each implementation reads them its own way, and so are
    /// routes of a Gateway that is not in the tree: its listeners are not known. A wildcard host beside an exact one is decided
    /// by precedence. An HTTPRoute and a GRPCRoute with the same host are not compared.
    "net-route-match-duplicate", "two routes of one listener match the same requests",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

/// Kind of route, listener, host, match.
type Key = (String, String, String, RouteMatch);

/// A route, the text of its match, and whether the listener is known.
struct Claim<'i, 'a> {
    placed: &'i Placed<'a>,
    spot: Spot,
    certainty: Certainty,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut claims: BTreeMap<Key, Vec<Claim<'_, '_>>> = BTreeMap::new();
    let listeners = Listeners::new(context.index);
    let mut by_listener: BTreeMap<String, Vec<(String, &Placed<'_>)>> = BTreeMap::new();
    for route in routes(context.index) {
        let matches = route_matches(route);
        let has_host = matches!(route.facts.object.key.kind.as_str(), "HTTPRoute" | "GRPCRoute");
        for (listener, hosts, certainty) in served(context, &listeners, route) {
            for host in hosts {
                // Of a Gateway that is not there nobody knows what a listener is.
                if has_host && certainty == Certainty::Witnessed {
                    by_listener
                        .entry(listener.clone())
                        .or_default()
                        .push((host.clone(), route));
                }
                for (found, spot) in &matches {
                    let kind = route.facts.object.key.kind.to_string();
                    let key = (kind, listener.clone(), host.clone(), found.clone());
                    claims.entry(key).or_default().push(Claim {
                        placed: route,
                        spot: spot.clone(),
                        certainty,
                    });
                }
            }
        }
    }
    // Several listeners and hosts with the same routes and match (HTTP and HTTPS, two spellings of a shop) are one finding.
    let mut found: BTreeMap<SharedKey<'_>, Shared<'_, '_>> = BTreeMap::new();
    for ((_, listener, host, wanted), claims) in &claims {
        let mut distinct: Vec<&Claim<'_, '_>> = Vec::new();
        for claim in claims {
            if distinct
                .iter()
                .all(|known| !std::ptr::eq(known.placed, claim.placed))
            {
                distinct.push(claim);
            }
        }
        if distinct.len() > 1 {
            let parent = listener
                .split_once(',')
                .map_or(listener.as_str(), |(parent, _)| parent);
            let names = distinct.iter().map(|claim| {
                let (_, _, namespace, name) = claim.placed.identity();
                (namespace.unwrap_or_default(), name)
            });
            let shared = found.entry((parent.trim(), wanted, names.collect())).or_default();
            shared.claims = distinct;
            let host = if host.is_empty() { "*" } else { host };
            if !shared.hosts.iter().any(|known| known == host) {
                shared.hosts.push(host.to_owned());
            }
        }
    }
    for ((parent, wanted, _), shared) in &found {
        report(context, sink, (parent, wanted), shared);
    }
    for (listener, all) in &by_listener {
        let all: Vec<Served<'_, '_>> = all.iter().map(|(host, route)| Served { host, route }).collect();
        for pair in pairs(&all) {
            report_mixed(context, sink, listener, pair);
        }
    }
}

/// A host that an HTTPRoute and a GRPCRoute share on one listener: one of them is not accepted.
fn report_mixed<'c, 'a>(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    listener: &str,
    (grpc, http): (Served<'c, 'a>, Served<'c, 'a>),
) {
    let side = |served: Served<'c, 'a>| {
        let names = served.route.facts.object.body.at_path(&["spec", "hostnames"]);
        let name = names
            .and_then(|names| names.items().first().map(|first| &**first))
            .or(names);
        match name {
            Some(node) => Side::new(served.route, Spot::of(node)),
            None => Side::declared(served.route),
        }
    };
    let collision = Collision::new(context.files, [side(grpc), side(http)]);
    if !collision.crosses_applications() {
        return;
    }
    let host = match (grpc.host, http.host) {
        ("", "") => "*",
        ("", host) | (host, "") => host,
        // The narrower one is the longer one.
        (one, other) if one.len() < other.len() => other,
        (one, _) => one,
    };
    let message = format!(
        "{} {} claim {host} of {listener}, one for gRPC and one for HTTP{}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{host} gRPC and HTTP"));
    finding.notes.push(
        "a host of a listener belongs to routes of one kind: the older route is accepted, the other is not. Age is not in Git: \
         a new cluster may choose the other"
            .to_owned(),
    );
    finding.help = Some(
        "give one of them a host of its own, or write the gRPC calls as an HTTPRoute (`POST /service/method`)".to_owned(),
    );
    sink.report(finding);
}

/// Parent, match, and the routes by namespace and name.
type SharedKey<'c> = (&'c str, &'c RouteMatch, Vec<(&'c str, &'c str)>);

/// Routes that share a match, and under which hosts.
#[derive(Default)]
struct Shared<'c, 'a> {
    claims: Vec<&'c Claim<'c, 'a>>,
    hosts: Vec<String>,
}

/// The listeners that serve `route`, as texts, with the hosts. Of a Gateway that is not there each `sectionName` and port
/// stands for one.
fn served(
    context: &ClusterContext<'_>,
    listeners: &Listeners<'_, '_>,
    route: &Placed<'_>,
) -> Vec<(String, Vec<String>, Certainty)> {
    let mut found = Vec::new();
    for parent in parents(route) {
        let (_, kind, namespace, name) = parent.target;
        let Some(all) = listeners.of(parent.target) else {
            let section = parent.section.unwrap_or_default();
            let port = parent.port.unwrap_or_default();
            let mut hosts: Vec<String> = items_at(&route.facts.object.body, &["spec", "hostnames"])
                .filter_map(text_of)
                .map(|host| deconflict_claims::normalise_host(host).to_string())
                .collect();
            if hosts.is_empty() {
                hosts.push(String::new());
            }
            let listener = format!("{kind} {namespace}/{name} {section} {port}");
            found.push((listener, hosts, Certainty::Possible));
            continue;
        };
        for listener in all {
            if let Ok(hosts) = attach(context.index, route, &parent, listener) {
                let hosts = hosts.iter().map(ToString::to_string).collect();
                let listener = format!("{kind} {namespace}/{name}, listener {}", listener.name);
                found.push((listener, hosts, Certainty::Witnessed));
            }
        }
    }
    found
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (parent, found): (&str, &RouteMatch),
    shared: &Shared<'_, '_>,
) {
    let claims = &shared.claims;
    let sides = claims
        .iter()
        .map(|claim| Side::new(claim.placed, claim.spot.clone()));
    let collision = Collision::new(context.files, sides);
    if !collision.crosses_applications() {
        return;
    }
    let hosts = list(&shared.hosts, "and");
    let key = match found.kind {
        PathKind::Connection => hosts,
        _ => format!("{hosts} {}", found.text()),
    };
    let message = format!(
        "{} {} route {key} of {parent}{}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(key);
    let unknown = claims.iter().any(|claim| claim.certainty == Certainty::Possible);
    if found.is_regex() || unknown {
        finding.certainty = Certainty::Possible;
    }
    finding.notes.push(if unknown {
        format!("{parent} is not in the tree, so its listeners are not known")
    } else {
        "all conditions are equal, so the older route gets the requests; of equally old ones the first by namespace and \
         name. Age is not in Git: a new cluster may choose the other"
            .to_owned()
    });
    finding.help = Some("keep one, or give the other a host, path or header of its own".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "net-route-match-duplicate";

    const GATEWAY: &str = "//- infra/edge/overlays/prod/g.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
        metadata: {name: g, namespace: edge}\nspec:\n  listeners:\n  \
        - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}\n  \
        - {name: https, port: 443, protocol: HTTPS, hostname: '*.x.com', allowedRoutes: {namespaces: {from: All}}}\n";

    fn route(team: &str, spec: &str) -> String {
        format!(
            "//- apps/{team}/web/overlays/prod/r.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: {team}, namespace: {team}}}\nspec: {{{spec}}}\n"
        )
    }

    const PARENT: &str = "parentRefs: [{name: g, namespace: edge}]";

    #[test]
    fn message() {
        let spec = |path: &str| {
            format!(
                "{PARENT}, hostnames: [a.x.com], rules: [{{matches: [{{method: GET, path: {{value: {path}}}}}]}}]"
            )
        };
        let text = GATEWAY.to_owned() + &route("a", &spec("/cart")) + &route("b", &spec("/cart/"));
        check(
            RULE,
            &text,
            "error[net-route-match-duplicate]: a and b both route a.x.com GET /cart of Gateway edge/g in prod
             apps/a/web/overlays/prod/r.yaml:4 `/cart` HTTPRoute a/a (team a)
             apps/b/web/overlays/prod/r.yaml:4 `/cart/` HTTPRoute b/b (team b)
             note: all conditions are equal, so the older route gets the requests; of equally old ones the first by namespace and name. Age is not in Git: a new cluster may choose the other
             help: keep one, or give the other a host, path or header of its own",
        );
    }

    #[test]
    fn listeners_and_hosts() {
        let spec = |parent: &str, hosts: &str| {
            format!("parentRefs: [{{name: g, namespace: edge{parent}}}], hostnames: [{hosts}], rules: [{{}}]")
        };
        for (one, other, found) in [
            (spec("", "a.x.com"), spec("", "A.x.com."), "error"),
            (
                spec("", "a.x.com"),
                spec(", sectionName: http", "a.x.com"),
                "error",
            ),
            (spec("", ""), spec("", ""), "error"),
            // A route without host has the listener's.
            (spec(", port: 443", "'*.x.com'"), spec(", port: 443", ""), "error"),
            (
                spec("", "a.x.com, b.x.com"),
                spec("", "c.x.com, b.x.com"),
                "error",
            ),
            // Near misses: other listeners, other hosts, precedence.
            (
                spec(", sectionName: http", "a.x.com"),
                spec(", sectionName: https", "a.x.com"),
                "",
            ),
            (spec(", port: 80", "a.x.com"), spec(", port: 443", "a.x.com"), ""),
            (spec("", "a.x.com"), spec("", "b.x.com"), ""),
            (spec("", "a.x.com"), spec("", "'*.x.com'"), ""),
            // Not attached: no listener on that port serves the host.
            (spec(", port: 443", "a.y.com"), spec(", port: 443", "a.y.com"), ""),
        ] {
            let text = GATEWAY.to_owned() + &route("a", &one) + &route("b", &other);
            let got = run(RULE, &text);
            assert_eq!(got.is_empty(), found.is_empty(), "{one} | {other}\n{got}");
            assert!(got.contains(found) && got.matches("error[").count() <= 1, "{got}");
        }
    }

    #[test]
    fn what_is_only_possible() {
        let spec = format!("{PARENT}, hostnames: [a.x.com], rules: [{{}}]");
        let two = route("a", &spec) + &route("b", &spec);
        assert!(run(RULE, &two).contains("(possible)"), "the Gateway is not there");
        let spec =
            format!("{PARENT}, rules: [{{matches: [{{path: {{type: RegularExpression, value: '/a.*'}}}}]}}]");
        let regex = GATEWAY.to_owned() + &route("a", &spec) + &route("b", &spec);
        assert!(run(RULE, &regex).contains("(possible)"));
    }

    #[test]
    fn one_application_may_repeat_itself() {
        let spec = format!("{PARENT}, rules: [{{}}]");
        let second = route("b", &spec).replace(
            "apps/b/web/overlays/prod/r.yaml",
            "apps/a/web/overlays/prod/s.yaml",
        );
        let text = GATEWAY.to_owned() + &route("a", &spec) + &second;
        assert_eq!(run(RULE, &text), "");
    }

    /// Gateway API, GRPCRoute `hostnames`: a listener accepts one of an HTTPRoute and a GRPCRoute whose hosts intersect.
    #[test]
    fn a_host_of_two_kinds() {
        let spec = |host: &str, more: &str| {
            format!("{PARENT}{more}, hostnames: [{host}], rules: [{{backendRefs: [{{name: x}}]}}]")
        };
        let grpc = |team, spec: &str| route(team, spec).replace("HTTPRoute", "GRPCRoute");
        for (one, other, found) in [
            ("a.x.com", "a.x.com", true),
            ("a.x.com", "'*.x.com'", true),
            ("'*.x.com'", "a.b.x.com", true),
            ("'*.b.x.com'", "'*.x.com'", true),
            ("", "a.x.com", true),
            ("a.x.com", "", true),
            // Near misses: other hosts, and the wildcard does not mean its own suffix.
            ("a.x.com", "b.x.com", false),
            ("'*.a.x.com'", "a.x.com", false),
            ("'*.a.x.com'", "'*.b.x.com'", false),
        ] {
            let text = GATEWAY.to_owned() + &grpc("a", &spec(one, "")) + &route("b", &spec(other, ""));
            let got = run(RULE, &text);
            assert_eq!(
                got.contains("one for gRPC and one for HTTP"),
                found,
                "{one} | {other}\n{got}"
            );
        }
        // Other listeners; one application; two of a kind.
        let (http, https) = (
            PARENT.replace("edge}", "edge, port: 80}"),
            PARENT.replace("edge}", "edge, port: 443}"),
        );
        let on = |parent: &str| format!("{parent}, hostnames: [a.x.com], rules: [{{}}]");
        let text = GATEWAY.to_owned() + &grpc("a", &on(&http)) + &route("b", &on(&https));
        assert_eq!(run(RULE, &text), "");
        let text = GATEWAY.to_owned()
            + &grpc("a", &spec("a.x.com", ""))
            + &route("a", &spec("a.x.com", "")).replace("overlays/prod/r.yaml", "overlays/prod/s.yaml");
        assert_eq!(run(RULE, &text), "");
    }

    #[test]
    fn connections() {
        let gateway = GATEWAY.replace("protocol: HTTPS", "protocol: TLS");
        let spec =
            |host: &str| format!("{PARENT}, hostnames: [{host}], rules: [{{backendRefs: [{{name: x}}]}}]");
        let tls = |team, host| route(team, &spec(host)).replace("HTTPRoute", "TLSRoute");
        assert_ne!(
            run(
                RULE,
                &(gateway.clone() + &tls("a", "a.x.com") + &tls("b", "a.x.com"))
            ),
            ""
        );
        assert_eq!(
            run(RULE, &(gateway + &tls("a", "a.x.com") + &tls("b", "b.x.com"))),
            ""
        );
    }
}
