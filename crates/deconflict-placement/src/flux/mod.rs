//! Flux: which directories its objects apply, and how.

mod generated;

pub(crate) use generated::generated;
