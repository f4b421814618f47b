//! Keys that are set twice once a reader has understood them.

use std::sync::Arc;

use deconflict_files::Origin;
use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use crate::merge::{MergeError, is_merge_key, sources};
use crate::{Dialect, Field, Kind, Node, Scalar, Value};

/// A key that its map already has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepeatedKey {
    /// The key as written the second time.
    pub key: SmolStr,
    /// Where that is; inside the merged map when a merge key brought it.
    pub at: Origin,
}

/// What strict decoding refuses beyond [`crate::to_json`] (go-yaml v2, `setMapIndex`): a key that its map already has,
/// compared by what the dialect makes of it (`yes` and `true` are one key), merge keys followed in the order they
/// stand. In order of the text, the maps before what is in them.
pub fn repeated_keys(node: &Node, dialect: Dialect) -> Result<Vec<RepeatedKey>, MergeError> {
    let mut found = Vec::new();
    walk(node, dialect, &mut found)?;
    Ok(found)
}

fn walk(node: &Node, dialect: Dialect, found: &mut Vec<RepeatedKey>) -> Result<(), MergeError> {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => {
            for item in items {
                walk(item, dialect, found)?;
            }
        }
        Kind::Map(fields) => {
            set(fields, dialect, &mut FxHashSet::default(), found)?;
            for field in fields {
                walk(&field.value, dialect, found)?;
            }
        }
    }
    Ok(())
}

/// Set all `fields` of a map that already has `seen`.
fn set(
    fields: &[Field],
    dialect: Dialect,
    seen: &mut FxHashSet<SmolStr>,
    found: &mut Vec<RepeatedKey>,
) -> Result<(), MergeError> {
    for field in fields {
        if is_merge_key(&field.key) {
            for source in sources(&field.value)?.into_iter().rev().map(Arc::as_ref) {
                set(source.fields(), dialect, seen, found)?;
            }
        } else if !seen.insert(meaning(&field.key, dialect)) {
            found.push(RepeatedKey {
                key: field.key.text.clone(),
                at: field.key_at.0,
            });
        }
    }
    Ok(())
}

/// Equal for equal keys: text after a letter that no other value starts with.
fn meaning(key: &Scalar, dialect: Dialect) -> SmolStr {
    match dialect.read(key) {
        Value::String => format_smolstr!("s{}", key.text),
        value => format_smolstr!("{value:?}"),
    }
}
