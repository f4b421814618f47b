use super::differences;
use crate::Object;
use crate::fixture::node;

/// `left` and `right` as flow maps without their identity, which is put in front.
fn check(kind: &str, left: &str, right: &str, expected: &str) {
    let object = |fields: &str| {
        let text = format!("{{{kind}, metadata: {{name: a}}, {fields}}}");
        let (body, text) = node(&text);
        (Object::new(body, None).unwrap(), text)
    };
    let ((left, left_text), (right, right_text)) = (object(left), object(right));
    let show = |node: Option<&deconflict_yaml::Node>, text: &str| {
        node.map_or("missing".to_owned(), |node| text[node.at.span.range()].to_owned())
    };
    let got: Vec<String> = differences(&left, &right)
        .iter()
        .map(|found| {
            let (left, right) = (show(found.left, &left_text), show(found.right, &right_text));
            format!("{}: {left} / {right}", found.path)
        })
        .collect();
    assert_eq!(got.join("; "), expected, "{left_text}\n{right_text}");
}

const CONFIG_MAP: &str = "apiVersion: v1, kind: ConfigMap";
const SECRET: &str = "apiVersion: v1, kind: Secret";
const SERVICE: &str = "apiVersion: v1, kind: Service";
const DEPLOYMENT: &str = "apiVersion: apps/v1, kind: Deployment";
const QUOTA: &str = "apiVersion: v1, kind: ResourceQuota";
const CUSTOM: &str = "apiVersion: example.com/v1, kind: Thing";

fn container(fields: &str) -> String {
    format!("spec: {{template: {{spec: {{containers: [{{name: a, image: 'a:1'{fields}}}]}}}}}}")
}

#[test]
fn leaves_that_differ() {
    check(
        CONFIG_MAP,
        "data: {A: strict, B: '5s', C: x}",
        "data: {C: x, A: 'off', D: '1'}",
        "data.A: strict / 'off'; data.B: '5s' / missing; data.D: missing / '1'",
    );
    check(
        CONFIG_MAP,
        "data: {a.b/c: x}",
        "data: {a.b/c: y}",
        "data[\"a.b/c\"]: x / y",
    );
    check(
        DEPLOYMENT,
        &container(""),
        &container(", env: [{name: A, value: b}]"),
        "spec.template.spec.containers[0].env: missing / [{name: A, value: b}]",
    );
    check(CONFIG_MAP, "data: {a: '1'}", "data: {a: 1}", "data.a: '1' / 1");
}

#[test]
fn order_of_fields_quotes_and_list_maps() {
    check(CONFIG_MAP, "data: {a: x, b: z}", "data: {b: 'z', a: \"x\"}", "");
    check(
        DEPLOYMENT,
        "spec: {template: {spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}}",
        "spec: {template: {spec: {containers: [{name: b, image: y}, {name: a, image: z}]}}}",
        "spec.template.spec.containers[0].image: x / z",
    );
    check(
        SERVICE,
        "spec: {ports: [{port: 80, name: a}, {port: 81, name: b}]}",
        "spec: {ports: [{port: 81, name: b}, {port: 80, name: a, protocol: TCP}]}",
        "",
    );
    check(
        "apiVersion: v1, kind: PersistentVolumeClaim",
        "spec: {accessModes: [ReadWriteOnce, ReadOnlyMany]}",
        "spec: {accessModes: [ReadOnlyMany, ReadWriteOnce]}",
        "",
    );
    // The order of arguments counts, and nothing says that a custom list is a map.
    check(
        DEPLOYMENT,
        &container(", args: [a, b]"),
        &container(", args: [b, a]"),
        "spec.template.spec.containers[0].args[0]: a / b; spec.template.spec.containers[0].args[1]: b / a",
    );
    check(
        CUSTOM,
        "spec: {ports: [{port: 80}, {port: 81}]}",
        "spec: {ports: [{port: 81}, {port: 80}]}",
        "spec.ports[0].port: 80 / 81; spec.ports[1].port: 81 / 80",
    );
}

#[test]
fn amounts() {
    check(
        QUOTA,
        "spec: {hard: {limits.memory: 1024Mi}}",
        "spec: {hard: {limits.memory: 1Gi}}",
        "",
    );
    check(
        DEPLOYMENT,
        &container(", resources: {limits: {cpu: 1000m}}"),
        &container(", resources: {limits: {cpu: 1}}"),
        "",
    );
    check(
        QUOTA,
        "spec: {hard: {limits.memory: 1G}}",
        "spec: {hard: {limits.memory: 1Gi}}",
        "spec.hard[\"limits.memory\"]: 1G / 1Gi",
    );
    // Not an amount: a text is its characters.
    check(
        CONFIG_MAP,
        "data: {size: 1024Mi}",
        "data: {size: 1Gi}",
        "data.size: 1024Mi / 1Gi",
    );
}

#[test]
fn defaults_count_as_there() {
    check(DEPLOYMENT, "spec: {replicas: 1}", "spec: {}", "");
    check(
        DEPLOYMENT,
        "spec: {replicas: 2}",
        "spec: {}",
        "spec.replicas: 2 / missing",
    );
    check(
        DEPLOYMENT,
        "spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}}",
        "spec: {}",
        "",
    );
    check(
        DEPLOYMENT,
        "spec: {}",
        "spec: {strategy: {type: Recreate}}",
        "spec.strategy.type: missing / Recreate",
    );
    check(
        DEPLOYMENT,
        &container(", terminationMessagePath: /dev/termination-log, securityContext: {}, env: []"),
        &container(", ports: []"),
        "",
    );
    check(
        DEPLOYMENT,
        "spec: {template: {spec: {restartPolicy: Always, dnsPolicy: ClusterFirst}}}",
        "spec: {template: {spec: {terminationGracePeriodSeconds: 30}}}",
        "",
    );
    check(
        SERVICE,
        "spec: {type: ClusterIP, sessionAffinity: None}",
        "spec: {}",
        "",
    );
    check(
        DEPLOYMENT,
        "spec: {template: {spec: {automountServiceAccountToken: false}}}",
        "spec: {template: {spec: {}}}",
        "spec.template.spec.automountServiceAccountToken: false / missing",
    );
    // A custom kind's defaults are its CRD's.
    check(
        CUSTOM,
        "spec: {replicas: 1}",
        "spec: {}",
        "spec.replicas: 1 / missing",
    );
    // An empty volume source says which one it is.
    check(
        DEPLOYMENT,
        "spec: {template: {spec: {volumes: [{name: a, emptyDir: {}}]}}}",
        "spec: {template: {spec: {volumes: [{name: a}]}}}",
        "spec.template.spec.volumes[0].emptyDir: {} / missing",
    );
}

#[test]
fn what_engines_write_does_not_count() {
    check(
        "apiVersion: v1, kind: ConfigMap, status: {a: b}",
        "x: null",
        "status: {a: c}",
        "",
    );
    let labelled = |labels: &str| {
        let (body, _) = node(&format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, labels: {{{labels}}}}}}}"
        ));
        Object::new(body, None).unwrap()
    };
    let (one, other) = (
        labelled("app.kubernetes.io/instance: one, kustomize.toolkit.fluxcd.io/name: a"),
        labelled("app.kubernetes.io/instance: other"),
    );
    assert!(differences(&one, &other).is_empty());
    assert_eq!(differences(&one, &labelled("team: a")).len(), 1);
}

#[test]
fn secrets_are_compared_by_their_bytes() {
    check(SECRET, "data: {a: aGVsbG8=}", "stringData: {a: hello}", "");
    check(
        SECRET,
        "data: {a: aGVsbG8=, b: eA==}",
        "stringData: {a: other}",
        "data.a: aGVsbG8= / other; data.b: eA== / missing",
    );
    check(SECRET, "type: Opaque, data: {}", "x: null", "");
}
