use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_kube::{items_at, text_at, text_of};
use deconflict_yaml::Node;

use crate::collision::{Collision, Side, in_cluster};
use crate::istio::{full_host, objects};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two VirtualServices with the same gateway and host of which two routes match the same requests: equal
    /// matches, a path inside the other's prefix, or two routes that match everything.
    ///
    /// ## Why it matters
    /// Istio merges the routes of both in an order that it does not promise. Which route gets the request may change with
    /// the next restart of the control plane.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: shop
    ///   namespace: web
    /// spec:
    ///   hosts: [shop.example.com]
    ///   gateways: [istio-ingress/public]
    ///   http:
    ///     - match:
    ///         - uri:
    ///             prefix: /cart
    ///       route:
    ///         - destination:
    ///             host: shop.shop.svc.cluster.local
    /// # apps/cart/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: cart
    ///   namespace: web
    /// spec:
    ///   hosts: [shop.example.com]
    ///   gateways: [istio-ingress/public]
    ///   http:
    ///     - match:
    ///         - uri:
    ///             prefix: /cart
    ///       route:
    ///         - destination:
    ///             host: cart.cart.svc.cluster.local
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: shop
    ///   namespace: web
    /// spec:
    ///   hosts: [shop.example.com]
    ///   gateways: [istio-ingress/public]
    ///   http:
    ///     - match:
    ///         - uri:
    ///             prefix: /cart
    ///       route:
    ///         - destination:
    ///             host: shop.shop.svc.cluster.local
    /// # apps/cart/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: cart
    ///   namespace: web
    /// spec:
    ///   hosts: [shop.example.com]
    ///   gateways: [istio-ingress/public]
    ///   http:
    ///     - match:
    ///         - uri:
    ///             prefix: /basket
    ///       route:
    ///         - destination:
    ///             host: cart.cart.svc.cluster.local
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Matches on anything but the path are compared as a whole: two routes whose other conditions differ are taken to be
    /// apart. Regular expressions are compared as text. A route that matches everything beside one that matches a path is
    /// taken to come last.
    "msh-vs-host-gateway", "two VirtualServices at one gateway and host match the same requests",
    severity: Warning,
    joins: true,
    check: Cluster(check),
}

/// One match of one route. `path` is `None` for any.
struct Match<'i, 'a> {
    placed: &'i Placed<'a>,
    path: Option<(&'static str, &'i str)>,
    spot: Spot,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut groups: BTreeMap<(String, String, String), Vec<Match<'_, '_>>> = BTreeMap::new();
    for (placed, namespace) in objects(context.index, "VirtualService") {
        let body = &placed.facts.object.body;
        for gateway in items_at(body, &["spec", "gateways"])
            .filter_map(text_of)
            .filter(|gateway| *gateway != "mesh")
        {
            let gateway = if gateway.contains('/') {
                gateway.to_owned()
            } else {
                format!("{namespace}/{gateway}")
            };
            for host in items_at(body, &["spec", "hosts"]).filter_map(text_of) {
                for (found, conditions) in matches(placed) {
                    let key = (gateway.clone(), full_host(host, namespace), conditions);
                    groups.entry(key).or_default().push(found);
                }
            }
        }
    }
    for ((gateway, host, _), mut group) in groups {
        // Sorted by path, so that what a prefix holds follows it.
        group.sort_by(|a, b| a.path.map(|(_, path)| path).cmp(&b.path.map(|(_, path)| path)));
        let mut told: Vec<(*const Placed<'_>, *const Placed<'_>)> = Vec::new();
        let mut open: Vec<&Match<'_, '_>> = Vec::new();
        for found in &group {
            open.retain(|before| overlap(before, found));
            if let Some(before) = open
                .iter()
                .rev()
                .find(|before| !std::ptr::eq(before.placed, found.placed))
            {
                let pair = (
                    std::ptr::from_ref(before.placed),
                    std::ptr::from_ref(found.placed),
                );
                if !told.contains(&pair) && !told.contains(&(pair.1, pair.0)) {
                    told.push(pair);
                    report(context, sink, (&gateway, &host), before, found);
                }
            }
            open.push(found);
        }
    }
}

/// The matches of all routes with their other conditions as one text.
fn matches<'i, 'a>(placed: &'i Placed<'a>) -> Vec<(Match<'i, 'a>, String)> {
    let mut found = Vec::new();
    for route in items_at(&placed.facts.object.body, &["spec", "http"]) {
        let mut any = true;
        for entry in items_at(route, &["match"]) {
            any = false;
            let path = ["exact", "prefix", "regex"]
                .into_iter()
                .find_map(|kind| Some((kind, text_at(entry, &["uri", kind])?)));
            let spot = path
                .and_then(|(kind, _)| entry.at_path(&["uri", kind]))
                .unwrap_or(entry);
            found.push((
                Match {
                    placed,
                    path,
                    spot: Spot::of(spot),
                },
                conditions(entry),
            ));
        }
        if any {
            found.push((
                Match {
                    placed,
                    path: None,
                    spot: Spot::of(route),
                },
                String::new(),
            ));
        }
    }
    found
}

/// Everything of a match but its path and name.
fn conditions(entry: &Node) -> String {
    let mut parts: Vec<String> = entry
        .fields()
        .iter()
        .filter(|field| !matches!(field.name(), "uri" | "name"))
        .map(|field| format!("{}={}", field.name(), flat(&field.value)))
        .collect();
    parts.sort_unstable();
    parts.join(",")
}

fn flat(node: &Node) -> String {
    let mut fields: Vec<String> = node
        .fields()
        .iter()
        .map(|field| format!("{}:{}", field.name(), flat(&field.value)))
        .collect();
    fields.sort_unstable();
    let items = node.items().iter().map(|item| flat(item));
    fields.extend(items);
    format!("{}[{}]", node.text().unwrap_or_default(), fields.join(";"))
}

/// `before` sorts before `after`.
fn overlap(before: &Match<'_, '_>, after: &Match<'_, '_>) -> bool {
    match (before.path, after.path) {
        (None, None) => true,
        (Some(("prefix", prefix)), Some(("prefix" | "exact", path))) => path.starts_with(prefix),
        (Some((kind, one)), Some((other_kind, other))) => {
            (kind == other_kind || other_kind == "prefix") && one == other
        }
        _ => false,
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (gateway, host): (&str, &str),
    one: &Match<'_, '_>,
    other: &Match<'_, '_>,
) {
    let sides = [one, other].map(|found| Side::new(found.placed, found.spot.clone()));
    let collision = Collision::new(context.files, sides);
    let what = match other.path.or(one.path) {
        Some((kind, path)) => format!("{kind} {path}"),
        None => "every request".to_owned(),
    };
    let message = format!(
        "{} {} match {what} of {host} at gateway {gateway}{}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{gateway} {host} {what}"));
    finding
        .notes
        .push("Istio merges both in an order that it does not promise".to_owned());
    finding.help = Some("put the routes into one VirtualService, or make their matches differ".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn matches() {
        let vs = |name: &str, http: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: n}}\nspec: {{hosts: [a.b], gateways: [gw], http: [{http}]}}\n"
            )
        };
        for (one, other, found) in [
            ("{route: []}", "{route: []}", true),
            (
                "{match: [{uri: {prefix: /a}}]}",
                "{match: [{uri: {prefix: /a}}]}",
                true,
            ),
            (
                "{match: [{uri: {prefix: /a}}]}",
                "{match: [{uri: {prefix: /a/b}}]}",
                true,
            ),
            (
                "{match: [{uri: {prefix: /a}}]}",
                "{match: [{uri: {exact: /a}}]}",
                true,
            ),
            (
                "{match: [{uri: {exact: /a}}]}",
                "{match: [{uri: {exact: /a}}]}",
                true,
            ),
            (
                "{match: [{uri: {exact: /a}}]}",
                "{match: [{uri: {exact: /a/b}}]}",
                false,
            ),
            (
                "{match: [{uri: {prefix: /a}}]}",
                "{match: [{uri: {prefix: /b}}]}",
                false,
            ),
            (
                "{match: [{uri: {prefix: /a}, method: {exact: GET}}]}",
                "{match: [{uri: {prefix: /a}, method: {exact: PUT}}]}",
                false,
            ),
            ("{match: [{uri: {prefix: /a}}]}", "{route: []}", false),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\n{}---\n{}",
                vs("x", one),
                vs("y", other)
            );
            let got = run("msh-vs-host-gateway", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
        let elsewhere = format!(
            "//- apps/a/web/overlays/prod/all.yaml\n{}---\n{}",
            vs("x", "{route: []}"),
            vs("y", "{route: []}").replace("[gw]", "[other]")
        );
        assert_eq!(run("msh-vs-host-gateway", &elsewhere), "");
    }
}
