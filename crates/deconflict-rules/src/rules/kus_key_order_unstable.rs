use deconflict_kustomize::Quirk;

use crate::kustomize::{finding, quirks, text_at, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds maps whose keys kustomize prints in an order that differs from run to run. It compares digits in keys as
    /// numbers and letters as letters, and with keys such as `v2`, `v10` and `v1beta1` the comparison runs in a circle:
    /// `v2` before `v10` before `v1beta1` before `v2`.
    ///
    /// ## Why it matters
    /// The cluster does not care about the order of keys. Whoever compares the text does: rendered manifests in Git, a
    /// diff in a pull request, a checksum.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: versions
    ///   namespace: payments
    /// data:
    ///   v2: old
    ///   v10: new
    ///   v1beta1: oldest
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: versions
    ///   namespace: payments
    /// data:
    ///   v02: old
    ///   v10: new
    ///   v01beta1: oldest
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// `deconflict render` prints such keys in one of kustomize's orders, always the same. Measured with kustomize 5.5.0.
    "kus-key-order-unstable", "kustomize prints the keys of a map in an order that changes from run to run",
    severity: Info,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    quirks(context, sink, Quirk::UnstableKeyOrder, |at| {
        let key = text_at(context, at);
        let message = format!(
            "kustomize prints the keys beside `{key}` of {} in another order from run to run",
            whose(context, at)
        );
        let mut finding = finding(&RULE, message, at, key);
        finding
            .notes
            .push("the cluster sees the same object; a comparison of the text does not".to_owned());
        finding.help = Some("write the numbers in these keys with equally many digits".to_owned());
        finding
    });
}
