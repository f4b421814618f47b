//! kustomize keeps the history of an object in annotations. Where a file has such annotations, written by an earlier
//! run or by hand, they are history.

use std::sync::Arc;

use deconflict_yaml::{Field, Node};
use smol_str::SmolStr;

use crate::model::{Behavior, PreviousId, Resource};

const PREFIX: &str = "internal.config.kubernetes.io/";

/// Turn such annotations of a loaded object into its history.
pub(super) fn take(resource: &mut Resource) {
    let body = resource.body();
    let annotations = body
        .at_path(&["metadata", "annotations"])
        .map_or(&[][..], Node::fields);
    if !annotations.iter().any(is_internal) {
        return;
    }
    let list = |name: &str| -> Vec<SmolStr> {
        let field = annotations
            .iter()
            .find(|field| field.name().strip_prefix(PREFIX) == Some(name));
        let text = field.and_then(|field| field.value.text()).unwrap_or_default();
        if text.is_empty() {
            return Vec::new();
        }
        text.split(',').map(SmolStr::new).collect()
    };
    let previous: Vec<PreviousId> = list("previousNames")
        .into_iter()
        .zip(list("previousKinds"))
        .zip(list("previousNamespaces"))
        .map(|((name, kind), namespace)| PreviousId {
            kind,
            name,
            namespace,
        })
        .collect();
    let (prefixes, suffixes) = (list("prefixes"), list("suffixes"));
    let needs_hash = !list("needsHashSuffix").is_empty();
    let behavior = match list("generatorBehavior").first().map(SmolStr::as_str) {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        _ => Behavior::Create,
    };
    let mut body = Arc::clone(body);
    if let Some(metadata) = Arc::make_mut(&mut body).get_mut("metadata")
        && let Some(annotations) = metadata.get_mut("annotations")
        && let Some(fields) = annotations.fields_mut()
    {
        fields.retain(|field| !is_internal(field));
    }
    resource.set_body(body);
    resource.previous = previous;
    resource.prefixes = prefixes;
    resource.suffixes = suffixes;
    resource.needs_hash = needs_hash;
    resource.behavior = behavior;
}

/// One of the build annotations; others with that prefix stay.
fn is_internal(field: &Field) -> bool {
    matches!(
        field.name().strip_prefix(PREFIX),
        Some(
            "previousNames"
                | "previousKinds"
                | "previousNamespaces"
                | "prefixes"
                | "suffixes"
                | "needsHashSuffix"
                | "generatorBehavior"
                | "refBy"
        )
    )
}
