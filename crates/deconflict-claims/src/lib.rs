//! Floor 6: what each object claims, and the per-cluster index in which a collision is a join. It knows no rules and no
//! severities.
//!
//! A rendered root becomes a [`Footprint`] once; a [`ClusterIndex`] is built over the footprints and placements of one
//! cluster.

mod claim;
mod extract;
mod footprint;
mod index;
mod placed;
mod spot;

pub use claim::{Claim, Space, What};
pub use extract::Detail;
pub(crate) use extract::extract;
pub use footprint::{Facts, Footprint};
pub use index::{Claimed, ClusterIndex};
pub use placed::{Placed, Site};
pub use spot::Spot;
