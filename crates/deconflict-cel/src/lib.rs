//! Floor 2: the Common Expression Language with the functions that Kubernetes adds, and a limit on what an expression may
//! cost. No type of the engine below shows in the interface, so that it can be exchanged here. It does not know what is
//! evaluated.

mod cost;
mod library;
mod rule;
mod value;

pub use rule::{Failure, Rule};
pub use value::Value;
