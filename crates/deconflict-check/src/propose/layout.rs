//! Which directories mean what.

use std::collections::BTreeSet;

use deconflict_files::RepoPath;

use crate::Input;

/// Directories by their meaning.
#[derive(Debug, Default)]
pub(super) struct LayoutGuess {
    /// Of `apps`, `infra`, `infrastructure`, `policies`: those that stand at the top.
    pub(super) standard: Vec<&'static str>,
    /// Directories with such a name further below, that no default covers.
    pub(super) others: Vec<(&'static str, String)>,
    /// All directories that hold files, seen from Top.
    pub(super) directories: BTreeSet<RepoPath>,
}

/// Names and what they mean.
const NAMES: [(&str, &str); 9] = [
    ("apps", "apps"),
    ("applications", "apps"),
    ("workloads", "apps"),
    ("tenants", "apps"),
    ("infra", "infra"),
    ("infrastructure", "infra"),
    ("platform", "infra"),
    ("policies", "policies"),
    ("policy", "policies"),
];

/// Look at the directories that hold manifests or policies.
pub(super) fn read(input: &Input) -> LayoutGuess {
    let top = &input.config.top;
    let mut guess = LayoutGuess::default();
    for path in input.library.snapshot().files() {
        if !matches!(path.extension(), Some("yaml" | "yml" | "rego")) {
            continue;
        }
        let mut at = path.below(top).and_then(|path| path.parent());
        while let Some(directory) = at.filter(|directory| !directory.is_top()) {
            at = directory.parent();
            if !guess.directories.insert(directory) {
                break;
            }
        }
    }
    for directory in &guess.directories {
        let depth = directory.parts().count();
        let Some((name, meaning)) = NAMES.iter().find(|(name, _)| *name == directory.file_name()) else {
            continue;
        };
        let is_hidden = directory.parts().any(|part| part.starts_with('.'));
        let is_default = ["apps", "infra", "infrastructure", "policies"].contains(name);
        if depth == 1 && is_default {
            guess.standard.push(name);
        } else if depth <= 3
            && !is_hidden
            && !guess
                .standard
                .iter()
                .any(|name| directory.parts().next() == Some(name))
        {
            guess.others.push((meaning, directory.as_str().to_owned()));
        }
    }
    guess
}
