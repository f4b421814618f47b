//! From an object to what it claims.

use deconflict_kube::Object;

use crate::Claim;

/// What the kind of an object means to the structured spaces.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
}

/// Everything that `object` claims.
pub(crate) fn extract(object: &Object) -> (Vec<Claim>, Detail) {
    let _ = object;
    (Vec::new(), Detail::None)
}
