//! Setting keys in maps: what labels and annotations share.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Node, Scalar};
use smol_str::SmolStr;

use super::read::Sourced;
use super::value::{set_from, text_scalar, wrong_kind};
use crate::Problem;

/// The map with all of `pairs` set. Null stays null, as upstream leaves it.
pub(super) fn with_pairs(
    map: &Arc<Node>,
    pairs: &[(SmolStr, Sourced)],
    by: &'static str,
) -> Result<Option<Arc<Node>>, Problem> {
    if pairs.is_empty() || map.is_null(Dialect::Resource) {
        return Ok(None);
    }
    if !map.is_map() {
        return Err(wrong_kind("MappingNode", map));
    }
    let mut new = (**map).clone();
    for (key, value) in pairs {
        let text = text_scalar(value.text.clone());
        let old = new.get(key).cloned();
        let old = old.unwrap_or_else(|| empty_scalar(value.at));
        new.set(key, value.at, set_from(&old, text, value.at, by));
    }
    Ok(Some(Arc::new(new)))
}

/// The map with one key set.
pub(super) fn with_entry(map: &Arc<Node>, key: &str, key_at: Origin, value: Arc<Node>) -> Arc<Node> {
    let mut new = (**map).clone();
    new.set(key, key_at, value);
    Arc::new(new)
}

/// What stands in for a value that is not there yet.
pub(super) fn empty_scalar(at: Origin) -> Arc<Node> {
    Arc::new(Node {
        at,
        via: None,
        kind: Kind::Scalar(Scalar::plain("")),
    })
}
