//! Floor 4: kustomize 5.5.0 in-process. A kustomization in, objects out: the very bytes of `kustomize build`,
//! with every value's origin and trail. It knows nothing of Argo CD, Flux or charts.
//!
//! Rooms: `model` (resources, ids, the indexed set), `load` (paths, kustomization files, accumulation, generators,
//! order of work), `merge` (strategic merge, JSON 6902), `transform` (everything that rewrites the set), `emit`
//! (objects to bytes).

mod emit;
mod find;
mod load;
mod merge;
mod model;
mod pattern;
mod problem;
mod session;
mod transform;

pub use find::{Found, find};
pub use problem::{Problem, ProblemKind, Quirk, Warning, WarningKind};
pub use session::{LoadRestrictor, Options, Rendered, Reorder, Session, to_yaml};
