use std::collections::BTreeMap;

use deconflict_claims::Placed;
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::{Bundle, text_at};

use crate::collision::in_cluster;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds kinds that nobody here defines: no CustomResourceDefinition is placed in the cluster, and neither the API
    /// server nor the embedded catalogue of popular definitions has the kind. One finding per kind and cluster. Kinds whose
    /// definition comes from elsewhere can be declared under `external` as
    /// `{kind: CustomResourceDefinition, name: <plural>.<group>}`.
    ///
    /// ## Why it matters
    /// Without the definition the API server answers "no matches for kind", and a sync with such an object fails as a
    /// whole. And what nobody defines cannot be checked: the resources count as unchecked, not as right.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/queue/overlays/prod/queue.yaml
    /// apiVersion: example.com/v1
    /// kind: Queue
    /// metadata:
    ///   name: orders
    ///   namespace: orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/queue/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: queues.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Queue, plural: queues, singular: queue, listKind: QueueList}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/orders/queue/overlays/prod/queue.yaml
    /// apiVersion: example.com/v1
    /// kind: Queue
    /// metadata:
    ///   name: orders
    ///   namespace: orders
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Charts and operators install definitions that are not in Git, so this is possible at most.
    "crd-missing", "a custom resource whose kind nobody defines",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let bundle = Bundle::embedded();
    let objects = &context.index.objects;
    let mut defined: Vec<(&str, &str)> = Vec::new();
    for placed in objects {
        let object = &placed.facts.object;
        if object.key.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            let text = |path: &[&str]| text_at(&object.body, path).unwrap_or_default();
            defined.push((text(&["spec", "group"]), text(&["spec", "names", "kind"])));
        }
    }
    let mut missing: BTreeMap<(&str, &str), Vec<&Placed<'_>>> = BTreeMap::new();
    for placed in objects {
        let key = &placed.facts.object.key;
        let (group, kind) = (key.group.as_str(), key.kind.as_str());
        let known =
            bundle.knows(group, kind) || bundle.is_builtin_group(group) || defined.contains(&(group, kind));
        if !known && !is_external(context, group, kind) {
            missing.entry((group, kind)).or_default().push(placed);
        }
    }
    for ((group, kind), users) in missing {
        let first = users[0];
        let others = match users.len() {
            1 => String::new(),
            count => format!(" ({count} objects)"),
        };
        let message = format!(
            "{}: nobody defines the kind {kind} of {group}{}, so it is not checked{others}",
            first.title(),
            in_cluster(context.index)
        );
        let object = &first.facts.object;
        let at = object.body.get("kind").map_or(object.declared_at, |kind| kind.at);
        let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
        finding.primary = Label::new(at, "no CustomResourceDefinition");
        finding.objects.push(first.reference());
        finding.key = Some(format!("{group}/{kind}"));
        finding.certainty = Certainty::Possible;
        finding.help = Some(format!(
            "put the definition into the repository, or list it under `external` when it comes from elsewhere: \
             `{{kind: CustomResourceDefinition, name: <plural>.{group}}}`"
        ));
        sink.report(finding);
    }
}

/// True when the configuration says that the definition comes from elsewhere.
fn is_external(context: &ClusterContext<'_>, group: &str, kind: &str) -> bool {
    let lower = kind.to_lowercase();
    let stem = lower.strip_suffix('y').unwrap_or(&lower);
    let names = [
        format!("{lower}s.{group}"),
        format!("{lower}es.{group}"),
        format!("{stem}ies.{group}"),
        format!("{lower}.{group}"),
    ];
    context.config.external.iter().any(|external| {
        external.kind == "CustomResourceDefinition" && names.iter().any(|name| external.name.is_match(name))
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::check;

    const QUEUE: &str = "
//- apps/orders/queue/overlays/prod/queue.yaml
apiVersion: example.com/v1
kind: Queue
metadata: {name: orders, namespace: orders}
---
apiVersion: example.com/v1
kind: Queue
metadata: {name: returns, namespace: orders}
";

    const DEFINITION: &str = "
//- apps/orders/queue/overlays/CLUSTER/crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.example.com}
spec: {group: example.com, names: {kind: Queue, plural: queues}, scope: Namespaced, versions: [{name: v1}]}
";

    #[test]
    fn once_per_kind() {
        check(
            "crd-missing",
            QUEUE,
            "warning[crd-missing] (possible): Queue orders/orders: nobody defines the kind Queue of example.com in prod, so it \
             is not checked (2 objects)
             apps/orders/queue/overlays/prod/queue.yaml:2 `Queue` no CustomResourceDefinition
             help: put the definition into the repository, or list it under `external` when it comes from elsewhere: \
             `{kind: CustomResourceDefinition, name: <plural>.example.com}`",
        );
    }

    #[test]
    fn the_definition_must_be_in_the_same_cluster() {
        check(
            "crd-missing",
            &format!("{QUEUE}{}", DEFINITION.replace("CLUSTER", "prod")),
            "",
        );
        let elsewhere = format!("{QUEUE}{}", DEFINITION.replace("CLUSTER", "stage"));
        assert!(crate::fixture::run("crd-missing", &elsewhere).contains("nobody defines"));
    }
}
