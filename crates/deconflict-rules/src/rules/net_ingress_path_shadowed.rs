use deconflict_claims::{Ingress, IngressClasses, PathSet, Route, ingress_routes};
use deconflict_findings::Severity;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a path that lies inside the path of another application's Ingress of the same class and host: a warning when
    /// the other one takes everything (`/`), else information. The nearest such path counts.
    ///
    /// ## Why it matters
    /// The longest path wins, so the inner application takes requests that the outer one answered until now. That may be
    /// meant. It is a surprise when one team moves in under a host that another team thought it owned.
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
    ///           - path: /
    ///             pathType: Prefix
    ///             backend: {service: {name: gateway, port: {number: 80}}}
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
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
    ///           - path: /
    ///             pathType: Prefix
    ///             backend: {service: {name: gateway, port: {number: 80}}}
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: api.shop.example.com
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
    /// Regular expressions are not compared. Declare a contract where the split is meant.
    "net-ingress-path-shadowed", "an Ingress path of one application lies inside that of another",
    severity: Warning,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let classes = IngressClasses::new(context.index);
    let routes = ingress_routes(context.index, &classes);
    let same_host = |a: &Route<'_, '_>, b: &Route<'_, '_>| (&a.class, a.host) == (&b.class, b.host);
    for host in routes.chunk_by(same_host) {
        let mut by_set: FxHashMap<&PathSet, &Route<'_, '_>> = FxHashMap::default();
        for route in host.iter().rev().filter(|route| !route.ingress.canary) {
            by_set.insert(&route.set, route);
        }
        // One finding for two Ingresses, however many of their paths meet.
        let mut seen: FxHashSet<(*const Ingress, *const Ingress)> = FxHashSet::default();
        for inner in host.iter().filter(|route| !route.ingress.canary) {
            let nearest = inner
                .set
                .prefixes_above()
                .into_iter()
                .rev()
                .find_map(|set| by_set.get(&set).copied());
            let Some(outer) = nearest.filter(|outer| outer.placed.app != inner.placed.app) else {
                continue;
            };
            if seen.insert((
                std::ptr::from_ref(outer.ingress),
                std::ptr::from_ref(inner.ingress),
            )) {
                report(context, outer, inner, sink);
            }
        }
    }
}

fn report(context: &ClusterContext<'_>, outer: &Route<'_, '_>, inner: &Route<'_, '_>, sink: &mut Sink) {
    let host = if outer.host.is_empty() { "*" } else { outer.host };
    let side = |route: &Route<'_, '_>| (route.placed.title(), format!("{host}{}", route.set.text()));
    let ((_, outer_path), (_, inner_path)) = (side(outer), side(inner));
    let collision = Collision::new(
        context.files,
        [
            Side::new(inner.placed, inner.path.spot.clone())
                .labelled(format!("the inner path, {}", inner.placed.title())),
            Side::new(outer.placed, outer.path.spot.clone())
                .labelled(format!("the outer path, {}", outer.placed.title())),
        ],
    );
    let outer_side = Collision::new(context.files, [Side::new(outer.placed, outer.path.spot.clone())]);
    let inner_side = Collision::new(context.files, [Side::new(inner.placed, inner.path.spot.clone())]);
    let message = format!(
        "{} takes {inner_path} out of {outer_path} of {}{}",
        inner_side.who_of(outer.placed),
        outer_side.who_of(inner.placed),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    if !outer.set.is_everything() {
        finding.severity = Severity::Info;
    }
    finding.key = Some(format!("{inner_path} in {outer_path}"));
    finding.notes.push(format!(
        "the longest path wins: requests below {inner_path} go to {}",
        inner.placed.title()
    ));
    finding.help =
        Some("if the split is meant, declare a contract; else move one to a host of its own".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn ingress(team: &str, host: &str, paths: &[&str]) -> String {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| format!("{{path: {path}, pathType: Prefix}}"))
            .collect();
        format!(
            "//- apps/{team}/web/overlays/prod/i.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata: {{name: {team}, namespace: {team}}}\nspec: {{ingressClassName: nginx, rules: [{{host: {host}, http: {{paths: [{}]}}}}]}}\n",
            paths.join(", ")
        )
    }

    #[test]
    fn nearest_path_of_another_application() {
        let run = |one: &[&str], other: &[&str]| {
            run(
                "net-ingress-path-shadowed",
                &(ingress("a", "x.example", one) + &ingress("b", "x.example", other)),
            )
        };
        let got = run(&["/"], &["/api", "/img"]);
        assert!(
            got.starts_with(
                "warning[net-ingress-path-shadowed]: b takes x.example/api out of x.example/ of a in prod"
            ),
            "{got}"
        );
        assert_eq!(got.matches("[net-").count(), 1);
        assert!(run(&["/api"], &["/api/v1"]).starts_with("info["));
        assert_eq!(run(&["/api"], &["/apis"]), "");
        assert_eq!(run(&["/api"], &["/api/"]), "");
        // Its own path stands between: said once, for that path.
        assert_eq!(run(&["/"], &["/api", "/api/v1"]).matches("[net-").count(), 1);
    }
}
