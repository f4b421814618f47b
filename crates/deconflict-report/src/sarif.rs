//! `sarif`: SARIF 2.1.0 as GitHub code scanning wants it (policy-git-ci.md section 6).
//!
//! One run. The other side of a collision is a related location that the message links to. Fingerprints are ours, so that
//! an alert keeps its identity when lines move.

use deconflict_findings::{Finding, Place, Report, RuleMeta, Severity, rule_url};
use serde_json::{Value, json};

use crate::json::to_text;
use crate::shown::{others, worst_first};
use crate::text::escape;
use crate::wire::place;

/// Results of one run that code scanning takes.
const RESULTS: usize = 25_000;

/// Related locations that code scanning shows.
const SIDES: usize = 100;

/// One log with one run; `rules` is the whole catalogue, of which those that found something are described.
pub fn sarif(report: &Report, rules: &[&RuleMeta]) -> String {
    let findings = worst_first(report);
    let used: Vec<&RuleMeta> = rules
        .iter()
        .copied()
        .filter(|rule| findings.iter().any(|finding| finding.rule == rule.id))
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .take(RESULTS)
        .map(|finding| result(finding, report, &used))
        .collect();
    let lost: Vec<Value> = report
        .unfinished
        .iter()
        .map(|lost| json!({"level": "error", "message": {"text": escape(lost)}}))
        .collect();
    to_text(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "deconflict",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/deconflict/deconflict",
                "rules": used.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "deconflict/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": lost.is_empty(),
                "toolExecutionNotifications": lost,
            }],
            "results": results,
        }],
    }))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn described(rule: &RuleMeta) -> Value {
    let severity = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    };
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.docs.trim(), "markdown": rule.docs.trim()},
        "helpUri": rule_url(rule.id),
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": ["gitops", "kubernetes", rule.family()],
            "precision": "high",
            "problem.severity": severity,
        },
    })
}

fn result(finding: &Finding, report: &Report, used: &[&RuleMeta]) -> Value {
    let mut message = linkless(&finding.message);
    let mut related = Vec::new();
    for (index, (place, who)) in others(finding, report).take(SIDES).enumerate() {
        let id = index + 1;
        let label = if who.is_empty() {
            "other side".to_owned()
        } else {
            linkless(who)
        };
        if id == 1 {
            message.push_str(&format!("\nOther side: [{label}]({id})"));
        }
        let mut location = location(&place);
        location["id"] = json!(id);
        location["message"] = json!({"text": label});
        related.push(location);
    }
    for note in finding.notes.iter().map(|note| linkless(note)) {
        message.push('\n');
        message.push_str(&note);
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nHelp: {}", linkless(help)));
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": message},
        "locations": [location(&place(&report.files, finding.primary.at))],
        "partialFingerprints": {
            "deconflict/v1": finding.fingerprint,
            // Present so that the upload does not hash source lines instead.
            "primaryLocationLineHash": format!("{}:1", finding.fingerprint),
        },
    });
    if report.judged.merged {
        result["baselineState"] = json!(if finding.old { "unchanged" } else { "new" });
    }
    if let Some(index) = used.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if !finding.trail.is_empty() {
        let steps = finding.trail.iter().rev().map(|step| {
            let mut location = location(&place(&report.files, step.at));
            location["message"] =
                json!({"text": format!("{} ({})", step.action.word(), escape(&step.detail))});
            json!({"location": location})
        });
        let steps: Vec<Value> = steps.collect();
        result["codeFlows"] = json!([{"threadFlows": [{"locations": steps}]}]);
    }
    result
}

/// A place by its path from the top of the repository.
fn location(place: &Place) -> Value {
    let mut region = json!({"startLine": place.line, "startColumn": place.column});
    // SARIF's end is one past the last character, as ours.
    region["endLine"] = json!(place.end_line);
    region["endColumn"] = json!(place.end_column);
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&place.path)},
        "region": region,
    }})
}

/// A relative reference: everything but unreserved characters and `/` percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A message's text: brackets would make links (SARIF 2.1.0, 3.11.6), so they are escaped as it says.
fn linkless(text: &str) -> String {
    escape(text)
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use deconflict_findings::{RuleMeta, Severity};
    use serde_json::Value;

    use super::{linkless, sarif, uri};
    use crate::fixture;

    const RULE: RuleMeta = RuleMeta {
        id: "net-nodeport-taken",
        summary: "two Services claim one node port",
        docs: "# What it does\n",
        severity: Severity::Error,
        joins: true,
        default_on: true,
        since: "0.1.0",
        file: file!(),
        line: line!(),
    };

    #[test]
    fn one_result_each_with_the_other_side() {
        let text = sarif(&fixture::report(), &[&RULE]);
        let log: Value = serde_json::from_str(&text).expect("JSON");
        let run = &log["runs"][0];
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "net-nodeport-taken");
        assert_eq!(run["results"].as_array().map(Vec::len), Some(3));
        let first = &run["results"][0];
        assert_eq!(first["level"], "error");
        assert_eq!(first["ruleIndex"], 0);
        let region = &first["locations"][0]["physicalLocation"]["region"];
        assert_eq!(
            (&region["startLine"], &region["endColumn"]),
            (&Value::from(9), &Value::from(22))
        );
        let other = &first["relatedLocations"][0];
        assert_eq!(other["id"], 1);
        assert_eq!(
            other["physicalLocation"]["artifactLocation"]["uri"],
            "apps/payments/gateway/base/service.yaml"
        );
        let message = first["message"]["text"].as_str().unwrap_or_default();
        assert!(
            message.contains("\nOther side: [Service payments/gateway (team payments)](1)\n"),
            "{message}"
        );
        assert_eq!(first["partialFingerprints"]["primaryLocationLineHash"], "5f3c:1");
        assert_eq!(run["results"][2]["level"], "note");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn paths_and_brackets_are_data() {
        assert_eq!(uri("apps/a b/ö#1.yaml"), "apps/a%20b/%C3%B6%231.yaml");
        assert_eq!(linkless("a[0] \\ b"), "a\\[0\\] \\\\ b");
    }
}
