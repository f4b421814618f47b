//! What stands in each cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Site, Unseen};
use deconflict_findings::PlacementStatus;
use deconflict_kube::Scopes;
use deconflict_placement::{Cluster, Engine, Placement, Placements, ProblemKind, Root};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::build::{Built, Deployed};

/// A root, and one way in which it is placed.
type Placing<'d> = (&'d Arc<Built>, &'d Placement);

/// What is placed in one cluster.
pub(crate) struct World<'d> {
    /// The cluster; `None` for one that nobody names, and for a root that nothing places.
    cluster: Option<&'d Cluster>,
    unnamed: Option<&'d SmolStr>,
    sites: Vec<Placing<'d>>,
    unseen: Unseen,
}

impl<'d> World<'d> {
    /// What it is called in another tree of the same repository.
    fn key(&self) -> (Option<&'d str>, Option<&'d str>, Option<&'d Root>) {
        let root = self.sites.first().map(|(built, _)| &built.root);
        let is_alone = self.cluster.is_none() && self.unnamed.is_none();
        (
            self.cluster.map(|cluster| cluster.name.as_str()),
            self.unnamed.map(SmolStr::as_str),
            root.filter(|_| is_alone),
        )
    }

    /// True when everything in it was rendered.
    pub(crate) fn is_complete(&self) -> bool {
        self.sites.iter().all(|(built, _)| !built.waits)
    }

    /// True when the same roots, built from the same texts, are placed there in the same way.
    fn is_same(&self, other: &World<'_>) -> bool {
        let alike = |((built, placement), (there, other)): (&Placing<'_>, &Placing<'_>)| {
            let renumbered = Placement {
                id: other.id,
                ..Placement::clone(placement)
            };
            Arc::ptr_eq(built, there) && renumbered == **other
        };
        self.cluster == other.cluster
            && self.unseen == other.unseen
            && self.sites.len() == other.sites.len()
            && self.sites.iter().zip(&other.sites).all(alike)
    }
}

/// Which roots of two trees must be rendered, so that everything is known about the clusters that are not the same in
/// both: what stands in them, and what only one tree has.
pub(crate) fn wanted(deployed: &Deployed, other: &Deployed) -> (Vec<bool>, Vec<bool>) {
    let (here, there) = (Surroundings::new(deployed), Surroundings::new(other));
    let (worlds, others) = (worlds(deployed), worlds(other));
    let needed = |worlds: &[World<'_>], kept: Vec<bool>| -> FxHashSet<*const Built> {
        let worlds = worlds.iter().zip(kept).filter(|(_, kept)| !kept);
        let sites = worlds.flat_map(|(world, _)| &world.sites);
        sites.map(|(built, _)| Arc::as_ptr(built)).collect()
    };
    let mut all = needed(&worlds, kept((&worlds, &here), (&others, &there)));
    all.extend(needed(&others, kept((&others, &there), (&worlds, &here))));
    let wanted = |roots: &[Arc<Built>], other: &[Arc<Built>]| {
        let shared: FxHashSet<*const Built> = other.iter().map(Arc::as_ptr).collect();
        let is_wanted = |built| all.contains(&built) || !shared.contains(&built);
        roots.iter().map(|built| is_wanted(Arc::as_ptr(built))).collect()
    };
    (
        wanted(&deployed.roots, &other.roots),
        wanted(&other.roots, &deployed.roots),
    )
}

/// What is placed in every cluster that has objects, sorted by name, then in clusters that nobody names, then every root
/// that nothing places.
pub(crate) fn worlds(deployed: &Deployed) -> Vec<World<'_>> {
    let placements = &deployed.placements;
    type Sites<'d> = Vec<Placing<'d>>;
    let mut placed: BTreeMap<&SmolStr, Sites<'_>> = BTreeMap::new();
    let mut unnamed: BTreeMap<&SmolStr, Sites<'_>> = BTreeMap::new();
    let mut unplaced: Vec<Sites<'_>> = Vec::new();
    for built in &deployed.roots {
        for placement in placements.of_root(&built.root) {
            let site = (built, placement);
            match (&placement.cluster, &placement.unnamed) {
                (Some(cluster), _) => placed.entry(cluster).or_default().push(site),
                (None, Some(same)) => unnamed.entry(same).or_default().push(site),
                (None, None) => unplaced.push(vec![site]),
            }
        }
    }
    let unseen = unseen(placements);
    let world = |name: Option<&SmolStr>, unnamed, sites| World {
        cluster: name.and_then(|name| placements.cluster(name)),
        unnamed,
        sites,
        unseen: unseen.get(&(name, unnamed)).cloned().unwrap_or_default(),
    };
    let placed = placed
        .into_iter()
        .map(|(name, sites)| world(Some(name), None, sites));
    let unnamed = unnamed
        .into_iter()
        .map(|(same, sites)| world(None, Some(same), sites));
    let unplaced = unplaced.into_iter().map(|sites| world(None, None, sites));
    placed.chain(unnamed).chain(unplaced).collect()
}

/// What the verdict about a cluster depends on that does not stand in it.
#[derive(PartialEq)]
pub(crate) struct Surroundings {
    /// Which kinds have a namespace, as far as something in the tree defines them.
    scopes: Scopes,
    /// Directories of which something could not be built in full.
    pub(crate) partial: FxHashSet<String>,
    /// Directories that somebody applies, as far as anybody says.
    pub(crate) applied: FxHashSet<String>,
}

impl Surroundings {
    pub(crate) fn new(deployed: &Deployed) -> Self {
        let mut scopes = Scopes::new();
        for built in &deployed.roots {
            built.footprint.define_scopes(&mut scopes);
        }
        let placements = &deployed.placements.all;
        let is_partial = |placement: &&Placement| placement.status != PlacementStatus::Rendered;
        Self {
            scopes,
            partial: placements.iter().filter(is_partial).map(root_of).collect(),
            applied: applied(placements),
        }
    }
}

fn applied(placements: &[Placement]) -> FxHashSet<String> {
    // Applications that nothing reaches are applied by hand, in a cluster that nobody names. (A Flux object that
    // nothing reaches is as often a patch.)
    let holders: FxHashSet<&str> = placements
        .iter()
        .filter_map(|placement| placement.request.as_ref()?.holder.as_deref())
        .collect();
    let is_applied = |placement: &&Placement| {
        let holds = placement
            .unnamed
            .as_deref()
            .is_some_and(|unnamed| holders.contains(unnamed));
        placement.cluster.is_some() || placement.engine != Engine::Plain || holds
    };
    placements.iter().filter(is_applied).map(root_of).collect()
}

/// The index of each of `worlds`, in their order.
pub(crate) fn clusters<'d>(
    deployed: &'d Deployed,
    worlds: &[World<'d>],
    surroundings: &Surroundings,
) -> Vec<ClusterIndex<'d>> {
    let owners = &deployed.placements.owners;
    worlds
        .par_iter()
        .map(|world| {
            let site = |(built, placement): &Placing<'d>| Site {
                placement,
                footprint: &built.footprint,
            };
            let sites: Vec<Site<'d>> = world.sites.iter().map(site).collect();
            ClusterIndex::new(world.cluster, &sites, owners, &surroundings.scopes)
                .with_unseen(world.unseen.clone())
        })
        .collect()
}

/// For each of `worlds`, whether rules that see one cluster say the same of it in another tree.
pub(crate) fn kept(
    (worlds, here): (&[World<'_>], &Surroundings),
    (others, there): (&[World<'_>], &Surroundings),
) -> Vec<bool> {
    let by_key: FxHashMap<_, _> = others.iter().map(|world| (world.key(), world)).collect();
    let is_kept = |world: &World<'_>| {
        let other = by_key.get(&world.key());
        let same = here.scopes == there.scopes && here.partial == there.partial;
        // What nobody is known to apply is judged by whether anything is.
        let same = same && (world.cluster.is_some() || here.applied == there.applied);
        same && other.is_some_and(|other| world.is_same(other))
    };
    worlds.iter().map(is_kept).collect()
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
