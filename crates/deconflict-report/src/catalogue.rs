//! The rules themselves: the list for `rules` and the page for `explain`.

use std::fmt::Write as _;

use deconflict_findings::{RuleMeta, Severity};
use serde::Serialize;

use crate::Style;
use crate::json::to_text;
#[cfg(feature = "schema")]
use crate::schema::words;
use crate::wire::SCHEMA;

/// One line per rule, under its family.
pub fn rules_table(rules: &[&RuleMeta], style: Style) -> String {
    let widest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let styles = style.theme().styles;
    let mut out = String::new();
    let mut family = "";
    for rule in rules {
        if !family.is_empty() && family != rule.family() {
            out.push('\n');
        }
        family = rule.family();
        let word = format!("{:<7}", rule.severity.word());
        let word = match rule.severity {
            Severity::Error => styles.error.style(word).to_string(),
            Severity::Warning => styles.warning.style(word).to_string(),
            Severity::Info => styles.advice.style(word).to_string(),
        };
        let off = if rule.default_on {
            ""
        } else {
            " (off unless configured)"
        };
        let _ = writeln!(out, "{:widest$}  {word}  {}{off}", rule.id, rule.summary);
    }
    out
}

/// The catalogue for programs.
pub fn rules_json(rules: &[&RuleMeta]) -> String {
    to_text(&Catalogue {
        schema: SCHEMA,
        rules: rules.iter().copied().map(Row::new).collect(),
    })
}

/// The rule's page: its id, what it is, its severities, and its documentation.
pub fn rule_page(rule: &RuleMeta) -> String {
    let severities = if rule.joins {
        let higher = if rule.severity == Severity::Error {
            ""
        } else {
            " (one step higher in a production cluster)"
        };
        format!(
            "{} between teams{higher}, {} within a team, info when only possible",
            rule.severity.word(),
            rule.severity.lower().word()
        )
    } else {
        rule.severity.word().to_owned()
    };
    let on = if rule.default_on {
        ""
    } else {
        "\nOff unless the configuration turns it on."
    };
    format!(
        "# {}\n\n{}\n\nSeverity: {severities}. Since {}.{on}\n\n{}\n",
        rule.id,
        rule.summary,
        rule.since,
        docs(rule)
    )
}

/// The documentation without the space that every line of a doc comment starts with.
fn docs(rule: &RuleMeta) -> String {
    let lines: Vec<&str> = rule
        .docs
        .trim_matches('\n')
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

/// What `deconflict rules --format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Catalogue<'r> {
    /// Version of this form. Additions do not change it.
    schema: u32,
    rules: Vec<Row<'r>>,
}

/// One rule.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Row<'r> {
    id: &'r str,
    /// The first word of the id.
    family: &'r str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    severity: &'static str,
    /// The severity by relation of the two sides.
    severities: Severities,
    /// What fires, in one line.
    summary: &'r str,
    /// True when it runs unless the configuration turns it off.
    default: bool,
    /// The version that first had it.
    since: &'r str,
    /// Its page.
    url: String,
}

/// Severity by the relation of the two sides.
/// The severity by relation of the two sides.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Severities {
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    other_team: &'static str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    same_team: &'static str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    same_application: &'static str,
    #[cfg_attr(feature = "schema", schemars(with = "words::Severity"))]
    possible: &'static str,
}

impl<'r> Row<'r> {
    fn new(rule: &'r RuleMeta) -> Self {
        let within = if rule.joins {
            rule.severity.lower()
        } else {
            rule.severity
        };
        Self {
            id: rule.id,
            family: rule.family(),
            severity: rule.severity.word(),
            severities: Severities {
                other_team: rule.severity.word(),
                same_team: within.word(),
                same_application: within.word(),
                possible: Severity::Info.word(),
            },
            summary: rule.summary,
            default: rule.default_on,
            since: rule.since,
            url: deconflict_findings::rule_url(rule.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use deconflict_findings::{RuleMeta, Severity};

    use super::{rule_page, rules_json, rules_table};
    use crate::Style;

    const PORT: RuleMeta = RuleMeta {
        id: "net-nodeport-taken",
        summary: "two Services of one cluster claim one node port",
        docs: "\n## What it does\nLooks.\n",
        severity: Severity::Error,
        joins: true,
        default_on: true,
        since: "0.1.0",
        file: file!(),
        line: line!(),
    };
    const HAZARD: RuleMeta = RuleMeta {
        id: "lay-x",
        severity: Severity::Warning,
        joins: false,
        default_on: false,
        ..PORT
    };

    #[test]
    fn families_stand_apart() {
        let want = "\
lay-x               warning  two Services of one cluster claim one node port (off unless configured)

net-nodeport-taken  error    two Services of one cluster claim one node port
";
        assert_eq!(rules_table(&[&HAZARD, &PORT], Style::default()), want);
    }

    #[test]
    fn a_page_says_what_moves_its_severity() {
        let page = rule_page(&PORT);
        assert!(page.starts_with("# net-nodeport-taken\n\ntwo Services"), "{page}");
        assert!(
            page.contains("error between teams") && page.contains("warning within a team"),
            "{page}"
        );
        assert!(page.ends_with("## What it does\nLooks.\n"), "{page}");
        let catalogue: serde_json::Value = serde_json::from_str(&rules_json(&[&PORT])).unwrap();
        assert_eq!(catalogue["rules"][0]["severities"]["same_team"], "warning");
    }
}
