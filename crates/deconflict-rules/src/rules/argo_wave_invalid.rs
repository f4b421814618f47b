use deconflict_kube::text_of;
use deconflict_yaml::{Dialect, Value};

use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds sync waves (annotation `argocd.argoproj.io/sync-wave`) that are no integer.
    ///
    /// ## Why it matters
    /// Argo CD does not complain: it takes the wave from `helm.sh/hook-weight`, else 0, so the object is applied at another
    /// time than its author meant.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/web/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    ///   annotations:
    ///     argocd.argoproj.io/sync-wave: "first"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/web/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    ///   annotations:
    ///     argocd.argoproj.io/sync-wave: "-1"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Whether the order makes sense is another question.
    "argo-wave-invalid", "a sync wave is no integer",
    severity: Error,
    joins: false,
    check: Object(check),
}

const WAVE: &str = "argocd.argoproj.io/sync-wave";

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(value) = context.object.body.at_path(&["metadata", "annotations", WAVE]) else {
        return;
    };
    let Some(text) = text_of(value) else { return };
    // Without quotes a number is refused as an annotation by the API server already.
    let is_text = value
        .as_scalar()
        .is_some_and(|scalar| Dialect::Kubernetes.read(scalar) == Value::String);
    // Go's strconv.Atoi: an optional sign and decimal digits.
    if !is_text || text.parse::<i64>().is_ok() {
        return;
    }
    let message = format!("the sync wave {text:?} of {} is no integer", context.object.key);
    let mut finding = about(&RULE, context.object, message, value.at);
    finding.field = Some(format!("metadata.annotations[{WAVE:?}]"));
    finding
        .notes
        .push("Argo CD takes `helm.sh/hook-weight` instead, else wave 0, without a word".to_owned());
    finding.help = Some("write an integer in quotes, such as \"1\" or \"-1\"".to_owned());
    sink.report(finding);
}
