//! Bad input is normal: each gets a finding or a clear message with the place, and everything else is still checked.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;

use crate::sandbox::Sandbox;

/// A sound deployment, and one whose ConfigMap has a field that the API server does not know: proof that the rest was
/// checked.
const REST: &str = "//- deconflict.yaml
version: 1
//- clusters/prod/sound/x.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  namespace: x
//- clusters/prod/wrong/wrong.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: wrong
  namespace: wrong
date:
  a: b
";

const REST_FOUND: &str = "clusters/prod/wrong/wrong.yaml:6:1: error[api-unknown-field] ";

/// `check . --format concise` over [`REST`] and what `more` adds says `want` besides what it says about the rest.
fn check(more: impl FnOnce(&Sandbox), want: &[&str]) {
    let sandbox = Sandbox::new(REST);
    more(&sandbox);
    let ran = sandbox.run("check . --format concise");
    assert_eq!(ran.exit, Some(1), "{}{}", ran.stdout, ran.stderr);
    let (rest, found): (Vec<&str>, Vec<&str>) =
        ran.stdout.lines().partition(|line| line.starts_with(REST_FOUND));
    assert_eq!(rest.len(), 1, "{}", ran.stdout);
    assert_eq!(found, want);
}

#[test]
fn a_root_that_is_none() {
    let sandbox = Sandbox::new(REST);
    let check = |line: &str, want: &str| assert_eq!(sandbox.transcript(line), want, "{line}");
    check(
        "check nowhere",
        "--- stderr\nerror: `nowhere` does not exist\n--- exit 2\n",
    );
    check(
        "check clusters/prod/sound/x.yaml",
        "--- stderr\nerror: `clusters/prod/sound/x.yaml` is not a directory\n--- exit 2\n",
    );
    check(
        "map nowhere",
        "--- stderr\nerror: `nowhere` does not exist\n--- exit 2\n",
    );
    check(
        "render nowhere",
        "--- stderr\nerror: `nowhere` does not exist\n--- exit 1\n",
    );
}

#[test]
fn nothing_to_check() {
    let sandbox = Sandbox::new("//- README.md\n# nothing\n");
    let check = |line: &str, want: &str| assert_eq!(sandbox.transcript(line), want, "{line}");
    let closing = "checked 0 files, 0 placements, 0 objects, 0 clusters\nno findings\n";
    check(
        "check",
        &format!(
            "{closing}--- stderr\nerror: nothing to check: no Kubernetes manifest and no kustomization in . \
             (--allow-empty accepts that)\n--- exit 2\n"
        ),
    );
    check("check --allow-empty", &format!("{closing}--- exit 0\n"));
}

#[test]
fn a_configuration_with_mistakes() {
    let sandbox =
        Sandbox::new("//- deconflict.yaml\nversion: 1\nclutsers: []\n//- a.yaml\nkind: [\nmetadata:\n");
    let ran = sandbox.run("check");
    assert_eq!((ran.exit, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("deconflict.yaml:2:1") && ran.stderr.contains("clusters"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.run("check --config other.yaml");
    assert_eq!(ran.exit, Some(2));
    assert!(
        ran.stderr
            .starts_with("error: cannot read the configuration other.yaml: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn files_that_cannot_be_read() {
    check(
        |sandbox| {
            let path = "clusters/prod/wrong/z.yaml";
            sandbox.write(path, "");
            let closed = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(sandbox.path(path), closed).expect("permissions");
            if std::fs::read(sandbox.path(path)).is_ok() {
                // The super-user reads everything: nothing can be shown here.
                println!("skipped: the system refuses this user no file");
                std::fs::remove_file(sandbox.path(path)).expect("removed");
                symlink("z.yaml", sandbox.path(path)).expect("a link");
            }
        },
        &[if is_super_user() {
            "clusters/prod/wrong/z.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/z.yaml cannot be read: the \
             symbolic link leads in a circle"
        } else {
            "clusters/prod/wrong/z.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/z.yaml cannot be read: \
             permission denied"
        }],
    );
}

fn is_super_user() -> bool {
    let probe = Sandbox::new("//- probe\n");
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(probe.path("probe"), closed).expect("permissions");
    std::fs::read(probe.path("probe")).is_ok()
}

#[test]
fn links_in_a_circle_and_out_of_the_repository() {
    check(
        |sandbox| {
            symlink("b.yaml", sandbox.path("clusters/prod/wrong/a.yaml")).expect("a link");
            symlink("a.yaml", sandbox.path("clusters/prod/wrong/b.yaml")).expect("a link");
            symlink("..", sandbox.path("clusters/prod/wrong/up")).expect("a link");
            symlink("/etc/passwd", sandbox.path("clusters/prod/wrong/out.yaml")).expect("a link");
        },
        &[
            "clusters/prod/wrong/a.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/a.yaml cannot be read: the \
             symbolic link leads in a circle",
            "clusters/prod/wrong/b.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/b.yaml cannot be read: the \
             symbolic link leads in a circle",
            "clusters/prod/wrong/out.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/out.yaml cannot be read: \
             the symbolic link leads outside the repository, where nothing is read",
        ],
    );
}

#[test]
fn kustomizations_in_a_circle_and_out_of_the_repository() {
    check(
        |sandbox| {
            sandbox.write(
                "clusters/prod/turn/kustomization.yaml",
                "resources: [../../turned]\n",
            );
            sandbox.write(
                "clusters/turned/kustomization.yaml",
                "resources: [../prod/turn]\n",
            );
            sandbox.write(
                "clusters/prod/out/kustomization.yaml",
                "resources: [../../../../elsewhere]\n",
            );
        },
        &[
            "clusters/prod/out/kustomization.yaml:1:13: error[kus-build-error] the kustomization clusters/prod/out cannot be \
             built: '../../../../elsewhere' seen from 'clusters/prod/out' lies outside the repository",
            "clusters/turned/kustomization.yaml:1:13: error[kus-build-error] the kustomization clusters/turned cannot be built: \
             cycle detected: candidate root 'clusters/prod/turn' contains visited root 'clusters/prod/turn'",
        ],
    );
}

#[test]
fn a_file_of_a_hundred_megabytes() {
    check(
        |sandbox| {
            // Sparse, so that the disk need not hold it.
            sandbox.write(
                "clusters/prod/wrong/big.yaml",
                "apiVersion: v1\nkind: ConfigMap\n",
            );
            let file = std::fs::OpenOptions::new()
                .write(true)
                .open(sandbox.path("clusters/prod/wrong/big.yaml"))
                .expect("a file");
            file.set_len(100 << 20).expect("a long file");
        },
        &[
            "clusters/prod/wrong/big.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/big.yaml cannot be read: it has \
             105 MB, more than the 68 that are read",
        ],
    );
}

#[test]
fn what_is_no_text() {
    check(
        |sandbox| {
            sandbox.write("clusters/prod/wrong/program.yaml", b"\x7fELF\x02\x01\x01\0\0\0\0");
            sandbox.write("clusters/prod/wrong/latin.yaml", b"apiVersion: v1\nkind: \xe9\n");
        },
        &[
            "clusters/prod/wrong/latin.yaml:2:7: error[lay-yaml-hazard] clusters/prod/wrong/latin.yaml: byte 21 is not UTF-8",
            "clusters/prod/wrong/program.yaml:1:1: warning[lay-unreadable-file] clusters/prod/wrong/program.yaml cannot be \
             read: is binary, not YAML",
        ],
    );
}

#[test]
fn names_with_control_characters() {
    let sandbox = Sandbox::new(REST);
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"\\e[31mred\"\n  namespace: x\n";
    sandbox.write("clusters/prod/sound/a\u{1b}[31mb\n::error::c.yaml", manifest);
    for format in [
        "human", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown",
    ] {
        let ran = sandbox.run(&format!("check . -v --format {format}"));
        assert_eq!(ran.exit, Some(1), "{format}: {}", ran.stderr);
        for text in [&ran.stdout, &ran.stderr] {
            let hostile = text.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(hostile, None, "{format}: {text}");
            let command = text
                .lines()
                .find(|line| line.trim_start().starts_with("::error::c"));
            assert_eq!(command, None, "{format}");
        }
        assert!(ran.stdout.contains("api-name-format"), "{format}: {}", ran.stdout);
    }
}

#[test]
fn reports_that_cannot_be_written() {
    let sandbox = Sandbox::new(REST);
    // A closed pipe keeps the exit code of the findings.
    let mut child = sandbox
        .command("", &["check", ".", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: no /dev/full here");
        return;
    };
    let to_full = sandbox
        .command("", &["check", ".", "--format", "json"])
        .stdout(Stdio::from(full))
        .output()
        .expect("the program starts");
    assert_eq!(to_full.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&to_full.stderr).contains("cannot write to standard output"));
    let ran = sandbox.run("check . --format json=/dev/full");
    assert_eq!(ran.exit, Some(3));
    assert!(ran.stderr.contains("cannot write /dev/full"), "{}", ran.stderr);
}

#[test]
fn the_same_bytes_whatever_the_order_and_threads() {
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: x\nspec:\n  type: NodePort\n  ports:\n    \
             - port: 80\n      nodePort: 30080\n"
        )
    };
    let output = |first: &str, second: &str, threads: &str| {
        let sandbox = Sandbox::new("//- deconflict.yaml\nversion: 1\n").in_git();
        for name in [first, second] {
            sandbox.write(&format!("apps/{name}/overlays/prod/service.yaml"), service(name));
        }
        let ran = sandbox.run(&format!("check . --format json --threads {threads}"));
        assert!(
            ran.stdout.contains("net-nodeport-taken"),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
        ran.stdout + &sandbox.run(&format!("check . --threads {threads}")).stdout
    };
    let whole = output("a", "b", "1");
    assert_eq!(whole, output("b", "a", "1"));
    assert_eq!(whole, output("a", "b", "8"));
    assert_eq!(whole, output("b", "a", "8"));
}
