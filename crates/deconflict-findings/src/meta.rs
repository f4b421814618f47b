//! What a rule says about itself.

use crate::Severity;

/// The first word of a rule id: its family.
pub type Family = &'static str;

/// A rule's registry entry. Held in a `static` beside the rule's function.
#[derive(Clone, Copy, Debug)]
pub struct RuleMeta {
    /// The id, for example `net-nodeport-taken`. Never reused.
    pub id: &'static str,
    /// One line: what fires, lower case, no full stop.
    pub summary: &'static str,
    /// The page: the rule's doc comment, Markdown with fixed headings.
    pub docs: &'static str,
    /// Severity when the two sides belong to different teams, or the rule has one side.
    pub severity: Severity,
    /// True when the rule joins claims of two applications, so that relation and cluster class move its severity
    /// (rules.md section 3.1).
    pub joins: bool,
    /// True when it runs unless the config turns it off.
    pub default_on: bool,
    /// Version that first had it.
    pub since: &'static str,
    /// Source file, for a "view source" link.
    pub file: &'static str,
    /// Line in the source file.
    pub line: u32,
}

impl RuleMeta {
    /// The family: the id up to the first dash.
    pub fn family(&self) -> Family {
        family_of(self.id)
    }
}

/// The family of a rule id: what stands before the first dash.
pub fn family_of(rule: &str) -> &str {
    rule.split('-').next().unwrap_or(rule)
}

/// The address of a rule's page.
pub fn rule_url(rule: &str) -> String {
    format!("https://github.com/deconflict/deconflict/blob/main/docs/rules/{rule}.md")
}
