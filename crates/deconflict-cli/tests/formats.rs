//! Every format says the same: the same rules, places and severities as the JSON, up to its documented caps.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Rule, severity, own place and, if there is one, the first other place.
pub(crate) type Row = (String, String, String, Option<String>);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn place(location: &Value) -> String {
    format!("{}:{}", text(&location["path"]), location["line"])
}

pub(crate) fn json(out: &str) -> BTreeSet<Row> {
    let report: Value = serde_json::from_str(out).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| {
            let other = finding["related"].get(0).map(|side| place(&side["location"]));
            (
                text(&finding["rule"]),
                text(&finding["severity"]),
                place(&finding["location"]),
                other,
            )
        })
        .collect()
}

fn sarif(out: &str) -> BTreeSet<Row> {
    let log: Value = serde_json::from_str(out).expect("JSON");
    let place = |location: &Value| {
        let physical = &location["physicalLocation"];
        format!(
            "{}:{}",
            text(&physical["artifactLocation"]["uri"]),
            physical["region"]["startLine"]
        )
    };
    let results = log["runs"][0]["results"].as_array().expect("results").iter();
    results
        .map(|result| {
            let severity = match result["level"].as_str() {
                Some("note") => "info".to_owned(),
                other => other.unwrap_or_default().to_owned(),
            };
            let other = result["relatedLocations"].get(0).map(place);
            (
                text(&result["ruleId"]),
                severity,
                place(&result["locations"][0]),
                other,
            )
        })
        .collect()
}

pub(crate) fn gitlab(out: &str) -> BTreeSet<Row> {
    let issues: Value = serde_json::from_str(out).expect("JSON");
    let place = |location: &Value| format!("{}:{}", text(&location["path"]), location["lines"]["begin"]);
    let issues = issues.as_array().expect("an array").iter();
    issues
        .map(|issue| {
            let severity = match issue["severity"].as_str() {
                Some("critical") => "error",
                Some("major") => "warning",
                _ => "info",
            };
            let other = issue["other_locations"].get(0).map(place);
            (
                text(&issue["check_name"]),
                severity.to_owned(),
                place(&issue["location"]),
                other,
            )
        })
        .collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

pub(crate) fn github(out: &str) -> BTreeSet<Row> {
    let commands = out.lines().filter(|line| line.starts_with("::"));
    commands
        .map(|line| {
            let severity = match between(line, "::", " ") {
                Some("notice") => "info",
                other => other.unwrap_or_default(),
            };
            let rule = between(line, "title=deconflict ", ",").unwrap_or_default();
            let path = between(line, "file=", ",").unwrap_or_default();
            let number = between(line, "line=", ",").unwrap_or_default();
            let other = between(line, "%0Aother side: ", " (").map(str::to_owned);
            (
                rule.to_owned(),
                severity.to_owned(),
                format!("{path}:{number}"),
                other,
            )
        })
        .collect()
}

fn junit(out: &str) -> BTreeSet<Row> {
    let cases = out.split("<testcase ").skip(1);
    cases
        .map(|case| {
            let attribute = |name: &str| {
                let start = format!("{name}=\"");
                between(case, &start, "\"").unwrap_or_default().to_owned()
            };
            let other = between(case, "other side: ", " (").map(str::to_owned);
            let at = format!("{}:{}", attribute(" file"), attribute(" line"));
            (attribute("classname"), attribute(" type"), at, other)
        })
        .collect()
}

fn markdown(out: &str) -> BTreeSet<Row> {
    let details = out.split("<details><summary><b>").skip(1);
    details
        .map(|detail| {
            let (severity, rest) = detail.split_once("</b> ").expect("a severity");
            let rule = rest.split_once(": ").expect("a rule").0;
            let at = between(rest, "- <code>", "</code>").unwrap_or_default();
            let other = between(rest, "- other side: <code>", "</code>").map(str::to_owned);
            (rule.to_owned(), severity.to_owned(), at.to_owned(), other)
        })
        .collect()
}

#[test]
fn all_formats_say_the_same() {
    let sandbox = Sandbox::new("");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    sandbox.copy(&examples.join("storefront"), "");
    // An info and a warning too.
    sandbox.write(
        "stuff/x.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  namespace: b\n",
    );
    let report = |format: &str| {
        let ran = sandbox.run(&format!("check . --format {format}"));
        assert_eq!(ran.exit, Some(1), "{format}: {}", ran.stderr);
        ran.stdout
    };
    let want = json(&report("json"));
    assert!(want.len() >= 7, "{want:?}");
    let severities: BTreeSet<&str> = want.iter().map(|row| row.1.as_str()).collect();
    assert!(
        severities.contains("error") && severities.len() > 1,
        "{severities:?}"
    );
    assert_eq!(sarif(&report("sarif")), want);
    assert_eq!(gitlab(&report("gitlab")), want);
    assert_eq!(github(&report("github")), want);
    assert_eq!(junit(&report("junit")), want);
    assert_eq!(markdown(&report("markdown")), want);
}

#[test]
fn several_formats_in_one_run_and_the_summary_of_a_step() {
    let sandbox = Sandbox::new("");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    sandbox.copy(&examples.join("storefront"), "");
    let output = sandbox
        .command(
            "",
            &[
                "check",
                ".",
                "--format",
                "github",
                "--format",
                "sarif=a.sarif",
                "--format",
                "json=a.json",
            ],
        )
        .env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"))
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).expect("a file");
    assert_eq!(sarif(&read("a.sarif")), json(&read("a.json")));
    assert!(read("summary.md").starts_with("<!-- deconflict -->"));
}
