use deconflict_findings::Label;
use deconflict_kube::{Labels, items_at, text_at};

use deconflict_claims::Placed;
use deconflict_claims::pods::Injector;

use crate::collision::{Collision, Side, in_cluster};
use crate::context::options;
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods with an injected mesh sidecar in a namespace whose `pod-security.kubernetes.io/enforce` label is
    /// `baseline` or `restricted`, in a cluster where no CNI plugin of the mesh is deployed.
    ///
    /// ## Why it matters
    /// Without the plugin the sidecar comes with an init container that needs the capabilities NET_ADMIN and NET_RAW. Both
    /// levels refuse them, so the API server refuses every pod: "violates PodSecurity".
    ///
    /// ## Example
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    ///     pod-security.kubernetes.io/enforce: baseline
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    ///     pod-security.kubernetes.io/enforce: privileged
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ```
    ///
    /// ## Options
    /// - `cni`: true when a CNI plugin of the mesh is installed by something outside the repository.
    ///
    /// ## Known limits
    /// The plugin is found as a DaemonSet, HelmRelease, Application or HelmChart of the tree (`istio-cni`, `linkerd-cni`),
    /// else say so with the option.
    "sid-psa-forbids", "the pod security level of a namespace refuses what a sidecar's init container needs",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let told =
        options(context.config, RULE.meta.id).and_then(|options| deconflict_kube::bool_at(options, &["cni"]));
    if told == Some(true) {
        return;
    }
    let mut plugins: Option<Vec<Injector>> = None;
    for pod in context.index.pods().all() {
        let Some(injected) = pod
            .injected
            .iter()
            .find(|injected| matches!(injected.injector, Injector::Istio | Injector::Linkerd))
        else {
            continue;
        };
        let Some(namespace) = context.index.find("", "Namespace", None, &pod.namespace) else {
            continue;
        };
        let labels = namespace.facts.object.body.at_path(&["metadata", "labels"]);
        let level = Labels::of(labels);
        let Some(level) = level
            .get(ENFORCE)
            .filter(|level| matches!(*level, "baseline" | "restricted"))
        else {
            continue;
        };
        let found = plugins.get_or_insert_with(|| context.index.live().filter_map(plugin).collect());
        if found.contains(&injected.injector) {
            continue;
        }
        let workload = context.index.workload(pod);
        let who = injected.injector.word();
        let message = format!(
            "pods of {} are refused{}: {who}'s sidecar needs NET_ADMIN, its namespace enforces `{level}`",
            workload.title(),
            in_cluster(context.index)
        );
        let sides = [Side::new(workload, declared(pod))];
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        if let Some(node) = labels.and_then(|labels| labels.at_path(&[ENFORCE])) {
            finding.related.push(Label::new(
                node.at,
                format!("{} enforces `{level}`", namespace.title()),
            ));
        }
        finding.related.push(Label::new(
            injected.spot.at,
            format!("{who} is injected by this {}", injected.why),
        ));
        finding
            .notes
            .push("the API server refuses each pod: \"violates PodSecurity\"".to_owned());
        finding.help = Some(format!(
            "install {who}'s CNI plugin (then say `cni: true` in the rule's options if it is not in this repository), or enforce `privileged`"
        ));
        sink.report(finding);
    }
}

/// The mesh whose CNI plugin an object deploys.
fn plugin(placed: &Placed<'_>) -> Option<Injector> {
    let object = &placed.facts.object;
    let name = match object.key.kind.as_str() {
        "DaemonSet" => object.key.name.as_str(),
        "HelmRelease" => text_at(&object.body, &["spec", "chart", "spec", "chart"])?,
        "HelmChart" => text_at(&object.body, &["spec", "chart"])?,
        "Application" => {
            let source = text_at(&object.body, &["spec", "source", "chart"]);
            let sources =
                items_at(&object.body, &["spec", "sources"]).find_map(|source| text_at(source, &["chart"]));
            source.or(sources)?
        }
        "IstioCNI" => "istio-cni",
        _ => return None,
    };
    match name {
        "cni" | "istio-cni" | "istio-cni-node" => Some(Injector::Istio),
        "linkerd2-cni" | "linkerd-cni" => Some(Injector::Linkerd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn levels_and_plugins() {
        let plugin = "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: istio-cni-node, namespace: kube-system}\nspec: {template: {spec: {containers: []}}}\n";
        for (level, injection, rest, found) in [
            ("baseline", "istio-injection: enabled", "", true),
            ("restricted", "istio-injection: enabled", "", true),
            ("privileged", "istio-injection: enabled", "", false),
            ("baseline", "istio-injection: disabled", "", false),
            ("baseline", "istio-injection: enabled", plugin, false),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n, labels: {{{injection}, pod-security.kubernetes.io/enforce: {level}}}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{containers: []}}\n{rest}"
            );
            let got = run("sid-psa-forbids", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
