//! The short way: a scanner for block style as people write manifests, straight from bytes to the tree.
//!
//! It reads block maps and lists, scalars on one line, literal and folded blocks, comments, document markers and flow
//! collections on one line. At anything else it gives up, and the library reads the document from its start: anchors,
//! aliases, tags, directives, explicit keys, scalars over several lines, rare escapes, tabs outside text, carriage
//! returns, merge keys, keys that repeat, and whatever is not indented as one expects. So it knows no errors and reports
//! no problems: it must only be right about what it accepts. `tests/it/short_way.rs` and `cargo xtask fuzz scanner` hold
//! it against the library.

mod flow;
mod indented;
mod lines;
mod nodes;
mod tokens;

use std::sync::Arc;

use deconflict_files::Span;

use crate::builder::NODES;
use crate::characters::first_forbidden;
use crate::places::Places;
use crate::{Field, Kind, Node, Scalar, Style};

/// Levels that are read; deeper is for the library, which counts them exactly.
const DEPTH: usize = 100;

/// A document that was read.
pub(crate) struct Read {
    /// The tree, `None` when there is nothing but `---` and comments.
    pub(crate) root: Option<Arc<Node>>,
    /// Where the next document starts.
    pub(crate) end: usize,
    /// True when it starts with `---`.
    pub(crate) explicit: bool,
}

/// A node and the byte after it.
struct Built {
    node: Arc<Node>,
    end: usize,
}

/// Reads documents of one text.
pub(crate) struct Scanner<'t> {
    places: Places<'t>,
    text: &'t str,
    bytes: &'t [u8],
    /// The byte to be read next.
    at: usize,
    /// Where its line starts.
    line: usize,
    /// The column of the content at `at`; -1 when the document has ended there.
    column: i32,
    /// How many nodes the document has so far.
    nodes: u64,
    /// Children of all open collections, as in the builder.
    items: Vec<Arc<Node>>,
    fields: Vec<Field>,
    /// The comments of the document read last.
    pub(crate) comments: Vec<Span>,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(places: Places<'t>, text: &'t str) -> Self {
        Self {
            places,
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: 0,
            column: -1,
            nodes: 0,
            items: Vec::new(),
            fields: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// The document that starts at byte `start`; `None` when it is not in the style that is read here.
    pub(crate) fn document(&mut self, start: usize) -> Option<Read> {
        self.items.clear();
        self.fields.clear();
        self.comments.clear();
        self.at = start;
        self.nodes = 0;
        let mut explicit = false;
        self.next_line()?;
        if self.column < 0 && self.is_start_marker() {
            explicit = true;
            self.at += 3;
            self.end_line()?;
        }
        let root = if self.column >= 0 {
            Some(self.node(-1, 0, true)?.node)
        } else if explicit {
            None
        } else {
            return None;
        };
        // A document that ends with `...` goes the long way, as does what is indented less than the root.
        let end = self.at;
        if self.column >= 0 || (end < self.bytes.len() && !self.is_start_marker()) {
            return None;
        }
        let clean = first_forbidden(&self.text[start..end], false).is_none()
            && memchr::memchr(b'\r', &self.bytes[start..end]).is_none();
        clean.then_some(Read { root, end, explicit })
    }

    /// A finished node; `None` when there are too many, which the library counts exactly.
    fn built(&mut self, kind: Kind, span: Span) -> Option<Built> {
        self.nodes += 1;
        (self.nodes < NODES).then(|| Built {
            node: Arc::new(Node::new(kind, self.places.origin(span))),
            end: span.end as usize,
        })
    }

    fn scalar(&mut self, Token { scalar, span }: Token) -> Option<Built> {
        self.built(Kind::Scalar(scalar), span)
    }

    /// A value that is not there, at byte `at`.
    fn absent(&mut self, at: usize) -> Option<Built> {
        self.scalar(Token::new("", Style::Plain, at, at))
    }
}

/// A scalar, as a value or a key.
struct Token {
    scalar: Scalar,
    span: Span,
}

impl Token {
    fn new(text: impl Into<smol_str::SmolStr>, style: Style, start: usize, end: usize) -> Self {
        Self {
            scalar: Scalar {
                text: text.into(),
                style,
                tag: None,
            },
            span: Span::new(start, end),
        }
    }
}
