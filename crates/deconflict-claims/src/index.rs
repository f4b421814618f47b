//! Everything in one cluster, sorted so that collisions are runs.

use std::collections::BTreeSet;

use deconflict_findings::PlacementStatus;
use deconflict_kube::{Scopes, text_at};
use deconflict_placement::{Cluster, Owners};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::pods::{Pod, Pods};
use crate::{Claim, Placed, Site, Space};

/// The objects of one cluster, or of one root that nothing places, with sorted runs over what they claim.
#[derive(Debug)]
pub struct ClusterIndex<'a> {
    /// The cluster; `None` for a root that nothing places: it joins with nobody but itself.
    pub cluster: Option<&'a Cluster>,
    /// The objects that are applied, in order of sites and rendering.
    pub objects: Vec<Placed<'a>>,
    /// Indices into `objects`, by identity.
    identities: Vec<u32>,
    /// (index into `objects`, index into its claims), by space, namespace and key.
    claims: Vec<(u32, u32)>,
    /// By index into `objects`: false for all but the first of several that are one in the cluster.
    live: Vec<bool>,
    /// By group and kind, as the CustomResourceDefinitions say.
    plurals: FxHashMap<(&'a str, &'a str), &'a str>,
    pods: Pods<'a>,
    unseen: Unseen,
}

/// What is placed in a cluster and was not rendered, or not in full.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Unseen {
    /// Something goes to the cluster, and nothing says to which namespace.
    pub anywhere: bool,
    /// Namespaces that something goes to.
    pub namespaces: BTreeSet<SmolStr>,
}

/// A claim and who makes it.
#[derive(Clone, Copy, Debug)]
pub struct Claimed<'i, 'a> {
    /// The object.
    pub placed: &'i Placed<'a>,
    /// The claim.
    pub claim: &'a Claim,
}

impl<'a> ClusterIndex<'a> {
    /// The index over `sites`, whose placements all go to `cluster`. Sort cost, nothing quadratic.
    pub fn new(cluster: Option<&'a Cluster>, sites: &[Site<'a>], owners: &Owners, scopes: &Scopes) -> Self {
        let mut objects = Vec::new();
        for site in sites {
            let applied = site.footprint.objects.iter().filter(|facts| !facts.is_local());
            objects.extend(applied.map(|facts| Placed::new(facts, site.placement, owners, scopes)));
        }
        let mut identities: Vec<u32> = (0..objects.len() as u32).collect();
        identities.retain(|index| !objects[*index as usize].facts.object.key.name.is_empty());
        identities.sort_by(|a, b| {
            let (left, right): (&Placed<'_>, &Placed<'_>) = (&objects[*a as usize], &objects[*b as usize]);
            left.identity().cmp(&right.identity()).then(a.cmp(b))
        });
        let mut claims: Vec<(u32, u32)> = Vec::new();
        for (index, placed) in objects.iter().enumerate() {
            claims.extend((0..placed.facts.claims.len() as u32).map(|claim| (index as u32, claim)));
        }
        claims.sort_by(|a, b| key_of(&objects, *a).cmp(&key_of(&objects, *b)).then(a.cmp(b)));
        let mut live = vec![true; objects.len()];
        for pair in identities.windows(2) {
            let [first, second] = [pair[0] as usize, pair[1] as usize];
            live[second] = objects[first].identity() != objects[second].identity();
        }
        let mut plurals = FxHashMap::default();
        for placed in &objects {
            let object = &placed.facts.object;
            if object.key.is("apiextensions.k8s.io", "CustomResourceDefinition") {
                let text = |path: &[&str]| text_at(&object.body, path);
                let kind = text(&["spec", "group"]).zip(text(&["spec", "names", "kind"]));
                let plural = kind.zip(text(&["spec", "names", "plural"]));
                if let Some((kind, plural)) = plural {
                    plurals.entry(kind).or_insert(plural);
                }
            }
        }
        let mut unseen = Unseen::default();
        let partly = |placed: &&Placed<'_>| placed.placement.status != PlacementStatus::Rendered;
        let namespaces = objects
            .iter()
            .filter(partly)
            .filter_map(|placed| placed.namespace.clone());
        unseen.namespaces.extend(namespaces);
        Self {
            cluster,
            pods: Pods::new(cluster, &objects, &live),
            objects,
            identities,
            claims,
            live,
            plurals,
            unseen,
        }
    }

    /// With what else is placed in the cluster and was not rendered.
    #[must_use]
    pub fn with_unseen(mut self, unseen: Unseen) -> Self {
        self.unseen.anywhere |= unseen.anywhere;
        self.unseen.namespaces.extend(unseen.namespaces);
        self
    }

    /// True when the tree has all of a namespace: it is declared, and nothing that is placed there was skipped or failed.
    /// `None` stands for objects without namespace (rules.md section 3.1, References).
    pub fn is_closed(&self, namespace: Option<&str>) -> bool {
        match namespace {
            _ if self.unseen.anywhere => false,
            None => self.unseen.namespaces.is_empty(),
            Some(name) => {
                !self.unseen.namespaces.contains(name) && self.find("", "Namespace", None, name).is_some()
            }
        }
    }

    /// True when an engine, the layout or the configuration puts the objects into a cluster, named or not.
    pub fn is_placed(&self) -> bool {
        let mut placements = self.objects.iter().map(|placed| placed.placement);
        self.cluster.is_some() || placements.any(|placement| placement.unnamed.is_some())
    }

    /// The objects, each once: of several that are one in the cluster the first.
    pub fn live(&self) -> impl Iterator<Item = &Placed<'a>> {
        let live = self.live.iter().zip(&self.objects);
        live.filter(|(live, _)| **live).map(|(_, placed)| placed)
    }

    /// The pods of all workloads.
    pub fn pods(&self) -> &Pods<'a> {
        &self.pods
    }

    /// The workload of a pod.
    pub fn workload(&self, pod: &Pod<'a>) -> &Placed<'a> {
        &self.objects[pod.object as usize]
    }

    /// The index into `objects` of the first object with the identity of `placed`, as [`Pods::of_object`] wants it.
    pub fn position(&self, placed: &Placed<'_>) -> u32 {
        let wanted = placed.identity();
        let at = self
            .identities
            .partition_point(|index| self.objects[*index as usize].identity() < wanted);
        self.identities.get(at).copied().unwrap_or(u32::MAX)
    }

    /// The plural name that a CustomResourceDefinition of the cluster gives to a kind.
    pub fn plural_of(&self, group: &str, kind: &str) -> Option<&str> {
        self.plurals.get(&(group, kind)).copied()
    }

    /// The name of the cluster.
    pub fn name(&self) -> Option<&str> {
        self.cluster.map(|cluster| cluster.name.as_str())
    }

    /// Groups of two or more objects that are one in the cluster, sorted by identity.
    pub fn repeated(&self) -> impl Iterator<Item = Vec<&Placed<'a>>> {
        let same =
            |a: &u32, b: &u32| self.objects[*a as usize].identity() == self.objects[*b as usize].identity();
        let runs = self.identities.chunk_by(same).filter(|run| run.len() > 1);
        runs.map(|run| run.iter().map(|index| &self.objects[*index as usize]).collect())
    }

    /// The first object of that identity.
    pub fn find(&self, group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Placed<'a>> {
        let wanted = (group, kind, namespace, name);
        let at = self
            .identities
            .partition_point(|index| self.objects[*index as usize].identity() < wanted);
        let placed = &self.objects[*self.identities.get(at)? as usize];
        (placed.identity() == wanted).then_some(placed)
    }

    /// Groups of claims on one thing, singles included, sorted by namespace and key.
    pub fn claims(&self, space: Space) -> impl Iterator<Item = Vec<Claimed<'_, 'a>>> {
        let start = self
            .claims
            .partition_point(|at| key_of(&self.objects, *at).0 < space);
        let end = self
            .claims
            .partition_point(|at| key_of(&self.objects, *at).0 <= space);
        let same = |a: &(u32, u32), b: &(u32, u32)| key_of(&self.objects, *a) == key_of(&self.objects, *b);
        self.claims[start..end].chunk_by(same).map(|run| {
            let claimed = |(object, claim): &(u32, u32)| {
                let placed = &self.objects[*object as usize];
                Claimed {
                    placed,
                    claim: &placed.facts.claims[*claim as usize],
                }
            };
            run.iter().map(claimed).collect()
        })
    }
}

fn key_of<'k>(objects: &'k [Placed<'_>], (object, claim): (u32, u32)) -> (Space, Option<&'k str>, &'k str) {
    let placed = &objects[object as usize];
    let claim = &placed.facts.claims[claim as usize];
    let namespace = placed
        .namespace
        .as_deref()
        .filter(|_| claim.space.is_namespaced());
    (claim.space, namespace, &claim.key)
}
