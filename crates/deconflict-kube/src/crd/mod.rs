//! CustomResourceDefinitions found in the tree: compiled to structural schemas, against which their resources are held.

mod compile;
mod definition;
mod validate;

pub use compile::Schema;
pub use definition::{Definition, Version};
pub use validate::{SchemaFault, SchemaViolation};
