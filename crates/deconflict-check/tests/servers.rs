//! Each object as the API server of its cluster judges it, through the whole pipeline.

use std::sync::Arc;

use deconflict_check::{Input, Options};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Report};
use deconflict_yaml::Library;

fn run(text: &str) -> Report {
    let snapshot = Arc::new(MemoryTree::fixture(text).snapshot());
    let library = Arc::new(Library::new(snapshot, Arc::new(Files::new())));
    let ids: Vec<&str> = deconflict_check::rules().iter().map(|meta| meta.id).collect();
    let found = deconflict_config::find(&library, &RepoPath::top(), &ids);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let input = Input {
        library,
        config: Arc::new(found.config),
        codeowners: Arc::new(Codeowners::default()),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    };
    deconflict_check::check(&input, &Options::default())
}

/// `severity rule field clusters` of the findings of families that speak for the server.
fn check(text: &str, expected: &[&str]) {
    let report = run(text);
    let families = ["api-", "crd-", "dep-"];
    let said = report
        .findings
        .iter()
        .filter(|finding| families.iter().any(|family| finding.rule.starts_with(family)));
    let shown: Vec<String> = said
        .map(|finding| {
            let clusters = finding.seen_in.iter().filter_map(|seen| seen.cluster.clone());
            let clusters: Vec<String> = clusters.collect();
            let (severity, field) = (finding.severity.word(), finding.field.as_deref().unwrap_or("-"));
            format!("{severity} {} {field} {}", finding.rule, clusters.join(","))
        })
        .collect();
    assert_eq!(shown, expected, "{text}\n{:#?}", report.findings);
}

const CONFIG: &str = "//- deconflict.yaml
version: 1
clusters: [{name: a, kubernetes: '1.25'}, {name: b, kubernetes: '1.30'}, {name: c, kubernetes: '1.37'}]
";

/// A definition in the root of one cluster, with the given schema of `spec`.
fn definition(cluster: &str, spec: &str) -> String {
    format!(
        "//- apps/queue/overlays/{cluster}/definition.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: queues.example.com}}
spec:
  group: example.com
  scope: Namespaced
  names: {{kind: Queue, plural: queues, singular: queue, listKind: QueueList}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}
"
    )
}

fn queue(cluster: &str, name: &str, spec: &str) -> String {
    format!(
        "//- apps/queue/overlays/{cluster}/{name}.yaml
apiVersion: example.com/v1
kind: Queue
metadata: {{name: {name}, namespace: queue}}
spec: {spec}
"
    )
}

#[test]
fn the_definition_of_the_own_cluster_judges() {
    let narrow = "{type: object, properties: {size: {type: integer, maximum: 5}}}";
    let wide = "{type: object, properties: {size: {type: integer, maximum: 50}, mode: {type: string}}}";
    let tree = [
        CONFIG.to_owned(),
        definition("a", narrow),
        definition("b", wide),
        queue("a", "mine", "{size: 9}"),
        queue("a", "typo", "{mode: x}"),
        queue("b", "mine", "{size: 9, mode: x}"),
    ];
    check(
        &tree.concat(),
        &[
            "error crd-schema-violation spec.size a",
            "error crd-schema-violation spec.mode a",
        ],
    );
}

#[test]
fn a_kind_that_nobody_defines_is_said_once_and_no_error() {
    let tree = [
        CONFIG.to_owned(),
        queue("a", "one", "{size: 9}"),
        queue("a", "two", "{siez: nine}"),
        queue("b", "one", "[1]"),
    ];
    check(&tree.concat(), &["info crd-missing - a,b"]);
}

#[test]
fn a_definition_in_another_cluster_does_not_help() {
    let tree = [
        CONFIG.to_owned(),
        definition("b", "{type: object, properties: {size: {type: integer}}}"),
        queue("a", "one", "{size: nine}"),
    ];
    check(&tree.concat(), &["info crd-missing - a"]);
}

/// What is embedded of cert-manager knows `dnsNames` and not `colour`.
#[test]
fn a_definition_of_the_tree_beats_the_bundle() {
    let certificate = "//- apps/web/overlays/a/certificate.yaml
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: web}
spec: {colour: blue, secretName: web, issuerRef: {name: x}, dnsNames: [a.example.com]}
";
    check(
        &format!("{CONFIG}{certificate}"),
        &["warning crd-schema-violation spec.colour a"],
    );
    let own = "//- apps/web/overlays/a/definition.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {kind: Certificate, plural: certificates, singular: certificate, listKind: CertificateList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                colour: {type: string}
                secretName: {type: string}
                issuerRef: {type: object, properties: {name: {type: string}}}
";
    check(
        &format!("{CONFIG}{certificate}{own}"),
        &["error crd-schema-violation spec.dnsNames a"],
    );
}

#[test]
fn each_cluster_has_its_version() {
    let objects = "apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: web}
spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'web:1', resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]}
";
    let base = format!(
        "{CONFIG}//- apps/web/base/kustomization.yaml\nresources: [web.yaml]\n//- apps/web/base/web.yaml\n{objects}"
    );
    let overlays = ["a", "b", "c"].map(|cluster| {
        format!("//- apps/web/overlays/{cluster}/kustomization.yaml\nresources: [../../base]\n")
    });
    check(
        &format!("{base}{}", overlays.concat()),
        &[
            "warning dep-api-deprecated apiVersion a",
            "error dep-api-removed apiVersion b,c",
            "error api-unknown-field spec.template.spec.containers[0].resizePolicy a",
        ],
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_stands_in_the_coverage() {
    let rules = "{type: object, properties: {size: {type: integer}}, x-kubernetes-validations: [{rule: 'frobnicate(self.size)'}, \
                 {rule: 'self.size < 9', message: too large}]}";
    let tree = [
        CONFIG.to_owned(),
        definition("a", rules),
        queue("a", "one", "{size: 3}"),
        queue("a", "two", "{size: 4}"),
        queue("a", "three", "{size: 9}"),
    ];
    check(&tree.concat(), &["error crd-schema-violation spec a"]);
    let skipped = run(&tree.concat()).coverage.skipped;
    let shown: Vec<String> = skipped
        .iter()
        .map(|skipped| format!("{} {}: {}", skipped.path, skipped.reason, skipped.detail))
        .collect();
    assert_eq!(
        shown,
        [
            "apps/queue/overlays/a unsupported: the rule `frobnicate(self.size)` uses `frobnicate`, which is not known here \
          (definition of Queue)"
        ]
    );
}

/// Wrong types, choices and the rules of definitions show no value of a field that the configuration calls secret.
#[test]
fn secret_fields_are_never_shown() {
    let schema = "{type: object, properties: {password: {type: string, maxLength: 3}, level: {type: integer}}, \
                  x-kubernetes-validations: [{rule: 'self.level < 3', messageExpression: '\"not with \" + self.password'}]}";
    let config = CONFIG.to_owned() + "secret_fields: ['*.spec.password', Deployment.spec.replicas]\n";
    let deployment = "//- apps/queue/overlays/a/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: queue, namespace: queue}
spec:
  replicas: hunter2
  selector: {matchLabels: {app: queue}}
  template: {metadata: {labels: {app: queue}}, spec: {containers: [{name: queue, image: 'queue:1'}]}}
";
    let tree = [
        config,
        definition("a", schema),
        queue("a", "long", "{password: hunter2, level: 1}"),
        queue("a", "ruled", "{password: abc, level: 5}"),
        queue("a", "typed", "{password: 1234567, level: 1}"),
        deployment.to_owned(),
    ];
    let report = run(&tree.concat());
    let said: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.rule.starts_with("crd-") || finding.rule == "api-wrong-type")
        .map(|finding| format!("{} {:?}", finding.message, finding.help))
        .collect();
    assert_eq!(said.len(), 4, "{said:#?}");
    for told in &said {
        let silent = ["hunter", "abc", "1234567"]
            .iter()
            .all(|secret| !told.contains(secret));
        assert!(silent, "{told}");
    }
    assert!(
        said.iter().any(|told| told.contains("not with (secret)")),
        "{said:#?}"
    );
}
