use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_kube::{items_at, text_of};
use rustc_hash::FxHashMap;

use crate::collision::{Collision, Side, in_cluster};
use crate::istio::{full_host, objects, visible_together};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two VirtualServices for traffic inside the mesh (gateway `mesh`, the default) with the same host that one
    /// namespace sees.
    ///
    /// ## Why it matters
    /// Istio merges VirtualServices only at gateways. Inside the mesh it takes one of the two and ignores the other: its
    /// routes, timeouts and canary weights never apply.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/reviews/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   hosts: [api.example.com]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: reviews.other.svc.cluster.local
    /// # apps/ratings/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: ratings
    ///   namespace: shop
    /// spec:
    ///   hosts: [api.example.com]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: ratings.other.svc.cluster.local
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/reviews/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   hosts: [api.example.com]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: reviews.other.svc.cluster.local
    /// # apps/ratings/routes/overlays/prod/vs.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: ratings
    ///   namespace: shop
    /// spec:
    ///   hosts: [ratings.example.com]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: ratings.other.svc.cluster.local
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Hosts with a wildcard are compared as they are written. Sidecar objects that narrow what a namespace sees are not
    /// looked at.
    "msh-vs-host-mesh", "two VirtualServices of the mesh have one host",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut hosts: FxHashMap<String, Vec<(&Placed<'_>, Spot)>> = FxHashMap::default();
    for (placed, namespace) in objects(context.index, "VirtualService") {
        let body = &placed.facts.object.body;
        let mut gateways = items_at(body, &["spec", "gateways"])
            .filter_map(text_of)
            .peekable();
        if gateways.peek().is_some() && !gateways.any(|gateway| gateway == "mesh") {
            continue;
        }
        for node in items_at(body, &["spec", "hosts"]) {
            let Some(host) = text_of(node) else { continue };
            let group = hosts.entry(full_host(host, namespace)).or_default();
            // A host twice in one object is one.
            if !group.iter().any(|(known, _)| std::ptr::eq(*known, placed)) {
                group.push((placed, Spot::of(node)));
            }
        }
    }
    hosts.retain(|_, group| group.len() > 1);
    let sorted: BTreeMap<_, _> = hosts.into_iter().collect();
    for (host, group) in sorted {
        let found = visible_together(&group, |(placed, _)| placed);
        if found.len() < 2 {
            continue;
        }
        let sides = found
            .into_iter()
            .map(|(placed, spot)| Side::new(placed, spot.clone()));
        let collision = Collision::new(context.files, sides);
        let message = format!(
            "{} {} route host {host} inside the mesh{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(host);
        finding
            .notes
            .push("Istio takes one VirtualService and ignores the other".to_owned());
        finding.help = Some(
            "put the routes into one VirtualService, or keep each from the other's clients with `exportTo`"
                .to_owned(),
        );
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn one_host() {
        let vs = |name: &str, namespace: &str, spec: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
            )
        };
        for (one, other, found) in [
            (
                vs("a", "n", "hosts: [web]"),
                vs("b", "n", "hosts: [web.n.svc.cluster.local]"),
                true,
            ),
            (vs("a", "n", "hosts: [web]"), vs("b", "m", "hosts: [web]"), false),
            (vs("a", "n", "hosts: [x.y]"), vs("b", "m", "hosts: [x.y]"), true),
            (
                vs("a", "n", "hosts: [x.y], exportTo: ['.']"),
                vs("b", "m", "hosts: [x.y], exportTo: ['.']"),
                false,
            ),
            (
                vs("a", "n", "hosts: [x.y], exportTo: ['.']"),
                vs("b", "m", "hosts: [x.y]"),
                true,
            ),
            (
                vs("a", "n", "hosts: [x.y], gateways: [gw]"),
                vs("b", "n", "hosts: [x.y]"),
                false,
            ),
            (
                vs("a", "n", "hosts: [x.y], gateways: [gw, mesh]"),
                vs("b", "n", "hosts: [x.y]"),
                true,
            ),
        ] {
            let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{one}---\n{other}");
            let got = run("msh-vs-host-mesh", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
