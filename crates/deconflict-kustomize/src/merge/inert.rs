//! What a merge leaves as it is.

use deconflict_yaml::{Dialect, Kind, Node};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::schema::{Schema, TypeId};

/// True when merging nothing into `node` surely changes nothing. That is not so for fields without a value, which a
/// merge drops, and for merged lists with repeated, missing or partly missing keys.
pub(super) fn is_inert(node: &Node, of: Option<TypeId>, schema: &Schema) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => !scalar.text.is_empty() || !scalar.is_bare(),
        Kind::Map(fields) => {
            let of = of.or_else(|| {
                let text = |name| node.get(name).map(|value| value.text().unwrap_or_default());
                schema.of_object(text("apiVersion")?, text("kind")?)
            });
            fields
                .iter()
                .all(|field| is_inert(&field.value, schema.field(of, field.name()), schema))
        }
        Kind::List(items) => match schema.merge_keys(of) {
            None => true,
            Some(keys) => {
                let elements = schema.elements(of);
                let mut seen = FxHashSet::default();
                items.iter().all(|item| {
                    is_present(item) && is_inert(item, elements, schema) && {
                        let texts = key_texts(item, &keys);
                        texts.is_some_and(|texts| seen.insert(texts))
                    }
                })
            }
        },
    }
}

/// Nulls and empty maps leave merged lists.
fn is_present(item: &Node) -> bool {
    let is_empty_map = item.is_map() && item.fields().is_empty();
    !is_empty_map && !item.is_null(Dialect::Resource)
}

/// The texts of all merge keys of a list element, or its own text in a list of scalars; `None` if one is missing.
fn key_texts<'n>(item: &'n Node, keys: &[SmolStr]) -> Option<Vec<&'n str>> {
    let text = |node: &'n Node| {
        node.text()
            .filter(|text| !text.is_empty() && !node.is_null(Dialect::Resource))
    };
    if keys.is_empty() {
        return text(item).map(|text| vec![text]);
    }
    keys.iter().map(|key| text(item.get(key)?)).collect()
}
