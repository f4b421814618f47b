//! `concise`: one line per finding, `path:line:column` first, for editors and `grep`.

use deconflict_findings::{Finding, Report};

use crate::Style;
use crate::text::{escape, list, path_at_start};
use crate::wire::place;

/// One line per finding and nothing else.
pub fn concise(report: &Report, style: Style) -> String {
    let shown = report.findings.iter();
    shown.map(|finding| one(finding, report, style)).collect()
}

fn one(finding: &Finding, report: &Report, style: Style) -> String {
    let at = place(&report.files, finding.primary.at);
    let sides: Vec<String> = finding
        .related
        .iter()
        .map(|side| {
            let at = place(&report.files, side.at);
            format!("{}:{}", escape(&at.path), at.line)
        })
        .collect();
    let other = match sides.len() {
        0 => String::new(),
        1 => format!(" (other side: {})", sides[0]),
        _ => format!(" (other sides: {})", list(&sides, style.list_limit())),
    };
    let old = if finding.old { " (old)" } else { "" };
    format!(
        "{}:{}:{}: {}[{}] {}{other}{old}\n",
        path_at_start(&at.path),
        at.line,
        at.column,
        finding.severity.word(),
        finding.rule,
        escape(&finding.message)
    )
}

#[cfg(test)]
mod tests {
    use super::concise;
    use crate::{Style, fixture};

    #[test]
    fn one_line_each() {
        let want = "\
apps/checkout/api/overlays/prod/service-patch.yaml:9:17: error[net-nodeport-taken] payments and checkout both claim node port 30080 in prod-eu (other side: apps/payments/gateway/base/service.yaml:14)
apps/x\\u{1b}/bad.yaml:2:7: warning[lay-yaml-hazard] `kind` stands twice\\u{7}
apps/x/secret.yaml:2:13: info[own-object-conflict] two values of data.password differ
";
        assert_eq!(concise(&fixture::report(), Style::default()), want);
    }
}
