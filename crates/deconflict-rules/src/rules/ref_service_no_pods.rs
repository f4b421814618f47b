use deconflict_findings::{Certainty, Label};

use crate::collision::in_cluster;
use crate::quota::declared;
use crate::refs::{Selecting, each_service};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Services with a selector that matches no pod of any workload in their namespace.
    ///
    /// ## Why it matters
    /// The Service has no endpoints: every request to it fails, and so does everything behind an Ingress or route that
    /// leads to it.
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
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: wbe
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
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
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Namespaces with custom resources whose operator may
    /// run pods are left out. Labels that a pod gets at run time (`statefulset.kubernetes.io/pod-name`, those of a
    /// leader election) are not known: where only a label that no pod template has is missing, it is information.
    "ref-service-no-pods", "a Service selects no pod",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_service(context, &mut |world, selecting| {
        let Selecting {
            service,
            namespace,
            node,
            selector,
            selected: found,
        } = selecting;
        if !found.pods.is_empty() || world.has_operated_pods(namespace) {
            return;
        }
        let wanted: Vec<String> = deconflict_kube::Labels::of(Some(node))
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let message = format!(
            "{} selects {}, and no pod has that{}",
            service.title(),
            wanted.join(", "),
            in_cluster(context.index)
        );
        let Some(mut finding) = world.finding(&RULE, (service, node), ("", Some(*namespace)), message) else {
            return;
        };
        if found.without_own_labels {
            finding.certainty = Certainty::Possible;
        }
        finding.key = Some(wanted.join(","));
        let mut own = context.index.pods().of_namespace(namespace);
        let near = own.find(|pod| context.index.workload(pod).app == service.app);
        if let Some(pod) = near {
            let spot = selector
                .requirements
                .iter()
                .find_map(|(key, _)| pod.template.label_spot(key))
                .unwrap_or_else(|| declared(pod));
            let label = format!("pods of {}", context.index.workload(pod).title());
            finding.related.push(Label::new(spot.at, label));
        }
        finding
            .notes
            .push("it has no endpoints: every request to it fails".to_owned());
        finding.help = Some("select labels that the pod template has".to_owned());
        sink.report(finding);
    });
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn selectors() {
        let text = |selector: &str, more: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
                 apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: w, namespace: n}}\nspec: {{template: {{metadata: {{labels: {{app: x, tier: y}}}}, spec: {{containers: []}}}}}}\n---\n\
                 apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n}}\nspec: {{{selector}}}\n---\n{more}"
            )
        };
        for (text, expected) in [
            (text("selector: {app: z}", ""), "error["),
            (text("selector: {app: x, tier: z}", ""), "error["),
            // A label that no template has may come at run time.
            (text("selector: {app: x, role: leader}", ""), "(possible)"),
            (
                text("selector: {app: x, statefulset.kubernetes.io/pod-name: w-0}", ""),
                "",
            ),
            (text("selector: {app: x}", ""), ""),
            (text("selector: {}", ""), ""),
            (text("selector: {app: z}, type: ExternalName", ""), ""),
            (text("ports: [{port: 80}]", ""), ""),
            // An operator may run them.
            (
                text(
                    "selector: {app: z}",
                    "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: d, namespace: n}\n",
                ),
                "",
            ),
        ] {
            let got = run("ref-service-no-pods", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.contains(expected), "{text}\n{got}");
        }
    }
}
