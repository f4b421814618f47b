use deconflict_claims::budget::object_counts;

use crate::collision::{Collision, Side, list};
use crate::quota::{in_namespace, owner_of};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Counts the objects of a namespace against the entries of its ResourceQuota that are about objects:
    /// `count/<resource>.<group>`, `services`, `configmaps` and the other core kinds, `services.nodeports`,
    /// `services.loadbalancers`, `persistentvolumeclaims` and `requests.storage`, in total and per storage class, with
    /// what StatefulSets, CloudNativePG and Strimzi claim for each pod.
    ///
    /// ## Why it matters
    /// The API server refuses the object that is one too many, whoever applies it; a StatefulSet stops at the replica
    /// whose claim is refused.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/team-a/overlays/prod/quota.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: objects
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     services.loadbalancers: "1"
    /// # apps/search/overlays/prod/services.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   type: LoadBalancer
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: suggest
    ///   namespace: team-a
    /// spec:
    ///   type: LoadBalancer
    ///   ports:
    ///     - port: 80
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/team-a/overlays/prod/quota.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: objects
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     services.loadbalancers: "2"
    /// # apps/search/overlays/prod/services.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   type: LoadBalancer
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: suggest
    ///   namespace: team-a
    /// spec:
    ///   type: LoadBalancer
    ///   ports:
    ///     - port: 80
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Objects that controllers make (ReplicaSets, Jobs of CronJobs, Secrets of cert-manager, claims of operators not
    /// named above) are not counted, so the true number may be higher. The plural name of a custom kind comes from its
    /// CustomResourceDefinition when the tree has it, else from the rules of English.
    "cap-quota-count", "a namespace holds more objects, node ports, load balancers or storage than its ResourceQuota allows",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for count in object_counts(context.index) {
        if count.total <= count.hard.quantity {
            continue;
        }
        let mut names: Vec<String> = Vec::new();
        for (placed, _) in &count.rows {
            if !names.iter().any(|name| name == placed.who()) {
                names.push(placed.who().to_owned());
            }
        }
        let verb = if names.len() == 1 { "takes" } else { "take" };
        let message = format!(
            "{} {verb} {} `{}`{}, the quota allows {}",
            list(&names, "and"),
            count.total,
            count.resource,
            in_namespace(context, count.namespace),
            count.hard.quantity,
        );
        let contributors = count.rows.iter().take(5).map(|(placed, amount)| {
            let side = Side::declared(placed);
            let label = format!("{}: {amount}", side.label);
            side.labelled(label)
        });
        let quota = Side::new(count.placed, count.hard.spot.clone())
            .labelled(format!("the quota `{}`", count.placed.facts.object.key.name));
        let Some(mut finding) =
            Collision::new(context.files, contributors.chain([quota])).finding(&RULE, message)
        else {
            continue;
        };
        finding.key = Some(count.resource.to_string());
        finding
            .notes
            .push("the API server refuses the one that goes beyond it, whoever applies it".to_owned());
        finding.help = Some(format!(
            "drop one, or raise {} to {}",
            owner_of(count.placed),
            count.total
        ));
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// Key of `hard`, objects of the namespace, and what is counted (`0` is allowed).
    #[test]
    fn what_counts() {
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n}}\nspec: {{{spec}}}\n")
        };
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p, namespace: n}\nspec: {storageClassName: fast, resources: {requests: {storage: 5Gi}}}\n".to_owned();
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s, namespace: n}\nspec:\n  replicas: 3\n  template: {spec: {containers: []}}\n  volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: fast, resources: {requests: {storage: 2Gi}}}}]\n".to_owned();
        let scratch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s, namespace: n}\nspec:\n  replicas: 2\n  template: {spec: {volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: {spec: {resources: {requests: {storage: 2Gi}}}}}}]}}\n".to_owned();
        let ports = "ports: [{port: 1}, {port: 2, nodePort: 30001}]";
        for (key, objects, expected) in [
            ("services", service("type: ClusterIP"), "1"),
            ("count/services", service("type: ClusterIP"), "1"),
            (
                "services.nodeports",
                service(&format!("type: NodePort, {ports}")),
                "2",
            ),
            (
                "services.nodeports",
                service(&format!("type: LoadBalancer, {ports}")),
                "2",
            ),
            (
                "services.nodeports",
                service(&format!(
                    "type: LoadBalancer, allocateLoadBalancerNodePorts: false, {ports}"
                )),
                "1",
            ),
            ("services.nodeports", service(ports), ""),
            (
                "services.loadbalancers",
                service(&format!("type: LoadBalancer, {ports}")),
                "1",
            ),
            (
                "services.loadbalancers",
                service(&format!("type: NodePort, {ports}")),
                "",
            ),
            ("persistentvolumeclaims", claim.clone(), "1"),
            ("requests.storage", claim.clone(), "5Gi"),
            (
                "fast.storageclass.storage.k8s.io/requests.storage",
                claim.clone(),
                "5Gi",
            ),
            (
                "slow.storageclass.storage.k8s.io/requests.storage",
                claim.clone(),
                "",
            ),
            (
                "fast.storageclass.storage.k8s.io/persistentvolumeclaims",
                claim.clone(),
                "1",
            ),
            ("persistentvolumeclaims", set.clone(), "3"),
            ("requests.storage", format!("{claim}---\n{set}"), "11Gi"),
            ("requests.storage", scratch.clone(), "4Gi"),
            ("persistentvolumeclaims", scratch.clone(), "2"),
            ("count/statefulsets.apps", set.clone(), "1"),
            ("count/deployments.apps", set.clone(), ""),
            (
                "count/networkpolicies.networking.k8s.io",
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: s, namespace: n}\n"
                    .to_owned(),
                "1",
            ),
            (
                "count/ingresses.networking.k8s.io",
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: s, namespace: n}\n"
                    .to_owned(),
                "1",
            ),
            (
                "services",
                service("type: ClusterIP").replace("namespace: n", "namespace: other"),
                "",
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\n{objects}---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: n}}\nspec: {{hard: {{{key}: 0}}}}\n"
            );
            let got = run("cap-quota-count", &text);
            let wanted = format!("takes {expected} `{key}`");
            assert_eq!(
                got.contains(&wanted),
                !expected.is_empty(),
                "{key}\n{objects}{got}"
            );
        }
    }
}
