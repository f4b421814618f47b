use std::collections::{BTreeMap, BTreeSet};

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::{Bundle, text_at};

use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds kinds that nobody here defines: no CustomResourceDefinition is placed in the cluster, and neither the API
    /// server nor the embedded catalogue of popular definitions has the kind. One finding per kind. Kinds whose
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
    check: Fleet(check),
}

type Kind<'a> = (&'a str, &'a str);

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let bundle = Bundle::embedded();
    let everywhere: BTreeSet<Kind<'_>> = context.clusters.iter().flat_map(defined).collect();
    let mut missing: BTreeMap<Kind<'_>, Vec<&Placed<'_>>> = BTreeMap::new();
    for index in context.clusters {
        let here: BTreeSet<Kind<'_>> = defined(index).collect();
        for placed in &index.objects {
            let key = &placed.facts.object.key;
            let kind = (key.group.as_str(), key.kind.as_str());
            // Where nothing is placed, any definition of the repository may be meant.
            let known = here.contains(&kind) || index.cluster.is_none() && everywhere.contains(&kind);
            if !known && !bundle.knows(kind.0, kind.1) && !bundle.is_builtin_group(kind.0) {
                missing.entry(kind).or_default().push(placed);
            }
        }
    }
    for ((group, kind), users) in missing {
        if is_external(context, group, kind) {
            continue;
        }
        let first = users[0];
        let count = match users.len() {
            1 => String::new(),
            count => format!(" ({count} objects)"),
        };
        let nobody = if everywhere.contains(&(group, kind)) {
            "its cluster has no definition of"
        } else {
            "nobody defines"
        };
        let message = format!(
            "{}: {nobody} the kind {kind} of {group}, so it is not checked{count}",
            first.title()
        );
        let object = &first.facts.object;
        let at = object.body.get("kind").map_or(object.declared_at, |kind| kind.at);
        let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
        finding.primary = Label::new(at, "no CustomResourceDefinition");
        let mut places = BTreeSet::new();
        let one_each = users
            .iter()
            .filter(|user| places.insert((&user.placement.cluster, &user.placement.root)));
        finding.objects = one_each.map(|user| user.reference()).collect();
        finding.key = Some(format!("{group}/{kind}"));
        finding.certainty = Certainty::Possible;
        finding.help = Some(format!(
            "put the definition into the repository, or list it under `external` when it comes from elsewhere: \
             `{{kind: CustomResourceDefinition, name: <plural>.{group}}}`"
        ));
        sink.report(finding);
    }
}

/// The kinds that definitions placed in a cluster define.
fn defined<'c>(index: &'c ClusterIndex<'_>) -> impl Iterator<Item = Kind<'c>> {
    let objects = index.objects.iter().map(|placed| &placed.facts.object);
    let definitions =
        objects.filter(|object| object.key.is("apiextensions.k8s.io", "CustomResourceDefinition"));
    definitions.map(|object| {
        let text = |path: &[&str]| text_at(&object.body, path).unwrap_or_default();
        (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
    })
}

/// True when the configuration says that the definition comes from elsewhere.
fn is_external(context: &FleetContext<'_>, group: &str, kind: &str) -> bool {
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
