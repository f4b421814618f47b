//! Rules about the tool's own comments and declarations, and about the merge itself: only the pipeline knows what was
//! silenced and merged.

use deconflict_findings::{RuleMeta, Severity};

/// All of them, sorted by id.
pub(crate) static ALL: &[&RuleMeta] = &[
    &CONFIG_WEAKENED,
    &UNUSED_BASELINE,
    &UNUSED_CONTRACT,
    &UNUSED_IGNORE,
    &MERGE_CONFLICT,
];

/// A change that judges less.
pub(crate) static CONFIG_WEAKENED: RuleMeta = RuleMeta {
    id: "lint-config-weakened",
    summary: "the change takes something out of the check",
    docs: include_str!("lint/config_weakened.md"),
    severity: Severity::Warning,
    joins: false,
    default_on: true,
    since: "0.1.0",
    file: file!(),
    line: line!(),
};

/// An ignore comment that silences nothing.
pub(crate) static UNUSED_IGNORE: RuleMeta = RuleMeta {
    id: "lint-unused-ignore",
    summary: "an ignore comment silences nothing, or cannot be read",
    docs: include_str!("lint/unused_ignore.md"),
    severity: Severity::Warning,
    joins: false,
    default_on: true,
    since: "0.1.0",
    file: file!(),
    line: line!(),
};

/// A contract that silences nothing.
pub(crate) static UNUSED_CONTRACT: RuleMeta = RuleMeta {
    id: "lint-unused-contract",
    summary: "a contract silences nothing, or has expired",
    docs: include_str!("lint/unused_contract.md"),
    severity: Severity::Warning,
    joins: false,
    default_on: true,
    since: "0.1.0",
    file: file!(),
    line: line!(),
};

/// An entry of the baseline that accepts nothing.
pub(crate) static UNUSED_BASELINE: RuleMeta = RuleMeta {
    id: "lint-unused-baseline",
    summary: "the baseline accepts findings that are gone",
    docs: include_str!("lint/unused_baseline.md"),
    severity: Severity::Warning,
    joins: false,
    default_on: true,
    since: "0.1.0",
    file: file!(),
    line: line!(),
};

/// A merge that Git cannot make.
pub(crate) static MERGE_CONFLICT: RuleMeta = RuleMeta {
    id: "skw-merge-conflict",
    summary: "Git cannot merge the change with its base",
    docs: include_str!("lint/merge_conflict.md"),
    severity: Severity::Error,
    joins: false,
    default_on: true,
    since: "0.1.0",
    file: file!(),
    line: line!(),
};
