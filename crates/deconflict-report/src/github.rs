//! `github`: workflow commands that annotate lines of a pull request.
//!
//! A step shows ten errors, ten warnings and ten notices and drops the rest without a word (GitHub Docs, "Workflow
//! commands"; policy-git-ci.md section 6), so the worst come first and one line says how many are missing.

use std::fmt::Write as _;

use deconflict_findings::{Finding, Report, Severity};

use crate::shown::{acted_on, details, headline, worst_first};
use crate::text::{count, escape};
use crate::wire::place;

/// Annotations of one level per step.
const PER_LEVEL: usize = 10;

/// Sides that one annotation names.
const SIDES: usize = 5;

/// One command per finding, then a line about those beyond the cap.
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    let mut hidden = 0;
    let mut shown = [0; 3];
    for finding in worst_first(report) {
        let used = &mut shown[acted_on(finding) as usize];
        if *used == PER_LEVEL {
            hidden += 1;
        } else {
            *used += 1;
            one(&mut out, finding, report);
        }
    }
    if hidden > 0 {
        let more = count(hidden, "more finding", "more findings");
        let _ = writeln!(
            out,
            "{more} not annotated: see the step's summary or another format"
        );
    }
    out
}

fn one(out: &mut String, finding: &Finding, report: &Report) {
    let level = match acted_on(finding) {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let at = place(&report.files, finding.primary.at);
    let mut message = vec![headline(finding).into_owned()];
    message.extend(details(finding, report, SIDES));
    let _ = write!(
        out,
        "::{level} title={},file={},line={},endLine={}",
        property(&format!("deconflict {}", finding.rule)),
        property(&at.path),
        at.line,
        at.end_line
    );
    // Columns count only when the range stays in one line.
    if at.line == at.end_line {
        let _ = write!(out, ",col={},endColumn={}", at.column, at.end_column);
    }
    let _ = writeln!(out, "::{}", data(&message.join("\n")));
}

/// The message of a command: `%` and line breaks are escaped, as the runner undoes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: `:` and `,` end it, so they are escaped too. The path must stay the one in the repository,
/// so control characters are encoded, not shown.
fn property(text: &str) -> String {
    let mut safe = data(text).replace(':', "%3A").replace(',', "%2C");
    if safe.contains(crate::text::is_hostile) {
        safe = escape(&safe).into_owned();
    }
    safe
}

#[cfg(test)]
mod tests {
    use deconflict_findings::Severity;

    use super::github;
    use crate::fixture;

    #[test]
    fn one_command_each() {
        let want = "\
::error title=deconflict net-nodeport-taken,file=apps/checkout/api/overlays/prod/service-patch.yaml,line=9,endLine=9,col=17,endColumn=22::payments and checkout both claim node port 30080 in prod-eu%0Aother side: apps/payments/gateway/base/service.yaml:14 (Service payments/gateway (team payments))%0Athe API server refuses whichever is applied second: \"provided port is already allocated\"%0Ahelp: drop `nodePort` and let the cluster choose, or take one that is free: 30081, 30082, 30090
::warning title=deconflict lay-yaml-hazard,file=apps/x\\u{1b}/bad.yaml,line=2,endLine=2,col=7,endColumn=15::`kind` stands twice\\u{7}
::notice title=deconflict own-object-conflict,file=apps/x/secret.yaml,line=2,endLine=2,col=13,endColumn=25::two values of data.password differ
";
        assert_eq!(github(&fixture::report()), want);
    }

    #[test]
    fn a_name_cannot_write_a_command() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        report.findings[0].message = "50% of\n::error::x, y".to_owned();
        let text = github(&report);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("::50%25 of\\n::error::x, y%0A"), "{text}");
    }

    #[test]
    fn ten_of_a_level_and_the_worst_first() {
        let mut report = fixture::report();
        let mut finding = report.findings[0].clone();
        finding.severity = Severity::Info;
        report.findings = vec![finding.clone(); 12];
        finding.severity = Severity::Error;
        report.findings.extend(vec![finding; 11]);
        let text = github(&report);
        assert_eq!(text.matches("::error title").count(), 10);
        assert_eq!(text.matches("::notice title").count(), 10);
        assert!(text.starts_with("::error "));
        assert!(text.ends_with("3 more findings not annotated: see the step's summary or another format\n"));
    }
}
