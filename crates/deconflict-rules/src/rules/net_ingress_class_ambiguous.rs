use deconflict_claims::{Detail, IngressClasses};

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Ingresses without a class (field or annotation) in a cluster that renders IngressClasses, of which none is
    /// the default, or several are.
    ///
    /// ## Why it matters
    /// With two defaults the API server refuses the Ingress. With none it is stored and no controller takes it, or every
    /// controller that also takes Ingresses without class does.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/ingress/overlays/prod/class.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata:
    ///   name: nginx
    /// spec:
    ///   controller: k8s.io/ingress-nginx
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   rules:
    ///     - host: api.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend: {service: {name: api, port: {number: 80}}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/ingress/overlays/prod/class.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata:
    ///   name: nginx
    ///   annotations: {ingressclass.kubernetes.io/is-default-class: "true"}
    /// spec:
    ///   controller: k8s.io/ingress-nginx
    /// # apps/checkout/api/overlays/prod/ingress.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
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
    /// A cluster whose IngressClasses are not in Git is not judged.
    "net-ingress-class-ambiguous", "an Ingress names no class and the cluster has not exactly one default",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let classes = IngressClasses::new(context.index);
    if !classes.any || classes.defaults.len() == 1 {
        return;
    }
    for placed in context.index.live() {
        let Detail::Ingress(ingress) = &placed.facts.detail else {
            continue;
        };
        if ingress.class.is_some() {
            continue;
        }
        let collision = Collision::new(context.files, [Side::declared(placed)]);
        let defaults: Vec<String> = classes.defaults.iter().map(ToString::to_string).collect();
        let message = match defaults.as_slice() {
            [] => format!(
                "{} names no class{}, and no IngressClass is the default",
                placed.title(),
                in_cluster(context.index)
            ),
            several => format!(
                "{} names no class{}, and {} are defaults",
                placed.title(),
                in_cluster(context.index),
                list(several, "and")
            ),
        };
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.certainty = placed.certainty;
        finding.field = Some("spec.ingressClassName".to_owned());
        finding.notes.push(
            if defaults.is_empty() {
                "no controller takes it, or every one that also takes Ingresses without class"
            } else {
                "the API server refuses an Ingress without class when there are several defaults"
            }
            .to_owned(),
        );
        finding.help = Some("set `ingressClassName`".to_owned());
        sink.report(finding);
    }
}
