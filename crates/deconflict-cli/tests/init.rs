//! `init` writes once, and what it writes is read back.

use crate::sandbox::Sandbox;

const TREE: &str = "\
//- apps/payments/web/base/kustomization.yaml
resources: [config.yaml]
//- apps/payments/web/base/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
//- apps/payments/web/overlays/prod/kustomization.yaml
resources: [../../base]
";

#[test]
fn it_writes_once_and_never_overwrites() {
    let sandbox = Sandbox::new(TREE).in_git();
    let map = sandbox.transcript("map");
    let check = sandbox.transcript("check");
    assert_eq!(
        sandbox.transcript("init apps"),
        "--- stderr\nwrote deconflict.yaml: look through it, then run `deconflict map`\n--- exit 0\n"
    );
    let written = std::fs::read_to_string(sandbox.path("deconflict.yaml")).expect("the file");
    for line in ["  - name: prod ", "    class: production", "  - name: payments "] {
        assert!(written.contains(line), "{line} in\n{written}");
    }
    // It moves nothing, and has nothing wrong.
    let class = map.replace("prod (", "prod (production, ");
    assert_eq!(sandbox.transcript("map"), class);
    // The new file is counted as one.
    assert_eq!(sandbox.transcript("check"), check.replace("3 files", "4 files"));

    sandbox.write("deconflict.yaml", "version: 1\n");
    let refused = "error: deconflict.yaml exists already, and init never overwrites; --stdout shows what it would write\n";
    assert_eq!(
        sandbox.transcript("init"),
        format!("--- stderr\n{refused}--- exit 2\n")
    );
    assert_eq!(
        sandbox.transcript("init --stdout"),
        format!("{written}--- exit 0\n")
    );
    let kept = std::fs::read_to_string(sandbox.path("deconflict.yaml")).expect("the file");
    assert_eq!(kept, "version: 1\n");
}

#[test]
fn another_place_and_no_place() {
    let sandbox = Sandbox::new(TREE).in_git();
    sandbox.write(".github/deconflict.yaml", "version: 1\n");
    let refused = sandbox.run("init");
    assert_eq!(refused.exit, Some(2));
    assert!(
        refused.stderr.contains(".github/deconflict.yaml exists already"),
        "{}",
        refused.stderr
    );
    // A link that leads nowhere is something too.
    let sandbox = Sandbox::new(TREE).in_git();
    std::os::unix::fs::symlink("nowhere", sandbox.path("deconflict.yaml")).expect("a link");
    assert_eq!(sandbox.run("init").exit, Some(2));
    assert!(!sandbox.path("nowhere").exists());
    assert_eq!(sandbox.run("init no/such").exit, Some(2));
}
