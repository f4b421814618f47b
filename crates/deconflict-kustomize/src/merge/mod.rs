//! Patches: strategic merge and JSON 6902, and the transformers that select what they apply to.

mod cells;
mod comments;
mod directive;
mod elements;
mod entry;
mod inert;
mod json6902;
mod label_selector;
mod outcome;
mod patch;
mod quote;
mod schema;
mod select;
mod strategic;
#[cfg(test)]
mod testing;

pub(crate) use entry::{PatchEntry, PatchReader, PatchText, Trees, trouble_configuring};
pub(crate) use label_selector::LabelSelector;
pub(crate) use outcome::{Outcome, PatchQuirkKind, Selected};
pub(crate) use patch::{MergeContext, apply_patches};
pub(crate) use quote::quote;
pub(crate) use schema::Schema;
pub(crate) use select::{Target, names_one, shown};
