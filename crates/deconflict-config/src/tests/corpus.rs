use std::path::PathBuf;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_yaml::Library;

use super::read::{RULES, problems};
use crate::find;

/// The configurations that people wrote for real repositories have nothing wrong.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test's data lies outside the checkout"
)]
fn configurations_of_real_repositories() {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("DECONFLICT_SHARED").map_or(workspace.join("../shared"), PathBuf::from);
    let Ok(listed) = std::fs::read_dir(shared.join("corpus/configs")) else {
        println!("skipped: no shared/corpus/configs");
        return;
    };
    let mut clusters = 0;
    for entry in listed {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let snapshot = Arc::new(MemoryTree::new().file("deconflict.yaml", &text).snapshot());
        let files = Arc::new(Files::new());
        let library = Library::new(snapshot, Arc::clone(&files));
        let found = find(&library, &RepoPath::top(), &RULES);
        assert_eq!(problems(&found, &files), "");
        clusters += found.config.clusters.len();
    }
    assert!(clusters > 0);
}
