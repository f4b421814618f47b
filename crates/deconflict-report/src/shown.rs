//! What several formats show: which findings, in which order, with which other sides and teams.

use std::borrow::Cow;
use std::cmp::Reverse;

use deconflict_findings::{Finding, Place, Report, Severity};

use crate::text::escape;
use crate::wire::place;

/// Findings that are new, worst first, then the others, else in the order of the report.
pub(crate) fn worst_first(report: &Report) -> Vec<&Finding> {
    let mut shown: Vec<&Finding> = report.findings.iter().collect();
    shown.sort_by_key(|finding| (finding.old, Reverse(finding.severity)));
    shown
}

/// The severity with which programs act on a finding: what was there before fails nothing.
pub(crate) fn acted_on(finding: &Finding) -> Severity {
    if finding.old {
        Severity::Info
    } else {
        finding.severity
    }
}

/// The headline; what was there before says so.
pub(crate) fn headline(finding: &Finding) -> Cow<'_, str> {
    let message = escape(&finding.message);
    if finding.old {
        format!("{message} (old)").into()
    } else {
        message
    }
}

/// The other sides: where, and who.
pub(crate) fn others<'f>(finding: &'f Finding, report: &'f Report) -> impl Iterator<Item = (Place, &'f str)> {
    let sides = finding.related.iter();
    sides.map(|side| (place(&report.files, side.at), side.text.as_str()))
}

/// `path:line (who)`, control characters escaped.
pub(crate) fn side(place: &Place, who: &str) -> String {
    let path = escape(&place.path);
    if who.is_empty() {
        format!("{path}:{}", place.line)
    } else {
        format!("{path}:{} ({})", place.line, escape(who))
    }
}

/// Everything below the headline as lines: other sides (at most `limit`), consequence, help.
pub(crate) fn details(finding: &Finding, report: &Report, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = others(finding, report)
        .take(limit)
        .map(|(place, who)| format!("other side: {}", side(&place, who)))
        .collect();
    if finding.related.len() > limit {
        lines.push(format!("and {} more", finding.related.len() - limit));
    }
    lines.extend(finding.notes.iter().map(|note| escape(note).into_owned()));
    lines.extend(finding.help.iter().map(|help| format!("help: {}", escape(help))));
    lines
}

/// The teams of the sides, sorted, each once; a side without known owner is not among them.
pub(crate) fn teams(finding: &Finding) -> Vec<&str> {
    let sides = finding.objects.iter().take(1 + finding.related.len());
    let mut teams: Vec<&str> = sides.filter_map(|side| side.owner.as_deref()).collect();
    teams.sort_unstable();
    teams.dedup();
    teams
}
