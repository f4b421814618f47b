//! The list of rules.

use crate::Rule;

/// All rules, sorted by id.
pub static ALL: &[&Rule] = &[];

/// The rule of that id.
pub fn rule_of(id: &str) -> Option<&'static Rule> {
    let at = ALL.binary_search_by(|rule| rule.meta.id.cmp(id)).ok()?;
    ALL.get(at).copied()
}
