//! The examples of a rule's page, and what is found in them.

use std::sync::Arc;

use deconflict_check::{Change, Input, Options};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Certainty, Finding, Judged, Report};
use deconflict_yaml::Library;

/// Path and text.
pub(crate) type File = (String, String);

fn repository(files: &[File]) -> MemoryTree {
    assert!(!files.is_empty(), "no files");
    files
        .iter()
        .fold(MemoryTree::new(), |tree, (path, text)| tree.file(path, text))
}

/// The small repository in the first fenced block below `heading`: each file starts with a line `# path/of/file`.
pub(crate) fn files(docs: &str, heading: &str) -> Vec<File> {
    let lines = docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let block = lines
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .skip_while(|line| !line.starts_with("```"))
        .skip(1)
        .take_while(|line| !line.starts_with("```"));
    let mut files: Vec<File> = Vec::new();
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

/// What the rule of that id, and any other that a page must not meet, finds in a tree; with a base unless it is empty.
pub(crate) fn check(id: &str, before: &[File], after: &[File]) -> Report {
    let table = Arc::new(Files::new());
    let library = |tree: MemoryTree| Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::clone(&table)));
    let change = (!before.is_empty()).then(|| Change {
        base: library(repository(before)),
        changed: differing(before, after),
        renames: Vec::new(),
        conflicts: Vec::new(),
    });
    let library = library(repository(after));
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

/// Paths whose text is in one list only, sorted.
fn differing(before: &[File], after: &[File]) -> Vec<RepoPath> {
    let only = |these: &[File], those: &[File]| {
        let these = these.iter().filter(|file| !those.contains(file));
        these.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let mut paths = [only(before, after), only(after, before)].concat();
    paths.sort();
    paths.dedup();
    paths.iter().filter_map(|path| RepoPath::new(path)).collect()
}

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
