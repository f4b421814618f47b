//! `action.yml`.

use std::collections::BTreeMap;

use yaml_rust2::Yaml;

use super::{ARCHIVE, bash, ours, shell, top, workspace, yaml};
use crate::formats;
use crate::sandbox::Sandbox;

/// What a run of the action left.
struct Ran {
    code: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

/// A copy of the action in `action/`, as a runner has it.
fn with_action(sandbox: &Sandbox) {
    std::fs::copy(top().join("action.yml"), sandbox.path("action.yml")).expect("the action");
    std::fs::create_dir_all(sandbox.path("action")).expect("a directory");
    sandbox.copy(&top().join("action"), "action");
}

/// `${{ … }}` as far as `action.yml` uses it.
fn evaluate(
    text: &str,
    inputs: &BTreeMap<String, String>,
    steps: &BTreeMap<String, String>,
    sandbox: &Sandbox,
) -> String {
    let Some(inner) = text
        .strip_prefix("${{ ")
        .and_then(|text| text.strip_suffix(" }}"))
    else {
        assert!(!text.contains("${{"), "{text}");
        return text.to_owned();
    };
    if let Some(name) = inner.strip_prefix("inputs.") {
        return inputs[name].clone();
    }
    if let Some(name) = inner.strip_prefix("steps.") {
        return steps.get(name).cloned().unwrap_or_default();
    }
    match inner {
        "github.action_path" => sandbox.path("").display().to_string(),
        "github.token" => "none".to_owned(),
        other => panic!("an expression that no test knows: {other}"),
    }
}

/// The steps of the action, one after the other until one fails, in the directory `repo`.
fn run(sandbox: &Sandbox, given: &[(&str, &str)], runner: &[(&str, &str)]) -> Ran {
    let action = &yaml("action.yml")[0];
    let mut inputs = BTreeMap::new();
    for (name, input) in action["inputs"].as_hash().expect("inputs") {
        let default = input["default"].as_str().expect("a default").to_owned();
        inputs.insert(name.as_str().expect("a name").to_owned(), default);
    }
    for (name, value) in given {
        assert!(
            inputs.insert((*name).to_owned(), (*value).to_owned()).is_some(),
            "no input {name}"
        );
    }
    for name in ["summary", "output"] {
        sandbox.write(name, "");
    }
    std::fs::create_dir_all(sandbox.path("temp")).expect("a directory");
    let (mut log, mut code, mut steps) = (String::new(), 0, BTreeMap::new());
    for step in action["runs"]["steps"].as_vec().expect("steps") {
        let id = step["id"].as_str().expect("an id");
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "{script}");
        assert_eq!(step["shell"].as_str(), Some("bash"));
        let path = |name: &str| sandbox.path(name).display().to_string();
        let mut variables = vec![
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("RUNNER_TEMP", path("temp")),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("DECONFLICT_RELEASES", format!("file://{}", path("releases"))),
        ];
        variables.extend(runner.iter().map(|(name, value)| (*name, (*value).to_owned())));
        for (name, value) in step["env"].as_hash().into_iter().flatten() {
            let value = evaluate(value.as_str().expect("text"), &inputs, &steps, sandbox);
            variables.push((name.as_str().expect("a name"), value));
        }
        sandbox.write("output", "");
        let output = shell("bash", sandbox, "repo", script, &variables);
        log.push_str(&String::from_utf8_lossy(&output.stdout));
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        code = output.status.code().expect("an exit code");
        for line in read(sandbox, "output").lines() {
            let (name, value) = line.split_once('=').expect("name=value");
            steps.insert(format!("{id}.outputs.{name}"), value.to_owned());
        }
        if code != 0 {
            break;
        }
    }
    let outputs = action["outputs"].as_hash().expect("outputs").iter();
    let outputs = outputs.map(|(name, output): (&Yaml, &Yaml)| {
        let value = output["value"].as_str().expect("a value");
        (
            name.as_str().expect("a name").to_owned(),
            evaluate(value, &inputs, &steps, sandbox),
        )
    });
    Ran {
        code,
        log,
        outputs: outputs.collect(),
        summary: read(sandbox, "summary"),
    }
}

fn read(sandbox: &Sandbox, path: &str) -> String {
    std::fs::read_to_string(sandbox.path(path)).expect(path)
}

#[test]
fn it_annotates_the_lines_and_leaves_reports() {
    let sandbox = workspace(&ours());
    with_action(&sandbox);
    let given = [
        ("sarif-file", "out.sarif"),
        ("formats", "gitlab=quality.json, junit=junit.xml"),
    ];
    let ran = run(&sandbox, &given, &[]);
    assert_eq!(ran.code, 1, "{}", ran.log);
    let want = formats::json(&read(&sandbox, "temp/deconflict.json"));
    assert_eq!(want.len(), 6);
    assert_eq!(formats::gitlab(&read(&sandbox, "repo/quality.json")), want);
    assert!(read(&sandbox, "repo/junit.xml").contains("<testcase "));
    assert!(read(&sandbox, "repo/out.sarif").contains("\"version\": \"2.1.0\""));
    assert!(ran.summary.starts_with("<!-- deconflict -->"), "{}", ran.summary);
    let output = |name: &str| ran.outputs[name].as_str();
    assert_eq!(
        (
            output("exit-code"),
            output("errors"),
            output("warnings"),
            output("sarif-file")
        ),
        ("1", "6", "0", "out.sarif")
    );
    // The frames stand in the log too, where no line of them is a command.
    let (before, rest) = ran.log.split_once("::stop-commands::").expect("a report");
    assert!(before.ends_with("::group::deconflict report\n"), "{}", ran.log);
    assert_eq!(
        formats::github(before.trim_end_matches("::group::deconflict report\n")),
        want
    );
    let (token, rest) = rest.split_once('\n').expect("a token");
    let (report, after) = rest.split_once(&format!("::{token}::\n")).expect("the end");
    assert!(
        report.contains("error[net-nodeport-taken]") && after.starts_with("::endgroup::"),
        "{report}"
    );

    let ran = run(&sandbox, &[("fail-on", "never")], &[]);
    assert_eq!(
        (ran.code, ran.outputs["exit-code"].as_str()),
        (0, "0"),
        "{}",
        ran.log
    );
    let ran = run(&sandbox, &[("config", "nowhere.yaml")], &[]);
    assert_eq!(
        (ran.code, ran.outputs["exit-code"].as_str()),
        (2, "2"),
        "{}",
        ran.log
    );
}

#[test]
fn only_the_archive_that_is_known_is_run() {
    let sandbox = workspace("touch \"$HOME/ran\"");
    with_action(&sandbox);
    let refused = |given: &[(&str, &str)], runner: &[(&str, &str)], want: &str| {
        let ran = run(&sandbox, given, runner);
        assert_eq!(ran.code, 3, "{}", ran.log);
        assert!(ran.log.contains(want), "{}", ran.log);
        assert!(!sandbox.path("ran").exists() && !sandbox.path("repo/pwned").exists());
    };
    // The list of the release is good, that of the action is worth more.
    let good = read(&sandbox, "releases/v0.1.0/SHA256SUMS");
    sandbox.write("action/SHA256SUMS", format!("{}  {ARCHIVE}\n", "0".repeat(64)));
    refused(&[], &[], "its SHA-256 differs from that of the action");
    sandbox.write("action/SHA256SUMS", "# none\n");
    sandbox.write(
        "releases/v0.1.0/SHA256SUMS",
        format!("{}  {ARCHIVE}\n", "0".repeat(64)),
    );
    refused(&[], &[], "its SHA-256 differs from that of the release");
    sandbox.write(
        "releases/v0.1.0/SHA256SUMS",
        good.replace(ARCHIVE, "other.tar.gz"),
    );
    refused(&[], &[], "no SHA-256 of");
    refused(&[("version", "9.9.9")], &[], "cannot download");
    refused(&[("version", "0.1.0; touch pwned")], &[], "must be a version");
    refused(
        &[],
        &[("RUNNER_ARCH", "S390X")],
        "there is no release for Linux on S390X",
    );
    sandbox.write("action/SHA256SUMS", good);
    let ran = run(&sandbox, &[], &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert!(ran.log.contains("verified by the SHA-256 of the action") && sandbox.path("ran").exists());
}

/// What the program was called with.
fn arguments(sandbox: &Sandbox, given: &[(&str, &str)], runner: &[(&str, &str)]) -> (Vec<String>, String) {
    let ran = run(sandbox, given, runner);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let arguments = read(sandbox, "arguments").lines().map(str::to_owned).collect();
    (arguments, ran.log)
}

#[test]
fn the_base_is_what_the_merge_is_merged_into() {
    let sandbox = workspace("printf '%s\\n' \"$@\" > \"$HOME/arguments\"");
    with_action(&sandbox);
    // A pull request whose branch is one commit, and the merge that the runner checks out.
    let script = "git init -q -b main && git add -A && git commit -qm main && git switch -qc topic \
                  && echo '# x' >> deconflict.yaml && git commit -qam topic && git switch -q main \
                  && git commit -q --allow-empty -m more && git switch -q --detach && git merge -q --no-ff -m merge topic \
                  && git update-ref refs/pull/1/merge HEAD && git rev-parse HEAD HEAD^1";
    let shas = bash(&sandbox, "repo", script, &[]);
    let shas: Vec<&str> = shas.lines().collect();
    std::fs::rename(sandbox.path("repo"), sandbox.path("origin")).expect("a rename");
    bash(
        &sandbox,
        "origin",
        "git config uploadpack.allowAnySHA1InWant true",
        &[],
    );
    let has = |arguments: &[String], flag: &str| arguments.iter().any(|argument| argument == flag);
    let base = format!("--base={}", shas[1]);
    let origin = format!("file://{}", sandbox.path("origin").display());
    for depth in ["1", "2"] {
        for event in ["pull_request", "merge_group"] {
            let script = format!(
                "rm -rf repo && git init -q repo && cd repo && git remote add origin '{origin}' \
                 && git fetch -q --depth={depth} origin refs/pull/1/merge && git checkout -q --detach FETCH_HEAD"
            );
            bash(&sandbox, "", &script, &[]);
            let runner = [("GITHUB_EVENT_NAME", event), ("GITHUB_SHA", shas[0])];
            let (called, _) = arguments(&sandbox, &[], &runner);
            assert!(has(&called, &base), "depth {depth}, {event}: {called:?}");
        }
    }
    // No remote to ask: everything is new, and that is said.
    bash(
        &sandbox,
        "",
        "rm -rf repo && git clone -q --depth=1 \"$ORIGIN\" repo && git -C repo remote remove origin",
        &[("ORIGIN", origin.clone())],
    );
    let head = bash(&sandbox, "repo", "git rev-parse HEAD", &[]);
    let runner = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_SHA", head.trim())];
    let (called, log) = arguments(&sandbox, &[], &runner);
    assert!(
        !called.iter().any(|argument| argument.starts_with("--base")),
        "{called:?}"
    );
    assert!(
        log.contains("::notice title=deconflict::older findings cannot be told apart"),
        "{log}"
    );
    // Another commit than the merge has other parents; a push has no base; what is given is taken.
    let (called, _) = arguments(
        &sandbox,
        &[],
        &[("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_SHA", shas[1])],
    );
    assert!(
        !called.iter().any(|argument| argument.starts_with("--base")),
        "{called:?}"
    );
    let (called, log) = arguments(&sandbox, &[], &[("GITHUB_EVENT_NAME", "push")]);
    assert!(
        !called.iter().any(|argument| argument.starts_with("--base")) && !log.contains("notice"),
        "{called:?}"
    );
    let (called, _) = arguments(&sandbox, &[("base", "origin/main")], &[]);
    assert!(has(&called, "--base=origin/main"), "{called:?}");
}

#[test]
fn only_what_the_pull_request_brings_is_annotated() {
    let sandbox = workspace(&ours());
    with_action(&sandbox);
    // Six collisions are there already; the pull request brings one more.
    let script = "git init -q -b main && git add -A && git commit -qm main && git switch -qc topic \
                  && sed -i 's/30080/30081/' apps/checkout/api/overlays/prod/service-patch.yaml \
                  && cp -r apps/checkout/api apps/checkout/copy && git add -A && git commit -qm topic && git switch -q main \
                  && git commit -q --allow-empty -m more && git switch -q --detach && git merge -q --no-ff -m merge topic \
                  && git rev-parse HEAD";
    let head = bash(&sandbox, "repo", script, &[]);
    let runner = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_SHA", head.trim())];
    let ran = run(&sandbox, &[], &runner);
    assert_eq!(ran.code, 1, "{}", ran.log);
    let commands: Vec<&str> = ran
        .log
        .lines()
        .filter(|line| line.starts_with("::error "))
        .collect();
    assert!(
        commands.iter().any(|line| line.contains("apps/checkout/copy/")),
        "{commands:?}"
    );
    assert!(
        !commands.iter().any(|line| line.contains("sto-pvc-shared")),
        "{commands:?}"
    );
    assert!(ran.log.contains("older findings not shown"), "{}", ran.log);
}

#[test]
fn inputs_are_no_code() {
    let sandbox = workspace("printf '%s\\n' \"$@\" > \"$HOME/arguments\"");
    with_action(&sandbox);
    let hostile = "a b$(touch pwned)`touch pwned`\"; touch pwned; \"";
    let given = [
        ("path", hostile),
        ("config", hostile),
        ("fail-on", hostile),
        ("base", hostile),
        ("sarif-file", hostile),
    ];
    let (called, _) = arguments(&sandbox, &given, &[]);
    let want = ["", "--config=", "--fail-on=", "--base=", "--format=sarif="];
    for flag in want {
        assert!(called.contains(&format!("{flag}{hostile}")), "{called:?}");
    }
    let (called, _) = arguments(&sandbox, &[("path", "--help")], &[]);
    assert_eq!(called[called.len() - 2..], ["--", "--help"]);
    assert!(!sandbox.path("repo/pwned").exists());
}
