//! Objects to the very bytes of `kustomize build` (kustomize.md sections 1 and 5).
//!
//! kustomize writes an object in three steps: go-yaml v3 reads its tree into Go values, `encoding/json` writes these,
//! and go-yaml v2 reads the JSON and writes YAML. [`document`] does what the three do together, in one pass.

mod annotations;
mod document;
mod folded;
mod keys;
mod number;
mod plain;
mod scalar;
mod writer;

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Field, Kind, Node};

pub(crate) use annotations::annotations_as_strings;
pub(crate) use folded::{UNREADABLE, is_unreadable};
pub(crate) use number::float_text;
pub(crate) use scalar::{Json, json};

use crate::Problem;

/// The documents of `bodies`, joined by `---` lines; empty for no bodies.
pub(crate) fn emit<'n>(bodies: impl Iterator<Item = &'n Arc<Node>>) -> Result<String, Problem> {
    let mut out = String::new();
    for (index, body) in bodies.enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        document::write(&mut out, body)?;
    }
    Ok(out)
}

/// The first map of `body` whose keys have no defined order in kustomize's output: its comparison of keys is not
/// transitive (`v2 < v10 < v1beta1 < v2`), so the order differs between runs (trap 3).
pub(crate) fn unstable_keys(body: &Node) -> Option<Origin> {
    match &body.kind {
        Kind::Scalar(_) => None,
        Kind::List(items) => items.iter().find_map(|item| unstable_keys(item)),
        Kind::Map(fields) => {
            if keys::may_be_unstable(fields.iter().map(Field::name)) {
                let names: Vec<&str> = fields.iter().map(Field::name).collect();
                if keys::is_unstable(&names) {
                    return Some(fields.first().map_or(body.at, |field| field.key_at.0));
                }
            }
            fields.iter().find_map(|field| unstable_keys(&field.value))
        }
    }
}

/// The body, checked for what makes every conversion of a tree to JSON fail: repeated keys, keys that are not text,
/// numbers that JSON does not have.
pub(crate) fn check_json(body: &Node) -> Result<(), Problem> {
    document::check(body)
}
