//! Floor 2: JSON schemas of the repository against trees that keep their places. No type of the engine below shows in the
//! interface. It reads nothing itself: whoever compiles a schema hands over the files that it refers to.

mod compile;
#[cfg(test)]
mod tests;
mod words;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node, to_json};
use serde_json::Value;

/// How many faults of one document are told.
const FAULTS: usize = 50;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    validator: jsonschema::Validator,
}

/// Where a document does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The text to edit: the value, or the key of a field that should not be there.
    pub at: Origin,
    /// The field's path, for example `jobs.build.steps[0]["a.b"]`; empty for the whole document.
    pub path: String,
    /// One sentence without full stop. Values of the document are not in it.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Schema {
    /// In which `document`, read as `dialect`, differs from the schema, in the order of the text. What cannot be written as
    /// JSON has no faults: readers refuse it for that.
    pub fn check(&self, document: &Node, dialect: Dialect) -> Vec<Fault> {
        let Some(value) = json(document, dialect) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for error in self.validator.iter_errors(&value).take(FAULTS) {
            words::faults(&error, document, &mut found);
        }
        found.truncate(FAULTS);
        found.sort_by(|a, b| {
            (a.at.span.start, &a.path, &a.message).cmp(&(b.at.span.start, &b.path, &b.message))
        });
        found.dedup();
        found
    }
}

fn json(node: &Node, dialect: Dialect) -> Option<Value> {
    serde_json::from_str(&to_json(node, dialect).ok()?).ok()
}
