use deconflict_claims::Space;

use crate::collision::report_taken;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Flux HelmReleases with the same release name and storage namespace (defaults applied) in one cluster.
    ///
    /// ## Why it matters
    /// Helm keeps one history per name and namespace. Each HelmRelease finds the other's version as the installed one and
    /// upgrades it to its own chart and values: the two replace each other at every reconciliation, or one uninstalls
    /// what the other made.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: ["apps/*/cache/overlays/prod"]
    /// # apps/orders/cache/overlays/prod/release.yaml
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata: {name: orders-cache, namespace: tools}
    /// spec:
    ///   interval: 10m
    ///   releaseName: redis
    ///   chart:
    ///     spec:
    ///       chart: redis
    ///       sourceRef: {kind: HelmRepository, name: bitnami}
    /// # apps/billing/cache/overlays/prod/release.yaml
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata: {name: billing-cache, namespace: tools}
    /// spec:
    ///   interval: 10m
    ///   releaseName: redis
    ///   chart:
    ///     spec:
    ///       chart: redis
    ///       sourceRef: {kind: HelmRepository, name: bitnami}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: ["apps/*/cache/overlays/prod"]
    /// # apps/orders/cache/overlays/prod/release.yaml
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata: {name: orders-cache, namespace: tools}
    /// spec:
    ///   interval: 10m
    ///   releaseName: orders-redis
    ///   chart:
    ///     spec:
    ///       chart: redis
    ///       sourceRef: {kind: HelmRepository, name: bitnami}
    /// # apps/billing/cache/overlays/prod/release.yaml
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata: {name: billing-cache, namespace: tools}
    /// spec:
    ///   interval: 10m
    ///   releaseName: billing-redis
    ///   chart:
    ///     spec:
    ///       chart: redis
    ///       sourceRef: {kind: HelmRepository, name: bitnami}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// HelmReleases without a namespace of their own get it from the Kustomization that applies them and are not
    /// compared. Releases of Argo CD are not Helm releases in the cluster.
    "own-helm-release-clash", "two HelmReleases are one Helm release",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    report_taken(
        context,
        sink,
        &RULE,
        (Space::HelmRelease, "the Helm release"),
        (
            "each upgrades the other's release to its own chart and values, at every reconciliation",
            "give one of them its own `releaseName`",
        ),
    );
}
