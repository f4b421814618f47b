//! `check --base`: what a merge would make true is judged, and only what the base does not have already blocks.

use std::path::Path;

use crate::sandbox::{Ran, Sandbox};

/// A repository whose branches `main` and `change` part after `start`; `change` is checked out, with `change` not
/// committed yet.
fn parted(start: &str, main: impl Fn(&Sandbox), change: impl Fn(&Sandbox)) -> Option<Sandbox> {
    let sandbox = Sandbox::new(start);
    if !sandbox.init_git() {
        return None;
    }
    sandbox.commit("start");
    sandbox.git("checkout --quiet -b change");
    sandbox.git("checkout --quiet main");
    main(&sandbox);
    sandbox.commit("main");
    sandbox.git("checkout --quiet change");
    change(&sandbox);
    Some(sandbox)
}

/// Names, times and contents of everything below `directory`, `.git` included.
fn everything(directory: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let meta = path.symlink_metadata().expect("its facts");
        let time = meta.modified().expect("a time");
        if meta.is_dir() {
            everything(&path, into);
            into.push(format!("{} {time:?}", path.display()));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            into.push(format!("{} {time:?} {bytes:?}", path.display()));
        }
    }
    into.sort();
}

/// The same from the working tree, the index and a commit, which all hold the change. Nothing is written.
fn check(sandbox: &Sandbox, options: &str, exit: i32, want: &[&str]) {
    let one = |source: &str| {
        let mut before = Vec::new();
        everything(&sandbox.path(""), &mut before);
        let ran = sandbox.run(&format!(
            "check . --format concise --base main {source} {options}"
        ));
        let mut after = Vec::new();
        everything(&sandbox.path(""), &mut after);
        assert_eq!(before, after, "{source}: a check writes nothing");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(lines, want, "{source} {options}: {}", ran.stderr);
        assert_eq!(ran.exit, Some(exit), "{source} {options}: {}", ran.stderr);
    };
    one("");
    sandbox.git("add --all");
    one("--staged");
    sandbox.commit("change");
    one("--rev change");
    sandbox.git("reset --quiet --soft HEAD~1");
}

fn json(sandbox: &Sandbox, options: &str) -> Ran {
    sandbox.look(&format!("check . --format json --base main {options}"))
}

fn port(app: &str, port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {app}\n  namespace: {app}\nspec:\n  type: NodePort\n  ports:\n    \
         - port: 80\n      nodePort: {port}\n"
    )
}

const A: &str = "apps/red/a/overlays/prod/service.yaml";
const B: &str = "apps/blue/b/overlays/prod/service.yaml";
const C: &str = "apps/blue/c/overlays/prod/service.yaml";

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

#[test]
fn one_object_added_on_both_sides_is_refused() {
    let at = "clusters/live/ubi-dev";
    let Some(sandbox) = parted(
        "//- clusters/live/ubi-dev/00-namespace.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: ubi-dev}\n",
        |sandbox| sandbox.write(&format!("{at}/05-devcertificate.yaml"), CERTIFICATE),
        |sandbox| sandbox.write(&format!("{at}/devcertificate.yaml"), CERTIFICATE),
    ) else {
        return;
    };
    // Both files are new to somebody; the one that the change brings comes first.
    check(
        &sandbox,
        "--only own",
        1,
        &[
            "clusters/live/ubi-dev/devcertificate.yaml:4:9: error[own-object-repeated] clusters/live/ubi-dev declares \
           Certificate ubi-dev/dev-fum-cert twice in live (other side: clusters/live/ubi-dev/05-devcertificate.yaml:4)",
        ],
    );
    // Neither side has it alone.
    for side in ["main", "change"] {
        let ran = sandbox.look(&format!("check . --rev {side} --only own"));
        assert_eq!(ran.exit, Some(0), "{}", ran.stdout);
    }
}

#[test]
fn a_port_that_the_base_frees_is_free() {
    let start = format!("//- {A}\n{}", port("a", 30080));
    let Some(sandbox) = parted(
        &start,
        |sandbox| sandbox.write(A, port("a", 30081)),
        |sandbox| sandbox.write(B, port("b", 30080)),
    ) else {
        return;
    };
    check(&sandbox, "--only net", 0, &[]);
    // On the branch alone it is taken.
    sandbox.commit("change");
    let ran = sandbox.look("check . --rev change --only net");
    assert_eq!(ran.exit, Some(1));
}

#[test]
fn a_port_that_both_take_is_taken() {
    let Some(sandbox) = parted(
        "//- README.md\nx\n",
        |sandbox| sandbox.write(A, port("a", 30080)),
        |sandbox| sandbox.write(C, port("c", 30080)),
    ) else {
        return;
    };
    // The change's side comes first, though the other's path does.
    let found = format!(
        "{C}:10:17: error[net-nodeport-taken] blue and red both claim node port 30080 in prod (other side: {A}:10)"
    );
    check(&sandbox, "--only net", 1, &[&found]);
}

#[test]
fn what_the_base_has_is_old() {
    let start = format!(
        "//- {A}\n{}//- {B}\n{}//- clusters/prod/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, \
         namespace: x}}\ndate: {{}}\n",
        port("a", 30080),
        port("b", 30080)
    );
    let at = |a: &str, line: u32, more: &str| {
        format!(
            "{B}:10:17: error[net-nodeport-taken] blue and red both claim node port 30080 in prod (other side: {a}:{line}){more}"
        )
    };
    let x = |path: &str, more: &str| {
        format!("{path}:4:1: error[api-unknown-field] ConfigMap x/x: there is no field `date` here{more}")
    };
    // Nothing changed, lines moved, files renamed, a whole directory renamed.
    type Case = (&'static str, fn(&Sandbox), &'static str, u32, &'static str);
    let changes: [Case; 4] = [
        ("nothing", |_| {}, A, 10, "clusters/prod/x.yaml"),
        (
            "lines",
            |sandbox| sandbox.write(A, format!("# a comment\n\n{}", port("a", 30080))),
            A,
            12,
            "clusters/prod/x.yaml",
        ),
        (
            "files",
            |sandbox| {
                sandbox.git(&format!("mv {A} apps/red/a/overlays/prod/svc.yaml"));
                sandbox.git("mv clusters/prod/x.yaml clusters/prod/y.yaml");
            },
            "apps/red/a/overlays/prod/svc.yaml",
            10,
            "clusters/prod/y.yaml",
        ),
        (
            "the application",
            |sandbox| sandbox.git("mv apps/red/a apps/red/aa"),
            "apps/red/aa/overlays/prod/service.yaml",
            10,
            "clusters/prod/x.yaml",
        ),
    ];
    for (what, change, a, line, other) in changes {
        let Some(sandbox) = parted(&start, |sandbox| sandbox.write("README.md", "x\n"), change) else {
            return;
        };
        check(&sandbox, "--only net,api", 0, &[]);
        check(
            &sandbox,
            "--only net,api --show-old",
            0,
            &[&at(a, line, " (old)"), &x(other, " (old)")],
        );
        let summary = json(&sandbox, "--only net,api").stdout;
        assert!(
            summary.contains("\"old\": 2,") && summary.contains("\"findings\": []"),
            "{what}: {summary}"
        );
        assert!(
            summary.contains("\"base\": \"main\",\n    \"merged\": true"),
            "{summary}"
        );
    }
    // A third application takes the port: the collision is another one.
    let Some(sandbox) = parted(&start, |_| {}, |sandbox| sandbox.write(C, port("c", 30080))) else {
        return;
    };
    let found = format!(
        "{C}:10:17: error[net-nodeport-taken] blue and red both claim node port 30080 in prod (other sides: {B}:10, {A}:10)"
    );
    check(&sandbox, "--only net", 1, &[&found]);
}

#[test]
fn of_two_equals_the_new_one_is_reported() {
    let twice = |dates: &str| format!("apiVersion: v1\nkind: List\nitems:\n{dates}");
    let one = |comment: &str| {
        format!(
            "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: x, namespace: x}}\n  date: {{}} # {comment}\n"
        )
    };
    let at = "clusters/prod/x.yaml";
    let start = format!("//- {at}\n{}", twice(&one("old")));
    let Some(sandbox) = parted(
        &start,
        |_| {},
        |sandbox| sandbox.write(at, twice(&format!("{}{}", one("new"), one("old")))),
    ) else {
        return;
    };
    let found =
        "clusters/prod/x.yaml:7:3: error[api-unknown-field] ConfigMap x/x: there is no field `date` here";
    check(&sandbox, "--only api", 1, &[found]);
}

#[test]
fn conflicts_never_pass_and_the_rest_is_checked() {
    let start = format!("//- {A}\n{}//- {B}\n{}", port("a", 30080), port("b", 30081));
    let Some(sandbox) = parted(
        &start,
        |sandbox| sandbox.write(A, port("a", 30082)),
        |sandbox| {
            sandbox.write(A, port("a", 30083));
            sandbox.write(C, port("c", 30081));
        },
    ) else {
        return;
    };
    let conflict =
        format!("{A}:1:1: error[skw-merge-conflict] Git cannot merge this with main: conflict in {A}");
    let taken = format!(
        "{C}:10:17: error[net-nodeport-taken] blue/b and blue/c both claim node port 30081 in prod (other side: {B}:10)"
    );
    let ran = sandbox.look("check . --format concise --base main --only net --fail-on never");
    assert_eq!(
        ran.stdout.lines().collect::<Vec<_>>(),
        [taken.replace("error", "warning"), conflict.clone()]
    );
    assert_eq!(ran.exit, Some(1), "{}", ran.stderr);
    // Wherever one looks.
    let ran = sandbox.look("check clusters --format concise --base main --only net --fail-on never");
    assert_eq!(ran.exit, Some(2), "there is no such directory: {}", ran.stderr);
    let ran = sandbox.look("check apps/blue --format concise --base main --only kus");
    assert_eq!((ran.exit, ran.stdout), (Some(1), format!("{conflict}\n")));
}

#[test]
fn bases_that_cannot_be_used_are_refused() {
    let Some(sandbox) = parted("//- README.md\nx\n", |_| {}, |_| {}) else {
        return;
    };
    let ran = sandbox.look("check . --base nope");
    assert_eq!(
        (ran.exit, ran.stderr.as_str()),
        (Some(2), "error: revision `nope`: no such commit\n")
    );
}
