//! The program: all of it is in the library, so that tests and tools can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    deconflict_cli::main()
}
