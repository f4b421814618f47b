use crate::rule;

rule! {
    /// ## What it does
    /// With `--base`, finds a change of a field that cannot change once the object exists: selectors of workloads, most of a
    /// StatefulSet's spec, the pods of a Job, the spec of a claim (its storage may grow), the role of a binding, the address of
    /// a Service, the parameters of a StorageClass.
    ///
    /// ## Why it matters
    /// The object is valid by itself, so nothing complains before the merge. The API server refuses it where the old one
    /// exists, the sync stops there, and what comes after it is not applied.
    ///
    /// ## Before
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/binding.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: ServiceAccount, name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/binding.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: ServiceAccount, name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/binding.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: gateway-edit
    ///   namespace: payments
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: ServiceAccount, name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// An object that its engine makes anew is left out: a hook of Argo CD or Helm, `Force=true` with `Replace=true`, Flux's
    /// `force`. A Job with `ttlSecondsAfterFinished` may be gone by then, so that is only possible. Fields of custom resources
    /// are judged by their definition's own rules (`crd-schema-violation`).
    "chg-immutable-field", "a change of a field that cannot change",
    severity: Error,
    joins: false,
    check: Update,
}
