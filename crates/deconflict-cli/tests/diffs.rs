//! `diff --base`: real repositories, whatever the change is read from.

use crate::sandbox::Sandbox;

const START: &str = "//- apps/red/web/base/kustomization.yaml
resources: [objects.yaml]
secretGenerator:
  - name: token
    literals: [key=hunter1]
//- apps/red/web/base/objects.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  mode: slow
---
apiVersion: v1
kind: Secret
metadata:
  name: password
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":\"hunter2\"}'
stringData:
  password: hunter3
//- apps/red/web/overlays/prod/kustomization.yaml
namespace: web
resources: [../../base]
//- apps/red/web/overlays/test/kustomization.yaml
namespace: web
resources: [../../base]
";

const BASE: &str = "apps/red/web/base/objects.yaml";

/// A repository whose branch `change`, checked out, is not committed yet; `main` went on meanwhile.
fn parted(start: &str, change: impl Fn(&Sandbox)) -> Option<Sandbox> {
    let sandbox = Sandbox::new(start);
    if !sandbox.init_git() {
        return None;
    }
    sandbox.commit("start");
    sandbox.git("checkout --quiet -b change");
    sandbox.git("checkout --quiet main");
    sandbox.write(
        "apps/red/other/overlays/prod/o.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-main, namespace: web}\n",
    );
    sandbox.commit("main");
    sandbox.git("checkout --quiet change");
    change(&sandbox);
    Some(sandbox)
}

fn replace(sandbox: &Sandbox, path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(sandbox.path(path)).expect("a file");
    assert!(text.contains(from), "{path}: {from}");
    sandbox.write(path, text.replace(from, to));
}

#[test]
fn one_answer_from_the_working_tree_the_index_and_a_commit() {
    let Some(sandbox) = parted(START, |sandbox| replace(sandbox, BASE, "slow", "fast")) else {
        return;
    };
    // What `main` added meanwhile is on both sides.
    let want = "\
red/web in prod, test (team red)
  ~ ConfigMap web/settings
      @@ data.mode @@ apps/red/web/base/objects.yaml:6
        apiVersion: v1
        data:
      -   mode: slow
      +   mode: fast
        kind: ConfigMap
        metadata:
          name: settings

2 changed in 1 application of 2 clusters; 1 different change (7 objects before, 7 after)
";
    let check = |source: &str| {
        let ran = sandbox.look(&format!("diff . --base main {source}"));
        assert_eq!(ran.stdout, want, "{source}: {}", ran.stderr);
        assert_eq!(ran.exit, Some(0), "{source}: {}", ran.stderr);
    };
    check("");
    sandbox.git("add --all");
    check("--staged");
    sandbox.commit("change");
    check("--rev change");
    let ran = sandbox.look("diff . --base change --rev change");
    assert_eq!(ran.stdout, "no differences (6 objects before, 6 after)\n");
    assert_eq!(ran.exit, Some(0));
}

#[test]
fn no_value_of_a_secret_in_any_format() {
    let Some(sandbox) = parted(START, |sandbox| {
        replace(sandbox, BASE, "hunter2", "swordfish2");
        replace(sandbox, BASE, "hunter3", "swordfish3");
        replace(
            sandbox,
            "apps/red/web/base/kustomization.yaml",
            "hunter1",
            "swordfish1",
        );
    }) else {
        return;
    };
    // As written, and as `data` holds the generated one.
    let values = ["hunter", "swordfish", "aHVudGVy", "c3dvcmRmaXNo"];
    for format in ["human", "human -v", "markdown", "json"] {
        let ran = sandbox.look(&format!("diff . --base main --format {format}"));
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(
                !values.iter().any(|value| text.contains(value)),
                "{format}: {text}"
            );
        }
        let differ = ran.stdout.matches("(secret, differs)").count();
        assert_eq!(differ, 3, "{format}: {}", ran.stdout);
    }
}

#[test]
fn no_name_reaches_the_terminal_as_it_is() {
    let Some(sandbox) = parted(START, |sandbox| {
        sandbox.write(
            "apps/red/web/overlays/prod/evil.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"a\\e[31m\\u202Eb\\n::error::x\"\n  namespace: web\ndata:\n  k: |\n    \
             ::error::y\n    \u{202e}z\n",
        );
        sandbox.write(
            "apps/red/web/overlays/prod/kustomization.yaml",
            "namespace: web\nresources: [../../base, evil.yaml]\n",
        );
    }) else {
        return;
    };
    for format in ["human", "markdown", "json"] {
        let ran = sandbox.look(&format!("diff . --base main --format {format}"));
        assert!(
            ran.stdout.contains("error"),
            "{format}: {}{}",
            ran.stdout,
            ran.stderr
        );
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format}: {text}");
            let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
            assert_eq!(commands.count(), 0, "{format}: {text}");
        }
    }
}

#[test]
fn what_cannot_be_merged_is_no_clean_exit() {
    let Some(sandbox) = parted(START, |sandbox| {
        replace(sandbox, BASE, "slow", "fast");
        sandbox.commit("change");
        sandbox.git("checkout --quiet main");
        replace(sandbox, BASE, "slow", "never");
        sandbox.commit("main");
    }) else {
        return;
    };
    let ran = sandbox.look("diff . --base main --rev change");
    assert_eq!(ran.exit, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("cannot be merged"), "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("apps/red/web/base/objects.yaml cannot be merged into main"),
        "{}",
        ran.stderr
    );
}

#[test]
fn wrong_questions() {
    let Some(sandbox) = parted(START, |_| {}) else {
        return;
    };
    let check = |line: &str, want: &str| {
        let ran = sandbox.look(line);
        assert_eq!(ran.exit, Some(2), "{line}: {}", ran.stdout);
        assert!(ran.stderr.contains(want), "{line}: {}", ran.stderr);
    };
    check("diff . --base nowhere", "nowhere");
    check(
        "diff . --base main --cluster prodd",
        "no cluster `prodd` has objects before or after the change; did you mean `prod`?",
    );
    check("diff . --base main --app [", "`[` is no glob");
    check("diff . --base main --format sarif", "human, markdown, json");
    let empty = Sandbox::new("//- README.md\nx\n");
    empty.init_git();
    empty.commit("start");
    let ran = empty.look("diff . --base main");
    assert_eq!(ran.exit, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("nothing to compare"), "{}", ran.stderr);
}
