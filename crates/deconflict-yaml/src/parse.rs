//! Text to trees. Parsing never fails: it returns documents and problems, and goes on with the next document.

use std::sync::Arc;

use deconflict_files::{FileId, Origin, Span};

use crate::Node;

/// Everything found in one text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents that could be read, in order.
    pub documents: Vec<Document>,
    /// What could not be read, and what is suspicious though readable, in order of place.
    pub problems: Vec<Problem>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
}

/// One document.
#[derive(Debug)]
pub struct Document {
    /// Its place among all documents of the text, from 0, broken ones included.
    pub index: usize,
    /// The bytes it takes.
    pub span: Span,
    /// The tree; `None` for an empty document (nothing but comments).
    pub root: Option<Arc<Node>>,
}

/// A comment, `#` included, line end excluded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// The bytes.
    pub span: Span,
}

/// Something about the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The smallest range that shows it.
    pub at: Origin,
    /// The index of the document it concerns.
    pub document: usize,
}

/// What is wrong or suspicious.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// The document cannot be read; the parser's words. It has no tree.
    Syntax(String),
}

impl ProblemKind {
    /// True when the document has no tree because of it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Syntax(_) => true,
        }
    }
}

/// Parse a whole file.
pub fn parse(file: FileId, text: &str) -> Parsed {
    let _ = (file, text);
    Parsed::default()
}

/// Parse the text of a scalar that holds a document of its own (a patch in a block scalar). Origins point at the
/// lines of the file that holds the scalar. `raw` is that file's text.
pub fn parse_embedded(node: &Node, raw: &str) -> Parsed {
    let _ = (node, raw);
    Parsed::default()
}
