use deconflict_claims::Spot;
use deconflict_findings::Label;
use deconflict_kube::Labels;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a namespace with both `istio-injection` and `istio.io/rev`, and pods that ask for an Istio sidecar that their
    /// namespace rules out.
    ///
    /// ## Why it matters
    /// Istio takes one of the two labels and says nothing: the pods get the wrong revision, or no sidecar, and with strict
    /// mutual TLS nobody can reach them.
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
    ///     istio.io/rev: canary
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
    ///     istio.io/rev: canary
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A pod that opts out with `sidecar.istio.io/inject: "false"` is no contradiction. Which revisions exist in the
    /// cluster is not looked at.
    "sid-label-conflict", "labels of a namespace or pod contradict each other about sidecar injection",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for namespace in context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "Namespace"))
    {
        let map = namespace.facts.object.body.at_path(&["metadata", "labels"]);
        let spot = |key: &str| map.and_then(|map| map.at_path(&[key])).map(Spot::of);
        let labels = Labels::of(map);
        let (Some(switch), rev) = (labels.get("istio-injection"), labels.get("istio.io/rev")) else {
            continue;
        };
        if let (Some(first), Some(second), Some(_)) = (spot("istio-injection"), spot("istio.io/rev"), rev) {
            let message = format!(
                "{} has both `istio-injection` and `istio.io/rev`{}",
                namespace.title(),
                in_cluster(context.index)
            );
            let sides = [Side::new(namespace, first).labelled("this one counts")];
            if let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) {
                finding.related.push(Label::new(second.at, "without effect"));
                finding
                    .notes
                    .push("`istio-injection` wins, so the revision is never used".to_owned());
                finding.help = Some("keep one of them".to_owned());
                sink.report(finding);
            }
        }
        if switch == "enabled" {
            continue;
        }
        let Some(off) = spot("istio-injection") else {
            continue;
        };
        for pod in context
            .index
            .pods()
            .of_namespace(&namespace.facts.object.key.name)
        {
            if pod.template.labels.get("sidecar.istio.io/inject") != Some("true") {
                continue;
            }
            let Some(wish) = pod.template.label_spot("sidecar.istio.io/inject") else {
                continue;
            };
            let workload = context.index.workload(pod);
            let message = format!(
                "{} asks for an Istio sidecar that its namespace rules out{}",
                workload.title(),
                in_cluster(context.index)
            );
            let sides = [Side::new(workload, wish)];
            let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
                continue;
            };
            finding.related.push(Label::new(
                off.at,
                format!("{} switches injection off", namespace.title()),
            ));
            finding
                .notes
                .push("the namespace's label wins: the pods get no sidecar".to_owned());
            finding.help =
                Some("drop `istio-injection` from the namespace, or the label from the pods".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn contradictions() {
        for (labels, pod, found) in [
            ("istio-injection: enabled, istio.io/rev: x", "{}", true),
            (
                "istio-injection: enabled",
                "{sidecar.istio.io/inject: 'false'}",
                false,
            ),
            (
                "istio-injection: disabled",
                "{sidecar.istio.io/inject: 'true'}",
                true,
            ),
            ("istio-injection: disabled", "{}", false),
            ("istio.io/rev: x", "{sidecar.istio.io/inject: 'true'}", false),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n, labels: {{{labels}}}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, labels: {pod}}}\nspec: {{containers: []}}\n"
            );
            let got = run("sid-label-conflict", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
