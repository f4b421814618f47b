//! What the tests of merges share.

use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, Origin, RepoPath};
use deconflict_yaml::{Kind, Node, parse};

/// The first document of `text`, which becomes the file `name`.
#[track_caller]
pub(super) fn parsed(files: &Files, name: &str, text: &str) -> Arc<Node> {
    let text: Arc<str> = text.into();
    let file = files.intern(&RepoPath::new(name).expect("a path"), &text);
    let mut parsed = parse(file, &text);
    assert!(
        parsed.problems.iter().all(|problem| !problem.kind.is_fatal()),
        "{:?}",
        parsed.problems
    );
    parsed.documents.remove(0).root.expect("a document")
}

/// The scalars of `node` that do not simply stand in the file `t`, each with the file and line of its text and of
/// what was there before.
pub(super) fn places(files: &Files, node: &Node) -> String {
    let mut out = String::new();
    add(&mut out, files, node, "", &[]);
    out
}

fn add(out: &mut String, files: &Files, node: &Node, path: &str, before: &[Origin]) {
    let mut trail = vec![node.at];
    trail.extend(node.via.iter().flat_map(|via| via.chain().map(|step| step.at)));
    trail.extend(before.iter().copied());
    let inner = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match &node.kind {
        Kind::Scalar(_) => {
            let place = |at: &Origin| {
                let file = files.get(at.file);
                format!(
                    "{}{}",
                    file.path,
                    file.lines().place(&file.text, at.span.start).line
                )
            };
            let places: Vec<String> = trail.iter().map(place).collect();
            if places.len() > 1 || !places[0].starts_with('t') {
                let _ = writeln!(out, "{path}: {}", places.join("<"));
            }
        }
        // A list or map that came as a whole has its trail at the top.
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                add(out, files, item, &inner(&index.to_string()), &trail[1..]);
            }
        }
        Kind::Map(fields) => {
            for field in fields {
                add(out, files, &field.value, &inner(field.name()), &trail[1..]);
            }
        }
    }
}
