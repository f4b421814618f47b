use deconflict_findings::Label;

use crate::collision::{Collision, Side, in_cluster};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods into which two of Istio, Linkerd and Consul inject a sidecar, one by the namespace and one by the pod,
    /// or both by one of them.
    ///
    /// ## Why it matters
    /// Both redirect the pod's traffic to their own proxy. Their rules shut each other out and the pod neither starts nor
    /// answers.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   annotations:
    ///     linkerd.io/inject: enabled
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   annotations:
    ///     linkerd.io/inject: disabled
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Open Service Mesh and meshes without sidecar (ambient) are not known.
    "sid-two-meshes", "two meshes inject their sidecar into one pod",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let meshes: Vec<_> = pod
            .injected
            .iter()
            .filter(|injected| injected.injector.is_mesh())
            .collect();
        let [one, other, ..] = meshes.as_slice() else {
            continue;
        };
        let workload = context.index.workload(pod);
        let message = format!(
            "{} and {} both inject a sidecar into {}{}",
            one.injector.word(),
            other.injector.word(),
            workload.title(),
            in_cluster(context.index)
        );
        let sides = [Side::new(workload, declared(pod))];
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        for injected in meshes {
            finding.related.push(Label::new(
                injected.spot.at,
                format!("{}: {}", injected.injector.word(), injected.why),
            ));
        }
        finding
            .notes
            .push("both redirect the pod's traffic to their own proxy".to_owned());
        finding.help = Some("switch one of them off for these pods".to_owned());
        sink.report(finding);
    }
}
