use deconflict_claims::pods::Controller;
use deconflict_findings::{Finding, Label};

use crate::collision::in_cluster;
use crate::workloads::{access_modes_of, is_pinned, single_node_claim};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a Deployment with one replica, a rolling update that starts the new pod first, and a PersistentVolumeClaim
    /// that only one node can attach.
    ///
    /// ## Why it matters
    /// The new pod is started before the old one is stopped. On another node it cannot attach the volume and never
    /// becomes ready, and as it is not ready the old one is never stopped: the rollout hangs until somebody deletes the
    /// old pod.
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
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 5Gi}}
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: orders}
    /// spec:
    ///   strategy: {type: Recreate}
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
    /// A pod that is bound to one node (`nodeName`, a `kubernetes.io/hostname` selector) is not reported. More than one
    /// replica is `sto-rwo-multi-replica`.
    "sto-rwo-surge", "a rolling update waits for a volume that the old pod holds",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    for pod in index.pods().all() {
        let one = pod.counts.max == Some(1) && pod.counts.surge > 0;
        if pod.template.controller != Controller::Deployment || !one || is_pinned(pod) {
            continue;
        }
        for volume in &pod.template.volumes {
            let Some(claim) = single_node_claim(index, pod, &volume.claim) else {
                continue;
            };
            let workload = index.workload(pod);
            let message = format!(
                "a rollout of {} starts the new pod while the old one holds {}{}",
                workload.title(),
                claim.title(),
                in_cluster(index)
            );
            let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, volume.spot.at);
            "held by the old pod".clone_into(&mut finding.primary.text);
            finding.trail = volume.spot.trail();
            finding.related = vec![Label::new(access_modes_of(claim), "one node at a time")];
            finding.objects = vec![workload.reference(), claim.reference()];
            finding.key = Some(volume.claim.to_string());
            finding.notes.push(
                "if the new pod lands on another node, it waits for the volume and the old pod waits for it"
                    .to_owned(),
            );
            finding.help = Some("set `strategy.type: Recreate`, or `maxSurge: 0`".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn deployment(spec: &str, pod: &str, modes: &str) -> String {
        format!(
            "//- apps/a/api/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: a}}\n\
             spec: {{{spec} template: {{spec: {{{pod} containers: [{{name: c}}], volumes: [{{name: v, persistentVolumeClaim: {{claimName: d}}}}]}}}}}}\n\
             ---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: d, namespace: a}}\nspec: {{accessModes: [{modes}]}}\n"
        )
    }

    #[test]
    fn one_of_two_rules() {
        let fires = |spec: &str, pod: &str, modes: &str| {
            let text = deployment(spec, pod, modes);
            let found = |rule: &str| !run(rule, &text).is_empty();
            (found("sto-rwo-surge"), found("sto-rwo-multi-replica"))
        };
        assert_eq!(fires("", "", "ReadWriteOnce"), (true, false));
        assert_eq!(fires("replicas: 2,", "", "ReadWriteOnce"), (false, true));
        assert_eq!(fires("replicas: 0,", "", "ReadWriteOnce"), (false, false));
        assert_eq!(
            fires("strategy: {type: Recreate},", "", "ReadWriteOnce"),
            (false, false)
        );
        assert_eq!(
            fires("strategy: {rollingUpdate: {maxSurge: 0}},", "", "ReadWriteOnce"),
            (false, false)
        );
        assert_eq!(fires("", "nodeName: n,", "ReadWriteOnce"), (false, false));
        assert_eq!(
            fires("", "nodeSelector: {kubernetes.io/hostname: n},", "ReadWriteOnce"),
            (false, false)
        );
        assert_eq!(
            fires("replicas: 2,", "", "ReadWriteOnce, ReadWriteMany"),
            (false, false)
        );
    }
}
