//! Floor 3: identity of objects, scope, quantities, selectors, and when two objects are the same: what the API server
//! would say. It does not know where objects came from.

mod change;
mod crd;
mod fields;
#[cfg(test)]
mod fixture;
mod key;
mod labels;
mod object;
mod same;
mod schema;
mod scope;
mod settle;
mod validate;

pub use change::validate_change;
pub use crd::{CelRule, Definition, Definitions, Schema, SchemaFault, SchemaViolation, Version};
pub use deconflict_cel::Quantity;
pub use fields::{bool_at, int_at, int_of, items_at, text_at, text_of};
pub use key::{GroupKind, ObjectKey};
pub use labels::{Labels, Selector, Wanted, is_blank};
pub use object::{IdentityProblem, IdentityProblemKind, Object, expand_list, is_manifest};
pub use same::{Difference, differences};
pub use schema::{
    Bundle, Expected, KindId, KubernetesVersion, Memo, Retired, Served, Structural, StructuralKind,
    check_structure, is_duration, is_time, nearest,
};
pub use scope::{Scope, Scopes, scope};
pub use settle::settle;
pub use validate::{Effect, Repair, Subject, Violation, check_object, validate, validate_with};
