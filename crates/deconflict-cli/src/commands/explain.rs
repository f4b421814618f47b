//! `explain RULE`.

use crate::args::Explain;
use crate::{Exit, output, select};

/// Print the rule's page, or say which rule may have been meant.
pub(crate) fn run(args: &Explain) -> Exit {
    match select::rule(&args.rule, &super::rules::all()) {
        Ok(rule) => output::print(&deconflict_report::rule_page(rule), Exit::Clean),
        Err(message) => {
            output::say_error(&message);
            Exit::Usage
        }
    }
}
