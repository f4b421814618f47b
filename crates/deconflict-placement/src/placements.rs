//! The result: all placements, their clusters and owners.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_findings::{PlacementStatus, Skipped};
use rustc_hash::FxHashMap;

use crate::{Cluster, Owners, Placement, PlacementId, Problem, Root, RootKind};

/// Who deploys what where, and what could not be told.
#[derive(Clone, Debug, Default)]
pub struct Placements {
    /// All placements; [`PlacementId`] is the index. A root that nothing places has one without cluster.
    pub all: Vec<Placement>,
    /// All clusters, sorted by name.
    pub clusters: Vec<Cluster>,
    /// Who owns what.
    pub owners: Owners,
    /// Files and directories that are not checked, with reason, sorted.
    pub skipped: Vec<Skipped>,
    /// What is wrong with the layout.
    pub problems: Vec<Problem>,
    /// True when the tree holds objects of Argo CD or Flux that deploy something.
    pub engine_objects: bool,
    /// Files that hold a manifest, or look as if they should, sorted; those of charts and templates are not among them.
    pub manifests: Vec<RepoPath>,
    /// Files with objects that no kustomization names and no engine, no configuration deploys, sorted.
    pub free: Vec<RepoPath>,
    /// Indices into `all` by root.
    pub(crate) by_root: FxHashMap<Arc<Root>, Vec<usize>>,
}

impl Placements {
    /// The placement of that id, which must be one of this run.
    pub fn get(&self, id: PlacementId) -> &Placement {
        &self.all[id.0 as usize]
    }

    /// The placements of a root. None for a root that was only rendered to look for engine objects, because something
    /// else deploys its files: its objects are then to be ignored.
    pub fn of_root(&self, root: &Root) -> impl Iterator<Item = &Placement> + use<'_> {
        let indices = self.by_root.get(root).map(Vec::as_slice).unwrap_or_default();
        indices.iter().map(|index| &self.all[*index])
    }

    /// Note what became of a root that was rendered after the plan was finished.
    pub fn settle(&mut self, root: &Root, status: PlacementStatus, reason: Option<&str>) {
        for index in self.by_root.get(root).into_iter().flatten() {
            let placement = &mut self.all[*index];
            placement.status = status;
            placement.reason = reason.map(Into::into);
        }
    }

    /// All placements, when no more come.
    pub(crate) fn close(&mut self, all: Vec<Placement>) {
        self.all = all;
        for (index, placement) in self.all.iter().enumerate() {
            if let Some(root) = &placement.render {
                self.by_root.entry(Arc::clone(root)).or_default().push(index);
            }
        }
    }

    /// The placements of the root at `path`.
    pub fn of<'p>(&'p self, path: &'p RepoPath, kind: RootKind) -> impl Iterator<Item = &'p Placement> {
        self.all
            .iter()
            .filter(move |placement| placement.root_kind == kind && placement.root.as_ref() == Some(path))
    }

    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        let at = self
            .clusters
            .binary_search_by(|cluster| cluster.name.as_str().cmp(name))
            .ok()?;
        self.clusters.get(at)
    }

    /// Placements that nothing puts into a cluster, not even into one without name.
    pub fn unplaced(&self) -> impl Iterator<Item = &Placement> {
        self.all
            .iter()
            .filter(|placement| placement.cluster.is_none() && placement.unnamed.is_none())
    }
}
