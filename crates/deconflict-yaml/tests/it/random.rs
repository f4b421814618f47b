//! Random texts: never a panic, places within the text, nothing that sticks out of what holds it.

use deconflict_files::Span;
use deconflict_yaml::{
    Dialect, Kind, Node, Parsed, parse, parse_embedded, repeated_keys, resolve_merges, to_json,
};
use proptest::prelude::*;

use crate::file;

/// Pieces that mean something to a parser, so that random texts get past the first token.
const PIECES: [&str; 44] = [
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    "\n",
    "\n",
    "  ",
    "    ",
    "\t",
    "|",
    ">-",
    "|2+",
    "\"",
    "'",
    "''",
    "\\n",
    "\\u00fc",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "# c",
    "&x ",
    "*x",
    "<<: *x",
    "!!int ",
    "!t ",
    "---",
    "...",
    "--- ",
    "%YAML 1.1",
    "\r\n",
    "ü",
    "😀",
    "\u{feff}",
    "\0",
    "1e3",
    "yes",
    "\u{2028}",
    "~",
    "@",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces =
        prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => any::<String>()]
}

fn within(inner: Span, outer: Span, text: &str, what: &str) {
    assert!(
        outer.start <= inner.start && inner.start <= inner.end && inner.end <= outer.end,
        "{what} {inner:?} sticks out of {outer:?} in {text:?}"
    );
    assert!(
        text.get(inner.range()).is_some(),
        "{what} {inner:?} cuts a character of {text:?}"
    );
}

/// An aliased value stands at its anchor, so it is only held by the document.
fn nested(node: &Node, outer: Span, document: Span, text: &str, visit: &mut impl FnMut(&Node)) {
    within(node.at.span, document, text, "node");
    let is_alias = !(outer.start <= node.at.span.start && node.at.span.end <= outer.end);
    assert!(
        !is_alias || text[document.range()].contains('*'),
        "{:?} sticks out of {outer:?} in {text:?}",
        node.at.span
    );
    visit(node);
    let mut last = node.at.span.start;
    for field in node.fields() {
        let key = field.key_at.0.span;
        within(key, document, text, "key");
        assert!(key.start >= last, "keys of {text:?} are out of order");
        last = key.start;
        nested(&field.value, node.at.span, document, text, visit);
    }
    for item in node.items() {
        nested(item, node.at.span, document, text, visit);
    }
}

fn whole(text: &str) -> Span {
    Span::new(0, text.len())
}

fn places(parsed: &Parsed, text: &str, visit: &mut impl FnMut(&Node)) {
    for document in &parsed.documents {
        within(document.span, whole(text), text, "document");
        if let Some(root) = &document.root {
            nested(root, document.span, document.span, text, visit);
        }
    }
    for problem in &parsed.problems {
        within(problem.at.span, whole(text), text, "problem");
    }
    for comment in &parsed.comments {
        within(comment.span, whole(text), text, "comment");
    }
}

fn check(text: &str) {
    let parsed = parse(file(text), text);
    let mut embedded = Vec::new();
    places(&parsed, text, &mut |node| {
        if let Kind::Scalar(_) = &node.kind {
            embedded.push(parse_embedded(node, text));
        }
    });
    for parsed in &embedded {
        for document in &parsed.documents {
            within(document.span, whole(text), text, "embedded document");
        }
        for comment in &parsed.comments {
            within(comment.span, whole(text), text, "embedded comment");
        }
        for problem in &parsed.problems {
            within(problem.at.span, whole(text), text, "embedded problem");
        }
    }
    for root in parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
    {
        for dialect in [
            Dialect::Kubernetes,
            Dialect::Kustomization,
            Dialect::Resource,
            Dialect::Helm,
        ] {
            let _ = (
                resolve_merges(root, dialect),
                repeated_keys(root, dialect),
                to_json(root, dialect),
            );
        }
    }
    // Documents tile the text from its start, in order.
    let mut end = 0;
    for document in &parsed.documents {
        assert!(document.span.start >= end, "documents of {text:?} overlap");
        end = document.span.end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_never_hurt(text in texts()) {
        check(&text);
    }
}
