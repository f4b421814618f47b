//! Changing a text where it stands, so that comments and layout survive.

use std::fmt;

use deconflict_files::{FileId, Span};

use crate::{Node, parse};

/// Replace the bytes at `span` by `with`; an empty span inserts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// The bytes to replace.
    pub span: Span,
    /// What stands there afterwards.
    pub with: String,
}

/// Why edits were not applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditError {
    /// The span ends before it starts, beyond the text, or inside a character.
    Outside(Span),
    /// Two edits touch the same bytes, or insert at the same place, so that their order would matter.
    Overlap(Span, Span),
    /// The result is no YAML, or its documents are not the intended ones.
    Unintended,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside(span) => write!(f, "bytes {} to {} are not of this text", span.start, span.end),
            Self::Overlap(a, b) => write!(
                f,
                "the edits of bytes {} to {} and {} to {} overlap",
                a.start, a.end, b.start, b.end
            ),
            Self::Unintended => f.write_str("the edited text does not read as intended"),
        }
    }
}

impl std::error::Error for EditError {}

/// `text` with `edits` applied, in whatever order they come.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut before: Option<Span> = None;
    for edit in edits {
        let range = edit.span.range();
        if text.get(range.clone()).is_none() {
            return Err(EditError::Outside(edit.span));
        }
        if let Some(before) = before
            && (before.end > edit.span.start || before.start == edit.span.start)
        {
            return Err(EditError::Overlap(before, edit.span));
        }
        out.push_str(&text[from..range.start]);
        out.push_str(&edit.with);
        from = range.end;
        before = Some(edit.span);
    }
    out.push_str(&text[from..]);
    Ok(out)
}

/// [`apply`], and read the result: its documents must be readable and equal `intended` (`None`: an empty document),
/// in content, style and tags. An edit that breaks the indentation around it is found here.
pub fn apply_as(
    file: FileId,
    text: &str,
    edits: &[Edit],
    intended: &[Option<&Node>],
) -> Result<String, EditError> {
    let out = apply(text, edits)?;
    let parsed = parse(file, &out);
    let fatal = parsed.problems.iter().any(|problem| problem.kind.is_fatal());
    let got = parsed.documents.iter().map(|document| document.root.as_deref());
    if fatal || !got.eq(intended.iter().copied()) {
        return Err(EditError::Unintended);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, Origin, RepoPath, Span};

    use super::{Edit, apply, apply_as};
    use crate::{Node, Scalar, parse};

    /// Edits are written `start..end=with`, separated by `;`.
    fn check(text: &str, edits: &str, want: &str) {
        let edits: Vec<Edit> = edits
            .split(';')
            .map(|edit| {
                let (range, with) = edit.split_once('=').unwrap();
                let (start, end) = range.split_once("..").unwrap();
                Edit {
                    span: Span {
                        start: start.parse().unwrap(),
                        end: end.parse().unwrap(),
                    },
                    with: with.to_owned(),
                }
            })
            .collect();
        let got = apply(text, &edits).unwrap_or_else(|error| error.to_string());
        assert_eq!(got, want);
    }

    #[test]
    fn edits_come_in_any_order() {
        check("a: 1\nb: 2\n", "8..9=3;3..4=0", "a: 0\nb: 3\n");
        check("a: 1", "0..0=# c\n;4..4= # d", "# c\na: 1 # d");
        check("a: 1", "3..4=2;4..4=3", "a: 23");
        check("a: 1", "3..9=2", "bytes 3 to 9 are not of this text");
        check("a: 1", "4..3=2", "bytes 4 to 3 are not of this text");
        check("ü", "1..2=2", "bytes 1 to 2 are not of this text");
        check(
            "abcd",
            "0..2=x;1..3=y",
            "the edits of bytes 0 to 2 and 1 to 3 overlap",
        );
        check(
            "abcd",
            "1..1=x;1..1=y",
            "the edits of bytes 1 to 1 and 1 to 1 overlap",
        );
    }

    #[test]
    fn the_result_must_be_the_intended_tree() {
        let text = "a: 1 # keep\nb:\n  - x\n---\n";
        let files = Files::new();
        let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
        let parsed = parse(file, text);
        let root = parsed.documents[0].root.as_ref().unwrap();
        let mut intended: Node = Node::clone(root);
        intended.set(
            "a",
            Origin::start_of(file),
            Node::scalar(Scalar::plain("2"), root.at),
        );
        let at = root.get("a").unwrap().at.span;
        let result = |with: &str| {
            let edit = Edit {
                span: at,
                with: with.to_owned(),
            };
            apply_as(file, text, &[edit], &[Some(&intended), None]).unwrap_or_else(|error| error.to_string())
        };
        assert_eq!(result("2"), "a: 2 # keep\nb:\n  - x\n---\n");
        for wrong in ["3", "\"2\"", "[2", "2\n   c: d", ""] {
            assert_eq!(
                result(wrong),
                "the edited text does not read as intended",
                "{wrong}"
            );
        }
        // What was not set is shared, not copied.
        assert!(Arc::ptr_eq(root.get("b").unwrap(), intended.get("b").unwrap()));
    }
}
