//! Where values come from: each step names its mechanism, file and line.

use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, Origin, RepoPath};
use deconflict_kustomize::{Options, Session, find};
use deconflict_yaml::Library;

/// `path` of the object `Kind/name` in the build of `overlay`: its text, the place to edit, then the steps, newest
/// first.
#[track_caller]
fn check(fixture: &str, wanted: &str, expected: &str) {
    let files = Arc::new(Files::new());
    let snapshot = Arc::new(MemoryTree::fixture(fixture).snapshot());
    let session = Session::new(Arc::new(Library::new(snapshot, Arc::clone(&files))));
    let root = RepoPath::new("overlay").unwrap_or_default();
    let rendered = session.build(&root, &Options::default());
    let problems: Vec<String> = rendered
        .problems
        .iter()
        .map(deconflict_kustomize::Problem::full)
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
    let place = |at: Origin| {
        let file = files.get(at.file);
        format!(
            "{}:{}",
            file.path,
            file.lines().place(&file.text, at.span.start).line
        )
    };
    let found = find(&rendered.objects, wanted).unwrap_or_else(|message| panic!("{message}"));
    let node = found.node;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} at {}",
        node.text().unwrap_or("(not a scalar)"),
        place(node.at)
    );
    for step in found.steps() {
        let _ = writeln!(out, "{} {} {}", step.action.word(), step.by, place(step.at));
    }
    assert_eq!(out.trim(), expected.trim(), "\n{out}");
}

const LAYERS: &str = "\
//- base/kustomization.yaml
resources: [web.yaml]
//- base/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: old
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: nginx:1
        envFrom:
        - configMapRef: {name: settings}
//- middle/kustomization.yaml
resources: [../base]
patches:
- path: patch.yaml
//- middle/patch.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: old}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: nginx:2
//- overlay/kustomization.yaml
resources: [../middle]
namespace: new
namePrefix: a-
components: [../component]
patches:
- target: {kind: Deployment}
  patch: |
    # inline
    - op: replace
      path: /spec/replicas
      value: 3
images:
- name: nginx
  newTag: \"3\"
configMapGenerator:
- name: settings
  namespace: new
  envs: [settings.env]
  literals: [k=v]
  files: [data.txt]
labels:
- pairs: {team: x}
//- overlay/settings.env
# comment

LEVEL=info
//- overlay/data.txt
text
//- component/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: x}
    spec:
      paused: true
";

#[test]
fn base_patch_images() {
    check(
        LAYERS,
        "Deployment/a-web:spec.template.spec.containers[0].image",
        "nginx:3 at overlay/kustomization.yaml:14
transformed images middle/patch.yaml:10
patched patches base/web.yaml:12",
    );
}

#[test]
fn namespace_replaces() {
    check(
        LAYERS,
        "Deployment/a-web:metadata.namespace",
        "new at overlay/kustomization.yaml:2\ntransformed namespace base/web.yaml:5",
    );
}

#[test]
fn operation_of_an_inline_json_patch() {
    check(
        LAYERS,
        "Deployment/a-web:spec.replicas",
        "3 at overlay/kustomization.yaml:11
patched patches middle/patch.yaml:5
patched patches base/web.yaml:7",
    );
}

#[test]
fn inline_patch_of_a_component() {
    check(
        LAYERS,
        "Deployment/a-web:spec.paused",
        "true at component/kustomization.yaml:10",
    );
}

#[test]
fn names_keep_their_place() {
    check(
        LAYERS,
        "Deployment/a-web:metadata.name",
        "a-web at base/web.yaml:4\ntransformed namePrefix overlay/kustomization.yaml:3",
    );
    check(
        LAYERS,
        "Deployment/a-web:spec.template.spec.containers[0].envFrom[0].configMapRef.name",
        "a-settings-2fk2k96dft at base/web.yaml:14\ntransformed name reference overlay/kustomization.yaml:16",
    );
}

#[test]
fn generated_keys_lead_to_their_text() {
    let object = "ConfigMap/a-settings-2fk2k96dft";
    check(
        LAYERS,
        &format!("{object}:data.LEVEL"),
        "info at overlay/settings.env:3\ngenerated configMapGenerator overlay/kustomization.yaml:18",
    );
    check(
        LAYERS,
        &format!("{object}:data.k"),
        "v at overlay/kustomization.yaml:19\ngenerated configMapGenerator overlay/kustomization.yaml:19",
    );
    check(
        LAYERS,
        &format!("{object}:data[\"data.txt\"]"),
        "text\n at overlay/data.txt:1\ngenerated configMapGenerator overlay/kustomization.yaml:20",
    );
    check(
        LAYERS,
        &format!("{object}:metadata.name"),
        "a-settings-2fk2k96dft at overlay/kustomization.yaml:16
transformed hash suffix overlay/kustomization.yaml:16
transformed namePrefix overlay/kustomization.yaml:3
generated configMapGenerator overlay/kustomization.yaml:16",
    );
}

#[test]
fn labels_come_from_their_pair() {
    check(
        LAYERS,
        "Deployment/a-web:metadata.labels.team",
        "x at overlay/kustomization.yaml:22\ntransformed labels overlay/kustomization.yaml:22",
    );
}
