//! Floor 3: identity of objects, scope, quantities, selectors, and when two objects are the same: what the API server
//! would say. It does not know where objects came from.

mod fields;
#[cfg(test)]
mod fixture;
mod key;
mod object;
mod quantity;
mod scope;

pub use fields::{bool_at, int_at, int_of, items_at, text_at, text_of};
pub use key::{GroupKind, ObjectKey};
pub use object::{IdentityProblem, IdentityProblemKind, Object, expand_list, is_manifest};
pub use quantity::Quantity;
pub use scope::{Scope, Scopes, scope};
