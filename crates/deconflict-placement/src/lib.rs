//! Floor 5: finds render roots and says who deploys them where: clusters, namespaces, owners. It knows nothing of claims.
//!
//! The pipeline asks a [`Plan`] for roots wave by wave, renders each and feeds it back, because rendered output may
//! declare further placements. At the end stand the [`Placements`].

mod argocd;
mod build;
mod cluster;
mod drift;
mod edit;
mod entry;
mod fact;
mod flux;
mod inventory;
mod layout;
mod listed;
mod origin;
mod owners;
mod placement;
mod placements;
mod plan;
mod problem;
mod render;
mod root;
mod survey;
#[cfg(test)]
mod testing;

pub use build::{Build, Edited, Substitution};
pub use cluster::Cluster;
pub use drift::{Drift, Ignored};
pub use owners::{Asked, Owners, TEAM_KEYS};
pub use placement::{Engine, Placement, PlacementId, ProjectRequest, Upkeep};
pub use placements::Placements;
pub use plan::{Feed, Plan};
pub use problem::{Problem, ProblemKind};
pub use root::{Root, RootKind};
pub use survey::KUSTOMIZATION_LISTS;
