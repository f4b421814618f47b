use deconflict_kustomize::Quirk;

use crate::kustomize::{finding, quirks, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds elements of a strategic merge patch that lack the key by which their list is merged (`name` of a container,
    /// `mountPath` of a mount, `containerPort` of a port). kustomize then leaves the whole list empty and says nothing.
    ///
    /// ## Why it matters
    /// The object loses its containers, ports or variables. A workload without containers is refused by the API server; one
    /// without ports or variables starts and does not work.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [deployment.yaml]
    /// patches:
    ///   - path: patch.yaml
    /// # apps/payments/gateway/overlays/prod/patch.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           ports:
    ///             - name: http
    /// # apps/payments/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: gateway
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: gateway
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4.2
    ///           ports:
    ///             - containerPort: 8080
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [deployment.yaml]
    /// patches:
    ///   - path: patch.yaml
    /// # apps/payments/gateway/overlays/prod/patch.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           ports:
    ///             - containerPort: 8080
    ///               name: http
    /// # apps/payments/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: gateway
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: gateway
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4.2
    ///           ports:
    ///             - containerPort: 8080
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A list that the object does not have yet is no finding: the element is all there is. Measured with kustomize 5.5.0.
    "kus-patch-empties-list", "an element of a patch lacks its merge key, which empties the list",
    severity: Error,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    quirks(context, sink, Quirk::PatchEmptiesList, |at| {
        let message = format!(
            "a list element of the patch in {} has no merge key, so kustomize empties the list",
            whose(context, at)
        );
        let mut finding = finding(&RULE, message, at, "merge key");
        finding
            .notes
            .push("nothing of the list is deployed, and kustomize says nothing".to_owned());
        finding.help = Some("name the element (`name`, `mountPath`, `containerPort`, …)".to_owned());
        finding
    });
}
