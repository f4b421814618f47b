//! The scanner for the common style and the parser library read alike: same trees, styles, places, comments, problems.

use std::path::Path;

use deconflict_files::FileId;
use deconflict_yaml::{Parsed, Reading, parse_as};
use proptest::prelude::*;

use crate::{file, shared};

/// Compare both readers; how many documents there are, and how many of them went the short way.
fn compare(file: FileId, text: &str) -> Result<(usize, usize), String> {
    let short = parse_as(file, text, Reading::Short);
    let long = parse_as(file, text, Reading::Long);
    assert_eq!(long.short, 0);
    if short.is_same_as(&long) {
        return Ok((long.documents.len(), short.short));
    }
    let show = |parsed: &Parsed| {
        format!(
            "{:#?}\n{:?}\n{:?}",
            parsed.documents, parsed.comments, parsed.problems
        )
    };
    let (ours, theirs) = (show(&short), show(&long));
    let mut lines = ours.lines().zip(theirs.lines());
    let line = lines.position(|(a, b)| a != b).unwrap_or_default();
    let near = |text: &str| {
        let lines = text.lines().skip(line.saturating_sub(6)).take(12);
        lines.collect::<Vec<_>>().join("\n")
    };
    Err(format!(
        "{text:?}\n-- scanner\n{}\n-- library\n{}",
        near(&ours),
        near(&theirs)
    ))
}

/// Both readers agree, and the scanner reads as many documents as said.
fn check(text: &str, short: usize) {
    let counted = compare(file(text), text).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!(counted.1, short, "{text:?}");
}

#[test]
fn what_is_read() {
    for text in [
        "a: 1\n",
        "a: 1",
        "a:\n  b: c d  # e\n\n  # f\n  g: 'h ''i'' '\n",
        "- a\n-  b: 1\n   c: 2\n- - d\n  - e\n-\n- \n-   # f\n  g: h\n",
        "a:\n- b\n- c: 1\n  d:\n  - 2\ne:\n",
        "a: |\n  b\n\n   c\n  d  \n\n\ne: >-\n  f\n  g\n\n\n  h\n",
        "a: |-  # b\n\n  c\n # d\ne: |\n  \tf\n  g: h # i\n",
        "a: \"b\\n\\t\\\"c\\\\\"\n\"d\": \"\"\n'e':    f\n",
        "a: {}\nb: []\nc: [d, \"e\", 'f', -g, --h, i:j, 1.5]\nk: {l: m, \"n\": {o: [p q, ]}}\n",
        "# a\n\n---  # b\nc: d\n---\ne: f\n--- \n# g\n---",
        "  a: 1\n  b: 2\n# c\n",
        "a: ü\n'😀': \u{2028}x\u{85}y\n",
        "a: b#c d:e\nf: -1\n.g: ...\nh: a---\n---i: j\n",
        "a:   \n  b:\n    - c\n  d: ~\n",
        "a: \"#\" # \"\nb: '#'\nc: x  \n",
        "foo\n",
        "- |\n a\n- >\n  b\n",
        "a:\n  {}\nb:\n  'c'\n",
        "1: a\n\"1\": b\n",
    ] {
        let documents = parse_as(file(text), text, Reading::Long).documents.len();
        check(text, documents);
    }
}

#[test]
fn what_is_left_to_the_library() {
    for text in [
        "",
        "# a\n",
        "a: &b c\n",
        "a: *b\n",
        "a: !b c\n",
        "? a\n: b\n",
        ": a\n",
        "<<: {a: b}\n",
        "a: 1\na: 2\n",
        "a: {b: 1, b: 2}\n",
        "a: b\n c\n",
        "a:\n  b\n  c\n",
        "a: 'b\n  c'\n",
        "a: \"b\n  c\"\n",
        "a: \"\\u00fc\"\n",
        "a: \"\\/\"\n",
        "a: b: c\n",
        "a: - b\n",
        "a: 1\n- b\n",
        "- a\nb: 1\n",
        "- a\n - b\n",
        "a:\n  b: 1\n c: 2\n",
        "a: 1\n  # b\n  c\n",
        "a:\tb\n",
        "a: b\tc\n",
        "\ta: b\n",
        "a: b\t# c\n",
        "a:\n-\tb\n",
        "a: 1\n\t\nb: 2\n",
        "a: |\n  b\n  \t\n",
        "a: |+\n  b\n\n",
        "a: |2\n  b\n",
        "a: |\nb: c\n",
        "a: |\n    \n  b\n",
        "a: |\n  b",
        "a: >\n  b\n   c\n",
        "a: |b\n  c\n",
        "--- |\n  a\n",
        "--- a: b\n",
        "%YAML 1.1\n---\na: b\n",
        "a: 1\n...\n",
        "a: 1\r\nb: 2\r\n",
        "\u{feff}a: 1\n",
        "a: \u{7}\n",
        "a : 1\n",
        "\"a\" : 1\n",
        "\"a\"b: 1\n",
        "a: \"b\"#c\n",
        "a: [b\n",
        "a: [b,\n  c]\n",
        "a: [b: c]\n",
        "a: [,]\n",
        "a: {b}\n",
        "a: {\"b\":1}\n",
        "a: []x\n",
        "[a]: b\n",
        "a: @b\n",
        "a: `b\n",
        "a: %b\n",
        "-  # a\n- b\n",
        "a: b\n---x\n",
        "a: b\n--- c\n",
        "a:\n---\n  b: c\n...",
    ] {
        let counted = compare(file(text), text).unwrap_or_else(|difference| panic!("{difference}"));
        assert!(counted.1 < counted.0.max(1), "{text:?} was read");
    }
    check("a: &b c\n---\nd: e\n---\nf: *b\n---\ng: h\n", 2);
    check("a: 1\n... # b\n# c\nd: 2\n---\ne: 3\n", 2);
    check("a: 1\n\r---\nb: 2\n---\nc: 3\n", 0);
    check("a: 1\n---\0\nb: 2\n---\nc: 3\n", 0);
    check("a: 1\n---\u{c}\nb: 2\n---\nc: 3\n", 1);
    let key = "k".repeat(1100);
    check(&format!("{key}: 1\n"), 0);
    let deep: String = (0..150)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    check(&deep, 0);
}

fn walk(directory: &Path, visit: &mut impl FnMut(&Path, &str)) {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            walk(&path, visit);
        } else if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            visit(&path, &text);
        }
    }
}

/// All of the shared data, also what is broken on purpose. Prints the share that goes the short way.
#[test]
fn all_known_files_read_alike() {
    for (directory, least) in [("corpus", 80), ("conformance", 50)] {
        let Some(path) = shared(directory) else { continue };
        let (mut files, mut documents, mut short) = (0, 0, 0);
        let mut different = Vec::new();
        let mut seen = std::collections::HashSet::new();
        walk(&path, &mut |path, text| {
            files += 1;
            if !seen.insert(text.to_owned()) {
                return;
            }
            match compare(file(text), text) {
                Ok((all, read)) => {
                    documents += all;
                    short += read;
                }
                Err(difference) => different.push(format!("{}: {difference:.3000}", path.display())),
            }
        });
        println!(
            "{directory}: {files} files, {} different texts, {short} of {documents} documents the short way",
            seen.len()
        );
        assert!(
            different.is_empty(),
            "{} differ\n{}",
            different.len(),
            different[..different.len().min(5)].join("\n")
        );
        assert!(short * 100 >= documents * least, "only {short} of {documents}");
    }
}

/// Pieces from which random texts come that the scanner takes, nearly takes or must refuse.
const PIECES: [&str; 52] = [
    "a", "b", "key", "a: ", "b: ", "c:", "c:\n", "- ", "- ", "-", "\n", "\n", "\n", "\n", "\n  ", "\n  ",
    "\n    ", "  ", " ", "\n- ", "\n  - ", ": ", ":", "#", " # c", "'", "''", "\"", "\\n", "\\", "|", "|-",
    ">", ">-", ": |\n", ": >\n  ", "[", "]", "{", "}", ", ", "[]", "{}", "\n---\n", "---", "...", "\t", "ü",
    "1", "~", "&x ", "?",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_texts_read_alike(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30)) {
        let text = pieces.concat();
        if let Err(difference) = compare(file(&text), &text) {
            panic!("{difference}");
        }
    }
}
