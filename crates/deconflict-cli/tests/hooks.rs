//! Hooks as Git runs them: real commits, merges and pushes, and a server that refuses.

use std::path::Path;
use std::process::Command;

use crate::sandbox::Sandbox;

const NAMESPACE: &str = "//- clusters/live/ubi-dev/00-namespace.yaml
apiVersion: v1
kind: Namespace
metadata: {name: ubi-dev}
";

const CERTIFICATE: &str = "apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: dev-fum-cert
  namespace: ubi-dev
spec:
  secretName: dev-fum-cert
  dnsNames: [dev.example.com]
  issuerRef: {name: letsencrypt, kind: ClusterIssuer}
";

const WRONG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ubi-dev}\ndate: {}\n";

const INSTALL: &str = "hook install . -- --only own,api";

/// A repository with the hooks installed; `None` without git.
fn hooked() -> Option<Sandbox> {
    let sandbox = Sandbox::new(NAMESPACE);
    if !sandbox.init_git() {
        return None;
    }
    sandbox.commit("start");
    let ran = sandbox.run(INSTALL);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("Hooks on this side are advice"),
        "{}",
        ran.stdout
    );
    Some(sandbox)
}

/// Whether git did it, and what it said.
fn git(sandbox: &Sandbox, at: &str, words: &str) -> (bool, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_deconflict"));
    let path = std::env::var("PATH").unwrap_or_default();
    let ours = program.parent().expect("its directory").display();
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(words.split(' '))
        .current_dir(sandbox.path(at))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("PATH", format!("{ours}:{path}"))
        .output()
        .expect("git starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (
        output.status.success(),
        said + &String::from_utf8_lossy(&output.stdout),
    )
}

fn passes(sandbox: &Sandbox, words: &str) {
    let (done, said) = git(sandbox, "", words);
    assert!(done, "git {words}: {said}");
}

fn refused(sandbox: &Sandbox, words: &str, because: &str) {
    let (done, said) = git(sandbox, "", words);
    assert!(!done && said.contains(because), "git {words}: {said}");
}

fn write_program(sandbox: &Sandbox, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    sandbox.write(path, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.path(path), mode).expect("its mode");
}

#[test]
fn commits_are_judged_by_what_they_would_hold() {
    let Some(sandbox) = hooked() else { return };
    let at = "clusters/live/ubi-dev/x.yaml";
    sandbox.write(at, WRONG);
    sandbox.git("add --all");
    refused(&sandbox, "commit -m wrong", "the commit is refused");
    // The text in the working tree does not count, and neither does what another path has in the index.
    sandbox.write(at, WRONG.replace("date", "data"));
    refused(&sandbox, "commit -m wrong", "api-unknown-field");
    sandbox.write(
        "clusters/live/ubi-dev/y.yaml",
        WRONG.replace("{name: x", "{name: other").replace("date", "data"),
    );
    sandbox.git("add clusters/live/ubi-dev/y.yaml");
    passes(&sandbox, "commit -m path -- clusters/live/ubi-dev/y.yaml");
    passes(&sandbox, "commit -a -m fixed");
    sandbox.write(at, WRONG);
    refused(&sandbox, "commit -a -m wrong", "the commit is refused");
    passes(&sandbox, "commit --no-verify -a -m wrong");
    // What is there already blocks nobody else.
    sandbox.write("clusters/live/ubi-dev/y.yaml", "# nothing\n");
    passes(&sandbox, "commit -a -m other");
    // In a linked working tree, too.
    sandbox.git("worktree add --quiet linked -b linked");
    sandbox.write(
        "linked/clusters/live/ubi-dev/z.yaml",
        WRONG.replace("{name: x", "{name: z"),
    );
    let (_, said) = git(&sandbox, "linked", "add --all");
    let (done, more) = git(&sandbox, "linked", "commit -m wrong");
    assert!(!done && more.contains("z.yaml"), "{said}{more}");
}

#[test]
fn a_merge_that_holds_one_object_twice_is_refused() {
    let Some(sandbox) = hooked() else { return };
    sandbox.git("checkout --quiet -b change");
    sandbox.write("clusters/live/ubi-dev/devcertificate.yaml", CERTIFICATE);
    sandbox.commit("change");
    sandbox.git("checkout --quiet main");
    sandbox.write("clusters/live/ubi-dev/05-devcertificate.yaml", CERTIFICATE);
    sandbox.commit("main");
    refused(&sandbox, "merge --no-edit change", "own-object-repeated");
    sandbox.git("merge --abort");
    let ran = sandbox.look("check . --rev change --base main --only own");
    assert_eq!(ran.exit, Some(1), "{}", ran.stdout);
}

#[test]
fn pushes_are_judged_here_and_on_the_server() {
    let Some(sandbox) = hooked() else { return };
    sandbox.git("init --quiet --bare --initial-branch main server.git");
    write_program(
        &sandbox,
        "server.git/hooks/pre-receive",
        include_str!("../../../examples/hooks/pre-receive"),
    );
    sandbox.git("remote add origin ./server.git");
    sandbox.write(".gitignore", "server.git\n");
    sandbox.commit("ignore");
    passes(&sandbox, "push origin main");
    sandbox.write("clusters/live/ubi-dev/x.yaml", WRONG);
    sandbox.git("add --all");
    passes(&sandbox, "commit --no-verify -m wrong");
    refused(
        &sandbox,
        "push origin main",
        "the push is refused; `git push --no-verify`",
    );
    refused(
        &sandbox,
        "push --no-verify origin main",
        "remote: deconflict: the push is refused",
    );
    // The server judges its main branch only, and nothing of a refused push stays.
    passes(&sandbox, "push --no-verify origin main:other");
    passes(&sandbox, "push origin --delete other");
    sandbox.git("reset --quiet --hard HEAD~1");
    passes(&sandbox, "push origin main:new");
}

#[test]
fn hooks_that_are_there_run_first_and_come_back() {
    let sandbox = Sandbox::new(NAMESPACE);
    if !sandbox.init_git() {
        return;
    }
    sandbox.git("config core.hooksPath my/hooks");
    write_program(
        &sandbox,
        "my/hooks/pre-commit",
        "#!/bin/sh\necho earlier\nexit 3\n",
    );
    write_program(&sandbox, "my/hooks/pre-push", "#!/bin/sh\ncat > seen\n");
    for _ in 0..2 {
        assert_eq!(sandbox.run(INSTALL).exit, Some(0));
    }
    sandbox.git("add clusters");
    refused(&sandbox, "commit -m one", "earlier");
    write_program(
        &sandbox,
        "my/hooks/pre-commit.before-deconflict",
        "#!/bin/sh\nexit 0\n",
    );
    passes(&sandbox, "commit -m one");
    sandbox.git("init --quiet --bare server.git");
    passes(&sandbox, "push ./server.git main");
    let seen = std::fs::read_to_string(sandbox.path("seen")).expect("the earlier hook ran");
    assert!(
        seen.starts_with("refs/heads/main ") && seen.ends_with('\n'),
        "{seen}"
    );
    assert_eq!(sandbox.run("hook uninstall").exit, Some(0));
    let back = std::fs::read_to_string(sandbox.path("my/hooks/pre-commit")).expect("it is back");
    assert_eq!(back, "#!/bin/sh\nexit 0\n");
    assert!(!sandbox.path("my/hooks/pre-merge-commit").exists());
    let ran = sandbox.run("hook install -- --fail-on nonsense");
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    let ran = sandbox.run("hook install server.git");
    assert!(
        ran.exit == Some(2) && ran.stderr.contains("pre-receive"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_nobody_reads_passes_at_once() {
    let Some(sandbox) = hooked() else { return };
    sandbox.write("README.md", "x");
    sandbox.git("add --all");
    let ran = sandbox.look("hook run pre-commit");
    assert_eq!(
        (ran.exit, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "")
    );
    // A manifest that is no more leaves nothing to check.
    sandbox.git("rm --quiet -r clusters");
    let ran = sandbox.look("hook run pre-commit");
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    let ran = sandbox.look("hook run pre-commit --allow-empty");
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
}

#[test]
fn an_amended_commit_is_judged_as_a_whole() {
    let Some(sandbox) = hooked() else { return };
    let at = "clusters/live/ubi-dev/x.yaml";
    sandbox.write(at, WRONG);
    sandbox.git("add --all");
    passes(
        &sandbox,
        "commit --no-verify --date 2026-01-02T03:04:05Z -m wrong",
    );
    // HEAD has it, but the commit that takes HEAD's place brings it again.
    refused(&sandbox, "commit --amend -m again", "api-unknown-field");
    // One on top of HEAD does not.
    sandbox.write("clusters/live/ubi-dev/y.yaml", "# nothing\n");
    sandbox.git("add --all");
    passes(&sandbox, "commit -m other");
    sandbox.git("reset --quiet --hard HEAD~1");
    sandbox.write(at, WRONG.replace("date", "data"));
    passes(&sandbox, "commit -a --amend -m right");
}

/// Work on `main` beside a server and a clone of somebody else, `other`.
fn shared() -> Option<Sandbox> {
    let sandbox = hooked()?;
    sandbox.write(".gitignore", "/server.git\n/other\n");
    sandbox.commit("ignore");
    sandbox.git("clone --quiet --bare . server.git");
    sandbox.git("clone --quiet server.git other");
    sandbox.git("remote add origin ./server.git");
    sandbox.git("fetch --quiet origin");
    sandbox.git("branch --quiet --set-upstream-to origin/main");
    Some(sandbox)
}

/// Somebody else, who has no hooks, commits `text` at `path` and pushes it.
fn elsewhere(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(&format!("other/{path}"), text);
    for words in [
        "add --all",
        "commit --quiet -m theirs",
        "push --quiet origin HEAD",
    ] {
        let (done, said) = git(sandbox, "other", words);
        assert!(done, "git {words}: {said}");
    }
}

#[test]
fn a_pull_is_not_held_against_who_pulls() {
    let Some(sandbox) = shared() else { return };
    let right = WRONG.replace("date", "data");
    elsewhere(&sandbox, "clusters/live/ubi-dev/x.yaml", WRONG);
    sandbox.write(
        "clusters/live/ubi-dev/y.yaml",
        right.replace("name: x", "name: ours"),
    );
    sandbox.commit("ours");
    passes(&sandbox, "pull --quiet --no-rebase --no-edit");
    passes(&sandbox, "push origin main");
    let (done, said) = git(&sandbox, "other", "pull --quiet");
    assert!(done, "{said}");
    // What only both together make is nobody else's.
    elsewhere(&sandbox, "clusters/live/ubi-dev/devcertificate.yaml", CERTIFICATE);
    sandbox.write("clusters/live/ubi-dev/05-devcertificate.yaml", CERTIFICATE);
    sandbox.commit("ours");
    refused(
        &sandbox,
        "pull --quiet --no-rebase --no-edit",
        "own-object-repeated",
    );
    sandbox.git("merge --abort");
    // A branch that nobody published is held against who merges it.
    sandbox.git("reset --quiet --hard origin/main~1");
    sandbox.git("checkout --quiet -b mine");
    sandbox.write(
        "clusters/live/ubi-dev/z.yaml",
        WRONG.replace("name: x", "name: z"),
    );
    sandbox.git("add --all");
    passes(&sandbox, "commit --no-verify -m wrong");
    sandbox.git("checkout --quiet main");
    sandbox.write(
        "clusters/live/ubi-dev/w.yaml",
        right.replace("name: x", "name: w"),
    );
    sandbox.commit("ours");
    refused(&sandbox, "merge --no-edit mine", "z.yaml");
}

#[test]
fn a_conflict_that_a_person_resolved_is_judged_like_a_merge() {
    let Some(sandbox) = shared() else { return };
    let at = "clusters/live/ubi-dev/y.yaml";
    let map = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: both, namespace: ubi-dev}}\ndata: {{a: {value}}}\n"
        )
    };
    elsewhere(&sandbox, "clusters/live/ubi-dev/x.yaml", WRONG);
    elsewhere(&sandbox, at, &map("theirs"));
    sandbox.write(at, map("ours"));
    sandbox.commit("ours");
    let (done, said) = git(&sandbox, "", "pull --quiet --no-rebase --no-edit");
    assert!(!done, "{said}");
    sandbox.write(at, map("both"));
    sandbox.git("add --all");
    passes(&sandbox, "commit --no-edit");
}

#[test]
fn a_new_branch_brings_what_the_remote_has_not() {
    let Some(sandbox) = hooked() else { return };
    let right = |name: &str| {
        WRONG
            .replace("date", "data")
            .replace("name: x", &format!("name: {name}"))
    };
    sandbox.write(".gitignore", "/server.git\n");
    sandbox.write("clusters/live/ubi-dev/x.yaml", WRONG);
    sandbox.git("add --all");
    passes(&sandbox, "commit --no-verify -m wrong");
    // Neither `main` nor a HEAD is known of the remote.
    sandbox.git("branch --move develop");
    sandbox.git("init --quiet --bare --initial-branch develop server.git");
    sandbox.git("remote add origin ./server.git");
    refused(&sandbox, "push origin develop", "x.yaml");
    passes(&sandbox, "push --quiet --no-verify origin develop");
    sandbox.git("checkout --quiet -b one");
    sandbox.write("clusters/live/ubi-dev/one.yaml", right("one"));
    sandbox.commit("one");
    passes(&sandbox, "push --quiet origin one");
    passes(&sandbox, "push --quiet ./server.git one:two");
    // On top of a branch that is there.
    sandbox.write(
        "clusters/live/ubi-dev/three.yaml",
        right("three").replace("data", "date"),
    );
    sandbox.git("add --all");
    passes(&sandbox, "commit --no-verify -m wrong");
    refused(&sandbox, "push origin HEAD:three", "three.yaml");
    passes(&sandbox, "push --quiet --no-verify origin HEAD:three");
    sandbox.git("checkout --quiet -b four");
    sandbox.write("clusters/live/ubi-dev/four.yaml", right("four"));
    sandbox.commit("four");
    passes(&sandbox, "push --quiet origin four");
}

#[test]
fn a_push_after_merging_the_main_branch() {
    let Some(sandbox) = shared() else { return };
    let right = |name: &str| {
        WRONG
            .replace("date", "data")
            .replace("name: x", &format!("name: {name}"))
    };
    sandbox.git("checkout --quiet -b mine");
    sandbox.write("clusters/live/ubi-dev/mine.yaml", right("mine"));
    sandbox.commit("mine");
    passes(&sandbox, "push --quiet origin mine");
    elsewhere(&sandbox, "clusters/live/ubi-dev/x.yaml", WRONG);
    sandbox.git("fetch --quiet origin");
    passes(&sandbox, "merge --quiet --no-edit origin/main");
    passes(&sandbox, "push --quiet origin mine");
}

#[test]
fn where_there_is_no_manifest_at_all() {
    let sandbox = Sandbox::new("//- .gitlab-ci.yml\nbuild: {script: make}\n//- README.md\nx\n");
    if !sandbox.init_git() {
        return;
    }
    assert_eq!(sandbox.run(INSTALL).exit, Some(0));
    sandbox.git("add README.md");
    passes(&sandbox, "commit -m text");
    sandbox.git("add --all");
    refused(
        &sandbox,
        "commit -m build",
        "`deconflict hook install -- --allow-empty` accepts that",
    );
    assert_eq!(sandbox.run("hook install . -- --allow-empty").exit, Some(0));
    passes(&sandbox, "commit -m build");
}

#[test]
fn judging_changes_nothing() {
    let Some(sandbox) = hooked() else { return };
    let at = "clusters/live/ubi-dev/x.yaml";
    sandbox.write(at, WRONG);
    sandbox.git("add --all");
    // What the index knows of the file is out of date: `git status` would write it anew.
    sandbox.write(at, WRONG);
    sandbox.write("untracked.yaml", WRONG);
    for (line, exit) in [
        ("hook run pre-commit --only own,api", 1),
        ("hook run pre-merge-commit --only own,api", 1),
        ("hook run pre-push --only own,api", 0),
        ("check . --only own,api", 1),
        ("check . --staged --only own,api", 1),
        ("check . --staged --base HEAD --only own,api", 1),
        ("check . --base HEAD --only own,api", 1),
        ("check . --rev HEAD --base HEAD --only own,api", 0),
        ("map .", 0),
    ] {
        let ran = sandbox.look(line);
        assert_eq!(ran.exit, Some(exit), "{line}: {}{}", ran.stdout, ran.stderr);
    }
}
