//! Clusters that nothing names, but that directories without cluster speak of.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_findings::Report;

use super::class::is_environment;

/// Directories that are listed for one cluster.
const ROOTS: usize = 20;

/// By the name of an environment, the directories without cluster that stand in or are called so. At most twenty each: more
/// are nobody's reading.
pub(super) fn read(report: &Report) -> BTreeMap<String, Vec<String>> {
    let mut likely: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let unplaced = report.placements.iter().filter(|row| row.cluster.is_none());
    for root in unplaced.filter_map(|row| row.root.as_deref()) {
        let is_glob = root.contains(['*', '?', '[', '{']);
        // The last one says most: `test/charts/prod` is about prod.
        let name = root.rsplit('/').find(|part| is_environment(part));
        if let Some(name) = name.filter(|_| !is_glob) {
            let roots = likely.entry(name.to_owned()).or_default();
            if roots.len() < ROOTS && !roots.iter().any(|known| known == root) {
                roots.push(root.to_owned());
            }
        }
    }
    likely
}

/// Globs of what belongs to no cluster, by the directories at the top. At most twenty.
pub(super) fn tops(report: &Report) -> Vec<String> {
    let unplaced = report.placements.iter().filter(|row| row.cluster.is_none());
    let roots = unplaced.filter_map(|row| row.root.as_deref());
    let tops: BTreeSet<String> = roots
        .filter(|root| !root.contains(['*', '?', '[', '{']))
        .map(|root| match root.split('/').next() {
            None | Some("" | ".") => ".".to_owned(),
            Some(top) => format!("{top}/**"),
        })
        .collect();
    tops.into_iter().take(ROOTS).collect()
}
