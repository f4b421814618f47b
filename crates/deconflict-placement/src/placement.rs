//! One row of "who deploys what where".

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{PlacementRow, PlacementStatus, Source};
use smol_str::SmolStr;

use crate::{Drift, Root, RootKind};

/// Who applies the objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Engine {
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// `kubectl apply`, or something we cannot read.
    Plain,
}

impl Engine {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::ArgoCd => "argocd",
            Self::Flux => "flux",
            Self::Plain => "plain",
        }
    }
}

/// A placement of this run: its index in [`crate::Placements::all`]. Never printed or sorted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlacementId(pub u32);

/// One deployment of one root into one cluster, or into none that is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Placement {
    /// Its id.
    pub id: PlacementId,
    /// Who applies it.
    pub engine: Engine,
    /// The application: what the engine calls it (`namespace/name`), else what the layout says. Shown to people, and
    /// two placements of equal `app` are one application. See [`Placement::declared_app`].
    pub app: Option<SmolStr>,
    /// True when an engine's object or the configuration named the application, false when the layout did.
    pub declared_app: bool,
    /// The root's directory; `None` when the source is another repository.
    pub root: Option<RepoPath>,
    /// What is rendered for it; `None` when there is nothing here to render (another repository, no such path).
    pub render: Option<Arc<Root>>,
    /// How the root becomes objects.
    pub root_kind: RootKind,
    /// Cluster, one of [`crate::Placements::clusters`]; `None` when nothing names it: see `unnamed`; without either it joins with nobody.
    pub cluster: Option<SmolStr>,
    /// Set only when `cluster` is not: a cluster whose name nobody says, but placements of equal text go to the same one
    /// (a destination that no inventory explains, an Argo CD of unknown home that says `in-cluster`). They join with
    /// each other. Never printed as a cluster.
    pub unnamed: Option<SmolStr>,
    /// The namespace that the engine or the configuration gives to objects without one.
    pub namespace: Option<SmolStr>,
    /// Argo CD project.
    pub project: Option<SmolStr>,
    /// Environment that the layout names (`prod` for `overlays/prod`).
    pub environment: Option<SmolStr>,
    /// Owning team, as far as the root's path, the application and the layout say. Objects may say more:
    /// [`crate::Owners::owner`].
    pub owner: Option<SmolStr>,
    /// The line that declares it.
    pub declared_at: Option<Origin>,
    /// Whether its objects are known; set by [`crate::Plan::feed`].
    pub status: PlacementStatus,
    /// Why not.
    pub reason: Option<SmolStr>,
    /// The team that its Argo CD project names.
    pub project_owner: Option<SmolStr>,
    /// Where the source comes from.
    pub source: Source,
    /// What the engine does with objects that change and go.
    pub upkeep: Upkeep,
    /// What its Argo CD Application asks of its project; `None` for what no Application deploys.
    pub request: Option<Arc<ProjectRequest>>,
}

/// What an Argo CD Application asks of its AppProject, in the spellings that the project's patterns may use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectRequest {
    /// The cluster, or the cluster without name, whose Argo CD holds the Application.
    pub holder: Option<SmolStr>,
    /// `repoURL` as written.
    pub repo: SmolStr,
    /// Servers of the destination; empty when nobody says them.
    pub servers: Vec<SmolStr>,
    /// Names of the destination; empty when nobody says them.
    pub names: Vec<SmolStr>,
}

/// What an engine does by itself with objects of an application.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Upkeep {
    /// It deletes what is no longer rendered. `None` when nobody says: what is applied by hand is deleted by hand.
    pub prunes: Option<bool>,
    /// It deletes and makes anew what cannot be changed.
    pub recreates: bool,
    /// What it does about fields that something else changed; `None` where nobody says.
    pub drift: Option<Arc<Drift>>,
}

impl Placement {
    /// The row that `map` prints. A plain placement shows an application only when somebody declared it.
    pub fn row(&self, objects: usize) -> PlacementRow {
        let text = |name: &Option<SmolStr>| name.as_ref().map(ToString::to_string);
        PlacementRow {
            engine: self.engine.word(),
            app: text(&self.app).filter(|_| self.declared_app),
            root: self.root.as_ref().map(|root| root.display().to_owned()),
            kind: self.root_kind.word(),
            cluster: text(&self.cluster),
            namespace: text(&self.namespace),
            project: text(&self.project),
            owner: text(&self.owner),
            source: self.source.clone(),
            declared_at: self.declared_at,
            status: self.status,
            reason: text(&self.reason),
            objects,
        }
    }
}
