use deconflict_claims::{
    Ingress, IngressClasses, PathDialect, Placed, Route, Spot, ingress_routes, normalise_host,
};
use deconflict_yaml::Node;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds annotations of ingress-nginx that work on the whole host (`use-regex`, `rewrite-target`, `server-snippet`,
    /// `server-alias`, TLS and client-certificate settings) on a host that another application uses too, and a
    /// `server-alias` that is another application's host.
    ///
    /// ## Why it matters
    /// A path looks like the border between two teams, but these options belong to the server block. One `rewrite-target`
    /// turns every path of the host, on every team's Ingress, into a case-insensitive regular expression: `/api` then
    /// also takes `/API-docs`.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /pay
    ///             pathType: Prefix
    ///             backend: {service: {name: gateway, port: {number: 80}}}
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    ///   annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /api(/|$)(.*)
    ///             pathType: ImplementationSpecific
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /pay
    ///             pathType: Prefix
    ///             backend: {service: {name: gateway, port: {number: 80}}}
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    ///   annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: api.example.com
    ///       http:
    ///         paths:
    ///           - path: /api(/|$)(.*)
    ///             pathType: ImplementationSpecific
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Classes whose controller is not known to be ingress-nginx are not judged. A controller with another annotation
    /// prefix is not known.
    "net-ingress-host-wide-option", "an annotation of one Ingress changes a host that others share",
    severity: Warning,
    joins: true,
    check: Cluster(check),
}

/// Annotations whose effect is on the server block of the host (ingress-nginx, annotations reference).
const HOST_WIDE: [&str; 9] = [
    "use-regex",
    "rewrite-target",
    "server-snippet",
    "server-alias",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "from-to-www-redirect",
];

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let classes = IngressClasses::new(context.index);
    let routes = ingress_routes(context.index, &classes);
    let same_host = |a: &Route<'_, '_>, b: &Route<'_, '_>| (&a.class, a.host) == (&b.class, b.host);
    for host in routes.chunk_by(same_host) {
        let Some(first) = host.first() else { continue };
        if classes.dialect(first.class.as_deref()) != PathDialect::Nginx {
            continue;
        }
        let shared = host.iter().any(|route| route.placed.app != first.placed.app);
        let mut seen: Vec<*const Ingress> = Vec::new();
        for route in host {
            let at = std::ptr::from_ref(route.ingress);
            // The routes of an Ingress stand apart when its paths do.
            if !shared || seen.contains(&at) {
                continue;
            }
            seen.push(at);
            for (name, node) in host_wide(route.placed) {
                report(context, route, name, node, host, sink);
            }
        }
    }
    aliases(context, &routes, &classes, sink);
}

fn host_wide<'a>(placed: &Placed<'a>) -> Vec<(&'static str, &'a Node)> {
    let annotations = placed.facts.object.body.at_path(&["metadata", "annotations"]);
    let Some(annotations) = annotations else {
        return Vec::new();
    };
    let set = |name: &&'static str| {
        let node = annotations.get(&format!("nginx.ingress.kubernetes.io/{name}"))?;
        node.text().filter(|text| !matches!(*text, "" | "false"))?;
        Some((*name, &**node))
    };
    HOST_WIDE.iter().filter_map(set).collect()
}

fn report(
    context: &ClusterContext<'_>,
    route: &Route<'_, '_>,
    name: &str,
    node: &Node,
    host: &[Route<'_, '_>],
    sink: &mut Sink,
) {
    let mut others: Vec<&Route<'_, '_>> = Vec::new();
    for other in host.iter().filter(|other| other.placed.app != route.placed.app) {
        if !others.iter().any(|known| known.placed.app == other.placed.app) {
            others.push(other);
        }
    }
    let own =
        Side::new(route.placed, Spot::of(node)).labelled(format!("`{name}` of {}", route.placed.title()));
    let sides = others
        .iter()
        .map(|other| Side::new(other.placed, other.path.spot.clone()));
    let shown = if route.host.is_empty() { "*" } else { route.host };
    let affected = Collision::new(
        context.files,
        others
            .iter()
            .map(|other| Side::new(other.placed, other.path.spot.clone())),
    );
    let message = format!(
        "`{name}` on {} of {} changes all of {shown}, which {} uses too{}",
        route.placed.title(),
        route.placed.who(),
        affected.who_of(route.placed),
        in_cluster(context.index)
    );
    let collision = Collision {
        sides: std::iter::once(own).chain(sides).collect(),
    };
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{shown} {name}"));
    finding.notes.push(match name {
        "use-regex" | "rewrite-target" => {
            "ingress-nginx reads all paths of the host as regular expressions without case, also those of others".to_owned()
        }
        _ => "the option belongs to the host's server block, not to the paths of this Ingress".to_owned(),
    });
    finding.help = Some("give this Ingress a host of its own".to_owned());
    sink.report(finding);
}

/// Aliases that are a host of another application.
fn aliases(
    context: &ClusterContext<'_>,
    routes: &[Route<'_, '_>],
    classes: &IngressClasses,
    sink: &mut Sink,
) {
    let mut by_host: FxHashMap<(&Option<SmolStr>, &str), &Route<'_, '_>> = FxHashMap::default();
    for route in routes.iter().rev() {
        by_host.insert((&route.class, route.host.as_str()), route);
    }
    let mut seen: Vec<*const Ingress> = Vec::new();
    for route in routes {
        let at = std::ptr::from_ref(route.ingress);
        if classes.dialect(route.class.as_deref()) != PathDialect::Nginx
            || seen.last() == Some(&at)
            || seen.contains(&at)
        {
            continue;
        }
        let alias = host_wide(route.placed)
            .into_iter()
            .find(|(name, _)| *name == "server-alias");
        let Some((_, node)) = alias else { continue };
        seen.push(at);
        for alias in node.text().unwrap_or_default().split(',').map(normalise_host) {
            let Some(other) = by_host.get(&(&route.class, alias.as_str())) else {
                continue;
            };
            if other.placed.app == route.placed.app || alias.is_empty() {
                continue;
            }
            let collision = Collision {
                sides: vec![
                    Side::new(route.placed, Spot::of(node))
                        .labelled(format!("alias of {}", route.placed.title())),
                    Side::new(other.placed, other.path.spot.clone()),
                ],
            };
            let message = format!(
                "{} takes {alias} as an alias{}, which is a host of {}",
                route.placed.title(),
                in_cluster(context.index),
                Collision {
                    sides: vec![collision.sides[1].clone()]
                }
                .who_of(route.placed)
            );
            let Some(mut finding) = collision.finding(&RULE, message) else {
                continue;
            };
            finding.key = Some(format!("{alias} server-alias"));
            finding.notes.push(
                "ingress-nginx ignores an alias that is a host of its own; remove the host and it takes over"
                    .to_owned(),
            );
            finding.help = Some("remove the alias".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn hosts_and_aliases() {
        let ingress = |team: &str, host: &str, annotation: &str| {
            format!(
                "//- apps/{team}/web/overlays/prod/i.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                 metadata: {{name: {team}, namespace: {team}, annotations: {{{annotation}}}}}\n\
                 spec: {{ingressClassName: nginx, rules: [{{host: {host}, http: {{paths: [{{path: /{team}, pathType: Prefix}}]}}}}]}}\n"
            )
        };
        let run = |text: &str| run("net-ingress-host-wide-option", text);
        let regex = "nginx.ingress.kubernetes.io/use-regex: 'true'";
        let got = run(&(ingress("a", "x.example", regex) + &ingress("b", "x.example", "")));
        assert!(
            got.contains(
                "`use-regex` on Ingress a/a of a changes all of x.example, which b uses too in prod"
            ),
            "{got}"
        );
        assert_eq!(
            run(&(ingress("a", "x.example", regex) + &ingress("b", "y.example", ""))),
            ""
        );
        assert_eq!(
            run(&(ingress("a", "x.example", &regex.replace("true", "false"))
                + &ingress("b", "x.example", ""))),
            ""
        );
        let alias = "nginx.ingress.kubernetes.io/server-alias: 'z.example, y.example'";
        let got = run(&(ingress("a", "x.example", alias) + &ingress("b", "y.example", "")));
        assert!(
            got.contains("takes y.example as an alias in prod, which is a host of b"),
            "{got}"
        );
    }
}
