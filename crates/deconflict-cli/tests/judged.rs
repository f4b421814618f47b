//! `--staged` and `--rev`: what a commit would make, or has made, is judged, not what lies in the working tree.

use crate::sandbox::Sandbox;

const SOUND: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: x\n";
const WRONG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: x\ndate: {}\n";
const FOUND: &str = "clusters/prod/x.yaml:6:1: error[api-unknown-field] ";

#[test]
fn each_source_has_its_own_findings() {
    let sandbox = Sandbox::new("");
    let check = |options: &str, exit: i32, finding: bool, kind: &str| {
        let ran = sandbox.run(&format!("check . --format concise {options}"));
        assert_eq!(ran.exit, Some(exit), "{options}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout.contains(FOUND), finding, "{options}: {}", ran.stdout);
        let json = sandbox.run(&format!("check . --format json {options}")).stdout;
        assert!(
            json.contains(&format!("\"kind\": \"{kind}\"")),
            "{options}: {json}"
        );
    };
    sandbox.write("clusters/prod/x.yaml", SOUND);
    if !sandbox.init_git() {
        return;
    }
    sandbox.git("add --all");
    sandbox.git("commit --quiet -m one");
    sandbox.write("clusters/prod/x.yaml", WRONG);
    sandbox.git("add --all");
    sandbox.write("clusters/prod/x.yaml", SOUND);
    check("", 0, false, "worktree");
    check("--staged", 1, true, "staged");
    check("--rev HEAD", 0, false, "revision");
    sandbox.git("commit --quiet -m two");
    check("--rev HEAD", 1, true, "revision");
    check("--rev main~1", 0, false, "revision");
    let ran = sandbox.run("check . --rev nope");
    assert_eq!(
        (ran.exit, ran.stderr.as_str()),
        (Some(2), "error: revision `nope`: no such commit\n")
    );
    let ran = sandbox.run("check . --rev HEAD --staged");
    assert_eq!(ran.exit, Some(2));
}
