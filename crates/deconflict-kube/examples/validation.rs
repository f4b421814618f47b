//! Parses the files that are named and, with `validate` as the first word, asks of every object what the API server would
//! say. `cargo xtask bench --validation` compares the two.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads files and says what it found"
)]

use std::sync::Arc;

use deconflict_files::{Files, RepoPath};
use deconflict_kube::{Definitions, KubernetesVersion, Object, validate};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let asks = arguments.next().as_deref() == Some("validate");
    let (files, definitions) = (Files::new(), Definitions::new());
    let (mut objects, mut said) = (0_usize, 0_usize);
    for (number, path) in arguments.enumerate() {
        let text: Arc<str> = std::fs::read_to_string(path)?.into();
        let name = RepoPath::new(&format!("{number}.yaml")).unwrap_or_else(RepoPath::top);
        let parsed = deconflict_yaml::parse(files.intern(&name, &text), &text);
        for root in parsed.documents.into_iter().filter_map(|document| document.root) {
            objects += 1;
            if let (true, Ok(object)) = (asks, Object::new(root, None)) {
                said += validate(&object, KubernetesVersion::DEFAULT, &definitions).len();
            }
        }
    }
    println!("{objects} objects, {said} violations");
    Ok(())
}
