//! Whether a change can reach anything that is read, told from names and a few texts: a hook asks this before anything is
//! rendered. In doubt it does.

use deconflict_files::{Entry, RepoPath, Snapshot};

/// Extensions of what is read wherever it lies.
const READ: [&str; 8] = [
    "yaml",
    "yml",
    "json",
    "jsonnet",
    "libsonnet",
    "rego",
    "tpl",
    "toml",
];

/// Names of what is read wherever it lies.
const NAMES: [&str; 5] = [
    "Kustomization",
    "CODEOWNERS",
    ".helmignore",
    ".sourceignore",
    ".gitattributes",
];

const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// False when no render and no rule sees a difference between the two trees, which differ at `changed`.
///
/// Read are files by their extension or name, all of a chart, and what a kustomization names. Directories that come or go
/// matter to generators of Applications and to paths that name them.
pub fn concerns(before: &Snapshot, after: &Snapshot, changed: &[RepoPath]) -> bool {
    if changed.iter().any(|path| is_read(before, after, path)) {
        return true;
    }
    if changed.is_empty() {
        return false;
    }
    // What changed is the same in both trees as far as kustomizations go: none of them is among it.
    let files = after.files();
    let mut kustomizations = files
        .iter()
        .filter(|path| KUSTOMIZATIONS.contains(&path.file_name()));
    kustomizations.any(|path| match after.read(path) {
        Ok(text) => changed.iter().any(|changed| names(&text, path, changed)),
        Err(_) => true,
    })
}

fn is_read(before: &Snapshot, after: &Snapshot, path: &RepoPath) -> bool {
    let is_plain = |tree: &Snapshot| matches!(tree.entry(path), None | Some(Entry::File));
    if !is_plain(before) || !is_plain(after) {
        return true;
    }
    let name = path.file_name();
    let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '\\');
    if NAMES.contains(&name) || path.extension().is_some_and(|it| READ.contains(&it)) || name.contains(odd) {
        return true;
    }
    let mut at = path.clone();
    while let Some(directory) = at.parent() {
        let is_there = |tree: &Snapshot| tree.entry(&directory) == Some(Entry::Directory);
        let holds_chart = |tree: &Snapshot| {
            let chart = directory.join("Chart.yaml");
            chart.is_some_and(|chart| tree.entry(&chart).is_some())
        };
        if is_there(before) != is_there(after) || holds_chart(after) {
            return true;
        }
        at = directory;
    }
    false
}

/// True when the kustomization at `path` may name `changed`: its last part stands in the text, or the text can hold it
/// in another spelling, or the names stand in files of their own.
fn names(text: &[u8], path: &RepoPath, changed: &RepoPath) -> bool {
    let text = String::from_utf8_lossy(text);
    if text.contains(changed.file_name()) {
        return true;
    }
    let below = path
        .parent()
        .is_some_and(|directory| changed.is_within(&directory));
    below
        && ["generators:", "transformers:", "\\"]
            .iter()
            .any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use deconflict_files::{MemoryTree, RepoPath, Snapshot};

    use super::concerns;

    fn tree(files: &[(&str, &str)]) -> Snapshot {
        let add = |tree: MemoryTree, (path, text): &(&str, &str)| tree.file(path, text.as_bytes());
        files.iter().fold(MemoryTree::new(), add).snapshot()
    }

    #[test]
    fn only_what_somebody_reads() {
        let kustomization = "configMapGenerator:\n- name: x\n  files: [conf/app.conf]\n";
        let base = [
            ("README.md", "x"),
            ("a/kustomization.yaml", kustomization),
            ("a/conf/app.conf", "x"),
            ("a/conf/other.conf", "x"),
            ("a/README.md", "x"),
            ("chart/Chart.yaml", "x"),
            ("chart/NOTES.txt", "x"),
            ("g/kustomization.yaml", "generators: [gen.yaml]\n"),
            ("g/script.sh", "x"),
        ];
        let check = |path: &str, want: bool| {
            let mut files: Vec<_> = base.into_iter().filter(|(known, _)| *known != path).collect();
            let gone = tree(&files);
            files.push((path, "changed"));
            let (before, after) = (tree(&base), tree(&files));
            let paths = [RepoPath::new(path).unwrap()];
            assert_eq!(concerns(&before, &after, &paths), want, "{path}");
            if base.iter().any(|(known, _)| *known == path) {
                assert_eq!(concerns(&before, &gone, &paths), want, "{path} goes");
            }
        };
        check("README.md", false);
        check("a/README.md", false);
        check("a/conf/other.conf", false);
        check("a/conf/app.conf", true);
        check("elsewhere/app.conf", true);
        check("new/README.md", true);
        check("a/new.yaml", true);
        check("chart/NOTES.txt", true);
        check("g/script.sh", true);
        check("CODEOWNERS", true);
        check("a name.md", true);
        assert!(!concerns(&tree(&base), &tree(&base), &[]));
    }
}
