use crate::rule;

rule! {
    /// ## What it does
    /// With `--base`, finds `commonLabels`, and items of `labels` with `includeSelectors: true`, that come, go or change and
    /// with them the selector of a Deployment, StatefulSet, DaemonSet or ReplicaSet that exists already.
    ///
    /// ## Why it matters
    /// Selectors of workloads cannot be changed. The build is fine and every workload is valid by itself, but the API server
    /// refuses each of them where the old one exists, and the sync stops: a label that was meant for people blocks the
    /// deployment.
    ///
    /// ## Before
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [deployment.yaml]
    /// # apps/payments/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers:
    ///         - {name: web, image: "registry.example/web:1.4.2"}
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [deployment.yaml]
    /// labels:
    ///   - pairs: {team: payments}
    ///     includeSelectors: true
    /// # apps/payments/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers:
    ///         - {name: web, image: "registry.example/web:1.4.2"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [deployment.yaml]
    /// labels:
    ///   - pairs: {team: payments}
    ///     includeTemplates: true
    /// # apps/payments/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: payments}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers:
    ///         - {name: web, image: "registry.example/web:1.4.2"}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A selector that something else changes too, a manifest or a patch, is `chg-immutable-field`. The selector of a Service
    /// may change; that it selects no pods then is `ref-service-no-pods`. A workload that its engine makes anew is left out,
    /// as in `chg-immutable-field`.
    "kus-selector-mutated", "labels of a kustomization change the selectors of workloads that exist",
    severity: Error,
    joins: false,
    check: Update,
}
