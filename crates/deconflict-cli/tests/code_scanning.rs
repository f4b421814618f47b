//! SARIF against its schema, and what GitHub's code scanning asks of it beyond ("SARIF support for code scanning", GitHub
//! Docs).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// The elements of an array; none when it is missing.
fn all(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'v>(value: &'v Value, what: &str) -> &'v str {
    let text = value.as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{what} is missing");
    text
}

/// The place is a region of a file of the repository.
fn place(location: &Value, sandbox: &Sandbox) {
    let physical = &location["physicalLocation"];
    let uri = text(&physical["artifactLocation"]["uri"], "uri");
    assert!(
        !uri.starts_with('/') && !uri.contains(':') && !uri.contains(".."),
        "{uri}"
    );
    let content = std::fs::read_to_string(sandbox.path(uri)).expect("a file of the repository");
    let region = &physical["region"];
    let number = |name: &str| usize::try_from(region[name].as_u64().expect(name)).expect(name);
    let (line, column) = (number("startLine"), number("startColumn"));
    let (end_line, end_column) = (number("endLine"), number("endColumn"));
    assert!(
        line >= 1 && column >= 1 && (line, column) <= (end_line, end_column),
        "{region}"
    );
    let lines: Vec<&str> = content.split('\n').collect();
    assert!(end_line <= lines.len(), "{uri}: {region}");
    assert!(
        end_column <= lines[end_line - 1].chars().count() + 1,
        "{uri}: {region}"
    );
}

/// Every number in a link `[…](N)` of the message.
fn links(message: &str) -> Vec<u64> {
    let targets = message.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')')?.0.parse().ok())
        .collect()
}

#[test]
fn sarif_carries_what_code_scanning_needs() {
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    let log: Value = serde_json::from_str(&sandbox.run("check . --format sarif").stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    // Several runs of one tool and category are rejected.
    assert_eq!(all(&log["runs"]).count(), 1);
    let run = &log["runs"][0];
    text(&run["automationDetails"]["id"], "the category");
    let driver = &run["tool"]["driver"];
    text(&driver["name"], "the tool's name");
    text(&driver["semanticVersion"], "the tool's version");

    let mut ids = Vec::new();
    for rule in all(&driver["rules"]) {
        ids.push(text(&rule["id"], "id"));
        for field in [
            "/shortDescription/text",
            "/fullDescription/text",
            "/help/text",
            "/help/markdown",
            "/helpUri",
        ] {
            text(rule.pointer(field).unwrap_or(&Value::Null), field);
        }
        assert!(
            ["error", "warning", "note"].contains(&text(&rule["defaultConfiguration"]["level"], "level"))
        );
        let properties = &rule["properties"];
        assert!(
            ["very-high", "high", "medium", "low"].contains(&text(&properties["precision"], "precision"))
        );
        let severity = text(&properties["problem.severity"], "problem.severity");
        assert!(
            ["error", "warning", "recommendation"].contains(&severity),
            "{severity}"
        );
        let tags: Vec<&Value> = all(&properties["tags"]).collect();
        assert!((1..=10).contains(&tags.len()), "{tags:?}");
        // With the tag `security` a collision would be listed as a vulnerability.
        assert!(!tags.iter().any(|tag| *tag == "security") && properties["security-severity"].is_null());
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");

    let mut prints = BTreeSet::new();
    for result in all(&run["results"]) {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("ruleIndex")).expect("an index");
        assert_eq!(result["ruleId"], ids[index]);
        assert!(["error", "warning", "note"].contains(&text(&result["level"], "level")));
        assert_eq!(all(&result["locations"]).count(), 1);
        place(&result["locations"][0], &sandbox);
        let mut related = BTreeSet::new();
        for side in all(&result["relatedLocations"]) {
            place(side, &sandbox);
            text(&side["message"]["text"], "the side's message");
            assert!(related.insert(side["id"].as_u64().expect("id")), "{side}");
        }
        let links = links(text(&result["message"]["text"], "message"));
        assert_eq!(links.is_empty(), related.is_empty(), "{result}");
        assert!(links.iter().all(|link| related.contains(link)), "{result}");
        let print = &result["partialFingerprints"];
        assert!(prints.insert(text(&print["primaryLocationLineHash"], "the fingerprint")));
        for step in all(&result["codeFlows"][0]["threadFlows"][0]["locations"]) {
            place(&step["location"], &sandbox);
        }
    }
    assert_eq!(prints.len(), 6);
}

/// The schema that OASIS publishes with SARIF 2.1.0 is their text and not in this repository: `.ci/sarif-schema` finds a copy.
#[test]
fn sarif_fits_the_official_schema() {
    let Some(path) = std::env::var_os("DECONFLICT_SARIF_SCHEMA") else {
        println!("skipped: DECONFLICT_SARIF_SCHEMA does not name the schema");
        return;
    };
    let schema = std::fs::read_to_string(path).expect("the schema");
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    // A stray bracket makes the pattern of a language no regular expression; we name none.
    for owner in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        let language = language.and_then(Value::as_object_mut);
        language.and_then(|language| language.remove("pattern"));
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    let check = |line: &str| {
        let log: Value = serde_json::from_str(&sandbox.run(line).stdout).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
        log
    };
    let mut log = check("check . --format sarif");
    check("check . --format sarif --only net-lb-ip-taken");
    // A file that nobody can read is told as well.
    sandbox.write("apps/checkout/api/base/deployment.yaml", "a: [\n");
    check("check . --format sarif");
    log["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&log), "a schema that takes anything");
}
