use std::collections::{BTreeMap, BTreeSet};

use deconflict_claims::{Placed, Spot};
use deconflict_kube::{items_at, text_of};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Certificates of cert-manager with one `secretName`, and annotated Ingresses with different hosts that
    /// share one, in one namespace.
    ///
    /// ## Why it matters
    /// Both are issued into the same Secret. cert-manager issues again and again, the served certificate flips between the
    /// hosts, and the issuer's rate limit is soon used up.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/certificate.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: Certificate
    /// metadata:
    ///   name: shop
    ///   namespace: web
    /// spec:
    ///   secretName: tls
    ///   dnsNames: [shop.example.com]
    ///   issuerRef:
    ///     name: letsencrypt
    /// # apps/blog/web/overlays/prod/certificate.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: Certificate
    /// metadata:
    ///   name: blog
    ///   namespace: web
    /// spec:
    ///   secretName: tls
    ///   dnsNames: [blog.example.com]
    ///   issuerRef:
    ///     name: letsencrypt
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/certificate.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: Certificate
    /// metadata:
    ///   name: shop
    ///   namespace: web
    /// spec:
    ///   secretName: tls
    ///   dnsNames: [shop.example.com]
    ///   issuerRef:
    ///     name: letsencrypt
    /// # apps/blog/web/overlays/prod/certificate.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: Certificate
    /// metadata:
    ///   name: blog
    ///   namespace: web
    /// spec:
    ///   secretName: blog-tls
    ///   dnsNames: [blog.example.com]
    ///   issuerRef:
    ///     name: letsencrypt
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Ingresses count when they carry an annotation `cert-manager.io/issuer`, `cert-manager.io/cluster-issuer` or
    /// `kubernetes.io/tls-acme`. A Secret that something else than cert-manager writes too is `cfg-secret-two-producers`.
    "mid-cert-secret-clash", "two certificates are written into one Secret",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

struct Writer<'i, 'a> {
    placed: &'i Placed<'a>,
    spot: Spot,
    /// Sorted hosts; an Ingress with the same ones asks for the same certificate.
    hosts: BTreeSet<&'i str>,
    is_ingress: bool,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut writers: BTreeMap<(&str, &str), Vec<Writer<'_, '_>>> = BTreeMap::new();
    for placed in context.index.live() {
        let (object, namespace) = (
            &placed.facts.object,
            placed.namespace.as_deref().unwrap_or_default(),
        );
        if object.key.is("cert-manager.io", "Certificate") {
            let Some(node) = object.body.at_path(&["spec", "secretName"]) else {
                continue;
            };
            let hosts = items_at(&object.body, &["spec", "dnsNames"])
                .filter_map(text_of)
                .collect();
            let writer = Writer {
                placed,
                spot: Spot::of(node),
                hosts,
                is_ingress: false,
            };
            writers
                .entry((namespace, node.text().unwrap_or_default()))
                .or_default()
                .push(writer);
        } else if object.key.is("networking.k8s.io", "Ingress") && is_shimmed(placed) {
            for tls in items_at(&object.body, &["spec", "tls"]) {
                let Some(node) = tls.at_path(&["secretName"]) else {
                    continue;
                };
                let hosts = items_at(tls, &["hosts"]).filter_map(text_of).collect();
                let writer = Writer {
                    placed,
                    spot: Spot::of(node),
                    hosts,
                    is_ingress: true,
                };
                writers
                    .entry((namespace, node.text().unwrap_or_default()))
                    .or_default()
                    .push(writer);
            }
        }
    }
    for ((namespace, secret), found) in writers {
        let differs = |one: &Writer<'_, '_>| {
            let other = found
                .iter()
                .filter(|other| !std::ptr::eq(other.placed, one.placed));
            other
                .into_iter()
                .any(|other| other.hosts != one.hosts || !(one.is_ingress && other.is_ingress))
        };
        let sides: Vec<Side<'_, '_>> = found
            .iter()
            .filter(|writer| differs(writer))
            .map(|writer| Side::new(writer.placed, writer.spot.clone()))
            .collect();
        if sides.len() < 2 {
            continue;
        }
        let collision = Collision::new(context.files, sides);
        let message = format!(
            "{} {} have a certificate written into Secret {namespace}/{secret}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{namespace}/{secret}"));
        finding
            .notes
            .push("cert-manager issues one over the other, again and again".to_owned());
        finding.help = Some("give each its own `secretName`".to_owned());
        sink.report(finding);
    }
}

fn is_shimmed(placed: &Placed<'_>) -> bool {
    let annotations = placed.facts.object.body.at_path(&["metadata", "annotations"]);
    annotations.is_some_and(|annotations| {
        [
            "cert-manager.io/issuer",
            "cert-manager.io/cluster-issuer",
            "kubernetes.io/tls-acme",
        ]
        .iter()
        .any(|key| annotations.get(key).is_some())
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn who_writes() {
        let ingress = |name: &str, host: &str, annotation: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: n, annotations: {{{annotation}: x}}}}\nspec: {{tls: [{{hosts: [{host}], secretName: s}}]}}\n"
            )
        };
        let certificate = |name: &str, secret: &str| {
            format!(
                "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: {name}, namespace: n}}\nspec: {{secretName: {secret}, dnsNames: [a.b]}}\n"
            )
        };
        let shim = "cert-manager.io/cluster-issuer";
        for (one, other, found) in [
            (certificate("x", "s"), certificate("y", "s"), true),
            (certificate("x", "s"), certificate("y", "t"), false),
            (certificate("x", "s"), ingress("y", "a.b", shim), true),
            (ingress("x", "a.b", shim), ingress("y", "c.d", shim), true),
            (ingress("x", "a.b", shim), ingress("y", "a.b", shim), false),
            (ingress("x", "a.b", "other"), ingress("y", "c.d", "other"), false),
        ] {
            let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{one}---\n{other}");
            let got = run("mid-cert-secret-clash", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
            assert_eq!(run("cfg-secret-two-producers", &text), "", "one defect, one id");
        }
    }
}
