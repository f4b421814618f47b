//! Floor 6: what each object claims, and the per-cluster index in which a collision is a join. It knows no rules and no
//! severities.
//!
//! A rendered root becomes a [`Footprint`] once; a [`ClusterIndex`] is built over the footprints and placements of one
//! cluster.

pub mod budget;
mod claim;
mod extract;
mod footprint;
pub mod gateway;
mod host;
mod index;
mod path;
mod placed;
pub mod pods;
mod punycode;
mod routes;
mod spot;
pub mod wire;

pub use claim::{Claim, Space, What};
pub(crate) use extract::extract;
pub use extract::{Detail, Ingress, IngressClass, IngressPath, pod_spec_path};
pub use footprint::{Facts, Footprint};
pub use host::{HostDialect, HostRelation, normalise_host, relate_hosts};
pub use index::{Claimed, ClusterIndex, Unseen};
pub use path::{PathDialect, PathRelation, PathSet, relate_paths};
pub use placed::{Placed, Site};
pub use routes::{IngressClasses, Route, ingress_routes};
pub use spot::Spot;
