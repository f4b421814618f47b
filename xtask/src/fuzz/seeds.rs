//! Where random changes start: the project's examples and, when they are there, the shared conformance inputs.

use std::collections::BTreeSet;
use std::path::Path;

use super::patches;

/// A small repository in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// Paths and contents.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Tree {
    /// As `MemoryTree::fixture` reads it; bytes that are no UTF-8 are lost.
    pub(super) fn fixture(&self) -> String {
        let parts = self.files.iter();
        parts
            .map(|(path, bytes)| format!("//- {path}\n{}", String::from_utf8_lossy(bytes)))
            .collect()
    }
}

/// Larger trees teach little and take long.
const LARGEST: u64 = 60_000;

pub(super) fn collect(top: &Path, target: &str) -> Result<Vec<Tree>, String> {
    let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(|| top.join("../shared"), Into::into);
    let mut trees = Vec::new();
    if target != "check" {
        for case in subdirectories(&shared.join("conformance/kustomize")) {
            trees.extend(read(&case.join("input")));
        }
    }
    for example in subdirectories(&top.join("examples")) {
        trees.extend(read(&example));
    }
    let pages: Vec<Tree> = files(&top.join("docs/rules"))
        .iter()
        .flat_map(|page| examples(page))
        .collect();
    trees.extend(pages);
    if matches!(target, "merge" | "json-patch") {
        trees = patches::seeds(&trees, target);
    }
    if trees.is_empty() {
        return Err("fuzz: nothing to start from".to_owned());
    }
    Ok(trees)
}

/// Words of all seeds: what one file says may mean something in another.
pub(super) fn dictionary(trees: &[Tree]) -> Vec<String> {
    let mut words = BTreeSet::new();
    for (_, bytes) in trees.iter().flat_map(|tree| &tree.files) {
        let text = String::from_utf8_lossy(bytes);
        let found = text.split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '[' | ']' | '{' | '}'));
        words.extend(
            found
                .filter(|word| (1..40).contains(&word.len()))
                .map(str::to_owned),
        );
    }
    words.into_iter().collect()
}

fn subdirectories(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn files(directory: &Path) -> Vec<String> {
    let mut found: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    found.sort();
    found
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

/// All files below `directory`, unless they are too large together.
fn read(directory: &Path) -> Option<Tree> {
    let mut tree = Tree::default();
    let mut todo = vec![directory.to_path_buf()];
    let mut size = 0;
    while let Some(here) = todo.pop() {
        for entry in std::fs::read_dir(&here).ok()?.flatten() {
            let (path, meta) = (entry.path(), entry.metadata().ok()?);
            if meta.is_dir() {
                todo.push(path);
            } else if meta.is_file() {
                size += meta.len();
                let name = path.strip_prefix(directory).ok()?.to_str()?.to_owned();
                tree.files.push((name, std::fs::read(&path).ok()?));
            }
        }
        if size > LARGEST {
            return None;
        }
    }
    tree.files.sort();
    (!tree.files.is_empty()).then_some(tree)
}

/// The fenced examples of a rule's page. Lines that name a path (`# path`) begin a file.
fn examples(page: &str) -> Vec<Tree> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let body = block.split_once('\n').map_or("", |(_, body)| body);
            let mut tree = Tree::default();
            for line in body.lines() {
                let path = line.strip_prefix("# ").filter(|path| {
                    !path.contains(' ') && Path::new(path).extension().is_some_and(|end| end == "yaml")
                });
                match (path, tree.files.last_mut()) {
                    (Some(path), _) => tree.files.push((path.to_owned(), Vec::new())),
                    (None, Some((_, bytes))) => bytes.extend(format!("{line}\n").bytes()),
                    (None, None) => tree
                        .files
                        .push(("all.yaml".to_owned(), format!("{line}\n").into_bytes())),
                }
            }
            tree
        })
        .filter(|tree| !tree.files.is_empty())
        .collect()
}
