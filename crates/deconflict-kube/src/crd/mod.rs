//! CustomResourceDefinitions found in the tree: compiled to structural schemas, against which their resources are held.

mod compile;
mod definition;
mod definitions;
mod rules;
mod scalars;
mod validate;

pub use compile::Schema;
pub use definition::{Definition, Version};
pub use definitions::Definitions;
pub use rules::CelRule;
pub use validate::{SchemaFault, SchemaViolation};

#[cfg(test)]
mod tests;
