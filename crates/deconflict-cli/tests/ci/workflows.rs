//! What runs with somebody's rights: workflows, the action and the templates.

use std::path::PathBuf;

use yaml_rust2::Yaml;

use super::{top, yaml};

/// Files of a directory of the checkout.
fn files(directory: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(top().join(directory)).expect("a directory");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The workflows, ours and those that others copy.
fn workflows() -> Vec<PathBuf> {
    let mut paths = files(".github/workflows");
    paths.extend(files("examples/ci/github"));
    paths
}

#[test]
fn actions_of_others_are_pinned_to_a_commit_whose_version_is_said() {
    let mut seen = 0;
    for path in workflows() {
        let text = std::fs::read_to_string(&path).expect("a workflow");
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else {
                continue;
            };
            // A tag of ours is the release that the example is about.
            if used.starts_with("deconflict/") {
                continue;
            }
            seen += 1;
            let (action, version) = used.split_once(" # v").unwrap_or((used, ""));
            let commit = action.split_once('@').map_or("", |(_, commit)| commit);
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            let is_version = version.split('.').count() == 3;
            assert!(is_commit && is_version, "{}: {line}", path.display());
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_job_has_the_rights_it_names_and_no_text_of_others_in_its_scripts() {
    for path in workflows() {
        let name = path.strip_prefix(top()).expect("ours").display().to_string();
        let workflow = &yaml(&name)[0];
        let is_harmless = |rights: &Yaml| {
            let mut rights = rights.as_hash().expect("rights are named").iter();
            rights.all(|(_, right)| right.as_str() != Some("write"))
        };
        assert!(is_harmless(&workflow["permissions"]), "{name}");
        for (job, body) in workflow["jobs"].as_hash().expect("jobs") {
            assert!(body["permissions"].as_hash().is_some(), "{name}: {job:?}");
            for step in body["steps"].as_vec().expect("steps") {
                let script = step["run"].as_str().unwrap_or_default();
                assert!(!script.contains("${{"), "{name}: {script}");
            }
        }
    }
}

#[test]
fn templates_for_gitlab_are_yaml() {
    for path in files("examples/ci/gitlab") {
        let name = path.strip_prefix(top()).expect("ours").display().to_string();
        assert!(!yaml(&name).is_empty(), "{name}");
    }
}
