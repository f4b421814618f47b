//! CustomResourceDefinitions found in the tree: compiled to structural schemas, against which their resources are held.

mod compile;
mod definition;
mod definitions;
mod validate;

pub use compile::{CelRule, Schema};
pub use definition::{Definition, Version};
pub use definitions::Definitions;
pub use validate::{SchemaFault, SchemaViolation};
