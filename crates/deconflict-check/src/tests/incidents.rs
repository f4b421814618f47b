//! Collisions that happened in public repositories, rebuilt small: each is found, at the lines that a person would edit.

use deconflict_findings::{Place, Severity};

use super::run;
use crate::Options;

/// Errors and warnings, one line each: rule, then the place of every side. Applications without a project of their own are
/// not the point here.
fn check(tree: &str, expected: &[&str]) {
    let report = run(tree, &Options::default());
    let told = report
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Info && finding.rule != "argo-project-default");
    let found: Vec<String> = told
        .map(|finding| {
            let labels = std::iter::once(&finding.primary).chain(&finding.related);
            let places = labels.map(|label| {
                let place = Place::of(&report.files.get(label.at.file), label.at.span);
                format!("{}:{}", place.path, place.line)
            });
            format!("{} {}", finding.rule, places.collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(found, expected, "{tree}");
}

/// Argo CD with two automated Applications, of the directories `one` and `two`, in namespace `apps`.
fn argo(one: &str, two: &str) -> String {
    let mut tree = "//- deconflict.yaml\nversion: 1\nsources: [{name: \"https://git.example/infra\", path: .}]\n//- argocd/apps.yaml\n"
        .to_owned();
    for path in [one, two] {
        let name = path.rsplit('/').next().unwrap_or(path);
        tree.push_str(&format!(
            "---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  source: {{repoURL: \"https://git.example/infra\", path: {path}, targetRevision: main}}
  destination: {{server: \"https://kubernetes.default.svc\", namespace: apps}}
  syncPolicy: {{automated: {{prune: true}}}}
"
        ));
    }
    tree
}

/// Flux with a Kustomization for `apps/<name>` in cluster `main`; `more` belongs to its `spec`.
fn flux(name: &str, more: &str) -> String {
    format!(
        "//- clusters/main/{name}.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  interval: 10m
  prune: true
  path: ./apps/{name}
  sourceRef: {{kind: GitRepository, name: flux-system}}
{more}"
    )
}

const MAIN: &str = "//- deconflict.yaml\nversion: 1\nclusters: [{name: main, roots: [clusters/main]}]\n";

/// `path` with an object of that kind, version and name in namespace `apps`, and `rest`.
fn file(path: &str, version: &str, kind: &str, name: &str, rest: &str) -> String {
    format!("//- {path}\n{}", object(version, kind, name, rest))
}

/// The name stands in line 4, `rest` begins in line 6.
fn object(version: &str, kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: apps\n{rest}")
}

/// cloud-platform-environments: one pull request added devcertificate.yaml while main already had 05-devcertificate.yaml.
#[test]
fn one_certificate_in_two_files_of_a_namespace() {
    let certificate = |path: &str, secret: &str| {
        let spec = format!(
            "spec:\n  secretName: {secret}\n  dnsNames: [dev.example.org]\n  issuerRef: {{name: x, kind: ClusterIssuer}}\n"
        );
        file(path, "cert-manager.io/v1", "Certificate", "dev-fum-cert", &spec)
    };
    let tree = certificate("namespaces/ubi-dev/05-devcertificate.yaml", "one")
        + &certificate("namespaces/ubi-dev/devcertificate.yaml", "two");
    check(
        &tree,
        &[
            "own-object-repeated namespaces/ubi-dev/05-devcertificate.yaml:4 namespaces/ubi-dev/devcertificate.yaml:4",
        ],
    );
}

/// cloud-platform-environments: six environments with two RoleBindings `<namespace>-admin` each; govuk-helm-charts: two
/// CronJobs of one name.
#[test]
fn one_name_twice_in_a_file() {
    let binding = |group: &str| {
        let rest = format!(
            "subjects: [{{kind: Group, name: {group}, apiGroup: rbac.authorization.k8s.io}}]\nroleRef: {{kind: ClusterRole, name: \
             admin, apiGroup: rbac.authorization.k8s.io}}\n"
        );
        object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "court-admin",
            &rest,
        )
    };
    let tree = format!(
        "//- namespaces/court/01-rbac.yaml\n{}---\n{}",
        binding("a"),
        binding("b")
    );
    check(
        &tree,
        &["own-object-repeated namespaces/court/01-rbac.yaml:4 namespaces/court/01-rbac.yaml:12"],
    );
    let job = |hour: u8| {
        let rest = format!(
            "spec:\n  schedule: \"0 {hour} * * *\"\n  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: \
             [{{name: a, image: \"example.com/a:1\"}}]}}}}}}}}\n"
        );
        object("batch/v1", "CronJob", "index-sync", &rest)
    };
    let tree = format!("//- charts/search/jobs.yaml\n{}---\n{}", job(1), job(3));
    check(
        &tree,
        &["own-object-repeated charts/search/jobs.yaml:4 charts/search/jobs.yaml:13"],
    );
}

/// infra-deployments: a chart's upgrade rendered ServiceMonitors that `common/` held already; two more copies of one
/// ClusterRole in other components.
#[test]
fn a_chart_and_common_resources() {
    let monitor = |path: &str, port: &str| {
        let spec = format!(
            "spec:\n  selector: {{matchLabels: {{app: kyverno}}}}\n  endpoints: [{{port: {port}}}]\n"
        );
        file(
            path,
            "monitoring.coreos.com/v1",
            "ServiceMonitor",
            "kyverno",
            &spec,
        )
    };
    // In one build kustomize refuses the second one.
    let one = format!(
        "//- components/kyverno/production/kustomization.yaml\nresources:\n  - chart.yaml\n  - ../common\n\
         //- components/kyverno/common/kustomization.yaml\nresources: [monitors.yaml]\n{}{}",
        monitor("components/kyverno/production/chart.yaml", "metrics-port"),
        monitor("components/kyverno/common/monitors.yaml", "metrics")
    );
    check(
        &one,
        &[
            "kus-build-error components/kyverno/common/monitors.yaml:4 components/kyverno/production/chart.yaml:4",
        ],
    );
    let two = argo("components/kyverno", "components/common")
        + &monitor("components/kyverno/chart.yaml", "metrics-port")
        + &monitor("components/common/monitors.yaml", "metrics");
    check(
        &two,
        &["own-object-conflict components/common/monitors.yaml:4 components/kyverno/chart.yaml:4"],
    );
    let role = |path: &str, resources: &str| {
        format!(
            "//- {path}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: runner\nrules: [{{apiGroups: \
             [\"\"], resources: [{resources}], verbs: [get]}}]\n"
        )
    };
    let roles = argo("components/build", "components/release")
        + &role("components/build/role.yaml", "secrets")
        + &role("components/release/role.yaml", "secrets");
    check(
        &roles,
        &["own-object-duplicate components/build/role.yaml:4 components/release/role.yaml:4"],
    );
}

/// infra-deployments: `configMapGenerator` twice, so that one ConfigMap was never made; two containers with one name.
#[test]
fn a_key_and_a_container_twice() {
    let tree = "//- components/prow/kustomization.yaml\nconfigMapGenerator:\n  - name: config\n    literals: [a=b]\nresources: []\n\
                configMapGenerator:\n  - name: plugins\n    literals: [c=d]\n";
    check(
        tree,
        &["lay-yaml-hazard components/prow/kustomization.yaml:5 components/prow/kustomization.yaml:1"],
    );
    let spec = "spec:\n  selector: {matchLabels: {app: x}}\n  template:\n    metadata: {labels: {app: x}}\n    spec:\n      \
                containers:\n        - name: proxy\n          image: example.com/a:1\n        - name: proxy\n          image: \
                example.com/b:1\n";
    check(
        &file("components/x/x.yaml", "apps/v1", "Deployment", "x", spec),
        &["api-container-name components/x/x.yaml:14 components/x/x.yaml:12"],
    );
}

/// govuk-helm-charts: two applications made the same Secrets, and Argo CD never stopped syncing; ExternalSecrets left in
/// two charts.
#[test]
fn one_secret_of_two_applications() {
    let secret = |path: &str, token: &str| {
        file(
            path,
            "v1",
            "Secret",
            "token",
            &format!("stringData: {{token: {token}}}\n"),
        )
    };
    let external = |path: &str, name: &str| {
        let spec = "spec:\n  secretStoreRef: {name: store, kind: ClusterSecretStore}\n  target: {name: token}\n  data: [{secretKey: \
                    token, remoteRef: {key: x}}]\n";
        file(path, "external-secrets.io/v1", "ExternalSecret", name, spec)
    };
    let apps = argo("charts/publisher", "charts/router");
    check(
        &format!(
            "{apps}{}{}",
            secret("charts/publisher/s.yaml", "a"),
            secret("charts/router/s.yaml", "b")
        ),
        &["own-object-conflict charts/publisher/s.yaml:4 charts/router/s.yaml:4"],
    );
    check(
        &format!(
            "{apps}{}{}",
            external("charts/publisher/s.yaml", "one"),
            external("charts/router/s.yaml", "two")
        ),
        &["cfg-secret-two-producers charts/publisher/s.yaml:8 charts/router/s.yaml:8"],
    );
}

/// govuk-helm-charts: two groups of one name in a PrometheusRule, which the API server refuses.
#[test]
fn two_groups_of_one_name() {
    let rules = |third: &str| {
        let spec = format!(
            "spec:\n  groups:\n    - name: Karpenter\n      rules: [{{alert: A, expr: up == 0}}]\n    - name: Nodes\n    - name: {third}\n      \
             rules: [{{alert: B, expr: up == 0}}]\n"
        );
        file(
            "charts/monitoring/rules.yaml",
            "monitoring.coreos.com/v1",
            "PrometheusRule",
            "alerts",
            &spec,
        )
    };
    check(
        &rules("Karpenter"),
        &["crd-schema-violation charts/monitoring/rules.yaml:11 charts/monitoring/rules.yaml:8"],
    );
    check(&rules("karpenter"), &[]);
}

/// sds-flux-config: two Ingresses with one host; one Namespace from two directories.
#[test]
fn one_host_and_one_namespace_of_two_applications() {
    let ingress = |app: &str| {
        let spec = format!(
            "spec:\n  ingressClassName: traefik\n  rules:\n    - host: hub.example.net\n      http: {{paths: [{{path: /, pathType: Prefix, \
             backend: {{service: {{name: {app}, port: {{number: 80}}}}}}}}]}}\n"
        );
        file(
            &format!("apps/{app}/overlays/stg/i.yaml"),
            "networking.k8s.io/v1",
            "Ingress",
            app,
            &spec,
        )
    };
    check(
        &(ingress("hub") + &ingress("portal")),
        &["net-ingress-path-taken apps/hub/overlays/stg/i.yaml:10 apps/portal/overlays/stg/i.yaml:10"],
    );
    let namespace = |app: &str| {
        format!(
            "//- apps/{app}/overlays/sbox/n.yaml\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: rpe\n  labels: {{team: {app}}}\n"
        )
    };
    check(
        &(namespace("a") + &namespace("b")),
        &["own-namespace-conflict apps/a/overlays/sbox/n.yaml:4 apps/b/overlays/sbox/n.yaml:4"],
    );
}

/// home-ops: one host port in two components; k8s-gitops: one address of two load balancers, and Services of one name.
#[test]
fn ports_and_addresses() {
    let daemon = |app: &str| {
        let spec = format!(
            "spec:\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    metadata: {{labels: {{app: {app}}}}}\n    spec:\n      \
             containers:\n        - name: a\n          image: example.com/a:1\n          ports:\n            - {{containerPort: 9999, \
             hostPort: 19999}}\n"
        );
        file(
            &format!("apps/{app}/overlays/main/d.yaml"),
            "apps/v1",
            "DaemonSet",
            app,
            &spec,
        )
    };
    check(
        &(daemon("netdata") + &daemon("spegel")),
        &["net-hostport-overlap apps/netdata/overlays/main/d.yaml:15 apps/spegel/overlays/main/d.yaml:15"],
    );
    let service = |app: &str, name: &str, last: u8| {
        let spec = format!(
            "spec:\n  type: LoadBalancer\n  loadBalancerIP: 192.0.2.{last}\n  ports: [{{port: 80}}]\n"
        );
        file(
            &format!("apps/{app}/overlays/main/s.yaml"),
            "v1",
            "Service",
            name,
            &spec,
        )
    };
    check(
        &(service("a", "a", 20) + &service("b", "b", 20)),
        &["net-lb-ip-taken apps/a/overlays/main/s.yaml:8 apps/b/overlays/main/s.yaml:8"],
    );
    check(
        &(service("a", "plex", 20) + &service("b", "plex", 21)),
        &["own-object-conflict apps/a/overlays/main/s.yaml:4 apps/b/overlays/main/s.yaml:4"],
    );
}

/// k8s-gitops: a generated and an encrypted Secret of one name.
#[test]
fn a_generated_and_an_encrypted_secret() {
    let generator = "secretGenerator:\n  - name: alerting\n    literals: [token=x]\n    options: {disableNameSuffixHash: true}\n";
    let encrypted = |path: &str| {
        let rest = "stringData:\n  token: ENC[AES256_GCM,data:xx,iv:xx,tag:xx,type:str]\nsops:\n  mac: \
                    ENC[AES256_GCM,data:xx,iv:xx,tag:xx,type:str]\n  version: 3.9.0\n";
        file(path, "v1", "Secret", "alerting", rest)
    };
    let one = format!(
        "{MAIN}{}//- apps/a/kustomization.yaml\nnamespace: apps\nresources: [secret.sops.yaml]\n{generator}{}",
        flux("a", ""),
        encrypted("apps/a/secret.sops.yaml")
    );
    check(
        &one,
        &[
            "kus-build-error apps/a/kustomization.yaml:1 apps/a/secret.sops.yaml:4 apps/a/kustomization.yaml:4",
        ],
    );
    let two = format!(
        "{MAIN}{}{}//- apps/a/kustomization.yaml\nnamespace: apps\n{generator}{}",
        flux("a", ""),
        flux("b", ""),
        encrypted("apps/b/secret.sops.yaml")
    );
    check(
        &two,
        &["own-object-conflict apps/a/kustomization.yaml:3 apps/b/secret.sops.yaml:4"],
    );
}

/// k8s-gitops: a quota set `limits.cpu` while the workload set none, so that no pod could start.
#[test]
fn a_quota_that_wants_what_nobody_sets() {
    let quota = file(
        "apps/a/overlays/main/q.yaml",
        "v1",
        "ResourceQuota",
        "q",
        "spec:\n  hard:\n    limits.cpu: \"8\"\n",
    );
    let spec = "spec:\n  selector: {matchLabels: {app: g}}\n  template:\n    metadata: {labels: {app: g}}\n    spec:\n      containers:\n        \
                - name: gateway\n          image: example.com/g:1\n          resources: {requests: {cpu: 100m}}\n";
    check(
        &(quota
            + &file(
                "apps/a/overlays/main/d.yaml",
                "apps/v1",
                "Deployment",
                "gateway",
                spec,
            )),
        &["cap-quota-needs-values apps/a/overlays/main/d.yaml:14 apps/a/overlays/main/q.yaml:8"],
    );
}

/// k8s-gitops: Flux took `${active}` out of a script, and a volume filled up. With all variables known the Kustomization
/// fails today; with a source that is not in the repository it depends on that.
#[test]
fn a_script_under_substitution() {
    let script = file(
        "apps/a/prune.yaml",
        "v1",
        "ConfigMap",
        "prune",
        "data:\n  prune.sh: |\n    #!/bin/sh\n    active=$(ls /data | wc -l)\n    if [ \"${active}\" -gt 10 ]; then\n      rm -rf /data/old\n    fi\n",
    );
    let tree = |post: &str| format!("{MAIN}{}{script}", flux("a", post));
    check(
        &tree("  postBuild: {substitute: {region: eu}}\n"),
        &["flux-var-undefined apps/a/prune.yaml:10"],
    );
    check(
        &tree("  postBuild: {substitute: {region: eu}, substituteFrom: [{kind: Secret, name: elsewhere}]}\n"),
        &["flux-var-in-script apps/a/prune.yaml:10"],
    );
    check(&tree(""), &[]);
}

/// operate-first/apps: a ClusterRoleBinding, a ConfigMap and a Secret with the names of another team's.
#[test]
fn names_that_another_team_has() {
    let binding = |path: &str, group: &str| {
        format!(
            "//- {path}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: observatorium\nsubjects: \
             [{{kind: Group, name: {group}, apiGroup: rbac.authorization.k8s.io}}]\nroleRef: {{kind: ClusterRole, name: view, apiGroup: \
             rbac.authorization.k8s.io}}\n"
        )
    };
    let config = |path: &str, level: &str| {
        file(
            path,
            "v1",
            "ConfigMap",
            "settings",
            &format!("data: {{LEVEL: {level}}}\n"),
        )
    };
    let apps = argo("teams/a", "teams/b");
    check(
        &format!(
            "{apps}{}{}{}{}",
            binding("teams/a/b.yaml", "a"),
            binding("teams/b/b.yaml", "b"),
            config("teams/a/c.yaml", "info"),
            config("teams/b/c.yaml", "debug")
        ),
        &[
            "own-object-conflict teams/a/b.yaml:4 teams/b/b.yaml:4",
            "own-object-conflict teams/a/c.yaml:4 teams/b/c.yaml:4",
        ],
    );
}

/// managed-cluster-config: one ConfigMap from two SelectorSyncSets, whose selectors select the same clusters.
#[test]
fn one_config_map_of_two_sync_sets() {
    let set = |name: &str, more: &str, level: &str| {
        format!(
            "//- deploy/{name}/set.yaml
apiVersion: hive.openshift.io/v1
kind: SelectorSyncSet
metadata:
  name: {name}
spec:
  clusterDeploymentSelector:
    matchLabels: {{api.openshift.com/managed: \"true\"{more}}}
  resourceApplyMode: Sync
  resources:
    - apiVersion: v1
      kind: ConfigMap
      metadata:
        name: cluster-monitoring-config
        namespace: openshift-monitoring
      data: {{level: {level}}}
"
        )
    };
    let hub = "//- deconflict.yaml\nversion: 1\nclusters: [{name: hive, roots: [\"deploy/*\"]}]\n";
    let both = |more: (&str, &str), other: &str| {
        format!(
            "{hub}{}{}",
            set("monitoring", more.0, "info"),
            set("retention", more.1, other)
        )
    };
    let at = "deploy/monitoring/set.yaml:13 deploy/retention/set.yaml:13";
    check(&both(("", ""), "debug"), &[&format!("own-object-conflict {at}")]);
    check(&both(("", ""), "info"), &[&format!("own-object-duplicate {at}")]);
    check(&both((", env: stage", ", env: prod"), "debug"), &[]);
    check(&both((", env: stage", ", fips: no"), "debug"), &[]);
}
