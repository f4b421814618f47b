//! Floor 1: a YAML tree that keeps origins, comments and scalars as written. It knows nothing of Kubernetes.
//!
//! Trees never change: whoever sets a path copies the spine ([`std::sync::Arc::make_mut`]) and shares the rest.
//! What a scalar means is asked with a [`Dialect`], because four readers disagree about `yes`, `0o17` and `1e3`.

mod align;
mod block;
mod boundary;
mod builder;
mod characters;
mod dialect;
mod edit;
mod embedded;
mod events;
mod json;
mod keys;
mod library;
mod merge;
mod node;
mod number;
mod parse;
mod places;
mod problem;
mod same;
mod scalar;
mod strict;
mod tabs;
mod timestamp;

pub use dialect::{Dialect, Value, binary_text};
pub use edit::{Edit, EditError, apply, apply_as};
pub use embedded::parse_embedded;
pub use json::{JsonError, JsonErrorKind, to_json, write_json_float, write_json_string};
pub use library::{Library, Loaded};
pub use merge::{MergeError, MergeErrorKind, is_merge_key, resolve_merges};
pub use node::{Field, KeyAt, Kind, Node};
pub use parse::{Comment, Document, Parsed, Reading, parse, parse_as};
pub use problem::{Problem, ProblemKind};
pub use scalar::{Scalar, Style};
pub use strict::{RepeatedKey, repeated_keys};
pub use timestamp::timestamp_text;
