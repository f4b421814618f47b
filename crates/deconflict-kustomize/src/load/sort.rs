//! The order of the output (kustomize's SortOrderTransformer; kustomize.md section 3).

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::accumulated::Accumulated;
use super::kustomization::Kustomization;
use crate::Problem;
use crate::model::{Gvk, ResId, ResMap};
use crate::session::Reorder;
use crate::transform::{LEGACY_FIRST, LEGACY_LAST, Reader};

/// Bring `set` into the order that the root or the flag asks for.
pub(super) fn sort(set: &mut ResMap, root: &Kustomization, flag: Reorder) -> Result<(), Problem> {
    let reader = root.reader()?;
    let Some(options) = reader.value("sortOptions") else {
        return match flag {
            Reorder::Legacy => legacy(set, &Ranks::defaults()),
            Reorder::None => Ok(()),
        };
    };
    let place = options.at;
    let options = Reader::new(options, "SortOptions")?;
    let order = options.text("order")?;
    let lists = options.value("legacySortOptions");
    match (order.as_ref().map_or("", |order| order.text.as_str()), lists) {
        ("fifo", None) => Ok(()),
        ("fifo", Some(lists)) => {
            let message = "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not \
                           'legacy'";
            Err(Problem::build(message).at(lists.at))
        }
        ("legacy", None) => legacy(set, &Ranks::defaults()),
        ("legacy", Some(lists)) => {
            let lists = Reader::new(lists, "LegacySortOptions")?;
            let names = |field: &str| -> Result<Vec<SmolStr>, Problem> {
                Ok(lists.texts(field)?.into_iter().map(|name| name.text).collect())
            };
            legacy(set, &Ranks::new(names("orderFirst")?, names("orderLast")?))
        }
        _ => {
            let message = "the field 'sortOptions.order' must be one of [fifo, legacy]";
            Err(Problem::build(message).at(order.map_or(place, |order| order.at)))
        }
    }
}

/// Where kinds stand: before zero, or after it.
struct Ranks(FxHashMap<SmolStr, i64>);

impl Ranks {
    fn defaults() -> Self {
        let names = |names: &[&'static str]| names.iter().map(|name| SmolStr::new_static(name)).collect();
        Self::new(names(&LEGACY_FIRST), names(&LEGACY_LAST))
    }

    /// A kind in both lists counts as last.
    fn new(first: Vec<SmolStr>, last: Vec<SmolStr>) -> Self {
        let count = i64::try_from(first.len()).unwrap_or(i64::MAX);
        let first = first.into_iter().zip(-count..);
        let last = last.into_iter().zip(1..);
        Self(first.chain(last).collect())
    }

    fn of(&self, gvk: &Gvk) -> i64 {
        self.0.get(&gvk.kind).copied().unwrap_or_default()
    }
}

/// What decides between two objects: rank, group_version_kind, then id.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rank: i64,
    gvk: String,
    id: String,
}

fn legacy(set: &mut ResMap, ranks: &Ranks) -> Result<(), Problem> {
    let has_core_namespace = set
        .iter()
        .any(|resource| resource.gvk().kind == "Namespace" && resource.gvk().group.is_empty());
    let all = std::mem::take(set).into_vec();
    let mut keyed: Vec<(Key, _)> = all
        .into_iter()
        .map(|resource| (key(resource.id(), ranks, has_core_namespace), resource))
        .collect();
    keyed.sort_by(|left, right| left.0.cmp(&right.0));
    let mut sorted = Accumulated::default();
    for (_, resource) in keyed {
        sorted
            .append(resource)
            .map_err(|problem| problem.within("SortOrderTransformer: Failed to append to resources"))?;
    }
    *set = sorted.set;
    Ok(())
}

fn key(id: &ResId, ranks: &Ranks, has_core_namespace: bool) -> Key {
    let or = |text: &SmolStr, none: &'static str| {
        if text.is_empty() {
            SmolStr::new_static(none)
        } else {
            text.clone()
        }
    };
    let gvk = &id.gvk;
    let mut group = or(&gvk.group, "~G");
    // Of several kinds named Namespace the core one comes first.
    if has_core_namespace && gvk.kind == "Namespace" && gvk.group.is_empty() && ranks.of(gvk) != 0 {
        group = SmolStr::default();
    }
    Key {
        rank: ranks.of(gvk),
        gvk: format!("{group}_{}_{}", or(&gvk.version, "~V"), or(&gvk.kind, "~K")),
        id: format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")),
    }
}
