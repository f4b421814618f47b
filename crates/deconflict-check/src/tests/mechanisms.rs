//! Rules about selectors, capacity and sidecars, with the value that decides coming from everywhere that it may come from: the
//! finding stands where a person would edit, and a near miss made by the same mechanism is silent.

use deconflict_findings::Place;

use super::run;
use crate::Options;

/// What `rule` says of `tree`: the places of each finding, primary first.
fn found(rule: &str, tree: &str) -> Vec<String> {
    let options = Options {
        only: vec![rule.to_owned()],
        ..Options::default()
    };
    let report = run(tree, &options);
    let told = report.findings.iter().filter(|finding| finding.rule == rule);
    told.map(|finding| {
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        let places = labels.map(|label| {
            let place = Place::of(&report.files.get(label.at.file), label.at.span);
            format!("{}:{}", place.path, place.line)
        });
        places.collect::<Vec<_>>().join(" ")
    })
    .collect()
}

/// Each mechanism with a value that collides and one that does not: `at` is where the value of `b` stands.
fn check(rule: &str, other: &str, rows: &[(&str, [String; 2], &str)]) {
    for (mechanism, [bad, good], at) in rows {
        let tree = format!("{other}{bad}");
        let got = found(rule, &tree);
        assert!(
            got.len() == 1 && got[0].split(' ').any(|place| place == *at),
            "{mechanism}: {at} is not in {got:?}\n{tree}"
        );
        let tree = format!("{other}{good}");
        assert_eq!(found(rule, &tree), [""; 0], "{mechanism}\n{tree}");
    }
}

/// Application `b`: a kustomization of `overlay` over a base that is this Deployment, in the form that `label` and `replicas` give.
fn deployment(label: &str, replicas: u8, port: u16, overlay: &str) -> String {
    format!(
        "//- apps/b/api/base/kustomization.yaml
resources: [deployment.yaml]
//- apps/b/api/base/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      role: api
  template:
    metadata:
      labels:
        role: api
        app: {label}
    spec:
      containers:
        - name: api
          image: example.com/api:1
          ports:
            - containerPort: {port}
//- apps/b/api/overlays/prod/kustomization.yaml
resources: [../../base]
{overlay}"
    )
}

const BASE: &str = "apps/b/api/base/deployment.yaml";
const OVERLAY: &str = "apps/b/api/overlays/prod/kustomization.yaml";

/// The overlay with a namespace, whose later lines begin at line 3.
fn in_shop(more: &str) -> String {
    format!("namespace: shop\n{more}")
}

/// A strategic merge patch whose `spec` is `spec`: the value stands in the line 8 + that of `spec`.
fn patch(spec: &str) -> String {
    in_shop(&format!(
        "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: api}}\n    spec: {spec}\n"
    ))
}

/// A JSON 6902 patch of one value, which stands in line 5.
fn json_patch(path: &str, value: &str) -> String {
    in_shop(&format!(
        "patches:\n- target: {{kind: Deployment}}\n  patch: '[{{\"op\": \"replace\", \"path\": \"{path}\", \"value\": {value}}}]'\n"
    ))
}

fn at(path: &str, line: u8) -> String {
    format!("{path}:{line}")
}

#[test]
fn pods_that_a_foreign_service_selects() {
    let service = "//- apps/a/web/overlays/prod/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: \"example.com/web:1\"}]}
";
    let own = |overlay: String| deployment("api", 1, 80, &overlay);
    let label = |value: &str| {
        patch(&format!(
            "{{template: {{metadata: {{labels: {{app: {value}}}}}}}}}"
        ))
    };
    let json = |value: &str| json_patch("/spec/template/metadata/labels/app", &format!("\"{value}\""));
    let transformer = |value: &str| {
        in_shop(&format!(
            "labels:\n- pairs: {{app: {value}}}\n  includeTemplates: true\n"
        ))
    };
    let (base, overlay) = (at(BASE, 14), |line| at(OVERLAY, line));
    check(
        "sel-service-hijack",
        service,
        &[
            (
                "base",
                [deployment("web", 1, 80, &in_shop("")), own(in_shop(""))],
                &base,
            ),
            ("patch", [own(label("web")), own(label("wed"))], &overlay(8)),
            ("JSON patch", [own(json("web")), own(json("wed"))], &overlay(5)),
            (
                "labels",
                [own(transformer("web")), own(transformer("wed"))],
                &overlay(4),
            ),
            (
                "namespace",
                [
                    deployment("web", 1, 80, &in_shop("")),
                    deployment("web", 1, 80, "namespace: shelf\n"),
                ],
                &base,
            ),
        ],
    );
}

#[test]
fn pods_beyond_a_quota() {
    let quota = "//- apps/a/web/overlays/prod/quota.yaml
apiVersion: v1
kind: ResourceQuota
metadata: {name: all, namespace: shop}
spec:
  hard:
    pods: 3
";
    let own = |overlay: String| deployment("api", 1, 80, &overlay);
    let replicas = |count: u8| patch(&format!("{{replicas: {count}}}"));
    let json = |count: u8| json_patch("/spec/replicas", &count.to_string());
    let transformer = |count: u8| in_shop(&format!("replicas:\n- {{name: api, count: {count}}}\n"));
    let (base, overlay) = (at(BASE, 6), |line| at(OVERLAY, line));
    check(
        "cap-quota-exceeded",
        quota,
        &[
            (
                "base",
                [
                    deployment("api", 4, 80, &in_shop("")),
                    deployment("api", 3, 80, &in_shop("")),
                ],
                &base,
            ),
            ("patch", [own(replicas(4)), own(replicas(3))], &overlay(8)),
            ("JSON patch", [own(json(4)), own(json(3))], &overlay(5)),
            (
                "replicas",
                [own(transformer(4)), own(transformer(3))],
                &overlay(4),
            ),
            (
                "namespace",
                [
                    deployment("api", 4, 80, &in_shop("")),
                    deployment("api", 4, 80, "namespace: shelf\n"),
                ],
                &base,
            ),
        ],
    );
}

#[test]
fn a_port_of_the_proxy() {
    let injected = "//- apps/a/web/overlays/prod/namespace.yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
";
    let own = |overlay: String| deployment("api", 1, 80, &overlay);
    let ports = |port: u16| {
        patch(&format!(
            "{{template: {{spec: {{containers: [{{name: api, ports: [{{containerPort: {port}}}]}}]}}}}}}"
        ))
    };
    let json = |port: u16| {
        json_patch(
            "/spec/template/spec/containers/0/ports/0/containerPort",
            &port.to_string(),
        )
    };
    let (base, overlay) = (at(BASE, 20), |line| at(OVERLAY, line));
    check(
        "sid-port-reserved",
        injected,
        &[
            (
                "base",
                [
                    deployment("api", 1, 15_001, &in_shop("")),
                    deployment("api", 1, 15_002, &in_shop("")),
                ],
                &base,
            ),
            ("patch", [own(ports(15_001)), own(ports(15_002))], &overlay(8)),
            ("JSON patch", [own(json(15_001)), own(json(15_002))], &overlay(5)),
            (
                "namespace",
                [
                    deployment("api", 1, 15_001, &in_shop("")),
                    deployment("api", 1, 15_001, "namespace: shelf\n"),
                ],
                &base,
            ),
        ],
    );
}

/// The namespace is the engine's: `destination.namespace` of an Application, `targetNamespace` of a Kustomization.
#[test]
fn a_namespace_that_the_engine_gives() {
    let quota = "//- clusters/prod/quota.yaml
apiVersion: v1
kind: ResourceQuota
metadata: {name: all, namespace: shop}
spec: {hard: {pods: 3}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
//- deconflict.yaml
version: 1
clusters: [{name: prod, roots: [clusters/prod]}]
sources: [{name: \"https://git.example/infra\", path: .}]
";
    let argo = |namespace: &str| {
        format!(
            "//- clusters/prod/app.yaml\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: api, namespace: \
             argocd}}\nspec:\n  project: default\n  source: {{repoURL: \"https://git.example/infra\", path: apps/b/api/overlays/prod}}\n  \
             destination: {{server: \"https://kubernetes.default.svc\", namespace: {namespace}}}\n{}",
            deployment("api", 4, 15_001, "")
        )
    };
    let flux = |namespace: &str| {
        format!(
            "//- clusters/prod/app.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: api, \
             namespace: flux-system}}\nspec:\n  prune: true\n  path: ./apps/b/api/overlays/prod\n  targetNamespace: {namespace}\n  \
             sourceRef: {{kind: GitRepository, name: flux-system}}\n{}",
            deployment("api", 4, 15_001, "")
        )
    };
    for (rule, line) in [("cap-quota-exceeded", 6), ("sid-port-reserved", 20)] {
        let base = at(BASE, line);
        check(
            rule,
            quota,
            &[
                ("Argo CD", [argo("shop"), argo("shelf")], &base),
                ("Flux", [flux("shop"), flux("shelf")], &base),
            ],
        );
    }
}
