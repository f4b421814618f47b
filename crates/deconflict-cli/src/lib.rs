//! Floor 9: arguments, exit codes, which source is judged and which reports are written where. How anything is decided is
//! not known here.

mod args;
mod clock;
mod commands;
mod environment;
mod exit;
mod format;
mod later;
mod open;
mod output;
mod panics;
mod progress;
mod select;
mod timing;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

pub use exit::Exit;

/// Run with the arguments of this process.
pub fn main() -> ExitCode {
    panics::silence();
    run(&std::env::args_os().collect::<Vec<_>>()).into()
}

/// Run with `arguments`, the first of which is the program's name.
pub fn run(arguments: &[OsString]) -> Exit {
    let cli = match args::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, arguments),
    };
    panics::guard(|| commands::run(&cli))
}

/// The command line's definition, from which completions, the manual page and documentation come.
pub fn command() -> clap::Command {
    args::Cli::command()
}

/// Help and version are answers; everything else is wrong usage, or something that a later version will do.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if let Some(message) = later::explain(error, arguments) {
        output::say_error(&message);
        return Exit::Usage;
    }
    if error.use_stderr() {
        // A stderr that cannot be written to leaves nobody to tell.
        let _ = error.print();
        return Exit::Usage;
    }
    output::print(&error.render().to_string(), Exit::Clean)
}
