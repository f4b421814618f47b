//! A tree from text, for tests.

use std::sync::Arc;

use deconflict_files::{Files, RepoPath};
use deconflict_yaml::{Node, parse};

/// The first document of `text`, and the text.
pub(crate) fn node(text: &str) -> (Arc<Node>, String) {
    let files = Files::new();
    let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
    let root = parse(file, text)
        .documents
        .into_iter()
        .find_map(|document| document.root)
        .unwrap();
    (root, text.to_owned())
}
