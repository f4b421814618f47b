//! `deconflict-baseline.yaml`: findings that were there when a repository began to be checked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use deconflict_files::{Origin, ReadError, RepoPath};
use deconflict_yaml::Library;
use serde_json::Value;
use smol_str::SmolStr;

use crate::ConfigProblem;
use crate::build::{entries, named, text, texts};
use crate::read::{fitting, start_of};
use crate::schema::BASELINE;

/// Where the baseline stands below Top.
pub const BASELINE_FILE: &str = "deconflict-baseline.yaml";

const HEADER: &str = "\
# Findings that were here before: counted, not shown, and they fail nothing.
# Written by `deconflict baseline create`. `deconflict baseline prune` removes what is gone; it keeps no comments.
version: 1
";

/// Findings that are accepted as they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline {
    /// In the order of the file.
    pub entries: Vec<BaselineEntry>,
}

/// One finding of a baseline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaselineEntry {
    /// The rule, which a later version may not have any more.
    pub rule: SmolStr,
    /// Its fingerprint.
    pub fingerprint: SmolStr,
    /// The clusters in which it is accepted; empty for what has none.
    pub clusters: BTreeSet<SmolStr>,
    /// Where it stood when this was written: for people, read by nobody.
    pub path: SmolStr,
    /// The entry's place; `None` when it comes from no file.
    pub at: Option<Origin>,
}

impl Baseline {
    /// The baseline at `top`; empty when there is none.
    pub(crate) fn find(library: &Library, top: &RepoPath, problems: &mut Vec<ConfigProblem>) -> Self {
        let path = top.join(BASELINE_FILE);
        let Some(path) = path.filter(|path| library.snapshot().entry(path).is_some()) else {
            return Self::default();
        };
        let loaded = match library.load(&path) {
            Ok(loaded) => loaded,
            Err(error) => {
                let reason = match error {
                    ReadError::NotFound => "leads nowhere".to_owned(),
                    error => error.to_string(),
                };
                let at = start_of(library, &path);
                problems.push(ConfigProblem::new(at, format!("the baseline {reason}")));
                return Self::default();
            }
        };
        let root = fitting(&loaded, BASELINE, &[], problems);
        let entries = root.map(|root| {
            entries(&root, "findings", |node| {
                let (fingerprint, at) = named(node, "fingerprint")?;
                Some(BaselineEntry {
                    rule: text(node, "rule")?,
                    fingerprint,
                    clusters: texts(node, "clusters").into_iter().collect(),
                    path: text(node, "path").unwrap_or_default(),
                    at: Some(at),
                })
            })
        });
        Self {
            entries: entries.unwrap_or_default(),
        }
    }

    /// The file's text: one line per finding by path, rule and fingerprint, so that Git merges what two branches remove.
    pub fn to_text(&self) -> String {
        let mut entries: Vec<&BaselineEntry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| (&entry.path, &entry.rule, &entry.fingerprint));
        let mut text = HEADER.to_owned();
        text.push_str(if entries.is_empty() {
            "findings: []\n"
        } else {
            "findings:\n"
        });
        for entry in entries {
            // Texts of JSON are texts of YAML.
            let clusters: Vec<String> = entry.clusters.iter().map(|name| quoted(name)).collect();
            let clusters = if clusters.is_empty() {
                String::new()
            } else {
                format!(", clusters: [{}]", clusters.join(", "))
            };
            let _ = writeln!(
                text,
                "  - {{path: {}, rule: {}, fingerprint: {}{clusters}}}",
                quoted(&entry.path),
                entry.rule,
                quoted(&entry.fingerprint),
            );
        }
        text
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use super::{BASELINE_FILE, Baseline};
    use crate::find;

    fn read(text: &str) -> (Baseline, Vec<String>) {
        let snapshot = Arc::new(MemoryTree::new().file(BASELINE_FILE, text).snapshot());
        let found = find(&Library::new(snapshot, Arc::default()), &RepoPath::top(), &[]);
        let problems = found
            .problems
            .into_iter()
            .map(|problem| problem.message)
            .collect();
        (found.config.baseline, problems)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = "version: 1\nfindings:\n  - {rule: b, fingerprint: \"12e4\", path: \"a: #b\", clusters: [\"on\", prod]}\n  \
                    - rule: a\n    fingerprint: \"00\"\n";
        let (baseline, problems) = read(text);
        assert_eq!((baseline.entries.len(), problems.len()), (2, 0));
        let written = baseline.to_text();
        let lines = "findings:\n  - {path: \"\", rule: a, fingerprint: \"00\"}\n  \
                     - {path: \"a: #b\", rule: b, fingerprint: \"12e4\", clusters: [\"on\", \"prod\"]}\n";
        assert!(written.ends_with(lines), "{written}");
        let (again, problems) = read(&written);
        assert_eq!((again.to_text(), problems.len()), (written, 0));
        assert_eq!(
            read(&Baseline::default().to_text()),
            (Baseline::default(), Vec::new())
        );
        assert_eq!(read(""), (Baseline::default(), Vec::new()));
    }

    #[test]
    fn mistakes_are_said() {
        let check = |text: &str, want: &str| assert_eq!(read(text).1, [want], "{text}");
        check(
            "findings: [{rule: a}]",
            "an entry of `findings` has no `fingerprint`",
        );
        check("findings: {}", "`findings` must be a list, not a map");
        check("entries: []", "unknown key `entries`");
    }
}
