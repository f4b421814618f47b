use deconflict_claims::pods::Pod;
use deconflict_kube::text_of;
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::refs::{Target, World, each_pod};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods whose `serviceAccountName` names a ServiceAccount that nothing in the cluster's part of the tree
    /// makes.
    ///
    /// ## Why it matters
    /// Admission refuses the pods (`serviceaccount not found`): the workload exists and has no pods.
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
    ///   serviceAccountName: web
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
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
    ///   serviceAccountName: web
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present. `default`, and OpenShift's `builder`, `deployer` and `pipeline`,
    /// exist in every namespace.
    "ref-sa-missing", "a pod runs as a ServiceAccount that nobody makes",
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
    let fields = ["serviceAccountName", "serviceAccount"];
    let Some(node) = fields.iter().find_map(|field| spec.at_path(&[*field])) else {
        return;
    };
    let namespace = Some(pod.namespace.as_str());
    let Some(name) =
        text_of(node).filter(|name| !matches!(*name, "" | "default" | "builder" | "deployer" | "pipeline"))
    else {
        return;
    };
    let target = Target {
        group: "",
        kind: "ServiceAccount",
        namespace,
        name,
    };
    if world.has(target) {
        return;
    }
    let workload = context.index.workload(pod);
    let message = format!(
        "{} runs as ServiceAccount {}/{name}, which nothing here makes{}",
        workload.title(),
        pod.namespace,
        in_cluster(context.index)
    );
    let kind = ("ServiceAccount", namespace);
    let Some(mut finding) = world.finding(&RULE, (workload, node), kind, message) else {
        return;
    };
    finding.key = Some(name.to_owned());
    finding
        .notes
        .push("admission refuses its pods: the workload has none".to_owned());
    finding.help = Some(
        "correct the name, or add the ServiceAccount; one that is made elsewhere goes under `external`"
            .to_owned(),
    );
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn accounts() {
        let text = |name: &str, more: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
                 apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p, namespace: n}}\nspec: {{template: {{spec: {{containers: [], \
                 {name}}}}}}}\n---\n{more}"
            )
        };
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, namespace: n}\n";
        for (text, found) in [
            (text("serviceAccountName: x", ""), true),
            (text("serviceAccount: x", ""), true),
            (
                text(
                    "serviceAccountName: x",
                    &account.replace("namespace: n", "namespace: m"),
                ),
                true,
            ),
            (text("serviceAccountName: x", account), false),
            (text("serviceAccountName: default", ""), false),
            (text("serviceAccountName: ''", ""), false),
            (text("hostNetwork: false", ""), false),
        ] {
            let got = run("ref-sa-missing", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
