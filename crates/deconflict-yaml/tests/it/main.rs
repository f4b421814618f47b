//! What the crate promises, against other readers and hostile texts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, reads its own data and says when there is none"
)]

mod conformance;
mod hostile;
mod opinion;
mod random;
mod short_way;

use std::path::PathBuf;
use std::sync::Arc;

use deconflict_files::{FileId, Files, RepoPath};

/// The shared test data: `DECONFLICT_SHARED`, else beside the checkout. Says so when there is none.
fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var("DECONFLICT_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let found = Some(shared.join(path)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no {path} in the shared directory");
    }
    found
}

/// A file of its own for `text`.
fn file(text: &str) -> FileId {
    let path = RepoPath::new("f.yaml").unwrap();
    Files::new().intern(&path, &Arc::from(text))
}
