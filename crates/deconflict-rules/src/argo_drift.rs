//! Differences that an Application mends or leaves alone.

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_kube::{items_at, text_at, text_of};
use deconflict_placement::{Drift, Ignored};
use deconflict_yaml::{Node, parse};

use crate::FleetContext;
use crate::argo_project::matches;

/// Keys of `argocd-cm` that say for a kind, or for all, which differences do not count.
const SETTING: &str = "resource.customizations.ignoreDifferences.";

/// What the Application that deploys an object does about differences.
pub(crate) fn drift_of<'a>(placed: &Placed<'a>) -> Option<&'a Drift> {
    placed.placement.upkeep.drift.as_deref()
}

/// True when one of `ignored` covers the field at `pointer` (a JSON pointer) of the object.
pub(crate) fn is_ignored(ignored: &[Ignored], placed: &Placed<'_>, pointer: &str) -> bool {
    let key = &placed.facts.object.key;
    let field = pointer.rsplit('/').next().unwrap_or_default();
    ignored.iter().any(|entry| {
        let is_it = matches(&entry.group, &key.group, None)
            && matches(&entry.kind, &key.kind, None)
            && entry
                .name
                .as_ref()
                .is_none_or(|name| matches(name, &key.name, None))
            && (entry.namespace.is_none() || entry.namespace == placed.namespace);
        // A jq expression may select more than can be told here.
        let covers = |text: &str| {
            let below = pointer.strip_prefix(text);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || text.contains(field)
        };
        is_it && entry.fields.iter().any(|text| covers(text))
    })
}

/// What the settings of the Argo CD that holds the Application of `placed` ignore, as far as they are in the tree: those
/// of `argocd-cm`, and of the operator's `ArgoCD`.
pub(crate) fn settings(context: &FleetContext<'_>, placed: &Placed<'_>) -> Vec<Ignored> {
    let request = placed.placement.request.as_deref();
    let Some(holder) = request.and_then(|request| request.holder.as_deref()) else {
        return Vec::new();
    };
    let is_unnamed_holder = |index: &ClusterIndex<'_>| {
        let first = index.objects.first();
        first.is_some_and(|placed| placed.placement.unnamed.as_deref() == Some(holder))
    };
    let is_holder = |index: &&ClusterIndex<'_>| {
        index
            .name()
            .map_or_else(|| is_unnamed_holder(index), |name| name == holder)
    };
    let indexes = context.clusters.iter().filter(is_holder);
    let mut found = Vec::new();
    for placed in indexes.flat_map(ClusterIndex::live) {
        let (key, body) = (&placed.facts.object.key, &placed.facts.object.body);
        if key.is("", "ConfigMap") && key.name == "argocd-cm" {
            let data = body.get("data").map(|data| data.fields()).unwrap_or_default();
            for field in data {
                if let Some(kind) = field.name().strip_prefix(SETTING) {
                    found.extend(setting(kind, &field.value));
                }
            }
        } else if key.is("argoproj.io", "ArgoCD") {
            let all = body.at_path(&["spec", "resourceIgnoreDifferences", "all"]);
            found.extend(all.map(|all| of_kind("*", "*", all)));
            for entry in items_at(
                body,
                &["spec", "resourceIgnoreDifferences", "resourceIdentifiers"],
            ) {
                let text = |name: &str| text_at(entry, &[name]).unwrap_or_default();
                let custom = entry.at_path(&["customization"]);
                found.extend(custom.map(|custom| of_kind(text("group"), text("kind"), custom)));
            }
        }
    }
    found
}

/// The value of a key of `argocd-cm`: YAML in a text, for `all` or a kind as `group_Kind`.
fn setting(kind: &str, value: &Node) -> Option<Ignored> {
    let parsed = parse(value.at.file, text_of(value)?);
    let root = parsed.documents.into_iter().find_map(|document| document.root)?;
    let (group, kind) = match kind {
        "all" => ("*", "*"),
        named => named.rsplit_once('_').unwrap_or(("", named)),
    };
    Some(of_kind(group, kind, &root))
}

fn of_kind(group: &str, kind: &str, entry: &Node) -> Ignored {
    Ignored {
        group: group.into(),
        kind: kind.into(),
        name: None,
        namespace: None,
        fields: Ignored::fields(entry),
    }
}
