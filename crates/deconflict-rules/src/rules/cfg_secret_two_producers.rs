use deconflict_claims::Space;

use crate::collision::{by_object, collide, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one Secret that two objects produce: a Secret manifest or generator, an ExternalSecret, a SealedSecret, a
    /// Certificate, a Secret of the Vault Secrets Operator, a OnePasswordItem, a SecretProviderClass that syncs.
    ///
    /// ## Why it matters
    /// Each producer writes the whole Secret and puts its own content back when it finds another's. Pods read whichever was
    /// written last; the values flip at every reconciliation, and one of the controllers reports an error that nobody reads.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/secret.yaml
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: gateway-db
    ///   namespace: payments
    /// stringData:
    ///   password: placeholder
    /// # apps/platform/secrets/overlays/prod/external.yaml
    /// apiVersion: external-secrets.io/v1
    /// kind: ExternalSecret
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   secretStoreRef: {kind: ClusterSecretStore, name: vault}
    ///   target:
    ///     name: gateway-db
    ///   dataFrom:
    ///     - extract: {key: payments/gateway}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/platform/secrets/overlays/prod/external.yaml
    /// apiVersion: external-secrets.io/v1
    /// kind: ExternalSecret
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   secretStoreRef: {kind: ClusterSecretStore, name: vault}
    ///   target:
    ///     name: gateway-db
    ///   dataFrom:
    ///     - extract: {key: payments/gateway}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Secrets that an operator derives from another name (a database's `-app`, a Kafka user) are not counted here.
    /// `creationPolicy: Merge` adds to a Secret and produces none.
    "cfg-secret-two-producers", "two objects produce one Secret",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.claims(Space::Secret) {
        let sides = by_object(&group);
        let [first, _, ..] = sides.as_slice() else {
            continue;
        };
        // Two certificates in one Secret have a rule of their own.
        if sides
            .iter()
            .all(|side| side.placed.facts.object.key.kind == "Certificate")
        {
            continue;
        }
        let name = match &first.placed.namespace {
            Some(namespace) => format!("{namespace}/{}", first.claim.key),
            None => first.claim.key.to_string(),
        };
        let collision = collide(context, &sides);
        let message = format!(
            "{} {} produce the Secret {name}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(name);
        finding.notes.push(
            "each writes its own content over the other's; pods read whichever was written last".to_owned(),
        );
        let external = sides
            .iter()
            .any(|claimed| claimed.placed.facts.object.key.kind == "ExternalSecret");
        finding.help = Some(if external {
            "keep one producer; an ExternalSecret that only adds keys needs `creationPolicy: Merge`"
                .to_owned()
        } else {
            "keep one producer, or give each its own Secret".to_owned()
        });
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "cfg-secret-two-producers";

    fn file(team: &str, text: &str) -> String {
        format!("//- apps/{team}/web/overlays/prod/o.yaml\n{text}\n")
    }

    const SECRET: &str = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: a}}";

    fn external(fields: &str) -> String {
        format!(
            "{{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {{name: x, namespace: a}}, \
             spec: {{target: {{name: db{fields}}}}}}}"
        )
    }

    #[test]
    fn message() {
        check(
            RULE,
            &(file("a", SECRET) + &file("b", &external(""))),
            "error[cfg-secret-two-producers]: a and b both produce the Secret a/db in prod
             apps/a/web/overlays/prod/o.yaml:1 `db` Secret a/db (team a)
             apps/b/web/overlays/prod/o.yaml:1 `db` ExternalSecret a/x (team b)
             note: each writes its own content over the other's; pods read whichever was written last
             help: keep one producer; an ExternalSecret that only adds keys needs `creationPolicy: Merge`",
        );
    }

    #[test]
    fn producers() {
        let produces = |text: &str| !run(RULE, &(file("a", SECRET) + &file("b", text))).is_empty();
        assert!(produces(&external(", creationPolicy: Orphan")));
        assert!(!produces(&external(", creationPolicy: Merge")));
        assert!(!produces(&external(", creationPolicy: None")));
        let kind = |api: &str, kind: &str, fields: &str| {
            format!("{{apiVersion: {api}, kind: {kind}, metadata: {{name: db, namespace: a}}, {fields}}}")
        };
        assert!(produces(&kind("bitnami.com/v1alpha1", "SealedSecret", "x: y")));
        assert!(!produces(&kind(
            "bitnami.com/v1alpha1",
            "SealedSecret",
            "spec: {template: {metadata: {name: other}}}"
        )));
        assert!(produces(&kind(
            "cert-manager.io/v1",
            "Certificate",
            "spec: {secretName: db}"
        )));
        assert!(!produces(&kind(
            "cert-manager.io/v1",
            "Certificate",
            "spec: {secretName: tls}"
        )));
        let vault = |create: bool| {
            kind(
                "secrets.hashicorp.com/v1beta1",
                "VaultStaticSecret",
                &format!("spec: {{destination: {{name: db, create: {create}}}}}"),
            )
        };
        assert!(produces(&vault(true)));
        assert!(!produces(&vault(false)));
        assert!(!produces(&external("").replace("namespace: a", "namespace: b")));
        // The same Secret from two applications is own-object-…
        assert!(!produces(SECRET));
    }
}
