use deconflict_findings::Finding;
use deconflict_yaml::{Dialect, Node};

use crate::argo_schema::{Shape, shape_of};
use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds fields that Application, ApplicationSet and AppProject do not have, such as `spec.destinations` of an Application
    /// or `syncPolicy.healthChecks`, and an Application without `destination` or `project`.
    ///
    /// ## Why it matters
    /// The API server drops a field that the schema does not know without a word, so what it was meant to do never happens;
    /// `kubectl apply` and Argo CD with server-side apply refuse the object.
    ///
    /// ## Example
    /// ```yaml
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://charts.example
    ///     chart: web
    ///     targetRevision: 1.2.3
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    ///   syncPolicy:
    ///     healthChecks:
    ///       - group: apps
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://charts.example
    ///     chart: web
    ///     targetRevision: 1.2.3
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    ///   syncPolicy:
    ///     syncOptions:
    ///       - FailOnSharedResource=true
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// The fields are those of Argo CD 3.2 (2026-08); generators of ApplicationSets are checked by name only. Where the tree
    /// holds the CustomResourceDefinitions, those count too.
    "argo-unknown-field", "an Argo CD object has a field that its schema does not know",
    severity: Error,
    joins: false,
    check: Object(check),
}

/// Deeper than any schema here.
const MAX_DEPTH: u32 = 16;

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let key = &context.object.key;
    if key.group != "argoproj.io" {
        return;
    }
    let Some(shape) = shape_of(&key.kind) else { return };
    let body = &context.object.body;
    unknown(context, body, shape, "", 0, sink);
    if key.kind == "Application"
        && let Some(spec) = body.get("spec").filter(|spec| spec.is_map())
    {
        for required in ["destination", "project"] {
            if spec
                .get(required)
                .is_none_or(|value| value.is_null(Dialect::Kubernetes))
            {
                let message = format!("Application {} has no `spec.{required}`", name(context));
                let mut finding = about(&RULE, context.object, message, context.object.declared_at);
                finding.field = Some(format!("spec.{required}"));
                finding
                    .notes
                    .push("the API server refuses an Application without it".to_owned());
                finding.help = Some(if required == "project" {
                    "add `project`, by its name".to_owned()
                } else {
                    help("spec.destinations").to_owned()
                });
                sink.report(finding);
            }
        }
    }
}

fn unknown(context: &ObjectContext<'_>, node: &Node, shape: &Shape, path: &str, depth: u32, sink: &mut Sink) {
    if depth > MAX_DEPTH {
        return;
    }
    match shape {
        Shape::Any => {}
        Shape::List(item) => {
            for (at, node) in node.items().iter().enumerate() {
                unknown(context, node, item, &format!("{path}[{at}]"), depth + 1, sink);
            }
        }
        Shape::Map(known) => {
            for field in node.fields() {
                let below = if path.is_empty() {
                    field.name().to_owned()
                } else {
                    format!("{path}.{}", field.name())
                };
                match known.iter().find(|(name, _)| *name == field.name()) {
                    Some((_, shape)) => unknown(context, &field.value, shape, &below, depth + 1, sink),
                    None => sink.report(tell(context, field.key_at.0, &below)),
                }
            }
        }
    }
}

fn tell(context: &ObjectContext<'_>, at: deconflict_files::Origin, path: &str) -> Finding {
    let kind = &context.object.key.kind;
    let message = format!("{kind} {} has no field `{path}`", name(context));
    let mut finding = about(&RULE, context.object, message, at);
    finding.field = Some(path.to_owned());
    finding
        .notes
        .push("the API server drops it, and what it was meant to do never happens".to_owned());
    let help = help(path);
    finding.help = Some(if help.is_empty() {
        "remove it, or correct its name or place".to_owned()
    } else {
        help.to_owned()
    });
    finding
}

/// What people mean by fields that they often write.
fn help(path: &str) -> &'static str {
    match path {
        "spec.destinations" => {
            "an Application has one `destination`; for several clusters use an ApplicationSet (`destinations` belongs to \
             AppProject)"
        }
        "spec.syncPolicy.healthChecks" | "spec.healthChecks" => {
            "health is set for a whole Argo CD: key `resource.customizations.health.<group>_<kind>` in the ConfigMap argocd-cm"
        }
        "spec.syncPolicy.prune" | "spec.syncPolicy.selfHeal" => "write it under `spec.syncPolicy.automated`",
        "spec.syncOptions" => "write it under `spec.syncPolicy`",
        "spec.syncPolicy.createNamespace" => {
            "write `CreateNamespace=true` under `spec.syncPolicy.syncOptions`"
        }
        "spec.source.valueFiles" | "spec.source.values" | "spec.source.parameters" => {
            "write it under `spec.source.helm`"
        }
        "spec.source.revision" | "spec.source.branch" => "write `targetRevision`",
        "spec.dependsOn" => "an Application waits for nothing; order those of one parent by sync waves",
        _ => "",
    }
}

fn name(context: &ObjectContext<'_>) -> String {
    let key = &context.object.key;
    key.namespace.as_ref().map_or_else(
        || key.name.to_string(),
        |namespace| format!("{namespace}/{}", key.name),
    )
}
