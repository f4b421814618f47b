//! Resources, their ids and history, and the indexed set of them.

mod gvk;
mod resmap;
mod resource;
mod scope;

pub(crate) use gvk::{Gvk, Selector};
pub(crate) use resmap::ResMap;
pub(crate) use resource::{Behavior, CLUSTER, PreviousId, ResId, Resource};
pub(crate) use scope::Scopes;
