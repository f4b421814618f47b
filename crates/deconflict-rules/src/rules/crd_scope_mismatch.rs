use deconflict_claims::Placed;
use deconflict_findings::{Certainty, Finding, Label, Severity};
use deconflict_kube::{Bundle, Scope, text_at};
use deconflict_placement::Engine;

use crate::collision::in_cluster;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Compares custom resources with the scope of their definition, from the CustomResourceDefinition placed in the cluster
    /// or the embedded catalogue: a namespaced kind needs a namespace, from the object, the engine or the layout; a
    /// cluster-wide kind has none.
    ///
    /// ## Why it matters
    /// Flux without `targetNamespace` cannot apply a namespaced object that names no namespace, and stops the whole
    /// Kustomization. A namespace on a cluster-wide object is dropped by the API server, so the object is shared with
    /// everybody although it looks private.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/issuer/issuer.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: ClusterIssuer
    /// metadata:
    ///   name: letsencrypt
    ///   namespace: shop
    /// spec:
    ///   selfSigned: {}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/issuer/issuer.yaml
    /// apiVersion: cert-manager.io/v1
    /// kind: ClusterIssuer
    /// metadata:
    ///   name: letsencrypt
    /// spec:
    ///   selfSigned: {}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Argo CD gives its destination's namespace, and `kubectl -n` may give any, so a missing namespace is an error under Flux
    /// only. Built-in kinds: `api-namespace-on-cluster-scoped`.
    "crd-scope-mismatch", "a custom resource with a namespace it cannot have, or without one it needs",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let defined = defined(context);
    for placed in &context.index.objects {
        let object = &placed.facts.object;
        let metadata = object.body.get("metadata");
        match scope_of(&defined, placed) {
            Scope::Cluster => {
                if let Some(namespace) = &object.key.namespace {
                    let kind = &object.key.kind;
                    let at = metadata
                        .and_then(|metadata| metadata.get("namespace"))
                        .map_or(object.declared_at, |value| value.at);
                    let message = format!(
                        "{}: a {kind} belongs to the whole cluster, so its namespace `{namespace}` is dropped",
                        placed.title()
                    );
                    let mut finding = made(placed, message, at);
                    finding.severity = Severity::Warning;
                    finding.help = Some("remove `namespace`".to_owned());
                    sink.report(finding);
                }
            }
            Scope::Namespaced => {
                let given = object.key.namespace.is_some() || placed.placement.namespace.is_some();
                if !given && placed.placement.engine == Engine::Flux {
                    let message = format!(
                        "{}: a {} needs a namespace, and nothing gives it one{}",
                        placed.title(),
                        object.key.kind,
                        in_cluster(context.index)
                    );
                    let mut finding = made(placed, message, object.declared_at);
                    finding.certainty = Certainty::Witnessed;
                    finding.help = Some(
                        "add `metadata.namespace`, or `spec.targetNamespace` to the Flux Kustomization"
                            .to_owned(),
                    );
                    sink.report(finding);
                }
            }
            Scope::Unknown => {}
        }
    }
}

/// What the definitions placed in the cluster say: group, kind, scope.
fn defined<'c>(context: &'c ClusterContext<'_>) -> Vec<(&'c str, &'c str, Scope)> {
    let objects = context.index.objects.iter().map(|placed| &placed.facts.object);
    let definitions =
        objects.filter(|object| object.key.is("apiextensions.k8s.io", "CustomResourceDefinition"));
    definitions
        .map(|object| {
            let text = |path: &[&str]| text_at(&object.body, path).unwrap_or_default();
            let scope = match text(&["spec", "scope"]) {
                "Cluster" => Scope::Cluster,
                "Namespaced" => Scope::Namespaced,
                _ => Scope::Unknown,
            };
            (text(&["spec", "group"]), text(&["spec", "names", "kind"]), scope)
        })
        .collect()
}

/// The scope of a custom kind; unknown for built-in ones.
fn scope_of(defined: &[(&str, &str, Scope)], placed: &Placed<'_>) -> Scope {
    let key = &placed.facts.object.key;
    let bundle = Bundle::embedded();
    if bundle.is_builtin_group(&key.group) {
        return Scope::Unknown;
    }
    defined
        .iter()
        .find(|row| row.0 == key.group && row.1 == key.kind)
        .map(|row| row.2)
        .or_else(|| bundle.scope(&key.group, &key.kind))
        .unwrap_or(Scope::Unknown)
}

fn made(placed: &Placed<'_>, message: String, at: deconflict_files::Origin) -> Finding {
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
    finding.primary = Label::new(at, "");
    finding.objects.push(placed.reference());
    finding.field = Some("metadata.namespace".to_owned());
    finding
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_placement::Engine;

    use crate::fixture::{check, run_with};

    #[test]
    fn cluster_wide_kinds_have_no_namespace() {
        check(
            "crd-scope-mismatch",
            "//- clusters/prod/issuer/issuer.yaml
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt, namespace: shop}
",
            "warning[crd-scope-mismatch]: ClusterIssuer letsencrypt: a ClusterIssuer belongs to the whole cluster, so its \
             namespace `shop` is dropped
             clusters/prod/issuer/issuer.yaml:3 `shop`
             help: remove `namespace`",
        );
    }

    #[test]
    fn a_missing_namespace_is_wrong_under_flux_only() {
        let text = "//- clusters/prod/issuer/issuer.yaml
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: letsencrypt}
";
        let of = |engine| run_with("crd-scope-mismatch", text, &Config::default(), engine);
        assert!(
            of(Engine::Flux).contains("a Issuer needs a namespace"),
            "{}",
            of(Engine::Flux)
        );
        assert_eq!(of(Engine::ArgoCd), "");
        assert_eq!(of(Engine::Plain), "");
    }
}
