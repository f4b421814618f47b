//! `junit`: one test case per finding, for whatever shows test results.

use deconflict_findings::{Finding, Report, Severity};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::shown::{acted_on, details, headline, worst_first};
use crate::text::escape;
use crate::wire::place;

/// Sides that a case names.
const SIDES: usize = 20;

/// XML. Errors and warnings are failures with their severity as type, infos are skipped cases: they fail nothing. A
/// report without findings has one case that passes, because readers take an empty suite for a broken one.
pub fn junit(report: &Report) -> String {
    let mut whole = quick_junit::Report::new("deconflict");
    let mut suite = TestSuite::new("deconflict");
    for finding in worst_first(report) {
        suite.add_test_case(case(finding, report));
    }
    for (number, lost) in report.unfinished.iter().enumerate() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status
            .set_type("unfinished")
            .set_message(escape(lost).into_owned());
        let mut case = TestCase::new(format!("not finished {}", number + 1), status);
        case.set_classname("deconflict");
        suite.add_test_case(case);
    }
    if suite.test_cases.is_empty() {
        let mut case = TestCase::new("no findings", TestCaseStatus::success());
        case.set_classname("deconflict");
        suite.add_test_case(case);
    }
    whole.add_test_suite(suite);
    // Only writing to a full disk can fail, and this is memory.
    whole.to_string().unwrap_or_default()
}

fn case(finding: &Finding, report: &Report) -> TestCase {
    let at = place(&report.files, finding.primary.at);
    let path = escape(&at.path).into_owned();
    let mut status = match acted_on(finding) {
        Severity::Error | Severity::Warning => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Info => TestCaseStatus::skipped(),
    };
    let mut text = vec![format!("{path}:{}:{}", at.line, at.column)];
    text.extend(details(finding, report, SIDES));
    status
        .set_type(finding.severity.word())
        .set_message(headline(finding).into_owned())
        .set_description(text.join("\n"));
    let mut case = TestCase::new(format!("{} {path}:{}", finding.rule, at.line), status);
    case.set_classname(finding.rule);
    case.extra.insert("file".into(), path.into());
    case.extra.insert("line".into(), at.line.to_string().into());
    case
}

#[cfg(test)]
mod tests {
    use deconflict_files::Files;

    use super::junit;
    use crate::fixture;

    #[test]
    fn one_case_each() {
        let text = junit(&fixture::report());
        assert!(
            text.contains("tests=\"3\" skipped=\"1\" errors=\"0\" failures=\"2\""),
            "{text}"
        );
        assert!(
            text.contains("classname=\"net-nodeport-taken\"") && text.contains("type=\"error\""),
            "{text}"
        );
        assert!(
            text.contains("other side: apps/payments/gateway/base/service.yaml:14"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn nothing_found_is_a_case_that_passes() {
        let text = junit(&fixture::empty(Files::new()));
        assert!(
            text.contains("tests=\"1\"") && text.contains("no findings"),
            "{text}"
        );
    }
}
