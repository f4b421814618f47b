//! Nothing of the machine that a change was made on belongs into it.

use std::path::{Path, PathBuf};

/// Where crates come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Tracked files that name this checkout's path or the user's home, and packages from another registry.
pub(super) fn check(top: &Path, files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut needles = vec![top.to_path_buf()];
    needles.extend(top.parent().map(Path::to_path_buf));
    needles.extend(std::env::var_os("HOME").map(PathBuf::from));
    let needles: Vec<String> = needles
        .iter()
        .filter_map(|path| path.to_str())
        .filter(|path| path.len() > 1)
        .map(str::to_owned)
        .collect();
    let mut failures = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(top.join(file)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(needle) = needles.iter().find(|needle| names(line, needle)) {
                failures.push(format!(
                    "{}:{}: a path of this machine: {needle}",
                    file.display(),
                    number + 1
                ));
            }
        }
    }
    let lock = crate::read(&top.join("Cargo.lock"))?;
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let mut foreign: Vec<&str> = sources
        .map(|source| source.trim_matches('"'))
        .filter(|source| *source != CRATES_IO)
        .collect();
    foreign.dedup();
    failures.extend(
        foreign
            .iter()
            .map(|source| format!("Cargo.lock: a package from {source}")),
    );
    Ok(failures)
}

/// True when the absolute path `needle`, or one below it, stands in `line`: not as the tail of a longer path, and not as
/// the head of another name.
fn names(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '~');
        !before.is_some_and(joins) && after == Some('/')
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn only_whole_absolute_paths_count() {
        let check = |line: &str, want: bool| assert_eq!(names(line, "/src"), want, "{line}");
        check("see /src/main.rs", true);
        check("\"/src/x\"", true);
        check("crates/x/src/main.rs", false);
        check("/srcs/x", false);
        check("../src/x", false);
    }
}
