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
    let tree = |[config, text]: [&str; 2]| MemoryTree::new().file("deconflict.yaml", config).file(AT, text);
    judged_trees(tree(before), tree(after), AT)
}

/// The report on a change from one tree to another, which touches `changed`.
fn judged_trees(before: MemoryTree, after: MemoryTree, changed: &str) -> Report {
    let table = Arc::new(Files::new());
    let library = |tree: MemoryTree| Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::clone(&table)));
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
        changed: RepoPath::new(changed).into_iter().collect(),
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
    // It cannot be taken back, and nothing can be added; the rest of the object may change.
    check(
        &map("immutable: true\n", "1"),
        &map("", "1"),
        &["cfg-immutable-data error"],
    );
    check(
        &map("immutable: true\n", "1"),
        &map("immutable: true\n", "1', b: '2"),
        &["cfg-immutable-data error"],
    );
    check(
        &map("immutable: true\n", "1"),
        &map("immutable: true\n", "1").replace("{name: a,", "{labels: {a: b}, name: a,"),
        &[],
    );
    // Another name is another object, as generators make it.
    check(
        &map("immutable: true\n", "1").replace("name: a,", "name: a-5f4d,"),
        &map("immutable: true\n", "2").replace("name: a,", "name: a-9c8b,"),
        &[],
    );
    let secret = |data: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a, namespace: x}}\nimmutable: true\n{data}\n"
        )
    };
    check(&secret("data: {a: MQ==}"), &secret("stringData: {a: '1'}"), &[]);
    check(
        &secret("data: {a: MQ==}"),
        &secret("stringData: {a: '2'}"),
        &["cfg-immutable-data error"],
    );
    check(
        &(secret("data: {a: ENC1}") + "sops: {mac: a}\n"),
        &(secret("data: {a: ENC2}") + "sops: {mac: b}\n"),
        &[],
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

#[test]
fn labels_in_selectors() {
    const ROOT: &str = "apps/x/overlays/test/kustomization.yaml";
    let workload = |kind: &str, name: &str, selector: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: x}}\nspec:\n  selector: {selector}\n  template:\n    metadata: {{labels: {{app: {name}, tier: web}}}}\n    spec: {{containers: [{{name: a, image: 'registry.example/a:1'}}]}}\n"
        )
    };
    let tree = |fields: &str, manifest: &str| {
        MemoryTree::new()
            .file("deconflict.yaml", "clusters: [{name: test}]\n")
            .file(ROOT, format!("resources: [a.yaml]\n{fields}"))
            .file(AT, manifest)
    };
    let told = |before: MemoryTree, after: MemoryTree| -> Vec<String> {
        let report = judged_trees(before, after, ROOT);
        let new = report.findings.iter().filter(|finding| !finding.old);
        let told = new.filter(|finding| {
            finding.rule == "chg-immutable-field" || finding.rule == "kus-selector-mutated"
        });
        told.map(|finding| format!("{} {}", finding.rule, finding.message))
            .collect()
    };
    let own = "{matchLabels: {app: a}}";
    let deployment = workload("Deployment", "a", own);
    let check = |before: &str, after: &str, want: &[&str]| {
        assert_eq!(
            told(tree(before, &deployment), tree(after, &deployment)),
            want,
            "{before} -> {after}"
        );
    };
    let selecting = "labels: [{pairs: {team: x}, includeSelectors: true}]\n";
    check(
        "",
        "commonLabels: {team: x}\n",
        &[
            "kus-selector-mutated Deployment x/a in test: `commonLabels` adds `team: x` to the selector, which cannot be changed once the Deployment exists",
        ],
    );
    check(
        "commonLabels: {team: x}\n",
        "commonLabels: {team: z}\n",
        &[
            "kus-selector-mutated Deployment x/a in test: `commonLabels` changes `team` from `x` to `z` in the selector, which cannot be changed once the Deployment exists",
        ],
    );
    // Both spellings do the same.
    check("commonLabels: {team: x}\n", selecting, &[]);
    check(
        selecting,
        "labels: [{pairs: {team: x}}]\n",
        &[
            "kus-selector-mutated Deployment x/a in test: `labels` takes `team: x` out of the selector, which cannot be changed once the Deployment exists",
        ],
    );
    check("", "labels: [{pairs: {team: x}, includeTemplates: true}]\n", &[]);
    // The value of the manifest comes back.
    check(
        "commonLabels: {app: z}\n",
        "",
        &[
            "kus-selector-mutated Deployment x/a in test: `commonLabels` changes `app` from `z` to `a` in the selector, which cannot be changed once the Deployment exists",
        ],
    );
    // A patch has the last word.
    let patched = |value: &str| {
        format!(
            "commonLabels: {{team: x}}\npatchesJson6902: [{{target: {{kind: Deployment, name: a, namespace: x, group: apps, version: v1}}, patch: '[{{\"op\": \"replace\", \"path\": \"/spec/selector/matchLabels/team\", \"value\": \"{value}\"}}]'}}]\n"
        )
    };
    check(
        &patched("u"),
        &patched("v"),
        &[
            "chg-immutable-field Deployment x/a in test: `spec.selector.matchLabels.team` changes from `u` to `v`; the selector cannot be changed once the Deployment exists",
        ],
    );
    // One line, many workloads; what else changes is told as well.
    let set = |service: &str| {
        let of = workload("StatefulSet", "b", "{matchLabels: {app: b}}");
        let of = of.replace("spec:\n  selector", &format!("spec:\n  serviceName: {service}\n  volumeClaimTemplates: [{{metadata: {{name: d, labels: {{app: b}}}}, spec: {{accessModes: [ReadWriteOnce]}}}}]\n  selector"));
        format!("{deployment}---\n{of}")
    };
    let both = "kus-selector-mutated Deployment x/a and StatefulSet x/b in test: `labels` adds `team: x` to the selectors, which cannot be changed once the workloads exist";
    assert_eq!(told(tree("", &set("b")), tree(selecting, &set("b"))), [both]);
    let other = "chg-immutable-field StatefulSet x/b in test: `spec.serviceName` changes from `b` to `c`; this part of the spec cannot be changed once the StatefulSet exists";
    let mut found = told(tree("", &set("b")), tree(selecting, &set("c")));
    found.sort();
    assert_eq!(found, [other, both]);
    // The manifest changes its own selector too.
    let wider = workload("Deployment", "a", "{matchLabels: {app: a, tier: web}}");
    let found = told(tree("", &deployment), tree(selecting, &wider));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("chg-immutable-field "), "{found:?}");
}

#[test]
fn comments_that_hide_something() {
    let plain = "version: 1\n";
    let check = |config: &str, before: &str, after: &str, want: &[&str]| {
        let report = judged([config, before], [config, after]);
        let found = report.findings.iter();
        let found: Vec<&str> = found
            .filter(|finding| finding.rule == "lint-config-weakened")
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(found, want, "{before}\n{after}");
    };
    let map =
        |end: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: x}}\n{end}\n");
    let wrong = map("date: {}");
    let comment = "# deconflict: ignore[api-unknown-field] it is read by us";
    let hidden = map(&format!("date: {{}} {comment}"));
    let said = "the change ignores `api-unknown-field` here: ConfigMap x/a: there is no field `date` here";
    for before in [wrong.as_str(), "", &map("")] {
        check(plain, before, &hidden, &[said]);
    }
    check(plain, &hidden, &hidden, &[]);
    // Another reason, another line.
    check(plain, &hidden, &hidden.replace("read by us", "ours"), &[]);
    check(
        plain,
        &hidden,
        &map(&format!("data: {{a: b}}\n{comment}\ndate: {{}}")),
        &[],
    );
    // It silences nothing, which is said elsewhere.
    check(plain, "", &map(&format!("data: {{}} {comment}")), &[]);
    check(
        "version: 1\nrules: {lint-config-weakened: 'off'}\n",
        &wrong,
        &hidden,
        &[],
    );
}
