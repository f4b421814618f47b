//! Floor 2: one file per output format. Everything here is a function from a [`Report`](deconflict_findings::Report)
//! or a [`Difference`](deconflict_findings::Difference) to text; what a finding means, where files come from and where the text goes is not known here.
//!
//! Text from the repository (names, messages, lines of files) is hostile: control characters are escaped in every
//! format, and the text under a masked label is never printed.

mod catalogue;
mod closing;
mod concise;
mod diagnostic;
mod diff;
mod frames;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod map;
mod markdown;
mod problem;
mod sarif;
#[cfg(feature = "schema")]
mod schema;
mod shown;
mod style;
mod text;
mod window;
mod wire;

pub use catalogue::{rule_page, rules_json, rules_table};
pub use closing::closing_lines;
pub use concise::concise;
pub use diff::{diff_closing_lines, diff_human, diff_json, diff_markdown};
pub use github::github;
pub use gitlab::gitlab;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use map::{map_json, map_table};
pub use markdown::{COMMENT_LIMIT, markdown};
pub use problem::problem;
pub use sarif::sarif;
#[cfg(feature = "schema")]
pub use schema::schemas;
pub use style::{Detail, Style};
pub use text::escape;

#[cfg(test)]
mod fixture;
