//! Texts made to hurt: a problem with a place, in bounded time and memory, never a panic.

use std::sync::Arc;
use std::time::Instant;

use deconflict_files::{Files, MemoryTree, RepoPath, Snapshot};
use deconflict_yaml::{Dialect, Library, Parsed, parse, repeated_keys, resolve_merges, to_json};

use crate::file;

/// The problems as `document kind @ start..end`, and how many documents could be read.
fn summary(parsed: &Parsed) -> String {
    let mut lines: Vec<String> = parsed
        .problems
        .iter()
        .map(|problem| {
            let span = problem.at.span;
            format!(
                "{} {:?} @ {}..{}",
                problem.document, problem.kind, span.start, span.end
            )
        })
        .collect();
    lines.push(format!("{} read", parsed.documents.len()));
    lines.join(", ")
}

fn check(text: &str, want: &str) {
    let started = Instant::now();
    let parsed = parse(file(text), text);
    assert_eq!(summary(&parsed), want, "{text:.60}");
    for document in &parsed.documents {
        if let Some(root) = &document.root {
            for dialect in [Dialect::Kubernetes, Dialect::Resource] {
                let _ = resolve_merges(root, dialect);
                let _ = repeated_keys(root, dialect);
                let _ = to_json(root, dialect);
            }
        }
    }
    // A wide margin: it is meant to catch what grows with the square.
    assert!(started.elapsed().as_secs() < 60, "{text:.60}");
}

#[test]
fn deep_nesting() {
    let deep = 200_000;
    let after = "\n---\nb: 1\n";
    check(
        &format!("{}{after}", "[".repeat(deep)),
        "0 TooDeep @ 255..256, 1 read",
    );
    check(
        &format!("{}{after}", "{a: ".repeat(deep)),
        "0 TooDeep @ 1020..1021, 1 read",
    );
    check(
        &format!("{}x{after}", "- ".repeat(deep)),
        "0 TooDeep @ 510..511, 1 read",
    );
    check(
        &format!("{}x{after}", "? ".repeat(deep)),
        "0 TooDeep @ 510..511, 1 read",
    );
    let block: String = (0..600)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    check(&format!("{block}{after}"), "0 TooDeep @ 33405..33406, 1 read");
    // As deep as is allowed, walked with recursion by all readers.
    let text = format!("{}{}", "- ".repeat(254), "[".repeat(254) + &"]".repeat(254));
    check(&text, "1 read");
    let mut aliases = "a0: &a0 x\n".to_owned();
    for level in 1..3000 {
        aliases.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    check(&aliases, "0 TooDeep @ 9877..9882, 0 read");
}

#[test]
fn alias_bombs() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    check(&format!("{laughs}---\nb: 1\n"), "0 AliasBomb @ 319..322, 1 read");
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        merges.push_str(&format!(
            "a{level}: &a{level} {{<<: [*a{before}, *a{before}], k{level}: v}}\n"
        ));
    }
    let parsed = parse(file(&merges), &merges);
    assert!(summary(&parsed).contains("AliasBomb") && parsed.documents.is_empty());
    check("a: &a [*a]\n", "0 AliasCycle(\"a\") @ 7..9, 0 read");
    check("a: *b\n", "0 UnknownAlias(\"b\") @ 3..5, 0 read");
    check("a: &b 1\n---\na: *b\n", "1 UnknownAlias(\"b\") @ 15..17, 1 read");
}

#[test]
fn forbidden_characters() {
    check(
        "a: 1\n---\nb: \0\n---\nc: 1\n",
        "1 ControlCharacter('\\0') @ 12..13, 2 read",
    );
    check("a: \"\u{7}\"", "0 ControlCharacter('\\u{7}') @ 4..5, 0 read");
    check(
        "a: |\n  \u{1b}[31m\n",
        "0 ControlCharacter('\\u{1b}') @ 7..8, 0 read",
    );
    check(&"\0".repeat(1 << 20), "0 ControlCharacter('\\0') @ 0..1, 0 read");
}

#[test]
fn large_texts() {
    let ten = 10 << 20;
    check(&format!("a: \"{}\"\n", "x".repeat(ten)), "1 read");
    check(&format!("a: {}\n", "x".repeat(ten)), "1 read");
    check(&format!("a: |\n  {}\n", "x".repeat(ten)), "1 read");
    check(&format!("a: |\n{}", "  x\n".repeat(ten / 8)), "1 read");
    check(&format!("a: '{}'\n", "x\n\n ".repeat(ten / 8)), "1 read");
    check(
        &format!("{}: 1\n", "x".repeat(1 << 20)),
        "0 Syntax(\"mapping values are not allowed in this context\") @ 1048576..1048577, 0 read",
    );
    // Keys that repeat, and broken documents, both without end.
    let repeated = "a: 1\n".repeat(200_000);
    assert_eq!(parse(file(&repeated), &repeated).problems.len(), 10_000);
    let broken = "[\n---\n".repeat(50_000);
    assert_eq!(parse(file(&broken), &broken).problems.len(), 50_000);
    let parts = "---\n".repeat(1_000_100);
    check(&parts, "1000000 TooLarge @ 4000000..4000003, 1000000 read");
    let comments = "#\n".repeat(1_100_000);
    check(&comments, "0 TooLarge @ 2000000..2000001, 0 read");
    let nodes = format!("[{}]\n---\na: 1\n", "1,".repeat(2_100_000));
    check(&nodes, "0 TooLarge @ 4000001..4000002, 1 read");
    let three_hundred = "a: 1\n".repeat((300 << 20) / 5);
    assert_eq!(
        summary(&parse(file(""), &three_hundred)),
        "0 TooLarge @ 0..0, 0 read"
    );
}

#[test]
fn bytes_that_are_no_utf_8() {
    let tree = MemoryTree::new()
        .file("a.yaml", b"a: 1\nb: \xff\xfe\n---\nc: 1\n")
        .file("b.yaml", b"\x89PNG\r\n\x1a\n\0\0\0");
    let snapshot: Snapshot = tree.snapshot();
    let library = Library::new(Arc::new(snapshot), Arc::new(Files::new()));
    for (path, offset) in [("a.yaml", 8), ("b.yaml", 0)] {
        let loaded = library.load(&RepoPath::new(path).unwrap()).unwrap();
        let want = format!(
            "0 InvalidUtf8 {{ offset: {offset} }} @ {offset}..{}, 0 read",
            offset + 3
        );
        assert_eq!(summary(loaded.parsed()), want);
        assert!(!loaded.is_utf8());
    }
}
