//! A repository full of old findings starts today, and hears of what is new and of what is gone.

use std::path::Path;

use crate::sandbox::Sandbox;

/// The example that collides in six ways.
fn storefront() -> Sandbox {
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    sandbox.in_git()
}

fn says(sandbox: &Sandbox, line: &str, exit: i32, stderr: &str) {
    let ran = sandbox.run(line);
    assert_eq!((ran.exit, ran.stderr.as_str()), (Some(exit), stderr), "{line}");
}

#[test]
fn what_is_accepted_is_counted_and_what_is_new_is_shown() {
    let sandbox = storefront();
    // From anywhere below, everything is accepted.
    says(
        &sandbox,
        "baseline create apps/payments",
        0,
        "wrote deconflict-baseline.yaml: 6 findings accepted\n",
    );
    let ran = sandbox.run("check .");
    assert_eq!(ran.exit, Some(0), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("no findings; 6 older findings not shown"),
        "{}",
        ran.stdout
    );

    // A new collision is none of the old ones.
    let patch = "apps/checkout/api/overlays/prod/service-patch.yaml";
    let text = std::fs::read_to_string(sandbox.path(patch)).expect("a patch");
    sandbox.write(
        "apps/checkout/export/base/service.yaml",
        text.replace("30080", "30090")
            .replace("name: api", "name: export"),
    );
    let path = "apps/payments/gateway/base/service.yaml";
    let text = std::fs::read_to_string(sandbox.path(path)).expect("a service");
    sandbox.write(path, text.replace("30080", "30090"));
    let kustomization = "apps/checkout/export/base/kustomization.yaml";
    let text = std::fs::read_to_string(sandbox.path(kustomization)).expect("a kustomization");
    sandbox.write(
        kustomization,
        text.replace("resources:\n", "resources:\n  - service.yaml\n"),
    );
    let ran = sandbox.run("check . --format concise");
    assert_eq!(ran.exit, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("node port 30090"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("sto-pvc-shared"), "{}", ran.stdout);
    // The port that is free again is said.
    assert!(
        ran.stdout.contains("deconflict-baseline.yaml") && ran.stdout.contains("lint-unused-baseline"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_is_gone_is_said_and_pruned() {
    let sandbox = storefront();
    says(
        &sandbox,
        "baseline prune",
        2,
        "error: there is no deconflict-baseline.yaml; `baseline create` writes one\n",
    );
    says(
        &sandbox,
        "baseline create",
        0,
        "wrote deconflict-baseline.yaml: 6 findings accepted\n",
    );
    says(
        &sandbox,
        "baseline prune",
        0,
        "deconflict-baseline.yaml: nothing is gone, 6 findings accepted\n",
    );
    let refused = "error: deconflict-baseline.yaml exists already; `baseline prune` removes what is gone, `baseline create \
                   --force` accepts everything anew\n";
    says(&sandbox, "baseline create", 2, refused);

    // One pod less asks for other amounts: the quota has a finding of its own. The claim is not shared in prod any more, the CRD no longer owned twice anywhere.
    sandbox.write(
        "apps/checkout/export/overlays/prod/kustomization.yaml",
        "resources: []\n",
    );
    std::fs::remove_file(sandbox.path("apps/payments/ledger/base/queue-crd.yaml")).expect("the CRD");
    let kustomization = "apps/payments/ledger/base/kustomization.yaml";
    let text = std::fs::read_to_string(sandbox.path(kustomization)).expect("a kustomization");
    sandbox.write(kustomization, text.replace("  - queue-crd.yaml\n", ""));
    let before = std::fs::read_to_string(sandbox.path("deconflict-baseline.yaml")).expect("a baseline");
    let ran = sandbox.run("check . --format concise --skip cap");
    assert_eq!(ran.exit, Some(0), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("warning[lint-unused-baseline] the baseline accepts "),
        "{}",
        ran.stdout
    );
    let ran = sandbox.run("baseline prune");
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let after = std::fs::read_to_string(sandbox.path("deconflict-baseline.yaml")).expect("a baseline");
    assert!(
        before.contains("crd-owned-twice") && !after.contains("crd-owned-twice"),
        "{after}"
    );
    let claim = |text: &str| {
        text.lines()
            .find(|line| line.contains("sto-pvc-shared"))
            .map(str::to_owned)
    };
    assert!(
        claim(&before).is_some_and(|line| line.contains("[\"prod\", \"staging\"]")),
        "{before}"
    );
    assert!(
        claim(&after).is_some_and(|line| line.contains("[\"staging\"]")),
        "{after}"
    );
    // What comes back in prod is new again.
    assert_eq!(sandbox.run("check . --format concise --skip cap").stdout, "");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront/apps/checkout/export/overlays"),
        "apps/checkout/export/overlays",
    );
    let ran = sandbox.run("check . --format concise --skip cap");
    assert!(ran.stdout.contains("sto-pvc-shared"), "{}", ran.stdout);
}

#[test]
fn a_baseline_that_cannot_be_read_is_wrong_configuration() {
    let sandbox = storefront();
    sandbox.write("deconflict-baseline.yaml", "findings: [{rule: a}]\n");
    let ran = sandbox.run("check .");
    assert_eq!(ran.exit, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("fingerprint"), "{}", ran.stderr);
    assert_eq!(sandbox.run("check . --isolated -q").exit, Some(1));
}
