use deconflict_claims::pods::Pod;
use deconflict_kube::{items_at, text_of};
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::refs::{Target, World, each_pod};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds PersistentVolumeClaims that pods name and that nothing in the cluster's part of the tree makes, the
    /// `volumeClaimTemplates` of StatefulSets included.
    ///
    /// ## Why it matters
    /// The pod stays `Pending`: the scheduler does not place it while the claim is missing.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       volumeMounts:
    ///         - {name: data, mountPath: /data}
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim:
    ///         claimName: web-data
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       volumeMounts:
    ///         - {name: data, mountPath: /data}
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim:
    ///         claimName: web-data
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: web-data
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources:
    ///     requests:
    ///       storage: 1Gi
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present.
    "ref-pvc-missing", "a pod mounts a PersistentVolumeClaim that nobody makes",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_pod(context, &mut |world, pod, spec| {
        judge(context, sink, world, pod, spec);
    });
}

fn judge(context: &ClusterContext<'_>, sink: &mut Sink, world: &World<'_, '_>, pod: &Pod<'_>, spec: &Node) {
    let workload = context.index.workload(pod);
    let namespace = Some(pod.namespace.as_str());
    let sources = items_at(spec, &["volumes"])
        .filter_map(|volume| volume.at_path(&["persistentVolumeClaim", "claimName"]));
    for node in sources {
        let Some(name) = text_of(node).filter(|name| !name.is_empty()) else {
            continue;
        };
        let target = Target {
            group: "",
            kind: "PersistentVolumeClaim",
            namespace,
            name,
        };
        if world.has(target) || is_of_template(context, &pod.namespace, name) {
            continue;
        }
        let message = format!(
            "{} mounts PersistentVolumeClaim {}/{name}, which nothing here makes{}",
            workload.title(),
            pod.namespace,
            in_cluster(context.index)
        );
        let kind = ("PersistentVolumeClaim", namespace);
        let Some(mut finding) = world.finding(&RULE, (workload, node), kind, message) else {
            continue;
        };
        finding.key = Some(name.to_owned());
        finding.notes.push("the pod stays Pending without it".to_owned());
        finding.help = Some(
            "correct the name, or add the claim; one that is made elsewhere goes under `external`".to_owned(),
        );
        sink.report(finding);
    }
}

/// True for `<template>-<statefulset>-<ordinal>`.
fn is_of_template(context: &ClusterContext<'_>, namespace: &str, name: &str) -> bool {
    let Some((stem, ordinal)) = name.rsplit_once('-') else {
        return false;
    };
    ordinal.chars().all(|c| c.is_ascii_digit())
        && context.index.pods().of_namespace(namespace).any(|pod| {
            let workload = &pod.facts.object.key.name;
            let mut templates = pod.template.claim_templates.iter();
            templates.any(|template| stem == format!("{}-{workload}", template.name))
        })
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn claims() {
        let text = |name: &str, more: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
                 apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers: [], volumes: [{{name: v, \
                 persistentVolumeClaim: {{claimName: {name}}}}}]}}\n---\n{more}"
            )
        };
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x, namespace: n}\n";
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s, namespace: n}\nspec: {template: {spec: {containers: []}}, volumeClaimTemplates: [{metadata: {name: t}}]}\n";
        for (text, found) in [
            (text("x", ""), true),
            (text("x", &claim.replace("namespace: n", "namespace: m")), true),
            (text("t-s-x", set), true),
            (text("x", claim), false),
            (text("t-s-0", set), false),
            (
                text(
                    "x",
                    "apiVersion: cdi.kubevirt.io/v1beta1\nkind: DataVolume\nmetadata: {name: x, namespace: n}\nspec: {}\n",
                ),
                false,
            ),
        ] {
            let got = run("ref-pvc-missing", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
