//! What a change does, through the whole pipeline.

use std::sync::Arc;

use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Report};
use deconflict_yaml::Library;

use crate::{Change, Input, Options, check_change};

const AT: &str = "apps/x/overlays/test/a.yaml";

/// `rule severity` of everything new in the change of one file.
fn found(config: &str, before: &str, after: &str) -> Vec<String> {
    let report = judged([config, before], [config, after]);
    let new = report.findings.iter().filter(|finding| !finding.old);
    new.map(|finding| format!("{} {}", finding.rule, finding.severity.word()))
        .filter(|text| text.starts_with("chg-") || text.starts_with("cfg-"))
        .collect()
}

/// The report on a change from one configuration and file to another.
fn judged(before: [&str; 2], after: [&str; 2]) -> Report {
    let table = Arc::new(Files::new());
    let library = |[config, text]: [&str; 2]| {
        let tree = MemoryTree::new().file("deconflict.yaml", config).file(AT, text);
        Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::clone(&table)))
    };
    let base = library(before);
    let merged = library(after);
    let ids: Vec<&str> = crate::rules().iter().map(|meta| meta.id).collect();
    let config = deconflict_config::find(&merged, &RepoPath::top(), &ids).config;
    let input = Input {
        library: merged,
        config: Arc::new(config),
        codeowners: Arc::new(Codeowners::default()),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: Some("main".to_owned()),
            merged: true,
        },
    };
    let change = Change {
        base,
        changed: RepoPath::new(AT).into_iter().collect(),
        renames: Vec::new(),
        conflicts: Vec::new(),
    };
    check_change(&input, &change, &Options::default())
}

fn job(more: &str, image: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n  namespace: x\n{more}spec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: a\n          image: registry.example/a:{image}\n"
    )
}

#[test]
fn fields_that_cannot_change() {
    let plain = "clusters: [{name: test}]\n";
    let check = |before: &str, after: &str, want: &[&str]| {
        assert_eq!(found(plain, before, after), want, "{before}\n{after}");
    };
    check(&job("", "1"), &job("", "2"), &["chg-immutable-field error"]);
    check(&job("", "1"), &job("", "1"), &[]);
    check(&job("", "1"), &job("  labels: {a: b}\n", "1"), &[]);
    // It is deleted and made anew.
    for annotation in [
        "argocd.argoproj.io/hook: PreSync",
        "helm.sh/hook: pre-install",
        "argocd.argoproj.io/sync-options: 'Force=true,Replace=true'",
        "kustomize.toolkit.fluxcd.io/force: enabled",
    ] {
        let annotated = |image: &str| job(&format!("  annotations:\n    {annotation}\n"), image);
        check(&annotated("1"), &annotated("2"), &[]);
    }
    let replace = |image: &str| {
        job(
            "  annotations:\n    argocd.argoproj.io/sync-options: Replace=true\n",
            image,
        )
    };
    check(&replace("1"), &replace("2"), &["chg-immutable-field error"]);
    // Another name is another object.
    check(
        &job("", "1"),
        &job("", "2").replace("name: a\n  name", "name: b\n  name"),
        &[],
    );
    let claim = |size: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: a, namespace: x}}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {{requests: {{storage: {size}}}}}\n"
        )
    };
    check(&claim("1Gi"), &claim("2Gi"), &[]);
    check(&claim("1Gi"), &claim("1024Mi"), &[]);
    check(&claim("2Gi"), &claim("1Gi"), &["chg-immutable-field error"]);
    let map = |immutable: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: x}}\n{immutable}data: {{a: '{value}'}}\n"
        )
    };
    check(
        &map("immutable: true\n", "1"),
        &map("immutable: true\n", "2"),
        &["cfg-immutable-data error"],
    );
    check(&map("", "1"), &map("immutable: true\n", "2"), &[]);
    check(&map("", "1"), &map("", "2"), &[]);
    // Nobody prunes what is applied by hand.
    check(&claim("1Gi"), &map("", "1"), &[]);
}

#[test]
fn a_configuration_that_judges_less() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: x}\n";
    let check = |before: &str, after: &str, want: &[&str]| {
        let report = judged([before, map], [after, map]);
        let found = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "lint-config-weakened");
        let found: Vec<&str> = found.map(|finding| finding.message.as_str()).collect();
        assert_eq!(found, want, "{before} {after}");
    };
    let plain = "version: 1\n";
    check(plain, plain, &[]);
    check(
        plain,
        "version: 1\nrules: {net-nodeport-taken: warning}\n",
        &["the change turns `net-nodeport-taken` from error to warning"],
    );
    check("version: 1\nrules: {net-nodeport-taken: warning}\n", plain, &[]);
    check("version: 1\nrules: {net-nodeport-taken: 'off'}\n", plain, &[]);
    check(
        "version: 1\nrules: {argo-prune-off: error}\n",
        plain,
        &["the change turns `argo-prune-off` from error to warning"],
    );
    check(
        plain,
        "version: 1\nexclude: ['legacy/**']\n",
        &["the change excludes `legacy/**` from every check"],
    );
    check(
        plain,
        "version: 1\ncontracts: [{rule: sto-pvc-shared, object: PersistentVolumeClaim/x/a, allow: [b], reason: archive}]\n",
        &["the change allows `sto-pvc-shared` for PersistentVolumeClaim/x/a"],
    );
    // It has no say in whether it is looked at.
    check(
        plain,
        "version: 1\nrules: {lint-config-weakened: 'off'}\n",
        &["the change turns `lint-config-weakened` from warning to off"],
    );
}
