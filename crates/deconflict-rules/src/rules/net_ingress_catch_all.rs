use std::cell::OnceCell;
use std::collections::BTreeSet;

use deconflict_claims::Detail;
use smol_str::SmolStr;

use crate::collision::{Collision, Side, in_cluster};
use crate::platform::is_infrastructure;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Ingresses that take requests for any host: a rule without `host` (or with `*`), or a default backend, in an
    /// application that is not the platform's.
    ///
    /// ## Why it matters
    /// Whatever no other Ingress of the class takes ends there: misspelled hosts, scanners, hosts of teams that are about
    /// to go live. It also hides mistakes, because a wrong host still gets an answer.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: api.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// The platform is whoever owns what lies below `layout.infra`.
    "net-ingress-catch-all", "an Ingress takes requests of every host",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let platform: OnceCell<BTreeSet<&SmolStr>> = OnceCell::new();
    let owners = || {
        let objects = context.index.live();
        objects
            .filter(|placed| is_infrastructure(context.config, placed))
            .filter_map(|placed| placed.owner.as_ref())
            .collect()
    };
    for placed in context.index.live() {
        let Detail::Ingress(ingress) = &placed.facts.detail else {
            continue;
        };
        let rule = ingress
            .paths
            .iter()
            .find(|path| path.host.is_empty())
            .map(|path| (&path.spot, "for any host"));
        let backend = ingress
            .default_backend
            .as_ref()
            .map(|spot| (spot, "for whatever no rule takes"));
        let Some((spot, label)) = rule.or(backend) else {
            continue;
        };
        let is_platform = |owner| platform.get_or_init(owners).contains(owner);
        if is_infrastructure(context.config, placed) || placed.owner.as_ref().is_some_and(is_platform) {
            continue;
        }
        let collision = Collision::new(context.files, [Side::new(placed, spot.clone()).labelled(label)]);
        let message = format!(
            "{} of {} takes requests of every host{}",
            placed.title(),
            placed.who(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.certainty = placed.certainty;
        finding.notes.push(
            "requests that no other Ingress of the class takes end here, whoever they were for".to_owned(),
        );
        finding.help = Some("name the hosts it is for".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn who_may() {
        let ingress = |path: &str, spec: &str| {
            format!(
                "//- {path}\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: x}}\nspec: {{{spec}}}\n"
            )
        };
        let any = "rules: [{http: {paths: [{path: /, pathType: Prefix}]}}]";
        let named = "rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix}]}}]";
        let run = |path: &str, spec: &str| run("net-ingress-catch-all", &ingress(path, spec));
        let app = "apps/a/web/overlays/prod/i.yaml";
        assert!(run(app, any).contains("Ingress x/i of a takes requests of every host in prod"));
        assert!(
            run(app, &format!("defaultBackend: {{service: {{name: s}}}}, {named}"))
                .contains("whatever no rule takes")
        );
        assert_eq!(run(app, named), "");
        assert_eq!(run("infra/edge/overlays/prod/i.yaml", any), "");
    }
}
