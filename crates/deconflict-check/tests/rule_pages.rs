//! The examples on the rules' pages, through the whole pipeline: the bad one reports exactly its rule, the good one
//! nothing.

use std::sync::Arc;

use deconflict_check::{Change, Input, Options};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Certainty, Finding, Judged, Report};
use deconflict_yaml::Library;

/// The small repository in the first fenced block below `heading`: each file starts with a line `# path/of/file`.
fn repository(docs: &str, heading: &str) -> MemoryTree {
    let files = files(docs, heading);
    assert!(!files.is_empty(), "{heading}: no files");
    files
        .iter()
        .fold(MemoryTree::new(), |tree, (path, text)| tree.file(path, text))
}

fn files(docs: &str, heading: &str) -> Vec<(String, String)> {
    let lines = docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let block = lines
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .skip_while(|line| !line.starts_with("```"))
        .skip(1)
        .take_while(|line| !line.starts_with("```"));
    let mut files: Vec<(String, String)> = Vec::new();
    for line in block {
        let path = line.strip_prefix("# ").filter(|path| {
            !path.contains(' ')
                && (path.contains('/')
                    || path.rsplit_once('.').is_some_and(|(_, end)| end == "yaml")
                    || *path == "CODEOWNERS")
        });
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(&at_length(line));
                text.push('\n');
            }
            (None, None) => panic!("{heading}: the block starts with no path"),
        }
    }
    files
}

/// What is found in the tree below `heading`; on a page about a change, with the tree below `Before` as its base.
fn check(id: &str, docs: &str, heading: &str) -> Report {
    let table = Arc::new(Files::new());
    let library = |tree: MemoryTree| Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::clone(&table)));
    let before = files(docs, BEFORE);
    let after = files(docs, heading);
    let change = (!before.is_empty()).then(|| Change {
        base: library(repository(docs, BEFORE)),
        changed: differing(&before, &after),
        renames: Vec::new(),
        conflicts: Vec::new(),
    });
    let library = library(repository(docs, heading));
    let ids: Vec<&str> = deconflict_check::rules().iter().map(|meta| meta.id).collect();
    let found = deconflict_config::find(&library, &RepoPath::top(), &ids);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let input = Input {
        codeowners: Arc::new(Codeowners::find(&library, &RepoPath::top())),
        library,
        config: Arc::new(found.config),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    };
    let options = Options::default();
    let mut report = match &change {
        Some(change) => deconflict_check::check_change(&input, change, &options),
        None => deconflict_check::check(&input, &options),
    };
    report.findings.retain(|finding| !finding.old);
    // Said of every custom kind, and of what an excerpt leaves out: a page that brings all of it along would be about that.
    let of_excerpts = |finding: &Finding| {
        let reference = finding.rule.starts_with("ref-") || finding.rule == "msh-ref-missing";
        finding.rule == "crd-missing" || reference && finding.certainty == Certainty::Possible
    };
    report
        .findings
        .retain(|finding| finding.rule == id || !of_excerpts(finding));
    report
}

const BEFORE: &str = "## Before";

/// Paths whose text is in one list only, sorted.
fn differing(before: &[(String, String)], after: &[(String, String)]) -> Vec<RepoPath> {
    let only = |these: &[(String, String)], those: &[(String, String)]| {
        let these = these.iter().filter(|file| !those.contains(file));
        these.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let mut paths = [only(before, after), only(after, before)].concat();
    paths.sort();
    paths.dedup();
    paths.iter().filter_map(|path| RepoPath::new(path)).collect()
}

fn findings(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect()
}

/// Rules whose example is no text, or no single tree.
const UNTOLD: [&str; 2] = ["lay-unreadable-file", "skw-merge-conflict"];

/// A page says `(more than 1 MiB of text)` where the file has the text.
fn at_length(line: &str) -> String {
    let Some((before, (told, after))) = line.split_once('(').and_then(|(before, rest)| {
        let (told, after) = rest.split_once(" of text)")?;
        Some((before, (told, after)))
    }) else {
        return line.to_owned();
    };
    let words: Vec<&str> = told.split(' ').collect();
    let [how, "than" | "most", number, unit] = words.as_slice() else {
        panic!("{line}: no length");
    };
    let number: usize = number.parse().expect("a number");
    let limit = number << if *unit == "MiB" { 20 } else { 10 };
    // Keys and names may count too.
    let length = if *how == "more" { limit + 1 } else { limit - 1000 };
    format!("{before}{}{after}", "x".repeat(length))
}

#[test]
fn examples_report_exactly_their_rule() {
    let mut failures = Vec::new();
    let pages = deconflict_check::rules();
    for meta in pages.into_iter().filter(|meta| !UNTOLD.contains(&meta.id)) {
        let report = check(meta.id, meta.docs, "## Example");
        let only = report.findings.iter().all(|finding| finding.rule == meta.id);
        if report.findings.is_empty() || !only {
            failures.push(format!("{} Example: {:#?}", meta.id, findings(&report)));
        }
        let report = check(meta.id, meta.docs, "## Instead");
        if !report.findings.is_empty() {
            failures.push(format!("{} Instead: {:#?}", meta.id, findings(&report)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
