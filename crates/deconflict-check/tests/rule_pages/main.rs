//! The examples on the rules' pages, through the whole pipeline: the bad one reports exactly its rule, the good one
//! nothing; and what decides may come from elsewhere than the object.

mod mechanisms;
mod pages;

use deconflict_findings::Report;
use pages::{check, files};

fn findings(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect()
}

const BEFORE: &str = "## Before";

/// Rules whose example is no text, or no single tree.
const UNTOLD: [&str; 2] = ["lay-unreadable-file", "skw-merge-conflict"];

#[test]
fn examples_report_exactly_their_rule() {
    let mut failures = Vec::new();
    let pages = deconflict_check::rules();
    for meta in pages.into_iter().filter(|meta| !UNTOLD.contains(&meta.id)) {
        let before = files(meta.docs, BEFORE);
        let report = check(meta.id, &before, &files(meta.docs, "## Example"));
        let only = report.findings.iter().all(|finding| finding.rule == meta.id);
        if report.findings.is_empty() || !only {
            failures.push(format!("{} Example: {:#?}", meta.id, findings(&report)));
        }
        let report = check(meta.id, &before, &files(meta.docs, "## Instead"));
        if !report.findings.is_empty() {
            failures.push(format!("{} Instead: {:#?}", meta.id, findings(&report)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
