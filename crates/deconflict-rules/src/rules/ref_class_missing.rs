use deconflict_claims::{Detail, Placed};
use deconflict_kube::{items_at, text_of};
use deconflict_yaml::Node;
use rustc_hash::FxHashSet;

use crate::collision::in_cluster;
use crate::refs::{Target, World};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds StorageClasses, PriorityClasses, RuntimeClasses, IngressClasses and GatewayClasses that an object names
    /// and that nothing in the cluster's part of the tree makes.
    ///
    /// ## Why it matters
    /// A claim without its StorageClass and a pod without its RuntimeClass stay pending, pods without their
    /// PriorityClass are refused, and an Ingress or Gateway of an unknown class is served by nobody.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/storage/overlays/prod/class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: example.com/disk
    /// # apps/shop/web/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: fats
    ///   resources:
    ///     requests:
    ///       storage: 1Gi
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/storage/overlays/prod/class.yaml
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: example.com/disk
    /// # apps/shop/web/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: fast
    ///   resources:
    ///     requests:
    ///       storage: 1Gi
    /// ```
    ///
    /// ## Options
    /// None. Classes that the provider or an installer makes go under `external` in `deconflict.yaml`: `{kind: StorageClass, name: "gp*"}`.
    ///
    /// ## Known limits
    /// Clusters come with classes of their provider, so that a kind of which the tree makes none is not judged at all.
    /// It is a warning only where nothing that goes to the cluster was skipped or failed; otherwise it is information.
    /// The PriorityClasses that Kubernetes brings (`system-*`) are known.
    "ref-class-missing", "an object names a class that nobody makes",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

/// What names a class: group and kind of the class, and the text.
type Named<'n> = (&'static str, &'static str, &'n Node);

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(world) = World::new(context) else { return };
    let kinds: FxHashSet<&str> = context
        .index
        .live()
        .map(|placed| placed.facts.object.key.kind.as_str())
        .filter(|kind| kind.ends_with("Class"))
        .collect();
    for placed in context.index.live() {
        for (group, kind, node) in named(placed) {
            let Some(name) = text_of(node).filter(|name| !name.is_empty()) else {
                continue;
            };
            let target = Target {
                group,
                kind,
                namespace: None,
                name,
            };
            let given = kind == "PriorityClass" && name.starts_with("system-");
            if given || !kinds.contains(kind) || world.has(target) {
                continue;
            }
            let message = format!(
                "{} names {kind} {name}, which nothing here makes{}",
                placed.title(),
                in_cluster(context.index)
            );
            let Some(mut finding) = world.finding(&RULE, (placed, node), (kind, None), message) else {
                continue;
            };
            finding.key = Some(format!("{kind} {name}"));
            finding.help = Some(format!(
                "correct the name, add the class, or list it under `external`: `{{kind: {kind}, name: {name}}}`"
            ));
            sink.report(finding);
        }
    }
}

fn named<'n>(placed: &'n Placed<'_>) -> Vec<Named<'n>> {
    let object = &placed.facts.object;
    let body = &object.body;
    let mut found: Vec<Named<'n>> = Vec::new();
    let one = |group, kind, node: Option<&'n Node>| node.map(|node| (group, kind, node));
    match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("", "PersistentVolumeClaim") => {
            let node = body.at_path(&["spec", "storageClassName"]);
            found.extend(one("storage.k8s.io", "StorageClass", node));
        }
        ("apps", "StatefulSet") => {
            let templates = items_at(body, &["spec", "volumeClaimTemplates"]);
            let nodes = templates.filter_map(|template| template.at_path(&["spec", "storageClassName"]));
            found.extend(nodes.map(|node| ("storage.k8s.io", "StorageClass", node)));
        }
        ("networking.k8s.io", "Ingress") => {
            let node = body.at_path(&["spec", "ingressClassName"]);
            found.extend(one("networking.k8s.io", "IngressClass", node));
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            let node = body.at_path(&["spec", "gatewayClassName"]);
            found.extend(one("gateway.networking.k8s.io", "GatewayClass", node));
        }
        _ => {}
    }
    if let Detail::Pods(templates) = &placed.facts.detail {
        for spec in templates.iter().filter_map(|template| template.spec.as_deref()) {
            let priority = spec.at_path(&["priorityClassName"]);
            found.extend(one("scheduling.k8s.io", "PriorityClass", priority));
            let runtime = spec.at_path(&["runtimeClassName"]);
            found.extend(one("node.k8s.io", "RuntimeClass", runtime));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn classes() {
        let pod = |spec: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers: [], {spec}}}\n"
            )
        };
        let class = |group: &str, kind: &str| {
            format!("---\napiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: known}}\n")
        };
        let priority = class("scheduling.k8s.io", "PriorityClass");
        let runtime = class("node.k8s.io", "RuntimeClass");
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s, namespace: n}\nspec: {template: {spec: {containers: []}}, volumeClaimTemplates: [{spec: {storageClassName: x}}]}\n";
        for (text, found) in [
            (pod("priorityClassName: x") + &priority, true),
            (pod("runtimeClassName: x") + &runtime, true),
            (set.to_owned() + &class("storage.k8s.io", "StorageClass"), true),
            (pod("priorityClassName: known") + &priority, false),
            (pod("priorityClassName: system-node-critical") + &priority, false),
            // The tree makes none of that kind: the cluster brings its own.
            (pod("priorityClassName: x") + &runtime, false),
            (pod("priorityClassName: ''") + &priority, false),
        ] {
            let got = run(
                "ref-class-missing",
                &format!("//- apps/a/web/overlays/prod/all.yaml\n{text}"),
            );
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
