use crate::argo_keys::{CM, PARAMS, RBAC, is_known};
use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds keys in the ConfigMaps `argocd-cm`, `argocd-cmd-params-cm` and `argocd-rbac-cm` that Argo CD does not read there,
    /// and says where they belong if another of the three reads them.
    ///
    /// ## Why it matters
    /// An unknown key does nothing, and nothing says so: a limit, a login or a health check that everybody believes in is not
    /// there.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-cm
    ///   namespace: argocd
    ///   labels:
    ///     app.kubernetes.io/part-of: argocd
    /// data:
    ///   controller.status.processors: "50"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-cmd-params-cm
    ///   namespace: argocd
    ///   labels:
    ///     app.kubernetes.io/part-of: argocd
    /// data:
    ///   controller.status.processors: "50"
    ///   controller.operation.processors: "25"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// The keys are those of Argo CD 3.2 (2026-08). ConfigMaps of other names, as renamed instances have them, are not looked
    /// at.
    "argo-cm-unknown-key", "a key in Argo CD's settings that it does not read there",
    severity: Error,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let key = &context.object.key;
    if !key.is("", "ConfigMap") {
        return;
    }
    let known = match key.name.as_str() {
        "argocd-cm" => CM,
        "argocd-cmd-params-cm" => PARAMS,
        "argocd-rbac-cm" => RBAC,
        _ => return,
    };
    let Some(data) = context.object.body.get("data") else {
        return;
    };
    for field in data.fields() {
        let name = field.name();
        if is_known(known, name) || name.starts_with('_') {
            continue;
        }
        let message = format!("Argo CD does not read `{name}` in {}", key.name);
        let mut finding = about(&RULE, context.object, message, field.key_at.0);
        finding.field = Some(format!("data[{name:?}]"));
        finding
            .notes
            .push("it does nothing, and Argo CD does not say so".to_owned());
        finding.help = Some(help(name, &key.name));
        sink.report(finding);
    }
}

fn help(name: &str, here: &str) -> String {
    for (map, keys) in [
        ("argocd-cm", CM),
        ("argocd-cmd-params-cm", PARAMS),
        ("argocd-rbac-cm", RBAC),
    ] {
        if map != here && is_known(keys, name) {
            return format!("it belongs to the ConfigMap {map}; a restart of the component reads it");
        }
    }
    match name {
        "controller.argoproj.io/parallelism" => {
            "in argocd-cmd-params-cm: `controller.status.processors` (20), `controller.operation.processors` (10), \
             `controller.kubectl.parallelism.limit` (20) or `reposerver.parallelism.limit`, then restart the component"
        }
        "controller.argoproj.io/app-resync-period" | "timeout.reconcilation" => {
            "`timeout.reconciliation` in argocd-cm, a duration such as 180s"
        }
        "scopes" | "policy" => "`policy.csv`, `policy.default` and `scopes` belong to argocd-rbac-cm",
        _ => "remove it, or correct its name; argo-cd docs, operator-manual, list the keys of each ConfigMap",
    }
    .to_owned()
}
