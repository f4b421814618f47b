//! Merge keys (`<<`): the maps they name become part of the map they stand in.

use std::fmt;
use std::sync::Arc;

use deconflict_files::Origin;

use crate::dialect::CORE;
use crate::{Dialect, Field, Kind, Node, Scalar};

/// Why merge keys cannot be resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MergeError {
    /// What is wrong.
    pub kind: MergeErrorKind,
    /// The value, or the second key.
    pub at: Origin,
}

/// What is wrong with a merge key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MergeErrorKind {
    /// The value is neither a map nor a list of maps.
    NotAMap,
    /// Two merge keys in one map, which kustomize refuses in resources.
    Repeated,
}

/// kustomize's and go-yaml's words.
impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            MergeErrorKind::NotAMap => "map merge requires map or sequence of maps as the value",
            MergeErrorKind::Repeated => "duplicate merge key",
        })
    }
}

/// True for a key that merges: `<<` bare or with the tag `!!merge`.
pub fn is_merge_key(key: &Scalar) -> bool {
    key.text == "<<"
        && (key.is_bare()
            || key
                .tag
                .as_deref()
                .is_some_and(|tag| tag.strip_prefix(CORE) == Some("merge")))
}

/// The tree without merge keys. What has none is shared with `node`.
///
/// In a [`Dialect::Resource`] keys of the map itself win wherever they stand, then earlier maps of a list (kyaml's
/// `DeAnchor`; a quoted `"<<"` vanishes there, as it does in kustomize v5.5.0). In the other dialects go-yaml v2 writes
/// as it reads: whatever stands later wins, and in a list of maps the earlier.
pub fn resolve_merges(node: &Arc<Node>, dialect: Dialect) -> Result<Arc<Node>, MergeError> {
    Ok(resolved(node, dialect)?.unwrap_or_else(|| Arc::clone(node)))
}

/// The tree without merge keys; `None` when there are none.
pub(crate) fn resolved(node: &Node, dialect: Dialect) -> Result<Option<Arc<Node>>, MergeError> {
    let kind = match &node.kind {
        Kind::Scalar(_) => None,
        Kind::List(items) => list(items, dialect)?.map(Kind::List),
        Kind::Map(fields) => map(fields, dialect)?.map(Kind::Map),
    };
    Ok(kind.map(|kind| {
        Arc::new(Node {
            at: node.at,
            via: node.via.clone(),
            kind,
        })
    }))
}

fn list(items: &[Arc<Node>], dialect: Dialect) -> Result<Option<Vec<Arc<Node>>>, MergeError> {
    let mut changed: Option<Vec<Arc<Node>>> = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(item) = resolved(item, dialect)? {
            changed.get_or_insert_with(|| items.to_vec())[index] = item;
        }
    }
    Ok(changed)
}

fn map(fields: &[Field], dialect: Dialect) -> Result<Option<Vec<Field>>, MergeError> {
    let mut changed: Option<Vec<Field>> = None;
    for (index, field) in fields.iter().enumerate() {
        if let Some(value) = resolved(&field.value, dialect)? {
            changed.get_or_insert_with(|| fields.to_vec())[index].value = value;
        }
    }
    let is_special = |field: &Field| is_merge_key(&field.key) || (dialect.is_v3() && field.key.text == "<<");
    if !fields.iter().any(is_special) {
        return Ok(changed);
    }
    let fields = changed.unwrap_or_else(|| fields.to_vec());
    if dialect.is_v3() {
        merge_by_rank(fields).map(Some)
    } else {
        merge_in_order(fields).map(Some)
    }
}

/// The maps that a merge key names, in order.
pub(crate) fn sources(value: &Arc<Node>) -> Result<Vec<&Arc<Node>>, MergeError> {
    let not_a_map = |node: &Node| MergeError {
        kind: MergeErrorKind::NotAMap,
        at: node.at,
    };
    match &value.kind {
        Kind::Map(_) => Ok(vec![value]),
        Kind::List(items) => items
            .iter()
            .map(|item| {
                if item.is_map() {
                    Ok(item)
                } else {
                    Err(not_a_map(item))
                }
            })
            .collect(),
        Kind::Scalar(_) => Err(not_a_map(value)),
    }
}

/// kyaml: keys of the map itself, then of each source, first come first served.
fn merge_by_rank(fields: Vec<Field>) -> Result<Vec<Field>, MergeError> {
    let (merges, mut out): (Vec<Field>, Vec<Field>) =
        fields.into_iter().partition(|field| is_merge_key(&field.key));
    out.retain(|field| field.key.text != "<<");
    if let Some(second) = merges.get(1) {
        return Err(MergeError {
            kind: MergeErrorKind::Repeated,
            at: second.key_at.0,
        });
    }
    for merge in &merges {
        for source in sources(&merge.value)? {
            let new: Vec<&Field> = {
                let known: rustc_hash::FxHashSet<&str> = out.iter().map(Field::name).collect();
                source
                    .fields()
                    .iter()
                    .filter(|field| !known.contains(field.name()))
                    .collect()
            };
            out.extend(new.into_iter().cloned());
        }
    }
    Ok(out)
}

/// go-yaml v2: writes in order of the text, a list of maps from its end.
fn merge_in_order(fields: Vec<Field>) -> Result<Vec<Field>, MergeError> {
    let mut out: Vec<Field> = Vec::with_capacity(fields.len());
    let mut places = rustc_hash::FxHashMap::default();
    let mut write = |field: Field| {
        let place = *places.entry(field.key.text.clone()).or_insert(out.len());
        match out.get_mut(place) {
            Some(known) => *known = field,
            None => out.push(field),
        }
    };
    for field in fields {
        if is_merge_key(&field.key) {
            for source in sources(&field.value)?.into_iter().rev() {
                source.fields().iter().cloned().for_each(&mut write);
            }
        } else {
            write(field);
        }
    }
    Ok(out)
}
