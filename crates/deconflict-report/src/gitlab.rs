//! `gitlab`: a Code Quality report, which merge requests show at the line (GitLab Docs, "Code Quality"; the fields are
//! those of policy-git-ci.md section 6).

use deconflict_findings::{Finding, Place, Report, Severity};
use serde::Serialize;

use crate::json::to_text;
use crate::shown::{acted_on, headline, others, side, worst_first};
use crate::text::escape;
use crate::wire::place;

/// Sides that a description names.
const SIDES: usize = 5;

#[derive(Serialize)]
struct Issue<'r> {
    r#type: &'static str,
    check_name: &'static str,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Body>,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: &'r str,
    location: Location,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_locations: Vec<Location>,
}

#[derive(Serialize)]
struct Body {
    body: String,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// A JSON array with one issue per finding.
pub fn gitlab(report: &Report) -> String {
    let issues: Vec<Issue<'_>> = worst_first(report)
        .into_iter()
        .map(|finding| issue(finding, report))
        .collect();
    to_text(&issues)
}

fn issue<'r>(finding: &'r Finding, report: &'r Report) -> Issue<'r> {
    let sides: Vec<String> = others(finding, report)
        .take(SIDES)
        .map(|(place, who)| side(&place, who))
        .collect();
    let mut description = headline(finding).into_owned();
    match sides.as_slice() {
        [] => {}
        [one] => description.push_str(&format!(" (other side: {one})")),
        many => description.push_str(&format!(" (other sides: {})", many.join(", "))),
    }
    let notes = finding.notes.iter().map(|note| escape(note).into_owned());
    let help = finding.help.iter().map(|help| format!("help: {}", escape(help)));
    let body: Vec<String> = notes.chain(help).collect();
    Issue {
        r#type: "issue",
        check_name: finding.rule,
        description,
        content: (!body.is_empty()).then(|| Body {
            body: body.join("\n\n"),
        }),
        categories: ["Bug Risk"],
        severity: match acted_on(finding) {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        fingerprint: &finding.fingerprint,
        location: Location::new(place(&report.files, finding.primary.at)),
        other_locations: others(finding, report)
            .map(|(place, _)| Location::new(place))
            .collect(),
    }
}

impl Location {
    fn new(place: Place) -> Self {
        Self {
            path: place.path,
            lines: Lines {
                begin: place.line,
                end: place.end_line,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::gitlab;
    use crate::fixture;

    #[test]
    fn one_issue_each() {
        let text = gitlab(&fixture::report());
        let issues: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let first = &issues[0];
        assert_eq!(first["check_name"], "net-nodeport-taken");
        assert_eq!(first["severity"], "critical");
        assert_eq!(first["fingerprint"], "5f3c");
        assert_eq!(first["location"]["lines"]["begin"], 9);
        assert_eq!(
            first["other_locations"][0]["path"],
            "apps/payments/gateway/base/service.yaml"
        );
        assert_eq!(
            first["description"],
            "payments and checkout both claim node port 30080 in prod-eu (other side: \
             apps/payments/gateway/base/service.yaml:14 (Service payments/gateway (team payments)))"
        );
        assert_eq!(issues.as_array().map(Vec::len), Some(3));
        assert!(!text.contains('\u{1b}') && !text.starts_with('\u{feff}'));
    }
}
