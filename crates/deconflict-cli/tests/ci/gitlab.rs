//! The template for GitLab.

use super::{ARCHIVE, ours, shell, workspace, yaml};
use crate::formats;
use crate::sandbox::Sandbox;

/// The job's script with the defaults of the inputs; `wget` copies from `releases/`.
fn run(sandbox: &Sandbox, given: &[(&str, &str)]) -> (i32, String) {
    let documents = yaml("examples/ci/gitlab/deconflict.yml");
    let inputs = &documents[0]["spec"]["inputs"];
    let job = &documents[1]["deconflict"];
    let mut variables = Vec::new();
    for (name, value) in job["variables"].as_hash().expect("variables") {
        let value = value.as_str().expect("text");
        let value = match value
            .strip_prefix("$[[ inputs.")
            .and_then(|rest| rest.strip_suffix(" ]]"))
        {
            Some(input) => inputs[input]["default"].as_str().expect("a default"),
            None => value,
        };
        variables.push((name.as_str().expect("a name"), value.to_owned()));
    }
    variables.extend(given.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let releases = sandbox.path("releases").display().to_string();
    variables.push(("LOCAL", releases));
    // As busybox and GNU both have it: -q -O FILE URL.
    let wget =
        "wget() { cp \"$LOCAL/${4#https://github.com/deconflict/deconflict/releases/download/}\" \"$3\"; }\n";
    let script = job["script"][0].as_str().expect("a script");
    assert!(
        !script.contains("$[["),
        "inputs inside a script would be code: {script}"
    );
    let output = shell("sh", sandbox, "repo", &format!("{wget}{script}"), &variables);
    let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
    log.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code().expect("an exit code"), log)
}

#[test]
fn the_template_leaves_reports_for_the_merge_request() {
    let sandbox = workspace(&ours());
    let (code, log) = run(&sandbox, &[]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("error[net-nodeport-taken]"), "{log}");
    let job = &yaml("examples/ci/gitlab/deconflict.yml")[1]["deconflict"];
    assert_eq!(job["artifacts"]["when"].as_str(), Some("always"));
    let report = |kind: &str| {
        let path = job["artifacts"]["reports"][kind].as_str().expect("a report");
        std::fs::read_to_string(sandbox.path("repo").join(path)).expect(path)
    };
    assert_eq!(formats::gitlab(&report("codequality")).len(), 6);
    assert_eq!(report("junit").matches("<failure ").count(), 6);
    let (code, log) = run(&sandbox, &[("DECONFLICT_FAIL_ON", "never")]);
    assert_eq!(code, 0, "{log}");
}

#[test]
fn another_archive_is_not_run() {
    let sandbox = workspace("touch \"$HOME/ran\"");
    let (code, log) = run(&sandbox, &[("DECONFLICT_SHA256", &"0".repeat(64))]);
    assert!(code != 0 && log.contains(ARCHIVE), "{log}");
    sandbox.write(
        "releases/v0.1.0/SHA256SUMS",
        format!("{}  other.tar.gz\n", "0".repeat(64)),
    );
    assert_ne!(run(&sandbox, &[]).0, 0);
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn the_base_is_the_targets_commit_or_where_it_branched_off() {
    let sandbox = workspace("printf '%s\\n' \"$@\" > \"$HOME/arguments\"");
    let base = |given: &[(&str, &str)]| {
        let (code, log) = run(&sandbox, given);
        assert_eq!(code, 0, "{log}");
        let arguments = std::fs::read_to_string(sandbox.path("arguments")).expect("arguments");
        let mut lines = arguments.lines();
        lines.find_map(|line| line.strip_prefix("--base=").map(str::to_owned))
    };
    assert_eq!(base(&[]), None);
    let diff = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "d1");
    assert_eq!(base(&[diff]).as_deref(), Some("d1"));
    assert_eq!(
        base(&[diff, ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "t1")]).as_deref(),
        Some("t1")
    );
}
