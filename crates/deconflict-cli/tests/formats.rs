//! Every format says the same: the same rules, places and severities as the JSON, up to its documented caps. What a format
//! has a parser for is read by one that is not ours.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::sandbox::Sandbox;

/// Rule, severity, own place and the other places.
pub(crate) type Row = (String, String, String, Vec<String>);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn all(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn json(out: &str) -> BTreeSet<Row> {
    let report: Value = serde_json::from_str(out).expect("JSON");
    let place = |location: &Value| format!("{}:{}", text(&location["path"]), location["line"]);
    let rows = all(&report["findings"]).map(|finding| {
        (
            text(&finding["rule"]),
            text(&finding["severity"]),
            place(&finding["location"]),
            all(&finding["related"])
                .map(|side| place(&side["location"]))
                .collect(),
        )
    });
    rows.collect()
}

fn sarif(out: &str) -> BTreeSet<Row> {
    let log: Value = serde_json::from_str(out).expect("JSON");
    let place = |location: &Value| {
        let physical = &location["physicalLocation"];
        let uri = text(&physical["artifactLocation"]["uri"]);
        format!("{uri}:{}", physical["region"]["startLine"])
    };
    let rows = all(&log["runs"][0]["results"]).map(|result| {
        (
            text(&result["ruleId"]),
            text(&result["level"]).replace("note", "info"),
            place(&result["locations"][0]),
            all(&result["relatedLocations"]).map(place).collect(),
        )
    });
    rows.collect()
}

pub(crate) fn gitlab(out: &str) -> BTreeSet<Row> {
    let issues: Value = serde_json::from_str(out).expect("JSON");
    let place = |location: &Value| format!("{}:{}", text(&location["path"]), location["lines"]["begin"]);
    let rows = all(&issues).map(|issue| {
        let severity = match issue["severity"].as_str() {
            Some("critical") => "error",
            Some("major") => "warning",
            _ => "info",
        };
        (
            text(&issue["check_name"]),
            severity.to_owned(),
            place(&issue["location"]),
            all(&issue["other_locations"]).map(place).collect(),
        )
    });
    rows.collect()
}

/// The place in `other side: PLACE (who)`.
fn other(line: &str) -> Option<String> {
    let rest = line.strip_prefix("other side: ")?;
    Some(rest.split_once(" (").map_or(rest, |(place, _)| place).to_owned())
}

/// Workflow commands, as a runner reads them: the first `::` after the properties ends them, and what is percent-encoded
/// stands for itself (GitHub Docs, "Workflow commands").
pub(crate) fn github(out: &str) -> BTreeSet<Row> {
    let decoded = |text: &str| {
        [
            ("%0A", "\n"),
            ("%0D", "\r"),
            ("%3A", ":"),
            ("%2C", ","),
            ("%25", "%"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (code, c)| text.replace(code, c))
    };
    let commands = out.lines().filter_map(|line| line.strip_prefix("::"));
    let rows = commands.map(|command| {
        let (head, message) = command.split_once("::").expect("a message");
        let (level, properties) = head.split_once(' ').expect("properties");
        let property = |name: &str| {
            let mut pairs = properties.split(',').filter_map(|pair| pair.split_once('='));
            let value = pairs.find(|(known, _)| *known == name);
            decoded(value.expect(name).1)
        };
        let rule = property("title");
        (
            rule.strip_prefix("deconflict ").expect("our name").to_owned(),
            level.replace("notice", "info"),
            format!("{}:{}", property("file"), property("line")),
            decoded(message).lines().filter_map(other).collect(),
        )
    });
    rows.collect()
}

fn junit(out: &str) -> BTreeSet<Row> {
    let document = roxmltree::Document::parse(out).expect("XML");
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    let rows = cases.map(|case| {
        let attribute = |name: &str| case.attribute(name).expect(name).to_owned();
        let status = case
            .first_element_child()
            .expect("a failure, or that it was skipped");
        let severity = status.attribute("type").expect("a type").to_owned();
        let want = if severity == "info" { "skipped" } else { "failure" };
        assert!(status.has_tag_name(want), "{status:?}");
        (
            attribute("classname"),
            severity,
            format!("{}:{}", attribute("file"), attribute("line")),
            status
                .text()
                .unwrap_or_default()
                .lines()
                .filter_map(other)
                .collect(),
        )
    });
    rows.collect()
}

fn markdown(out: &str) -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    let mut row = Row::default();
    // What stands in the list item before its `<code>`, and in it.
    let (mut lead, mut place, mut in_code) = (String::new(), String::new(), None);
    for event in Parser::new(out) {
        match event {
            Event::Html(html) if html.starts_with("<details>") => {
                let summary = html.trim_end().strip_prefix("<details>").expect("it starts so");
                let summary = roxmltree::Document::parse(summary).expect("a summary");
                let mut parts = summary.root_element().children();
                row.1 = parts
                    .next()
                    .and_then(|bold| bold.text())
                    .expect("a severity")
                    .to_owned();
                let headline = parts.next().and_then(|rest| rest.text()).expect("a headline");
                row.0 = headline
                    .trim_start()
                    .split_once(": ")
                    .expect("a rule")
                    .0
                    .to_owned();
            }
            Event::Html(html) if html.starts_with("</details>") => {
                rows.insert(std::mem::take(&mut row));
            }
            Event::Start(Tag::Item) => {
                (lead, place, in_code) = (String::new(), String::new(), None);
            }
            Event::InlineHtml(html) if &*html == "<code>" && in_code.is_none() => in_code = Some(true),
            Event::InlineHtml(html) if &*html == "</code>" => in_code = Some(false),
            Event::Text(text) => match in_code {
                None => lead.push_str(&text),
                Some(true) => place.push_str(&text),
                Some(false) => {}
            },
            Event::End(TagEnd::Item) if lead.is_empty() => row.2 = std::mem::take(&mut place),
            Event::End(TagEnd::Item) if lead == "other side: " => row.3.push(std::mem::take(&mut place)),
            _ => {}
        }
    }
    rows
}

fn concise(out: &str) -> BTreeSet<Row> {
    let rows = out.lines().map(|line| {
        let (start, rest) = line.split_once(": ").expect("a place");
        let (severity, rest) = rest.split_once('[').expect("a rule");
        let (rule, rest) = rest.split_once(']').expect("a rule");
        let others = rest.rsplit_once(" (other side").map_or("", |(_, others)| others);
        let others = others.trim_start_matches('s').trim_start_matches(": ");
        let others = others
            .trim_end_matches(')')
            .split(" and ")
            .next()
            .unwrap_or_default();
        (
            rule.to_owned(),
            severity.to_owned(),
            start.rsplit_once(':').expect("a column").0.to_owned(),
            others
                .split(", ")
                .filter(|other| !other.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    });
    rows.collect()
}

fn human(out: &str) -> BTreeSet<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in out.lines() {
        let is_head = ["error[", "warning[", "info["]
            .iter()
            .any(|word| line.starts_with(word));
        if is_head {
            let (severity, rest) = line.split_once('[').expect("a bracket");
            let rule = rest.split_once(']').expect("a bracket").0;
            rows.push((rule.to_owned(), severity.to_owned(), String::new(), Vec::new()));
        } else if let (Some(place), Some(row)) = (line.trim_start().strip_prefix("┌─ "), rows.last_mut())
        {
            let place = place.rsplit_once(':').expect("a column").0.to_owned();
            if row.2.is_empty() {
                row.2 = place;
            } else {
                row.3.push(place);
            }
        }
    }
    rows.into_iter().collect()
}

/// The rows with at most `sides` other places.
fn cut(rows: &BTreeSet<Row>, sides: usize) -> BTreeSet<Row> {
    let rows = rows.iter().cloned();
    rows.map(|mut row| {
        row.3.truncate(sides);
        row
    })
    .collect()
}

fn storefront() -> Sandbox {
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    sandbox
}

fn report(sandbox: &Sandbox, format: &str) -> String {
    let ran = sandbox.run(&format!("check . --format {format}"));
    assert_eq!(ran.exit, Some(1), "{format}: {}", ran.stderr);
    ran.stdout
}

#[test]
fn all_formats_say_the_same() {
    let sandbox = storefront();
    // An info and a warning too.
    sandbox.write(
        "stuff/x.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  namespace: b\n",
    );
    let want = json(&report(&sandbox, "json"));
    assert!(want.len() >= 7, "{want:?}");
    let severities: BTreeSet<&str> = want.iter().map(|row| row.1.as_str()).collect();
    assert!(
        severities.contains("error") && severities.len() > 1,
        "{severities:?}"
    );
    assert!(want.iter().any(|row| row.3.len() > 1), "{want:?}");
    assert_eq!(human(&report(&sandbox, "human")), want);
    assert_eq!(concise(&report(&sandbox, "concise")), want);
    assert_eq!(sarif(&report(&sandbox, "sarif")), want);
    assert_eq!(gitlab(&report(&sandbox, "gitlab")), want);
    assert_eq!(github(&report(&sandbox, "github")), want);
    assert_eq!(junit(&report(&sandbox, "junit")), want);
    assert_eq!(markdown(&report(&sandbox, "markdown")), want);
}

/// Twelve teams want one node port, pairs of them one ConfigMap, and each has a Service that selects nothing.
#[test]
fn beyond_its_caps_a_format_says_how_much_is_missing() {
    let mut files = String::new();
    for team in 1..=12 {
        let _ = write!(
            files,
            "//- apps/team{team}/app/overlays/prod/kustomization.yaml\nresources: [x.yaml]\n\
             //- apps/team{team}/app/overlays/prod/x.yaml\napiVersion: v1\nkind: Service\nmetadata:\n  name: s{team}\n  \
             namespace: shared\nspec:\n  type: NodePort\n  selector: {{app: a{team}}}\n  ports:\n    - {{port: 80, nodePort: \
             30500}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{}\n  namespace: shared\ndata:\n  a: x{team}\n",
            team / 2
        );
    }
    let sandbox = Sandbox::new(&files);
    let want = json(&report(&sandbox, "json"));
    let count = |severity: &str| want.iter().filter(|row| row.1 == severity).count();
    assert_eq!((count("error"), count("info")), (6, 12), "{want:?}");
    assert!(want.iter().any(|row| row.3.len() == 11), "{want:?}");

    assert_eq!(sarif(&report(&sandbox, "sarif")), want);
    assert_eq!(gitlab(&report(&sandbox, "gitlab")), want);
    assert_eq!(junit(&report(&sandbox, "junit")), want);
    assert_eq!(markdown(&report(&sandbox, "markdown")), cut(&want, 10));
    assert_eq!(concise(&report(&sandbox, "concise")), cut(&want, 5));

    // Ten annotations of a level, five infos of a rule; the errors are all there.
    let worst = |got: &BTreeSet<Row>, infos: usize| {
        assert!(got.is_subset(&cut(&want, 5)), "{got:?}");
        assert_eq!(got.len(), 6 + infos);
        assert_eq!(got.iter().filter(|row| row.1 == "error").count(), 6);
    };
    let text = report(&sandbox, "github");
    worst(&github(&text), 10);
    assert!(text.ends_with("\n2 more findings not annotated: see the step's summary or another format\n"));
    let text = report(&sandbox, "human");
    worst(&human(&text), 5);
    assert!(
        text.contains("and 7 of ref-service-no-pods") && text.contains("and 6 more places"),
        "{text}"
    );
}

#[test]
fn all_formats_in_one_run_and_the_summary_of_a_step() {
    let sandbox = storefront();
    let files = [
        "concise", "json", "sarif", "github", "gitlab", "junit", "markdown",
    ];
    let mut arguments = vec!["check".to_owned(), ".".to_owned(), "--format=human".to_owned()];
    arguments.extend(files.iter().map(|name| format!("--format={name}={name}.out")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = sandbox
        .command("", &arguments)
        .env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"))
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), report(&sandbox, "human"));
    let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).expect("a file");
    for name in files {
        assert_eq!(read(&format!("{name}.out")), report(&sandbox, name), "{name}");
    }
    assert_eq!(markdown(&read("summary.md")), json(&read("json.out")));
}
