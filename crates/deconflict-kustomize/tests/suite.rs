//! Every case of the kustomize suite in the shared data, built in memory: the bytes that kustomize 5.5.0 prints, and
//! for what it refuses a problem with a place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that reads data"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_kustomize::{LoadRestrictor, Options, ProblemKind, Rendered, Reorder, Session, to_yaml};
use deconflict_yaml::{Library, parse};

fn suite() -> Option<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(|| top.join("../shared"), PathBuf::from);
    let suite = shared.join("conformance/kustomize");
    suite.is_dir().then_some(suite)
}

fn add(tree: MemoryTree, directory: &Path, below: &str) -> MemoryTree {
    let mut tree = tree;
    // An empty directory is none in Git.
    let Ok(entries) = std::fs::read_dir(directory) else {
        return tree;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let inner = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let kind = path.symlink_metadata().expect("metadata").file_type();
        tree = if kind.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            tree.link(&inner, &target.to_string_lossy())
        } else if kind.is_dir() {
            add(tree, &path, &inner)
        } else {
            tree.file(&inner, std::fs::read(&path).expect("a file"))
        };
    }
    tree
}

struct Case {
    files: Arc<Files>,
    session: Session,
    directory: RepoPath,
    options: Options,
    fails: bool,
}

impl Case {
    fn read(case: &Path) -> Self {
        let text: Arc<str> = std::fs::read_to_string(case.join("case.json"))
            .expect("case.json")
            .into();
        let files = Arc::new(Files::new());
        let id = files.intern(&RepoPath::new("case.json").expect("a path"), &text);
        let meta = parse(id, &text).documents.remove(0).root.expect("a map");
        let word = |name: &str| meta.get(name).and_then(|value| value.text()).unwrap_or_default();
        let mut tree = add(MemoryTree::new(), &case.join("input"), "");
        for link in meta.get("symlinks").map_or(&[][..], |links| links.fields()) {
            tree = tree.link(link.name(), link.value.text().expect("a target"));
        }
        let flags: Vec<&str> = meta
            .get("flags")
            .map_or(&[][..], |flags| flags.items())
            .iter()
            .filter_map(|flag| flag.text())
            .collect();
        let options = Options {
            load_restrictor: if flags.contains(&"--load-restrictor=LoadRestrictionsNone") {
                LoadRestrictor::None
            } else {
                LoadRestrictor::RootOnly
            },
            reorder: Reorder::Legacy,
            managed_by_label: flags.contains(&"--enable-managedby-label"),
        };
        Self {
            session: Session::new(Arc::new(Library::new(
                Arc::new(tree.snapshot()),
                Arc::clone(&files),
            ))),
            files,
            directory: RepoPath::new(word("dir")).expect("a path inside"),
            options,
            fails: word("expect") == "error",
        }
    }

    fn build(&self, reorder: Reorder) -> Rendered {
        self.session.build(
            &self.directory,
            &Options {
                reorder,
                ..self.options
            },
        )
    }

    /// What is wrong with what came out, if anything is.
    fn judge(&self, case: &Path) -> Option<String> {
        if self.fails {
            return self.judge_failure();
        }
        for (reorder, expected) in [
            (Reorder::Legacy, "expected.yaml"),
            (Reorder::None, "expected.reorder-none.yaml"),
        ] {
            let Ok(expected) = std::fs::read_to_string(case.join(expected)) else {
                continue;
            };
            let rendered = self.build(reorder);
            if let Some(problem) = rendered.problems.first() {
                return Some(problem.full());
            }
            let text = to_yaml(&rendered.objects).map_err(|problem| problem.full());
            // The build that made the suite carries no version.
            let text = text.map(|text| text.replace("kustomize-v5.5.0", "kustomize-(devel)"));
            if text.as_ref() != Ok(&expected.replace("kustomize-v5.5.0", "kustomize-(devel)")) {
                return Some(format!("differs ({reorder:?})"));
            }
        }
        None
    }

    fn judge_failure(&self) -> Option<String> {
        let rendered = self.build(Reorder::Legacy);
        let Some(problem) = rendered.problems.first() else {
            return Some("is built, though kustomize refuses it".to_owned());
        };
        match problem.at {
            Some(at) => {
                let file = self.files.get(at.file);
                (at.span.end as usize > file.text.len()).then(|| "a place beyond the file".to_owned())
            }
            // Without a kustomization there is no text to point at.
            None if problem.kind == ProblemKind::NotFound
                || problem.message.contains("file is not directory") =>
            {
                None
            }
            None => Some(format!("no place: {}", problem.full())),
        }
    }
}

#[test]
fn every_case() {
    let Some(suite) = suite() else {
        println!("skipped: no shared directory");
        return;
    };
    let mut cases: Vec<PathBuf> = std::fs::read_dir(suite)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|case| case.join("case.json").is_file())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = String::new();
    for case in &cases {
        if let Some(why) = Case::read(case).judge(case) {
            let _ = writeln!(
                wrong,
                "{}: {why}",
                case.file_name().expect("a name").to_string_lossy()
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
