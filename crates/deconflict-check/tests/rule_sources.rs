//! Collisions whose values do not stand in the object: they come from a base, a patch, a generator or a transformer, and
//! the finding stands where a person would edit.

use std::sync::Arc;

use deconflict_check::{Input, Options};
use deconflict_config::{Codeowners, Config};
use deconflict_files::{Files, MemoryTree};
use deconflict_findings::{Judged, Place};
use deconflict_yaml::Library;

/// What is found, one line each: rule, the places of its sides with their text, and the first side's trail.
fn check(text: &str, expected: &[&str]) {
    let files = Arc::new(Files::new());
    let library = Arc::new(Library::new(
        Arc::new(MemoryTree::fixture(text).snapshot()),
        Arc::clone(&files),
    ));
    let input = Input {
        library,
        config: Arc::new(Config::default()),
        codeowners: Arc::new(Codeowners::default()),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    };
    let report = deconflict_check::check(&input, &Options::default());
    let got: Vec<String> = report
        .findings
        .iter()
        // The Services here stand alone on purpose.
        .filter(|finding| !finding.rule.starts_with("ref-"))
        .map(|finding| {
            let labels = std::iter::once(&finding.primary).chain(&finding.related);
            let places = labels.map(|label| {
                let file = files.get(label.at.file);
                let place = Place::of(&file, label.at.span);
                format!(
                    "{}:{} `{}`",
                    place.path,
                    place.line,
                    &file.text[label.at.span.range()]
                )
            });
            let trail: Vec<&str> = finding.trail.iter().map(|step| step.action.word()).collect();
            format!(
                "{} {} {}",
                finding.rule,
                places.collect::<Vec<_>>().join(", "),
                trail.join(" ")
            )
        })
        .collect();
    assert_eq!(
        got.iter().map(|line| line.trim_end()).collect::<Vec<_>>(),
        expected,
        "{text}"
    );
}

const SERVICES: &str = "\
//- apps/a/web/base/kustomization.yaml
resources: [service.yaml]
//- apps/a/web/base/service.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec:
  type: NodePort
  selector: {app: a}
  ports: [{port: 80, nodePort: 30080}]
//- apps/a/web/overlays/prod/kustomization.yaml
resources: [../../base]
//- apps/b/api/overlays/prod/service.yaml
apiVersion: v1
kind: Service
metadata: {name: api, namespace: b}
spec:
  type: NodePort
  selector: {app: b}
  ports: [{port: 80, nodePort: 30090}]
//- apps/b/api/overlays/prod/kustomization.yaml
resources: [service.yaml]
";

#[test]
fn a_base_and_a_patch() {
    check(SERVICES, &[]);
    let patch = "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: api, namespace: b}\n    spec:\n      ports: [{port: 80, nodePort: 30080}]\n";
    check(
        &format!("{SERVICES}{patch}"),
        &[
            "net-nodeport-taken apps/a/web/base/service.yaml:7 `30080`, apps/b/api/overlays/prod/kustomization.yaml:8 \
             `30080`",
        ],
    );
    let json = "patches:\n- target: {kind: Service, name: api}\n  patch: |-\n    - {op: replace, path: /spec/ports/0/nodePort, value: 30080}\n";
    check(
        &format!("{SERVICES}{json}"),
        &[
            "net-nodeport-taken apps/a/web/base/service.yaml:7 `30080`, apps/b/api/overlays/prod/kustomization.yaml:5 \
             `30080`",
        ],
    );
}

#[test]
fn a_generator_and_a_transformer() {
    let two = |one: &str, other: &str| {
        format!(
            "//- apps/a/web/overlays/prod/kustomization.yaml\nnamespace: shared\nconfigMapGenerator:\n- name: settings\n  \
             literals: [MODE=strict]\n  options: {{disableNameSuffixHash: true}}\n{one}\
             //- apps/b/api/overlays/prod/kustomization.yaml\n{other}resources: [settings.yaml]\n\
             //- apps/b/api/overlays/prod/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\n\
             data: {{MODE: lax}}\n"
        )
    };
    let found = |places: &str| format!("own-object-conflict {places}");
    let sides = "apps/a/web/overlays/prod/kustomization.yaml:3 `settings`, apps/b/api/overlays/prod/settings.yaml:3 \
                 `settings` generated";
    check(&two("", "namespace: shared\n"), &[&found(sides)]);
    // Another namespace, another name, and names that a prefix makes equal again.
    check(&two("", "namespace: other\n"), &[]);
    check(&two("", "namespace: shared\nnamePrefix: b-\n"), &[]);
    check(
        &two("namePrefix: x-\n", "namespace: shared\nnamePrefix: x-\n"),
        &[&found(&sides.replace("generated", "transformed generated"))],
    );
}
