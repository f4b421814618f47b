use deconflict_kustomize::Quirk;

use crate::kustomize::{finding, quirks, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds `$patch: replace` in an element of a list or at the top of a whole object. kustomize replaces there nothing: it
    /// merges, as if the directive were not there, and says nothing.
    ///
    /// ## Why it matters
    /// What the patch was to remove stays in the object: an environment variable, a volume, a security setting.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [service.yaml]
    /// patches:
    ///   - patch: |
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata:
    ///         name: gateway
    ///         namespace: payments
    ///       spec:
    ///         ports:
    ///           - port: 80
    ///             name: web
    ///             $patch: replace
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ports:
    ///     - name: http
    ///       port: 80
    ///       targetPort: 8080
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [service.yaml]
    /// patches:
    ///   - patch: |
    ///       apiVersion: v1
    ///       kind: Service
    ///       metadata:
    ///         name: gateway
    ///         namespace: payments
    ///       spec:
    ///         ports:
    ///           - $patch: replace
    ///           - port: 80
    ///             name: web
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ports:
    ///     - name: http
    ///       port: 80
    ///       targetPort: 8080
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Only where the patch meets a list element or an object that is there. Measured with kustomize 5.5.0. Directives that
    /// kustomize does not know (`$setElementOrder/…`, `$retainKeys`, `$deleteFromPrimitiveList/…`) are copied into the object
    /// and have no rule of their own: `render` warns, and there they are an unknown field (`api-unknown-field`).
    "kus-patch-replace-ignored", "`$patch: replace` stands where kustomize does not replace",
    severity: Warning,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    quirks(context, sink, Quirk::ReplaceIgnored, |at| {
        let message = format!(
            "`$patch: replace` in {} replaces nothing: kustomize merges list elements and whole objects",
            whose(context, at)
        );
        let mut finding = finding(&RULE, message, at, "$patch: replace");
        finding
            .notes
            .push("what the patch does not name stays as it was".to_owned());
        finding.help = Some(
            "replace the list with an item of its own that holds only `$patch: replace`, set `$patch: replace` in a \
             map field, or use a JSON 6902 `replace`"
                .to_owned(),
        );
        finding
    });
}
