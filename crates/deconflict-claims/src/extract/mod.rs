//! From an object to what it claims.

mod secret;
mod service;
mod volume;

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
    let mut claims = Vec::new();
    secret::producers(object, &mut claims);
    volume::writers(object, &mut claims);
    if object.key.is("", "Service") {
        service::ports(object, &mut claims);
    }
    (claims, Detail::None)
}
