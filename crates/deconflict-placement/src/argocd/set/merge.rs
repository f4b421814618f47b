//! Matrix and merge generators.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::params::{Params, flatten, lay_over, text_of};

/// Every pair of the two, joined. With Go templates the first wins; without, one name with two values is an error.
pub(crate) fn joined(first: &Params, second: &Params, go: bool) -> Result<Params, String> {
    let mut joined;
    if go {
        joined = second.clone();
        lay_over(&mut joined, first);
    } else {
        joined = first.clone();
        for (key, value) in second {
            match first.get(key) {
                Some(known) if known != value => {
                    return Err(format!(
                        "matrix: both generators give {key}, with different values"
                    ));
                }
                _ => joined.insert(key.clone(), value.clone()),
            };
        }
    }
    Ok(joined)
}

/// The sets of the first, each with what the others say about the same keys.
pub(crate) fn merged(
    keys: &[String],
    first: Vec<Params>,
    others: Vec<Vec<Params>>,
    go: bool,
) -> Result<Vec<Params>, String> {
    if keys.is_empty() {
        return Err("merge: no mergeKeys".to_owned());
    }
    let mut sets = first;
    let mut index: BTreeMap<Vec<Option<String>>, usize> = BTreeMap::new();
    for (at, params) in sets.iter().enumerate() {
        if index.insert(key_of(keys, params), at).is_some() {
            return Err(repeated(keys, params));
        }
    }
    for other in others {
        let mut seen = BTreeSet::new();
        for params in other {
            let key = key_of(keys, &params);
            if !seen.insert(key.clone()) {
                return Err(repeated(keys, &params));
            }
            let Some(base) = index.get(&key).and_then(|at| sets.get_mut(*at)) else {
                continue;
            };
            if go {
                lay_over(base, &params);
            } else {
                base.extend(params);
            }
        }
    }
    Ok(sets)
}

fn key_of(keys: &[String], params: &Params) -> Vec<Option<String>> {
    let flat = || {
        let mut flat = Params::new();
        flatten("", &Value::Object(params.clone()), &mut flat);
        flat
    };
    keys.iter()
        .map(|key| match params.get(key) {
            Some(value) => Some(text_of(value)),
            None => flat().get(key).map(text_of),
        })
        .collect()
}

fn repeated(keys: &[String], params: &Params) -> String {
    let values: Vec<String> = key_of(keys, params)
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect();
    format!(
        "merge: one generator gives {} twice: {}",
        keys.join(", "),
        values.join(", ")
    )
}
