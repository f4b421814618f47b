use deconflict_claims::Space;

use crate::collision::report_taken;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one static `clusterIP` in two Services of a cluster.
    ///
    /// ## Why it matters
    /// The API server gives an address to one Service and refuses the other ("provided IP is already allocated"). Which
    /// one is refused depends on who syncs first.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   clusterIP: 10.96.0.50
    ///   selector: {app: gateway}
    ///   ports: [{port: 80}]
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   clusterIP: 10.96.0.50
    ///   selector: {app: api}
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   clusterIP: 10.96.0.50
    ///   selector: {app: gateway}
    ///   ports: [{port: 80}]
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   selector: {app: api}
    ///   ports: [{port: 80}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Addresses that the cluster hands out by itself are not in Git.
    "net-clusterip-taken", "two Services of a cluster claim one cluster IP",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    report_taken(
        context,
        sink,
        &RULE,
        (Space::ClusterIp, "cluster IP"),
        (
            "the API server refuses whichever is applied second: \"provided IP is already allocated\"",
            "drop `clusterIP` and let the cluster choose",
        ),
    );
}
