//! Placements and clusters as the report lists them.

use deconflict_claims::ClusterIndex;
use deconflict_findings::{ClusterRow, PlacementRow};

use crate::build::Deployed;

/// Placements, sorted by cluster, namespace, application and root.
pub(crate) fn placements(deployed: &Deployed) -> Vec<PlacementRow> {
    let objects = |placement: &deconflict_placement::Placement| {
        let root = placement.render.as_deref()?;
        let at = deployed
            .roots
            .binary_search_by(|built| built.root.cmp(root))
            .ok()?;
        Some(deployed.roots.get(at)?.footprint.objects.len())
    };
    let mut rows: Vec<PlacementRow> = deployed
        .placements
        .all
        .iter()
        .map(|placement| placement.row(objects(placement).unwrap_or_default()))
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &PlacementRow| {
            (
                row.cluster.is_none(),
                row.cluster.clone(),
                row.namespace.clone(),
                row.app.clone(),
                row.root.clone(),
                row.kind,
            )
        };
        key(a).cmp(&key(b))
    });
    rows
}

/// All clusters, sorted by name.
pub(crate) fn clusters(deployed: &Deployed, indexes: &[ClusterIndex<'_>]) -> Vec<ClusterRow> {
    let row = |cluster: &deconflict_placement::Cluster| {
        let placed = deployed.placements.all.iter();
        let index = indexes
            .iter()
            .find(|index| index.name() == Some(cluster.name.as_str()));
        ClusterRow {
            name: cluster.name.to_string(),
            class: cluster.class.as_ref().map(ToString::to_string),
            kubernetes: Some(cluster.kubernetes.to_string()),
            placements: placed
                .filter(|placement| placement.cluster.as_ref() == Some(&cluster.name))
                .count(),
            objects: index.map_or(0, |index| index.objects.len()),
        }
    };
    deployed.placements.clusters.iter().map(row).collect()
}
