//! `markdown`: a comment on a merge request, or the summary of a step: a table of collisions by teams, then details to
//! unfold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deconflict_findings::{Finding, Report};

use crate::closing::closing_lines;
use crate::shown::{others, teams, worst_first};
use crate::text::{count, escape};
use crate::wire::place;
use crate::{Detail, Style};

/// By this line a program finds its own comment again, to change it instead of writing another.
const MARKER: &str = "<!-- deconflict -->";

/// Bytes of a comment: GitHub and GitLab take 65,536 characters and more, and no character is shorter than a byte.
pub const COMMENT_LIMIT: usize = 65_000;

/// Sides that one detail names.
const SIDES: usize = 10;

/// At most `limit` bytes; what does not fit is counted. Nothing from the repository can mention a person, make a link or
/// leave its cell.
pub fn markdown(report: &Report, limit: usize) -> String {
    let findings = worst_first(report);
    let closing = closing(report);
    let mut out = format!("{MARKER}\n### deconflict: {}\n\n", headline(report));
    out.push_str(&table(&findings));
    // Room for the closing lines and the line about what is missing.
    let room = limit.saturating_sub(closing.len() + 200);
    let mut left = findings.len();
    for finding in &findings {
        let text = detail(finding, report);
        if out.len() + text.len() > room {
            break;
        }
        out.push_str(&text);
        left -= 1;
    }
    if left > 0 {
        let _ = writeln!(
            out,
            "{} not shown here.\n",
            count(left, "more finding", "more findings")
        );
    }
    out.push_str(&closing);
    out
}

fn headline(report: &Report) -> String {
    let summary = &report.summary;
    let parts = [
        (summary.errors, "error", "errors"),
        (summary.warnings, "warning", "warnings"),
        (summary.infos, "info", "infos"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}

/// How many findings each group of teams has.
fn table(findings: &[&Finding]) -> String {
    let mut by_teams: BTreeMap<Vec<&str>, [usize; 3]> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.old) {
        by_teams.entry(teams(finding)).or_default()[finding.severity as usize] += 1;
    }
    if by_teams.is_empty() {
        return String::new();
    }
    let mut rows: Vec<(Vec<&str>, [usize; 3])> = by_teams.into_iter().collect();
    rows.sort_by(|(a, left), (b, right)| {
        (right[2], right[1], right[0])
            .cmp(&(left[2], left[1], left[0]))
            .then(a.cmp(b))
    });
    let mut out = String::from("| teams | errors | warnings | infos |\n|---|---:|---:|---:|\n");
    let more = rows.len().saturating_sub(50);
    for (teams, numbers) in rows.into_iter().take(50) {
        let names: Vec<String> = teams.into_iter().map(plain).collect();
        let names = if names.is_empty() {
            "no known team".to_owned()
        } else {
            names.join(" ↔ ")
        };
        let _ = writeln!(
            out,
            "| {names} | {} | {} | {} |",
            numbers[2], numbers[1], numbers[0]
        );
    }
    if more > 0 {
        let _ = writeln!(out, "| and {more} more | | | |");
    }
    out.push('\n');
    out
}

fn detail(finding: &Finding, report: &Report) -> String {
    let at = place(&report.files, finding.primary.at);
    let mut out = format!(
        "<details><summary><b>{}{}</b> {}: {}</summary>\n\n",
        if finding.old { "old " } else { "" },
        finding.severity.word(),
        finding.rule,
        with_code(&finding.message)
    );
    let who = finding.primary.text.as_str();
    let mut line = |lead: &str, place: &deconflict_findings::Place, who: &str| {
        let dash = if who.is_empty() { "" } else { ", " };
        let _ = writeln!(
            out,
            "- {lead}<code>{}:{}</code>{dash}{}",
            entities(&place.path),
            place.line,
            with_code(who)
        );
    };
    line("", &at, who);
    for (place, who) in others(finding, report).take(SIDES) {
        line("other side: ", &place, who);
    }
    let more = finding.related.len().saturating_sub(SIDES);
    if more > 0 {
        let _ = writeln!(out, "- and {more} more");
    }
    out.push('\n');
    notes(&mut out, &finding.notes);
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "**help:** {}\n", with_code(help));
    }
    out.push_str("</details>\n\n");
    out
}

/// A paragraph each. Rows of a table, which start with a space, keep their columns, below the line that heads them.
fn notes(out: &mut String, notes: &[String]) {
    let is_row = |note: &String| note.starts_with(' ');
    let mut table: Vec<&String> = Vec::new();
    for (index, note) in notes.iter().enumerate() {
        let next_is_row = notes.get(index + 1).is_some_and(is_row);
        if is_row(note) || next_is_row {
            table.push(note);
        } else {
            let _ = writeln!(out, "{}\n", with_code(note));
        }
        if !table.is_empty() && !next_is_row {
            let rows: Vec<String> = table.drain(..).map(|row| entities(row)).collect();
            let _ = writeln!(out, "<pre>\n{}\n</pre>\n", rows.join("\n"));
        }
    }
}

fn closing(report: &Report) -> String {
    let style = Style {
        color: false,
        detail: Detail::Normal,
        ..Style::default()
    };
    let lines = closing_lines(report, style);
    let lines: Vec<String> = lines.lines().map(plain).collect();
    format!("<sub>{}</sub>\n", lines.join("<br>"))
}

/// Text as it is, whatever it holds.
fn plain(text: &str) -> String {
    entities(text)
}

/// Text in which `backticks` mark code, as messages do.
fn with_code(text: &str) -> String {
    let mut out = String::new();
    let parts: Vec<&str> = text.split('`').collect();
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        if is_code {
            let _ = write!(out, "<code>{}</code>", entities(part));
        } else {
            if index % 2 == 1 {
                out.push_str("&#96;");
            }
            out.push_str(&entities(part));
        }
    }
    out
}

/// Everything that Markdown or HTML could take for markup as an entity: entities are never markup, in a cell, in code or
/// in a summary (CommonMark, "Entity and numeric character references").
pub(crate) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        if c.is_ascii_punctuation()
            && !matches!(
                c,
                '.' | ',' | '-' | '/' | '(' | ')' | '"' | '\'' | ';' | '?' | '='
            )
        {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    // An address becomes a link by itself.
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::{COMMENT_LIMIT, markdown};
    use crate::fixture;

    #[test]
    fn a_table_and_details() {
        let text = markdown(&fixture::report(), COMMENT_LIMIT);
        let want = "\
<!-- deconflict -->
### deconflict: 1 error, 1 warning, 1 info

| teams | errors | warnings | infos |
|---|---:|---:|---:|
| checkout ↔ payments | 1 | 0 | 0 |
| no known team | 0 | 1 | 1 |

<details><summary><b>error</b> net-nodeport-taken: payments and checkout both claim node port 30080 in prod-eu</summary>

- <code>apps/checkout/api/overlays/prod/service-patch.yaml&#58;9</code>";
        let want = want.replace("&#58;9", ":9");
        assert!(text.starts_with(&want), "{text}");
        assert!(
            text.contains("- other side: <code>apps/payments/gateway/base/service.yaml:14</code>"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && !text.contains("hunter2"));
    }

    #[test]
    fn rows_keep_their_columns() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        let notes = [
            "cpu   steady 7",
            "  api   3   <a>",
            "  web   4   b",
            "the last hangs",
        ];
        report.findings[0].notes = notes.map(str::to_owned).to_vec();
        let text = markdown(&report, COMMENT_LIMIT);
        let want =
            "\n\n<pre>\ncpu   steady 7\n  api   3   &#60;a&#62;\n  web   4   b\n</pre>\n\nthe last hangs\n\n";
        assert!(text.contains(want), "{text}");
    }

    #[test]
    fn nothing_from_the_repository_is_markup() {
        let mut report = fixture::report();
        report.findings.truncate(1);
        report.findings[0].message = "`a|b` @team <img> [x](y) https://x ` |".to_owned();
        report.findings[0].objects[0].owner = Some("a|<b>@c".to_owned());
        let text = markdown(&report, COMMENT_LIMIT);
        for bad in ["@team", "<img>", "[x]", "https://", "@c"] {
            assert!(!text.contains(bad), "{bad}: {text}");
        }
        assert!(text.contains("<code>a&#124;b</code>"), "{text}");
        let row = text
            .lines()
            .find(|line| line.contains("payments |"))
            .expect("a row");
        assert_eq!(row.matches('|').count(), 5, "{row}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut report = fixture::report();
        report.findings = vec![report.findings[0].clone(); 500];
        let text = markdown(&report, COMMENT_LIMIT);
        assert!(text.len() <= COMMENT_LIMIT, "{}", text.len());
        assert!(text.contains("more findings not shown here."));
        assert!(text.ends_with("</sub>\n"));
    }
}
