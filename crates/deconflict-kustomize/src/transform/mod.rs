//! Everything that rewrites the set: one file per transformer, each `apply(set, config, specs)`.
//!
//! A transformer that replaces a value makes the value's place its own text in the configuration and notes in the
//! trail where the old value stood. One that adds to a value (prefix, suffix, reference) leaves the place alone and
//! notes itself in the trail. What does not change stays shared with the set it came from.

pub(crate) mod affix;
mod crds;
mod defaults;
mod entries;
mod expansion;
mod fieldspec;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod namespace;
mod path_matcher;
mod read;
pub(crate) mod references;
pub(crate) mod replacements;
pub(crate) mod replicas;
mod specs;
mod value;
pub(crate) mod value_add;
pub(crate) mod vars;

pub(crate) use read::{Reader, Sourced};
pub(crate) use specs::{FIRST as LEGACY_FIRST, FieldSpecs, LAST as LEGACY_LAST};
