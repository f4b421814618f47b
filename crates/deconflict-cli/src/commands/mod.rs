//! One file per command: arguments in, exit code out.

mod baseline;
mod check;
mod diff;
mod explain;
mod hook;
mod init;
mod map;
mod papers;
mod render;
mod rules;
mod why;

pub(crate) use rules::all as all_rules;

use crate::Exit;
use crate::args::{Cli, Command};

/// Do what the command line says.
pub(crate) fn run(cli: &Cli) -> Exit {
    match &cli.command {
        Command::Check(args) => check::run(args),
        Command::Render(args) => render::run(args),
        Command::Map(args) => map::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Init(args) => init::run(args),
        Command::Baseline(args) => baseline::run(args),
        Command::Hook(args) => hook::run(args),
        Command::Completions(args) => papers::completions(args.shell),
        Command::Man => papers::man(),
    }
}
