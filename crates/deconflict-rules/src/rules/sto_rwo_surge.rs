use deconflict_claims::Spot;
use deconflict_claims::pods::Controller;

use crate::collision::{Collision, Side, in_cluster};
use crate::overlap::{attached_once, is_pinned};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Deployments of one pod that mount a ReadWriteOnce claim and roll out with a surge: the new pod starts while
    /// the old one still holds the volume.
    ///
    /// ## Why it matters
    /// When the new pod lands on another node it waits for the volume that the old pod keeps until the new one is ready:
    /// the rollout hangs.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/reports/overlays/prod/reports.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: reports
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources:
    ///     requests:
    ///       storage: 10Gi
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: reports
    ///   namespace: shop
    /// spec:
    ///   replicas: 1
    ///   strategy:
    ///     type: RollingUpdate
    ///   selector:
    ///     matchLabels:
    ///       app: reports
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: reports
    ///     spec:
    ///       containers:
    ///         - name: reports
    ///           image: registry.example/reports:1.0
    ///           volumeMounts:
    ///             - name: data
    ///               mountPath: /data
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim:
    ///             claimName: reports
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/reports/overlays/prod/reports.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: reports
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources:
    ///     requests:
    ///       storage: 10Gi
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: reports
    ///   namespace: shop
    /// spec:
    ///   replicas: 1
    ///   strategy:
    ///     type: Recreate
    ///   selector:
    ///     matchLabels:
    ///       app: reports
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: reports
    ///     spec:
    ///       containers:
    ///         - name: reports
    ///           image: registry.example/reports:1.0
    ///           volumeMounts:
    ///             - name: data
    ///               mountPath: /data
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim:
    ///             claimName: reports
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Only claims that the tree declares are judged. A workload that is pinned to one node by the label
    /// `kubernetes.io/hostname` is left out; on a cluster of one node the rollout works.
    "sto-rwo-surge", "a rolling update starts a second pod on a volume that one node can attach",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let single = pod.counts.max == Some(1) && pod.counts.surge > 0;
        let surges = matches!(
            pod.template.controller,
            Controller::Deployment | Controller::Rollout
        );
        if !single || !surges || is_pinned(pod) {
            continue;
        }
        for volume in &pod.template.volumes {
            let Some((claim, mode)) = attached_once(context.index, &pod.namespace, &volume.claim) else {
                continue;
            };
            let workload = context.index.workload(pod);
            let strategy = pod.facts.object.body.at_path(&["spec", "strategy"]).map(Spot::of);
            let spot = pod
                .template
                .surge
                .spot()
                .cloned()
                .or(strategy)
                .unwrap_or_else(|| volume.spot.clone());
            let message = format!(
                "a rollout of {} starts a second pod on {}, which one node can attach{}",
                workload.title(),
                claim.title(),
                in_cluster(context.index)
            );
            let sides = [
                Side::new(workload, spot),
                Side::new(claim, mode).labelled(format!("access mode of {}", claim.title())),
            ];
            let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
                continue;
            };
            finding.key = Some(volume.claim.to_string());
            finding.notes.push("on another node the new pod waits for the volume that the old one keeps until the new one is ready".to_owned());
            finding.help = Some("use `strategy: {type: Recreate}`, or a StatefulSet".to_owned());
            sink.report(finding);
        }
    }
}
