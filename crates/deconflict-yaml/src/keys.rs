//! Keys that stand twice in one map.

use rustc_hash::FxHashMap;

use crate::{Dialect, Field, Scalar, Value};

/// Larger maps are searched with a table.
const SMALL_MAP: usize = 64;

/// Pairs of indices of fields with the same key: the first that has it, and each later one. Keys differ when only one of
/// them is text for every reader (`1` and `"1"`).
pub(crate) fn repeated(fields: &[Field]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if fields.len() <= SMALL_MAP {
        // A bit per key: most maps are done without a comparison.
        let mut seen = 0_u64;
        for (index, field) in fields.iter().enumerate() {
            let bit = bit(&field.key);
            if seen & bit != 0
                && let Some(first) = fields[..index].iter().position(|before| same(before, field))
            {
                found.push((first, index));
            }
            seen |= bit;
        }
    } else {
        let mut seen = FxHashMap::default();
        for (index, field) in fields.iter().enumerate() {
            let first = *seen
                .entry((field.key.text.as_str(), is_string(&field.key)))
                .or_insert(index);
            if first != index {
                found.push((first, index));
            }
        }
    }
    found
}

/// One of 64 bits, the same for the same text.
fn bit(key: &Scalar) -> u64 {
    let bytes = key.text.as_bytes();
    let last = bytes.last().copied().unwrap_or_default();
    let first = bytes.first().copied().unwrap_or_default();
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    let mixed = usize::from(last) * 7 + usize::from(middle) * 3 + usize::from(first) + bytes.len();
    1 << (mixed % 64)
}

fn same(a: &Field, b: &Field) -> bool {
    a.key.text == b.key.text && is_string(&a.key) == is_string(&b.key)
}

/// True when a key is text for every reader: quoted, or nothing that looks like a number, boolean or null.
fn is_string(key: &Scalar) -> bool {
    Dialect::Kubernetes.read(key) == Value::String
}
