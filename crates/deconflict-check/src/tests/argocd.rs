//! Argo CD: which cluster, which project, what is set back.

use super::engines::{EU, OPEN, check, project};
use super::run;
use crate::Options;

/// An Application for each of `apps`: its file, its name, which is that of its directory, and its destination. Each
/// directory has a Service with one node port, and a ConfigMap that all share.
fn services(config: &str, apps: &[(&str, &str, &str)]) -> String {
    let mut tree = config.to_owned();
    for (file, name, destination) in apps {
        tree += &format!(
            "//- {file}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: team
  source: {{repoURL: 'https://git.example/org/gitops.git', path: {name}}}
  destination: {destination}
//- {name}/all.yaml
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {name}}}
spec: {{type: NodePort, ports: [{{port: 80, nodePort: 30080}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: shared, namespace: shared}}
data: {{by: {name}}}
"
        );
    }
    tree
}

const HERE: &str = "{name: in-cluster, namespace: web}";

#[test]
fn in_cluster_is_the_cluster_of_each_argo_cd() {
    let apps = |first: &'static str, second: &'static str| [(first, "a", HERE), (second, "b", HERE)];
    let apart = "//- deconflict.yaml
version: 1
clusters: [{name: first, roots: [one]}, {name: second, roots: [two]}]
sources: [{name: 'https://git.example/org/gitops', path: '.'}]
";
    let collide = |place: &str| {
        [
            format!("net-nodeport-taken argocd/a and argocd/b both claim node port 30080{place}"),
            format!(
                "own-object-conflict argocd/a and argocd/b both deploy ConfigMap shared/shared{place}, with different content"
            ),
        ]
    };
    let found = |tree: &str| -> Vec<String> {
        let report = run(tree, &Options::default());
        let joins = report
            .findings
            .iter()
            .filter(|finding| finding.rule.starts_with("net-") || finding.rule.starts_with("own-"));
        let mut joins: Vec<String> = joins
            .map(|finding| format!("{} {}", finding.rule, finding.message))
            .collect();
        joins.sort();
        joins
    };
    let none: [String; 0] = [];
    assert_eq!(found(&services(apart, &apps("one/a.yaml", "two/b.yaml"))), none);
    assert_eq!(
        found(&services(apart, &apps("one/a.yaml", "one/b.yaml"))),
        collide(" in first")
    );
    // Nobody says which clusters they are: still two.
    assert_eq!(found(&services("", &apps("one/a.yaml", "two/b.yaml"))), none);
    assert_eq!(
        found(&services("", &apps("one/a.yaml", "one/b.yaml"))),
        collide("")
    );
}

#[test]
fn two_addresses_of_one_cluster_are_one() {
    let hub = |servers: &str| {
        format!(
            "//- deconflict.yaml
version: 1
clusters:
  - {{name: hub, roots: [argocd]}}
{servers}sources: [{{name: 'https://git.example/org/gitops', path: '.'}}]
"
        )
    };
    let (a, b) = ("https://a.example:6443", "https://b.example");
    let found = |servers: &str| {
        let apps = [
            ("argocd/a.yaml", "a", format!("{{server: '{a}'}}")),
            ("argocd/b.yaml", "b", format!("{{server: '{b}/'}}")),
        ];
        let apps: Vec<(&str, &str, &str)> = apps
            .iter()
            .map(|(file, name, to)| (*file, *name, to.as_str()))
            .collect();
        let report = run(&services(&hub(servers), &apps), &Options::default());
        let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
        rules.retain(|rule| rule.starts_with("net-") || rule.starts_with("own-"));
        rules.len()
    };
    assert_eq!(
        found(&format!("  - {{name: prod, servers: ['{a}', '{b}']}}\n")),
        2
    );
    assert_eq!(
        found(&format!(
            "  - {{name: prod, servers: ['{a}']}}\n  - {{name: other, servers: ['{b}']}}\n"
        )),
        0
    );
}

#[test]
fn a_global_project_adds_its_lists() {
    let with = |selector: &str, lists: &str| {
        format!(
            "{}//- argocd/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm, namespace: argocd}}\ndata:\n  \
             globalProjects: |\n    - labelSelector: {selector}\n      projectName: all\n//- argocd/all.yaml\napiVersion: \
             argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: all, namespace: argocd}}\nspec: {lists}\n",
            project(EU, OPEN).replace("{name: team,", "{labels: {tier: app}, name: team,")
        )
    };
    let role = "error[argo-project-kind-denied] Application argocd/web deploys ClusterRole web-nodes, a kind that project \
                team does not allow";
    let map = "error[argo-project-kind-denied] Application argocd/web deploys ConfigMap web/web, a kind that project team \
               does not allow";
    let roles = "{clusterResourceWhitelist: [{group: '*', kind: ClusterRole}]}";
    check("argo-project", &with("{matchLabels: {tier: app}}", roles), &[]);
    check(
        "argo-project",
        &with("{matchLabels: {tier: base}}", roles),
        &[role],
    );
    let secrets = "{clusterResourceWhitelist: [{group: '*', kind: '*'}], namespaceResourceWhitelist: [{group: '', kind: Secret}]}";
    check("argo-project", &with("{}", secrets), &[map]);
}

/// A self-healing Application of a Deployment with replicas that something scales.
fn scaled(spec: &str, settings: &str) -> String {
    format!(
        "//- deconflict.yaml
version: 1
clusters: [{{name: prod, roots: [argocd]}}]
sources: [{{name: 'https://git.example/org/gitops', path: '.'}}]
//- argocd/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web, namespace: argocd}}
spec:
  project: web
  source: {{repoURL: 'https://git.example/org/gitops', path: web}}
  destination: {{name: in-cluster, namespace: web}}
{spec}{settings}//- web/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: []}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  maxReplicas: 3
"
    )
}

#[test]
fn who_sets_the_replicas_back() {
    let rules = |spec: &str, settings: &str| -> Vec<String> {
        let report = run(&scaled(spec, settings), &Options::default());
        let rules = report.findings.iter().map(|finding| finding.rule.to_owned());
        rules
            .filter(|rule| matches!(rule.as_str(), "argo-selfheal-fight" | "sel-replicas-vs-hpa"))
            .collect()
    };
    let policy = |heals: &str, respects: &str| {
        format!("  syncPolicy: {{automated: {{prune: true, {heals}}}, syncOptions: [{respects}]}}\n")
    };
    let heals = policy("selfHeal: true", "");
    let ignore = |entry: &str| format!("  ignoreDifferences: [{{{entry}}}]\n");
    let replicas = ignore("group: apps, kind: Deployment, jsonPointers: [/spec/replicas]");
    let none: [String; 0] = [];
    assert_eq!(rules(&heals, ""), ["argo-selfheal-fight"]);
    assert_eq!(rules(&policy("selfHeal: false", ""), ""), ["sel-replicas-vs-hpa"]);
    assert_eq!(
        rules(&policy("enabled: false, selfHeal: true", ""), ""),
        ["sel-replicas-vs-hpa"]
    );
    assert_eq!(rules("", ""), ["sel-replicas-vs-hpa"]);
    // Ignored, but the next sync sets it back all the same, unless it is told not to.
    assert_eq!(rules(&format!("{heals}{replicas}"), ""), ["sel-replicas-vs-hpa"]);
    let respects = policy("selfHeal: true", "RespectIgnoreDifferences=true");
    assert_eq!(rules(&format!("{respects}{replicas}"), ""), none);
    for (entry, is_left) in [
        ("group: '*', kind: '*', jsonPointers: [/spec]", true),
        (
            "group: apps, kind: Deployment, jqPathExpressions: [.spec.replicas]",
            true,
        ),
        (
            "group: apps, kind: Deployment, managedFieldsManagers: [kube-controller-manager]",
            true,
        ),
        (
            "group: apps, kind: StatefulSet, jsonPointers: [/spec/replicas]",
            false,
        ),
        (
            "group: apps, kind: Deployment, name: api, jsonPointers: [/spec/replicas]",
            false,
        ),
        (
            "group: apps, kind: Deployment, jsonPointers: [/spec/template]",
            false,
        ),
    ] {
        let found = rules(&format!("{respects}{}", ignore(entry)), "");
        assert_eq!(found.is_empty(), is_left, "{entry}: {found:?}");
    }
    // Settings of the whole Argo CD.
    let settings = |key: &str| {
        format!(
            "//- argocd/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm, namespace: argocd}}\ndata:\n  \
             resource.customizations.ignoreDifferences.{key}: |\n    jsonPointers: [/spec/replicas]\n"
        )
    };
    assert_eq!(rules(&heals, &settings("apps_Deployment")), none);
    assert_eq!(rules(&heals, &settings("all")), none);
    assert_eq!(
        rules(&heals, &settings("apps_StatefulSet")),
        ["argo-selfheal-fight"]
    );
}

#[test]
fn a_bundle_that_cert_manager_injects() {
    let webhook = |metadata: &str, bundle: &str| {
        let tree = scaled("  syncPolicy: {automated: {prune: true, selfHeal: true}}\n", "");
        format!(
            "{tree}---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: \
             w{metadata}}}\nwebhooks: [{{name: w.example.com, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {{url: \
             'https://w.example', {bundle}}}}}]\n"
        )
    };
    let found = |metadata: &str, bundle: &str| {
        let report = run(&webhook(metadata, bundle), &Options::default());
        let fights = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "argo-selfheal-fight");
        fights
            .filter(|finding| finding.message.contains("caBundle"))
            .count()
    };
    let asks = ", annotations: {cert-manager.io/inject-ca-from: web/w}";
    assert_eq!(found(asks, "caBundle: Cg=="), 1);
    assert_eq!(found(asks, "caBundle: ''"), 0);
    assert_eq!(found(asks, ""), 0);
    assert_eq!(found("", "caBundle: Cg=="), 0);
}

/// An Application `argocd/web` in `file` that deploys `path`.
fn web(file: &str, path: &str) -> String {
    format!(
        "//- {file}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web, namespace: argocd}}
spec:
  project: team
  source: {{repoURL: 'https://git.example/org/gitops.git', path: {path}}}
  destination: {{name: in-cluster, namespace: web}}
"
    )
}

/// Rules about one declaration in two places, of errors and warnings.
fn twice(tree: &str) -> Vec<&'static str> {
    let report = run(tree, &Options::default());
    let told = report.findings.iter().map(|finding| finding.rule);
    told.filter(|rule| rule.starts_with("own-") || *rule == "argo-app-twice" || *rule == "kus-build-error")
        .collect()
}

#[test]
fn one_name_of_two_applications_is_told_once() {
    let config = |roots: &str| {
        format!(
            "//- deconflict.yaml\nversion: 1\nclusters: [{{name: hub, roots: {roots}}}]\nsources: [{{name: \
             'https://git.example/org/gitops', path: '.'}}]\n//- web/a/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n//- \
             web/b/b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\n"
        )
    };
    for path in ["web/a", "web/b"] {
        // One directory, one file, two roots, and without a word about roots.
        let one = web("one/a.yaml", "web/a") + &web("one/b.yaml", path);
        assert_eq!(twice(&(config("[one]") + &one)), ["argo-app-twice"]);
        assert_eq!(twice(&(config("[]") + &one)), ["argo-app-twice"]);
        let file = one.replace("//- one/b.yaml", "---");
        assert_eq!(twice(&(config("[one]") + &file)), ["argo-app-twice"]);
        let two = web("one/a.yaml", "web/a") + &web("two/b.yaml", path);
        assert_eq!(twice(&(config("[one, two]") + &two)), ["argo-app-twice"]);
        let made = two
            .replace(
                "//- one/a.yaml",
                "//- one/kustomization.yaml\nresources: [a.yaml]\n//- one/a.yaml",
            )
            .replace(
                "//- two/b.yaml",
                "//- two/kustomization.yaml\nresources: [b.yaml]\n//- two/b.yaml",
            );
        assert_eq!(twice(&(config("[one, two]") + &made)), ["argo-app-twice"]);
        let layout = web("clusters/hub/a/a.yaml", "web/a") + &web("clusters/hub/b/b.yaml", path);
        assert_eq!(twice(&(config("[]") + &layout)), ["argo-app-twice"]);
        let refused = one.replace(
            "//- one/b.yaml",
            "//- one/kustomization.yaml\nresources: [a.yaml, b.yaml]\n//- one/b.yaml",
        );
        assert_eq!(twice(&(config("[one]") + &refused)), ["kus-build-error"]);
    }
}

#[test]
fn what_no_argo_cd_would_tell() {
    let sources = "//- deconflict.yaml\nversion: 1\nclusters: [{name: hub, roots: [one, two]}]\n";
    let base = "//- base/kustomization.yaml\nresources: [a.yaml]\n//- one/kustomization.yaml\nresources: [../base]\n//- \
                two/kustomization.yaml\nresources: [../base]\n";
    // One text, deployed by two roots: one prunes it under the other.
    assert_eq!(
        twice(&format!("{sources}{base}{}", web("base/a.yaml", "web"))),
        ["own-object-duplicate"]
    );
    let empty = |file: &str, finalizers: &str| {
        format!(
            "//- {file}\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd, finalizers: \
             [{finalizers}]}}\n"
        )
    };
    let two = empty("one/a.yaml", "a") + &empty("two/b.yaml", "b");
    assert_eq!(twice(&format!("{sources}{two}")), ["own-object-conflict"]);
    // Beside entry points that are declared others are orphans, of no cluster.
    let orphans = web("clusters/hub/a/a.yaml", "a")
        + &web("clusters/hub/b/b.yaml", "b")
        + &web("one/a.yaml", "one").replace("name: web,", "name: root,");
    assert_eq!(twice(&format!("{sources}{orphans}")), [""; 0]);
    // Other kinds of Argo CD, and Applications of two names.
    let projects = (web("one/a.yaml", "a") + &web("two/b.yaml", "b")).replace("Application", "AppProject");
    assert_eq!(twice(&format!("{sources}{projects}")), ["own-object-conflict"]);
    let other = web("one/a.yaml", "a") + &web("two/b.yaml", "b").replace("name: web,", "name: other,");
    assert_eq!(twice(&format!("{sources}{other}")), [""; 0]);
}
