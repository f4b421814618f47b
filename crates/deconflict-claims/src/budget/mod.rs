//! What pods and objects take from the budgets of namespaces and clusters.

mod account;
mod limit_range;
mod objects;
mod quota;
mod usage;

pub use account::{Account, Row, accounts};
pub use limit_range::{Limit, LimitKind, LimitRange};
pub use objects::{ObjectCount, object_counts, plural};
pub use quota::{Quota, Resource, Scope};
pub use usage::Usage;
