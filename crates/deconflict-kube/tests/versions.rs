//! One manifest at several Kubernetes versions: different, right answers.

use std::sync::Arc;

use deconflict_files::{Files, RepoPath};
use deconflict_kube::{Definitions, KubernetesVersion, Object, validate};
use deconflict_yaml::parse;

/// `row@path` of everything said about `text` at 1.25, 1.30 and 1.37.
fn check(text: &str, expected: [&str; 3]) {
    let file = Files::new().intern(&RepoPath::new("f.yaml").expect("a path"), &Arc::from(text));
    let root = parse(file, text).documents.remove(0).root.expect("a document");
    let object = Object::new(root, None).expect("an object");
    let at = |minor: u16| {
        let all = validate(&object, KubernetesVersion::new(minor), &Definitions::new());
        let said = all
            .into_iter()
            .map(|violation| format!("{}@{}", violation.row, violation.path));
        said.collect::<Vec<_>>().join(" ")
    };
    assert_eq!([at(25), at(30), at(37)], expected, "{text}");
}

#[test]
fn required_fields_that_drifted_are_not_required() {
    check(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: \
         {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}\n",
        ["", "", ""],
    );
    check(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {policyTypes: [Ingress]}\n",
        ["", "", ""],
    );
}

#[test]
fn api_versions_come_and_go() {
    check(
        "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {maxReplicas: 2, \
         scaleTargetRef: {kind: Deployment, name: a}}\n",
        [
            "api-deprecated@apiVersion",
            "api-removed@apiVersion",
            "api-removed@apiVersion",
        ],
    );
    check(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: a}\nspec: {}\n",
        ["api-removed@apiVersion", "", ""],
    );
    check(
        "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n",
        [
            "api-removed@apiVersion",
            "api-deprecated@apiVersion",
            "api-removed@apiVersion",
        ],
    );
}

#[test]
fn fields_and_names_come() {
    let pod = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: b{spec}}}]}}\n"
        )
    };
    check(
        &pod(", resizePolicy: []"),
        ["unknown-field@spec.containers[0].resizePolicy", "", ""],
    );
    check(
        &pod(", env: [{name: 'a b', value: c}]"),
        [
            "env-name@spec.containers[0].env[0].name",
            "env-name@spec.containers[0].env[0].name",
            "",
        ],
    );
}

#[test]
fn templates_of_a_stateful_set_are_checked_from_1_34_on() {
    let text = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: \
                {metadata: {labels: {a: b}}, spec: {containers: [{name: A, image: b}]}}}\n";
    let row = "container-name@spec.template.spec.containers[0].name";
    check(text, [row, row, row]);
    let file = Files::new().intern(&RepoPath::new("f.yaml").expect("a path"), &Arc::from(text));
    let root = parse(file, text).documents.remove(0).root.expect("a document");
    let object = Object::new(root, None).expect("an object");
    let effect = |minor: u16| {
        let all = validate(&object, KubernetesVersion::new(minor), &Definitions::new());
        format!("{:?}", all[0].effect)
    };
    assert_eq!([effect(33), effect(34)], ["FailsLater", "Refused"]);
}
