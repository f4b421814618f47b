//! The project's own chores. `cargo xtask tidy` checks what the compiler cannot, `cargo xtask generate` writes the files
//! that come from code, `cargo xtask bench` measures against `kubectl kustomize`, `cargo xtask fuzz` feeds it
//! random input.
#![expect(
    clippy::disallowed_methods,
    reason = "chores read and write the checkout and run programs"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "chores talk to the developer"
)]

mod bench;
mod bundle;
mod fuzz;
mod generate;
mod inject;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE
  tidy                     floors, confined dependencies, generated files, file sizes, paths of this machine
  generate                 write docs/rules.md, docs/rules/ and schemas/*.json
  bundle [DIRECTORY]       make schemas/kubernetes.bin and its text from published packages, kept in DIRECTORY
  bench [--write] [--quick]  CPU time and memory against kubectl kustomize; --write: into docs/performance.md
  bench --validation         what the API server would say of 10,000 Deployments, against a pass of the parser
  bench --git                what reading from Git costs, against Git itself
  bench --claims             instructions of claims and joins while a made-up company doubles its objects
  fuzz TARGET [--minutes N] [--seed N]  random changes of known inputs: yaml, scanner, kustomize, check
  inject --repo DIR [--config FILE] [--count N] [--seed N]  collisions put into a clean repository: which are found";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let top = top();
    let done = match words.as_slice() {
        ["tidy"] => tidy::run(&top),
        ["generate"] => generate::write(&top),
        ["bundle"] => bundle::run(&top, &top.join("target/bundle")),
        ["bundle", directory] => bundle::run(&top, Path::new(directory)),
        ["fuzz", words @ ..] => fuzz::run(&top, words),
        ["inject", options @ ..] => inject::run(&top, options),
        ["bench", options @ ..] => bench::run(&top, options),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout.
fn top() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The text of a file of the checkout.
fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
