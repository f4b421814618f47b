use deconflict_claims::pods::Controller;
use deconflict_findings::{Finding, Label};

use crate::collision::in_cluster;
use crate::workloads::{access_modes_of, single_node_claim};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a Deployment that runs more than one replica (or is scaled to more) on a PersistentVolumeClaim that only one
    /// node can attach.
    ///
    /// ## Why it matters
    /// The second pod starts only when the scheduler happens to put it on the same node; otherwise it hangs in
    /// ContainerCreating with a Multi-Attach error. That it works today says nothing about the next node drain.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: orders}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 5Gi}}
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   replicas: 2
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           volumeMounts: [{name: data, mountPath: /data}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: data}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/api/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: orders}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 5Gi}}
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   replicas: 2
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    ///           volumeMounts: [{name: data, mountPath: /data}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: data}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Claims that are not in Git are not looked at. Claim templates of a StatefulSet give each pod its own claim and are
    /// fine.
    "sto-rwo-multi-replica", "several replicas share a ReadWriteOnce volume",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    for pod in index.pods().all().iter().filter(|pod| !pod.counts.unknown) {
        if !matches!(
            pod.template.controller,
            Controller::Deployment | Controller::ReplicaSet | Controller::Rollout | Controller::StatefulSet
        ) || pod.counts.max == Some(1)
            || pod.counts.max == Some(0)
        {
            continue;
        }
        for volume in &pod.template.volumes {
            let Some(claim) = single_node_claim(index, pod, &volume.claim) else {
                continue;
            };
            let workload = index.workload(pod);
            let many = pod
                .counts
                .max
                .map_or_else(|| "any number of".to_owned(), |max| max.to_string());
            let up_to = if pod.scalers.is_empty() { "" } else { "up to " };
            let message = format!(
                "{} runs {up_to}{many} replicas on {}, which one node can attach{}",
                workload.title(),
                claim.title(),
                in_cluster(index)
            );
            let at = pod.counts.max_spot.as_ref().unwrap_or(&volume.spot);
            let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at.at);
            format!("replicas of {}", workload.title()).clone_into(&mut finding.primary.text);
            finding.trail = at.trail();
            finding.related = vec![
                Label::new(volume.spot.at, "the volume"),
                Label::new(access_modes_of(claim), "one node at a time"),
            ];
            finding.objects = vec![workload.reference(), claim.reference()];
            finding.key = Some(volume.claim.to_string());
            finding.notes.push(
                "pods on a second node never start (Multi-Attach error); whether there is a second node is the \
                 scheduler's choice"
                    .to_owned(),
            );
            finding.help = Some(
                "run one replica, use a ReadWriteMany volume, or a StatefulSet with `volumeClaimTemplates`"
                    .to_owned(),
            );
            sink.report(finding);
        }
    }
}
