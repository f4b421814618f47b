//! The shape of `deconflict.yaml`, defined once: the reader, the JSON schema and the documentation's test all use it.

mod check;
mod format;
mod json;
mod keys;
mod reference;

pub(crate) use check::Checker;
pub use json::json_schema;
pub(crate) use keys::{BASELINE, TOP};
pub use reference::reference;

/// One key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it says, for the JSON schema.
    pub(crate) about: &'static str,
    /// True when the map means nothing without it.
    pub(crate) required: bool,
    /// What its value looks like.
    pub(crate) shape: Shape,
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// One line of text.
    Text(Format),
    /// A whole number from 0 on.
    Count,
    /// The version of the configuration's form.
    FormVersion,
    /// A list.
    List(&'static Shape),
    /// A map with fixed keys.
    Map(&'static [Key]),
    /// A map from anything to a shape.
    Table(&'static Shape),
    /// Text, or a map that says more.
    TextOrMap(Format, &'static [Key]),
    /// Settings of rules, by id.
    Rules,
    /// Anything; for single values of charts.
    Any,
}

/// What a text says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Any text that is not empty.
    Name,
    /// Any text.
    Free,
    /// A glob of paths or names.
    Glob,
    /// A path from Top that stays below it.
    Path,
    /// `1.34`.
    Kubernetes,
    /// `2027-06-30`.
    Date,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A class of clusters: any word, but no misspelled known one.
    Class,
    /// An amount as Kubernetes counts it: `8`, `500m`, `32Gi`.
    Quantity,
    /// `Kind/name` or `Kind/namespace/name`.
    Object,
    /// The id of a rule.
    Rule,
}
