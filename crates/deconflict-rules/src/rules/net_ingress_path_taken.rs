use deconflict_claims::{IngressClasses, PathDialect, PathSet, Placed, Route, ingress_routes};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two applications whose Ingresses of one class claim the same host and the same set of paths. `Prefix /foo` and
    /// `Prefix /foo/` are the same set, `Exact /foo` and `Prefix /foo` are not.
    ///
    /// ## Why it matters
    /// The controller serves the path from one of them. Which one is decided by the age of the objects, and age is not in
    /// Git: the same repository in a new cluster may send the traffic to the other application.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /api
    ///             pathType: Prefix
    ///             backend: {service: {name: gateway, port: {number: 80}}}
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: api, namespace: checkout}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /api/
    ///             pathType: Prefix
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: gateway, namespace: payments}
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
    /// metadata: {name: api, namespace: checkout}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /api
    ///             pathType: Prefix
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A canary of ingress-nginx beside its main Ingress is meant and not reported; two canaries on one path are. A wildcard
    /// host beside an exact one is decided by precedence and is no collision. `ImplementationSpecific` paths are compared as
    /// the class's controller reads them where it is known (ingress-nginx, Traefik, AWS and Google load balancers); for
    /// others only equal texts count.
    "net-ingress-path-taken", "two applications claim one host and path of an Ingress class",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let classes = IngressClasses::new(context.index);
    let routes = ingress_routes(context.index, &classes);
    let same =
        |a: &Route<'_, '_>, b: &Route<'_, '_>| (&a.class, a.host, &a.set) == (&b.class, b.host, &b.set);
    for run in routes.chunk_by(same) {
        for canary in [false, true] {
            let routes: Vec<_> = run
                .iter()
                .filter(|route| route.ingress.canary == canary)
                .collect();
            if routes.len() > 1 {
                report(context, &classes, &routes, sink);
            }
        }
    }
}

fn report(
    context: &ClusterContext<'_>,
    classes: &IngressClasses,
    routes: &[&Route<'_, '_>],
    sink: &mut Sink,
) {
    let [route, ..] = routes else { return };
    let mut sides: Vec<Side<'_, '_>> = Vec::new();
    for route in routes {
        let known = |side: &Side<'_, '_>| side.placed.identity() == route.placed.identity();
        if !sides.iter().any(known) {
            sides.push(Side::new(route.placed, route.path.spot.clone()));
        }
    }
    let collision = Collision::new(context.files, sides);
    if !collision.crosses_applications() {
        return;
    }
    let key = key_of(route);
    let class = route
        .class
        .as_ref()
        .map_or_else(String::new, |class| format!(" (class {class})"));
    let message = format!(
        "{} {} claim {key}{}{class}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(key);
    if matches!(route.set, PathSet::Regex(_)) {
        finding.notes.push(
            "an Ingress of this host uses `use-regex` or `rewrite-target`, so ingress-nginx reads all its paths as \
             regular expressions without case"
                .to_owned(),
        );
    }
    finding.notes.push(
        match (classes.dialect(route.class.as_deref()), route.ingress.canary) {
            (PathDialect::Nginx, false) => {
                "ingress-nginx's admission webhook refuses the second one; without the webhook the older one gets the \
                 traffic, and age is not in Git: a new cluster may choose the other"
            }
            (_, true) => "ingress-nginx takes one canary per path and ignores the other",
            _ => {
                "the controller serves the path from one of them, as a rule from the older, and age is not in Git: a new \
                 cluster may choose the other"
            }
        }
        .to_owned(),
    );
    finding.help = Some(help(
        &collision.sides.iter().map(|side| side.placed).collect::<Vec<_>>(),
    ));
    sink.report(finding);
}

/// `shop.example.com/api`; any host is `*`.
fn key_of(route: &Route<'_, '_>) -> String {
    let host = if route.host.is_empty() { "*" } else { route.host };
    format!("{host}{}", route.set.text())
}

fn help(placed: &[&Placed<'_>]) -> String {
    match placed {
        [one, other] => format!(
            "move one of {} and {} to a path or host of its own",
            one.title(),
            other.title()
        ),
        _ => "give each a path or host of its own".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "net-ingress-path-taken";

    /// An Ingress of team `a` and one of team `b`; each as host, path, type and annotations.
    fn two(one: (&str, &str, &str, &str), other: (&str, &str, &str, &str)) -> String {
        let ingress = |team: &str, (host, path, kind, annotations): (&str, &str, &str, &str)| {
            format!(
                "//- apps/{team}/web/overlays/prod/i.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                 metadata: {{name: {team}, namespace: {team}, annotations: {{{annotations}}}}}\nspec:\n  \
                 ingressClassName: nginx\n  rules: [{{host: {host}, http: {{paths: [{{path: {path}, pathType: {kind}}}]}}}}]\n"
            )
        };
        ingress("a", one) + &ingress("b", other)
    }

    fn collides(one: (&str, &str, &str, &str), other: (&str, &str, &str, &str)) -> bool {
        !run(RULE, &two(one, other)).is_empty()
    }

    #[test]
    fn message() {
        check(
            RULE,
            &two(("shop.example.com", "/api", "Prefix", ""), ("Shop.example.com.", "/api/", "Prefix", "")),
            "error[net-ingress-path-taken]: a and b both claim shop.example.com/api in prod (class nginx)
             apps/a/web/overlays/prod/i.yaml:6 `/api` Ingress a/a (team a)
             apps/b/web/overlays/prod/i.yaml:6 `/api/` Ingress b/b (team b)
             note: ingress-nginx's admission webhook refuses the second one; without the webhook the older one gets the traffic, and age is not in Git: a new cluster may choose the other
             help: move one of Ingress a/a and Ingress b/b to a path or host of its own",
        );
    }

    #[test]
    fn equal_sets_only() {
        let prefix = |path| ("x.example", path, "Prefix", "");
        let exact = |path| ("x.example", path, "Exact", "");
        assert!(collides(exact("/a"), exact("/a")));
        assert!(!collides(exact("/a"), exact("/a/")));
        assert!(!collides(exact("/a"), prefix("/a")));
        assert!(!collides(prefix("/a"), prefix("/ab")));
        assert!(!collides(prefix("/a"), prefix("/")));
        assert!(collides(
            ("x.example", "/", "ImplementationSpecific", ""),
            prefix("/")
        ));
    }

    #[test]
    fn hosts() {
        let host = |host| (host, "/", "Prefix", "");
        assert!(collides(host("'*.x.example'"), host("'*.x.example'")));
        assert!(!collides(host("'*.x.example'"), host("a.x.example")));
        assert!(!collides(host("''"), host("a.x.example")));
        assert!(collides(host("''"), host("''")));
    }

    #[test]
    fn canaries() {
        let canary = "nginx.ingress.kubernetes.io/canary: 'true'";
        let side = |annotations| ("x.example", "/", "Prefix", annotations);
        assert!(!collides(side(canary), side("")));
        assert!(collides(side(canary), side(canary)));
        assert!(collides(
            side("nginx.ingress.kubernetes.io/canary: 'false'"),
            side("")
        ));
    }

    #[test]
    fn regular_expressions_of_a_host() {
        let rewrite = "nginx.ingress.kubernetes.io/rewrite-target: /$2";
        let side = |path, annotations| ("x.example", path, "ImplementationSpecific", annotations);
        assert!(collides(
            side("'/A(/|$)(.*)'", rewrite),
            side("'/a(/|$)(.*)'", "")
        ));
        assert!(collides(
            ("x.example", "/A", "Exact", rewrite),
            ("x.example", "/a", "Prefix", "")
        ));
        assert!(!collides(
            ("x.example", "/A", "Exact", ""),
            ("x.example", "/a", "Exact", "")
        ));
    }

    #[test]
    fn classes() {
        let text = two(("x.example", "/", "Prefix", ""), ("x.example", "/", "Prefix", ""));
        let (one, other) = text.split_once("//- apps/b").expect("two files");
        let with = |class: &str| {
            format!(
                "{one}//- apps/b{}",
                other.replace("ingressClassName: nginx", class)
            )
        };
        assert_eq!(run(RULE, &with("ingressClassName: internal")), "");
        assert_eq!(run(RULE, &with("x: y")), "");
        let default = "//- infra/ingress/overlays/prod/c.yaml\napiVersion: networking.k8s.io/v1\nkind: IngressClass\n\
            metadata: {name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\n\
            spec: {controller: k8s.io/ingress-nginx}\n";
        assert_ne!(run(RULE, &(with("x: y") + default)), "");
        let annotation = "x: y".to_owned();
        let annotated = with(&annotation).replace(
            "name: b, namespace: b, annotations: {}",
            "name: b, namespace: b, annotations: {kubernetes.io/ingress.class: nginx}",
        );
        assert_ne!(run(RULE, &annotated), "");
    }

    #[test]
    fn one_application_may_split_its_ingress() {
        let text = two(("x.example", "/", "Prefix", ""), ("x.example", "/", "Prefix", ""));
        assert_eq!(
            run(
                RULE,
                &text.replace(
                    "apps/b/web/overlays/prod/i.yaml",
                    "apps/a/web/overlays/prod/j.yaml"
                )
            ),
            ""
        );
    }
}
