//! The last lines of a run: what was checked, what was not, and the counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deconflict_findings::{Difference, Report, Skipped};

use crate::Style;
use crate::style::Detail;
use crate::text::{count, escape, path_at_start};

/// What was checked, what was not and why, what the tool could not finish, and how many findings there are. Ends with a
/// line break.
pub fn closing_lines(report: &Report, style: Style) -> String {
    let summary = &report.summary;
    let mut out = format!(
        "checked {}, {}, {}, {}\n",
        count(summary.files, "file", "files"),
        count(summary.placements, "placement", "placements"),
        count(summary.objects, "object", "objects"),
        count(summary.clusters, "cluster", "clusters"),
    );
    not_checked(&mut out, report, style);
    for lost in &report.unfinished {
        let _ = writeln!(out, "not finished: {}", escape(lost));
    }
    out.push_str(&counts(report));
    out.push('\n');
    out
}

/// The words for a reason of the contract, for one and for many.
fn words(reason: &str) -> (&str, &str) {
    match reason {
        "remote" => ("remote base or file", "remote bases or files"),
        "helm" => ("deployment that needs Helm", "deployments that need Helm"),
        "plugin" => ("deployment that needs a plugin", "deployments that need a plugin"),
        "encrypted" => ("encrypted file", "encrypted files"),
        "ignored" => ("file that Git ignores", "files that Git ignores"),
        "not-found" => ("missing file or directory", "missing files or directories"),
        "unsupported" => ("unsupported source", "unsupported sources"),
        other => (other, other),
    }
}

fn not_checked(out: &mut String, report: &Report, style: Style) {
    let skipped: Vec<&Skipped> = report.coverage.skipped.iter().collect();
    list_skipped(out, "not checked", &skipped, style);
}

/// What could not be rendered before a change or after it.
pub(crate) fn not_compared(out: &mut String, difference: &Difference, style: Style) {
    let sides = [&difference.before, &difference.after];
    let mut skipped: Vec<&Skipped> = sides.into_iter().flat_map(|side| &side.skipped).collect();
    skipped.sort();
    skipped.dedup();
    list_skipped(out, "not compared", &skipped, style);
}

fn list_skipped(out: &mut String, lead: &str, skipped: &[&Skipped], style: Style) {
    if skipped.is_empty() {
        return;
    }
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for skip in skipped {
        *by_reason.entry(skip.reason).or_default() += 1;
    }
    let mut rows: Vec<(&str, usize)> = by_reason.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rows: Vec<String> = rows
        .into_iter()
        .map(|(reason, number)| {
            let (one, many) = words(reason);
            count(number, one, many)
        })
        .collect();
    let is_listed = style.detail == Detail::Verbose;
    let where_ = if is_listed {
        ""
    } else {
        " (-v lists them; --format json: coverage)"
    };
    let _ = writeln!(out, "{lead}: {}{where_}", rows.join(", "));
    if is_listed {
        for skip in skipped {
            let detail = if skip.detail.is_empty() {
                String::new()
            } else {
                format!(": {}", escape(&skip.detail))
            };
            let _ = writeln!(out, "  {} [{}]{detail}", path_at_start(&skip.path), skip.reason);
        }
    }
}

fn counts(report: &Report) -> String {
    let summary = &report.summary;
    let mut parts = Vec::new();
    for (number, one, many) in [
        (summary.errors, "error", "errors"),
        (summary.warnings, "warning", "warnings"),
        (summary.infos, "info", "infos"),
    ] {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    }
    let mut text = if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    };
    if summary.old > 0 && report.shows_old() {
        let old = count(summary.old, "older finding", "older findings");
        let _ = write!(text, "; {old}");
    } else if summary.old > 0 {
        let old = count(summary.old, "older finding", "older findings");
        let _ = write!(text, "; {old} not shown (--show-old)");
    }
    if summary.suppressed > 0 {
        let _ = write!(
            text,
            "; {} silenced by ignores or contracts",
            crate::text::thousands(summary.suppressed)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use deconflict_files::Files;

    use super::closing_lines;
    use crate::style::Detail;
    use crate::{Style, fixture};

    #[test]
    fn an_empty_run_says_so() {
        let text = closing_lines(&fixture::empty(Files::new()), Style::default());
        assert_eq!(
            text,
            "checked 0 files, 0 placements, 0 objects, 0 clusters\nno findings\n"
        );
    }

    #[test]
    fn what_was_skipped_is_listed_on_demand() {
        let mut report = fixture::report();
        report.unfinished = vec!["rule `x-y` on apps/a: its findings are lost".to_owned()];
        let text = closing_lines(
            &report,
            Style {
                detail: Detail::Verbose,
                ..Style::default()
            },
        );
        let want = "\
checked 4,527 files, 383 placements, 13,238 objects, 1 cluster
not checked: 2 deployments that need Helm, 1 remote base or file
  charts/a [helm]: a chart
  charts/b [helm]: a chart
  infra/x [remote]: https://example.com/x?ref=v1
not finished: rule `x-y` on apps/a: its findings are lost
1 error, 1 warning, 1 info; 14 older findings not shown (--show-old); 2 silenced by ignores or contracts
";
        assert_eq!(text, want);
    }
}
