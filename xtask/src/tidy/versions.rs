//! Files that repeat the version of the workspace: a release would ship an old one otherwise.

use std::path::Path;

use crate::read;

/// File, and the text around the version that must stand in it.
const REPEATED: [(&str, &str, &str); 10] = [
    ("pyproject.toml", "\nversion = \"", "\""),
    ("pyproject.toml", "deconflict-gitops==", "\""),
    ("action.yml", "without the leading v\n    default: \"", "\""),
    ("README.md", "rev: v", "\n"),
    ("docs/ci.md", "rev: v", "\n"),
    ("docs/ci.md", "deconflict/deconflict@v", "\n"),
    ("docs/ci.md", "ghcr.io/deconflict/deconflict:v", " "),
    ("packaging/Containerfile", "ghcr.io/deconflict/deconflict:v", " "),
    (
        "examples/ci/github/deconflict.yml",
        "deconflict/deconflict@v",
        " ",
    ),
    (
        "examples/ci/gitlab/deconflict.yml",
        "without the leading v\n      default: \"",
        "\"",
    ),
];

/// Failures in the checkout at `top`.
pub(super) fn check(top: &Path) -> Result<Vec<String>, String> {
    let manifest = read(&top.join("Cargo.toml"))?;
    let version = between(&manifest, "[workspace.package]\nversion = \"", "\"").unwrap_or_default();
    let mut failures = Vec::new();
    for (file, before, after) in REPEATED {
        let text = read(&top.join(file))?;
        let found = between(&text, before, after).unwrap_or("nothing");
        if found != version {
            let what = before.trim().lines().last().unwrap_or_default();
            failures.push(format!(
                "{file}: {found} behind `{what}`, the workspace is {version}"
            ));
        }
    }
    Ok(failures)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
