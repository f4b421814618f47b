//! Real repositories, made by the `git` program, as snapshots.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, makes its own repositories and says when there is no git"
)]

mod boundary;
mod environment;
mod excludes;
mod fingerprint;
mod merges;
mod repo;
mod sources;
mod states;
