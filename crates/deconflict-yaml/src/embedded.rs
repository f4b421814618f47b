//! Documents inside scalars: a patch in a block scalar keeps its own lines.

use crate::align::align;
use crate::parse::{Reading, parse_at};
use crate::places::Places;
use crate::{Node, Parsed};

/// Parse the text of a scalar that holds documents of its own (a patch in a block scalar). `raw` is the text of the
/// file that holds the scalar. All places (of nodes, problems, comments, documents) are bytes of that file, so that an
/// ignore comment inside an inline patch counts at its own line there; only what an escape or a folded line end wrote
/// takes the whole escape. A text that was changed since it was read stands as a whole where the scalar stands. A node
/// that is no scalar has no documents.
pub fn parse_embedded(node: &Node, raw: &str) -> Parsed {
    let Some(scalar) = node.as_scalar() else {
        return Parsed::default();
    };
    let segments = align(&scalar.text, scalar.style, raw, node.at.span);
    let places = Places {
        file: node.at.file,
        segments: &segments,
    };
    parse_at(places, &scalar.text, Reading::Short)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use deconflict_files::{Files, LineIndex, RepoPath, Span};

    use super::parse_embedded;
    use crate::{Kind, Node, Parsed, parse};

    struct Shown<'t> {
        text: &'t str,
        lines: LineIndex,
        out: String,
    }

    impl Shown<'_> {
        fn line(&mut self, what: &str, span: Span) {
            let place = self.lines.place(self.text, span.start);
            let raw = &self.text[span.range()];
            writeln!(self.out, "{}:{} {what} {raw:?}", place.line, place.column).unwrap();
        }

        fn node(&mut self, node: &Node) {
            match &node.kind {
                Kind::Scalar(scalar) => self.line(&format!("{:?} from", scalar.text), node.at.span),
                Kind::List(items) => items.iter().for_each(|item| self.node(item)),
                Kind::Map(fields) => {
                    for field in fields {
                        self.line(&format!("{}:", field.key.text), field.key_at.0.span);
                        self.node(&field.value);
                    }
                }
            }
        }

        fn parsed(&mut self, parsed: &Parsed) {
            for document in &parsed.documents {
                self.line("document", document.span);
                if let Some(root) = &document.root {
                    self.node(root);
                }
            }
            for comment in &parsed.comments {
                self.line("comment", comment.span);
            }
            for problem in &parsed.problems {
                self.line(&format!("{:?}", problem.kind), problem.at.span);
            }
        }
    }

    /// What the scalar at `path` of `text` holds; a path of several keys goes down, `/` into the embedded document.
    fn check(text: &str, path: &str, expected: &str) {
        let files = Files::new();
        let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
        let mut parsed = parse(file, text);
        for path in path.split('/') {
            let root = parsed.documents[0].root.as_deref().unwrap();
            let node = root.at_path(&path.split('.').collect::<Vec<_>>()).unwrap();
            parsed = parse_embedded(node, text);
        }
        let mut shown = Shown {
            text,
            lines: LineIndex::new(text),
            out: String::new(),
        };
        shown.parsed(&parsed);
        let want: String = expected
            .trim()
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        assert_eq!(shown.out, want, "{text}\n---- got\n{}", shown.out);
    }

    #[test]
    fn literal_lines_keep_their_places() {
        check(
            "p:\n  x: |-\n    a: 1  # why\n\n    b:\n      - ü: [c]\n  y: 1\n",
            "p.x",
            r##"
            3:5 document "a: 1  # why\n\n    b:\n      - ü: [c]"
            3:5 a: "a"
            3:8 "1" from "1"
            5:5 b: "b"
            6:9 ü: "ü"
            6:13 "c" from "c"
            3:11 comment "# why"
            "##,
        );
        // Blank lines and comments before, a document marker inside, blank lines behind.
        check(
            "x: |+\n\n  # c\n  a: 1\n  ---\n  b: |\n    z\n    y\n\n\n",
            "x",
            r##"
            3:3 document "# c\n  a: 1\n"
            4:3 a: "a"
            4:6 "1" from "1"
            5:3 document "---\n  b: |\n    z\n    y"
            6:3 b: "b"
            6:6 "z\ny\n" from "|\n    z\n    y"
            3:3 comment "# c"
            "##,
        );
    }

    #[test]
    fn declared_indentation() {
        check(
            "x: |2\n    a: 1\n    b: 2\n",
            "x",
            r##"
            2:3 document "  a: 1\n    b: 2"
            2:5 a: "a"
            2:8 "1" from "1"
            3:5 b: "b"
            3:8 "2" from "2"
            "##,
        );
        check(
            "x: |2-\n     \n  a: 1\n",
            "x",
            r##"
            3:3 document "a: 1"
            3:3 a: "a"
            3:6 "1" from "1"
            "##,
        );
    }

    #[test]
    fn windows_line_ends() {
        check(
            "x: |\r\n  a: 1 # c\r\n\r\n  b: two\r\ny: 1\r\n",
            "x",
            r##"
            2:3 document "a: 1 # c\r\n\r\n  b: two"
            2:3 a: "a"
            2:6 "1" from "1"
            4:3 b: "b"
            4:6 "two" from "two"
            2:8 comment "# c"
            "##,
        );
    }

    #[test]
    fn folded_lines() {
        check(
            "x: >-\n  {a: 1,\n  b: [2,\n    3],\n\n  c: d}\n",
            "x",
            r##"
            2:3 document "{a: 1,\n  b: [2,\n    3],\n\n  c: d}"
            2:4 a: "a"
            2:7 "1" from "1"
            3:3 b: "b"
            3:7 "2" from "2"
            4:5 "3" from "3"
            6:3 c: "c"
            6:6 "d" from "d"
            "##,
        );
    }

    #[test]
    fn plain_and_quoted() {
        check(
            "x: {\"p\": '[{a: ''q r''},\n   {b: 2}]'}\n",
            "x.p",
            r##"
            1:11 document "[{a: ''q r''},\n   {b: 2}]"
            1:13 a: "a"
            1:16 "q r" from "''q r''"
            2:5 b: "b"
            2:8 "2" from "2"
            "##,
        );
        check(
            r#"x: "a: 1\nb: \"\u00fc\" # c\nc: \x41\
                d""#,
            "x",
            r##"
            1:5 document "a: 1\\nb: \\\"\\u00fc\\\" # c\\nc: \\x41\\\n                d"
            1:5 a: "a"
            1:8 "1" from "1"
            1:11 b: "b"
            1:14 "ü" from "\\\"\\u00fc\\\""
            1:30 c: "c"
            1:33 "Ad" from "\\x41\\\n                d"
            1:25 comment "# c"
            "##,
        );
        check(
            "x: some\n  words here\n",
            "x",
            r##"
            1:4 document "some\n  words here"
            1:4 "some words here" from "some\n  words here"
            "##,
        );
    }

    #[test]
    fn documents_in_documents() {
        check(
            "x: |\n  y: |\n    # deep\n    z: [1,\n      2]\n  w: >\n    {q:\n    7}\n",
            "x/y",
            r##"
            3:5 document "# deep\n    z: [1,\n      2]"
            4:5 z: "z"
            4:9 "1" from "1"
            5:7 "2" from "2"
            3:5 comment "# deep"
            "##,
        );
        check(
            "x: |\n  y: |\n    # deep\n    z: 1\n  w: >\n    {q:\n    7}\n",
            "x/w",
            r##"
            6:5 document "{q:\n    7}"
            6:6 q: "q"
            7:5 "7" from "7"
            "##,
        );
    }

    #[test]
    fn problems_stand_in_the_outer_file() {
        check(
            "x: |\n  a: 1\n  b: [\n  ---\n  c: 1\n  c: 2\n",
            "x",
            r##"
            4:3 document "---\n  c: 1\n  c: 2"
            5:3 c: "c"
            5:6 "1" from "1"
            6:3 c: "c"
            6:6 "2" from "2"
            3:6 Syntax("unclosed bracket '['") "["
            6:3 DuplicateKey { first: Origin { file: f0, span: Span { start: 27, end: 28 } }, key: "c" } "c"
            "##,
        );
    }

    #[test]
    fn a_changed_text_stands_as_a_whole() {
        let text = "x: |\n  a: 1\n";
        let files = Files::new();
        let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
        let parsed = parse(file, text);
        let mut node = parsed.documents[0]
            .root
            .as_ref()
            .unwrap()
            .get("x")
            .unwrap()
            .as_ref()
            .clone();
        if let Kind::Scalar(scalar) = &mut node.kind {
            scalar.text = "b: 2\n".into();
        }
        let inner = parse_embedded(&node, text);
        let value = inner.documents[0].root.as_ref().unwrap().get("b").unwrap();
        assert_eq!(value.at, node.at);
        assert!(
            parse_embedded(parsed.documents[0].root.as_ref().unwrap(), text)
                .documents
                .is_empty()
        );
    }
}
