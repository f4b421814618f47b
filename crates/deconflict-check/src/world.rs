//! What stands in each cluster.

use std::collections::BTreeMap;

use deconflict_claims::{ClusterIndex, Site, Unseen};
use deconflict_findings::PlacementStatus;
use deconflict_kube::Scopes;
use deconflict_placement::{Placement, Placements, ProblemKind};
use rayon::prelude::*;
use smol_str::SmolStr;

use crate::build::{Built, Deployed};

/// The index of every cluster that has objects, sorted by name, then of clusters that nobody names, then of every root
/// that nothing places.
pub(crate) fn clusters(deployed: &Deployed) -> Vec<ClusterIndex<'_>> {
    let placements = &deployed.placements;
    let mut scopes = Scopes::new();
    for built in &deployed.roots {
        built.footprint.define_scopes(&mut scopes);
    }
    let mut placed: BTreeMap<&SmolStr, Vec<Site<'_>>> = BTreeMap::new();
    let mut unnamed: BTreeMap<&SmolStr, Vec<Site<'_>>> = BTreeMap::new();
    let mut unplaced: Vec<Vec<Site<'_>>> = Vec::new();
    for built in &deployed.roots {
        for placement in placements.of_root(&built.root) {
            let site = Site {
                placement,
                footprint: &built.footprint,
            };
            match (&placement.cluster, &placement.unnamed) {
                (Some(cluster), _) => placed.entry(cluster).or_default().push(site),
                (None, Some(same)) => unnamed.entry(same).or_default().push(site),
                (None, None) => unplaced.push(vec![site]),
            }
        }
    }
    let unseen = unseen(placements);
    let mut groups: Vec<(Option<&SmolStr>, Vec<Site<'_>>)> = placed
        .into_iter()
        .map(|(name, sites)| (Some(name), sites))
        .collect();
    groups.extend(unnamed.into_values().map(|sites| (None, sites)));
    groups.extend(unplaced.into_iter().map(|sites| (None, sites)));
    groups
        .into_par_iter()
        .map(|(name, sites): (Option<&SmolStr>, Vec<Site<'_>>)| {
            let cluster = name.and_then(|name| placements.cluster(name));
            let unnamed = sites.first().and_then(|site| site.placement.unnamed.as_ref());
            let unseen = unseen.get(&(name, unnamed.filter(|_| name.is_none())));
            ClusterIndex::new(cluster, &sites, &placements.owners, &scopes)
                .with_unseen(unseen.cloned().unwrap_or_default())
        })
        .collect()
}

/// The name of a cluster, or what stands for it.
type Where<'d> = (Option<&'d SmolStr>, Option<&'d SmolStr>);

/// What goes to each cluster and is not known. What a generator would make that only a running Argo CD can answer may go
/// anywhere.
fn unseen(placements: &Placements) -> BTreeMap<Where<'_>, Unseen> {
    let generated = |problem: &deconflict_placement::Problem| {
        matches!(problem.kind, ProblemKind::GeneratorNotEvaluated { .. })
    };
    let anywhere = placements.problems.iter().any(generated);
    let mut found: BTreeMap<Where<'_>, Unseen> = BTreeMap::new();
    for placement in &placements.all {
        let key = (
            placement.cluster.as_ref(),
            placement.unnamed.as_ref().filter(|_| placement.cluster.is_none()),
        );
        let unseen = found.entry(key).or_default();
        unseen.anywhere |= anywhere;
        if placement.status != PlacementStatus::Rendered {
            match &placement.namespace {
                Some(namespace) => {
                    unseen.namespaces.insert(namespace.clone());
                }
                None => unseen.anywhere = true,
            }
        }
    }
    found
}

/// The root of a placement as findings name it.
pub(crate) fn root_of(placement: &Placement) -> String {
    placement
        .root
        .as_ref()
        .map_or_else(String::new, |root| root.display().to_owned())
}

/// The placements of a root; none for one whose files something else deploys.
pub(crate) fn placements_of<'d>(deployed: &'d Deployed, built: &'d Built) -> Vec<&'d Placement> {
    deployed.placements.of_root(&built.root).collect()
}
