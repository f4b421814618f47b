use crate::rule;

rule! {
    /// ## What it does
    /// With `--base`, finds changed data in a ConfigMap or Secret that was `immutable: true` and keeps its name, and an
    /// `immutable` that is taken back.
    ///
    /// ## Why it matters
    /// The API server refuses it. Pods keep the old data, and the sync stops there.
    ///
    /// ## Before
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway-settings
    ///   namespace: payments
    /// immutable: true
    /// data:
    ///   MODE: strict
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway-settings
    ///   namespace: payments
    /// immutable: true
    /// data:
    ///   MODE: lax
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway-settings-2
    ///   namespace: payments
    /// immutable: true
    /// data:
    ///   MODE: lax
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A name with a generator's hash changes with the data, so nothing is found there.
    "cfg-immutable-data", "a change of data that is immutable",
    severity: Error,
    joins: false,
    check: Update,
}
