//! Floor 2: the Common Expression Language with the functions that Kubernetes adds, and a limit on what an expression may
//! cost. No type of the engine below shows in the interface, so that it can be exchanged here. It does not know what is
//! evaluated. Amounts are here because rules count with them.

mod cost;
mod library;
mod quantity;
mod rule;
mod value;

pub use quantity::Quantity;
pub use rule::{Failure, Rule};
pub use value::Value;
