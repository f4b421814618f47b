//! `map [ROOT]`: who deploys what where.

use deconflict_report::{map_json, map_table};

use crate::args::Map;
use crate::format::TableFormat;
use crate::open::{Refusal, open};
use crate::timing::Timing;
use crate::{Exit, environment, output, progress};

/// Print every placement.
pub(crate) fn run(args: &Map) -> Exit {
    mapped(args).unwrap_or_else(|refusal| refusal.say(&args.look))
}

fn mapped(args: &Map) -> Result<Exit, Refusal> {
    let mut timing = Timing::start(args.source.timing);
    let opened = open(&args.source)?;
    timing.lap("read configuration");
    let report = progress::during(&args.look, opened.files(), || opened.map());
    timing.lap("map");
    let exit = if report.unfinished.is_empty() {
        Exit::Clean
    } else {
        Exit::Unfinished
    };
    let text = match args.format {
        TableFormat::Human => map_table(&report, environment::stdout_style(&args.look)),
        TableFormat::Json => map_json(&report),
    };
    let exit = output::print(&text, exit);
    for lost in &report.unfinished {
        output::say_error(lost);
    }
    timing.say();
    Ok(exit)
}
