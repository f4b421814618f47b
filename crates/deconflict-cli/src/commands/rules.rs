//! `rules`: the catalogue.

use deconflict_findings::RuleMeta;

use crate::args::Rules;
use crate::format::TableFormat;
use crate::{Exit, environment, output};

/// Print the catalogue.
pub(crate) fn run(args: &Rules) -> Exit {
    let rules = all();
    let text = match args.format {
        TableFormat::Human => deconflict_report::rules_table(&rules, environment::stdout_style(&args.look)),
        TableFormat::Json => deconflict_report::rules_json(&rules),
    };
    output::print(&text, Exit::Clean)
}

/// Every rule there is, sorted by id.
pub(crate) fn all() -> Vec<&'static RuleMeta> {
    let mut all: Vec<&'static RuleMeta> = deconflict_check::rules();
    all.sort_by_key(|rule| rule.id);
    all
}
