//! Whether two readings of a text are the same in everything, places included, which equality of nodes leaves out.

use crate::{Document, Field, Kind, Node, Parsed};

impl Parsed {
    /// True when documents, trees with their places and trails, comments and problems are the same, whoever read them.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.documents.len() == other.documents.len()
            && (self.documents.iter().zip(&other.documents)).all(|(a, b)| documents(a, b))
            && self.comments == other.comments
            && self.problems == other.problems
    }
}

fn documents(a: &Document, b: &Document) -> bool {
    let roots = match (&a.root, &b.root) {
        (Some(a), Some(b)) => nodes(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let rest = |document: &Document| {
        (
            document.index,
            document.span,
            document.parsed,
            document.explicit,
            document.directives,
        )
    };
    roots && rest(a) == rest(b)
}

fn nodes(a: &Node, b: &Node) -> bool {
    let kinds = match (&a.kind, &b.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => a == b,
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| nodes(a, b)),
        (Kind::Map(a), Kind::Map(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| fields(a, b)),
        _ => false,
    };
    kinds && a.at == b.at && a.via == b.via
}

fn fields(a: &Field, b: &Field) -> bool {
    a.key == b.key && a.key_at.0 == b.key_at.0 && nodes(&a.value, &b.value)
}
