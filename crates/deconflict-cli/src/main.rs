//! The program: all of it is in the library, so that tests and tools can reach it.

use std::process::ExitCode;

// A tenth of a check is allocating and freeing small nodes; docs/performance.md has what this one saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    deconflict_cli::main()
}
