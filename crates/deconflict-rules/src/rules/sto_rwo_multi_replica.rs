use deconflict_claims::pods::Controller;

use crate::collision::{Collision, Side, in_cluster};
use crate::overlap::{attached_once, is_pinned};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Deployments and other workloads with more than one replica, at their scaler's upper bound too, that mount a
    /// PersistentVolumeClaim whose only access mode is ReadWriteOnce.
    ///
    /// ## Why it matters
    /// The volume is attached to one node. Pods on other nodes wait for it for ever ("Multi-Attach error"), and whether
    /// they land on the same node is the scheduler's mood.
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
    ///   replicas: 3
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
    /// `kubernetes.io/hostname` is left out; other ways to keep pods together are not known.
    "sto-rwo-multi-replica", "more than one pod of a workload shares a volume that one node can attach",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let many = pod.counts.max.is_some_and(|max| max > 1);
        let replicated = matches!(
            pod.template.controller,
            Controller::Deployment
                | Controller::ReplicaSet
                | Controller::ReplicationController
                | Controller::StatefulSet
                | Controller::Rollout
        );
        if !many || !replicated || is_pinned(pod) {
            continue;
        }
        for volume in &pod.template.volumes {
            let Some((claim, mode)) = attached_once(context.index, &pod.namespace, &volume.claim) else {
                continue;
            };
            let workload = context.index.workload(pod);
            let spot = pod
                .counts
                .max_spot
                .clone()
                .or_else(|| pod.counts.spot.clone())
                .unwrap_or_else(|| declared(pod));
            let count = pod.counts.max.unwrap_or_default();
            let message = format!(
                "{} runs up to {count} pods on {}, which one node can attach{}",
                workload.title(),
                claim.title(),
                in_cluster(context.index)
            );
            let sides = [
                Side::new(workload, spot).labelled(format!("up to {count} pods of {}", workload.title())),
                Side::new(claim, mode).labelled(format!("access mode of {}", claim.title())),
            ];
            let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
                continue;
            };
            finding
                .related
                .push(deconflict_findings::Label::new(volume.spot.at, "mounted here"));
            finding.key = Some(volume.claim.to_string());
            finding
                .notes
                .push("pods on other nodes wait for ever: \"Multi-Attach error\"".to_owned());
            finding.help = Some(
                "run one pod, use a StatefulSet with `volumeClaimTemplates`, or a ReadWriteMany volume"
                    .to_owned(),
            );
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// For both rules about volumes that are attached once: access modes, Deployment, which rule.
    #[test]
    fn replicas_and_surge() {
        let d = |spec: &str, pod: &str| {
            format!(
                "kind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec:\n  {spec}\n  template: {{spec: {{{pod}volumes: [{{name: v, persistentVolumeClaim: {{claimName: p}}}}]}}}}\n"
            )
        };
        for (modes, workload, expected) in [
            ("ReadWriteOnce", d("replicas: 2", ""), "multi"),
            ("ReadWriteMany", d("replicas: 2", ""), ""),
            ("ReadWriteOnce, ReadWriteMany", d("replicas: 2", ""), ""),
            ("ReadWriteOnce", d("replicas: 1", ""), "surge"),
            ("ReadWriteOnce", d("paused: false", ""), "surge"),
            ("ReadWriteOnce", d("strategy: {type: Recreate}", ""), ""),
            (
                "ReadWriteOnce",
                d("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", ""),
                "",
            ),
            (
                "ReadWriteOnce",
                d("replicas: 1", "nodeSelector: {kubernetes.io/hostname: x}, "),
                "",
            ),
            (
                "ReadWriteOnce",
                d("replicas: 2", "nodeSelector: {kubernetes.io/hostname: x}, "),
                "",
            ),
            (
                "ReadWriteOnce",
                d("replicas: 2", "").replace("claimName: p", "claimName: q"),
                "",
            ),
            (
                "ReadWriteOnce",
                d("replicas: 1", "").replace("Deployment", "StatefulSet"),
                "",
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\n{workload}---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: p, namespace: n}}\nspec: {{accessModes: [{modes}]}}\n"
            );
            for (rule, word) in [("sto-rwo-multi-replica", "multi"), ("sto-rwo-surge", "surge")] {
                let got = run(rule, &text);
                assert_eq!(!got.is_empty(), expected == word, "{rule}\n{text}\n{got}");
            }
        }
    }
}
