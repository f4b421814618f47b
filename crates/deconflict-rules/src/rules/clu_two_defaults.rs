use deconflict_claims::Space;

use crate::collision::{by_object, collide, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two default IngressClasses, StorageClasses or VolumeSnapshotClasses (per driver), and two PriorityClasses
    /// with `globalDefault`.
    ///
    /// ## Why it matters
    /// With two default IngressClasses the API server refuses every Ingress without a class; of two default
    /// StorageClasses the newest wins, so a new cluster may pick the other; of two global PriorityClasses the lowest
    /// counts. Each team's file is valid alone.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/storage/overlays/prod/storage-class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: csi.example.com
    /// # apps/orders/db/overlays/prod/storage-class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: local
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: csi.example.com
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/storage/overlays/prod/storage-class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: csi.example.com
    /// # apps/orders/db/overlays/prod/storage-class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: local
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "false"}
    /// provisioner: csi.example.com
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Defaults that the cluster's provider installs are not in Git.
    "clu-two-defaults", "two objects of a cluster are both the default of their kind",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.claims(Space::Default) {
        let sides = by_object(&group);
        let [first, _, ..] = sides.as_slice() else {
            continue;
        };
        let kind = &first.claim.key;
        let collision = collide(context, &sides);
        let names: Vec<String> = collision
            .sides
            .iter()
            .map(|side| side.placed.facts.object.key.name.to_string())
            .collect();
        let message = format!(
            "{} are {} the default {kind}{}",
            list(&names, "and"),
            if names.len() == 2 { "both" } else { "all" },
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(kind.to_string());
        finding.notes.push(
            match first.placed.facts.object.key.kind.as_str() {
                "IngressClass" => "the API server refuses every Ingress that names no class",
                "PriorityClass" => "the one with the lowest value counts",
                "StorageClass" => {
                    "the newest one counts, and age is not in Git: a new cluster may choose the other"
                }
                _ => "the API server cannot choose, and snapshots that name no class fail",
            }
            .to_owned(),
        );
        finding.help = Some("keep one default, and name the class wherever another is meant".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn kinds() {
        let two = |api: &str, kind: &str, one: &str, other: &str| {
            let object = |team: &str, fields: &str| {
                format!(
                    "//- apps/{team}/web/overlays/prod/o.yaml\n{{apiVersion: {api}, kind: {kind}, {}}}\n",
                    fields.replace("NAME", team)
                )
            };
            !run("clu-two-defaults", &(object("a", one) + &object("b", other))).is_empty()
        };
        let annotated =
            |name: &str, value: &str| format!("metadata: {{name: NAME, annotations: {{{name}: '{value}'}}}}");
        let ingress = "ingressclass.kubernetes.io/is-default-class";
        assert!(two(
            "networking.k8s.io/v1",
            "IngressClass",
            &annotated(ingress, "true"),
            &annotated(ingress, "true")
        ));
        assert!(!two(
            "networking.k8s.io/v1",
            "IngressClass",
            &annotated(ingress, "true"),
            &annotated(ingress, "false")
        ));
        let priority = "metadata: {name: NAME}, value: 1, globalDefault: true";
        assert!(two("scheduling.k8s.io/v1", "PriorityClass", priority, priority));
        let snapshot = |driver: &str| {
            annotated("snapshot.storage.kubernetes.io/is-default-class", "true") + ", driver: " + driver
        };
        assert!(two(
            "snapshot.storage.k8s.io/v1",
            "VolumeSnapshotClass",
            &snapshot("d"),
            &snapshot("d")
        ));
        assert!(!two(
            "snapshot.storage.k8s.io/v1",
            "VolumeSnapshotClass",
            &snapshot("d"),
            &snapshot("e")
        ));
    }
}
