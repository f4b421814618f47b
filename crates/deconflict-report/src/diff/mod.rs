//! What a change does to rendered objects, for people and for programs.

mod human;
mod json;
mod markdown;
mod sections;
mod words;

pub use human::{diff_closing_lines, diff_human};
#[cfg(feature = "schema")]
pub(crate) use json::WireDifference;
pub use json::diff_json;
pub use markdown::diff_markdown;

#[cfg(test)]
mod fixture;
