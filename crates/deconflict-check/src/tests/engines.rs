//! Rules about Argo CD and Flux: what nearly fires.

use super::run;
use crate::Options;

/// What the rules whose ids begin with `family` find in `tree`: severity, rule, message.
pub(super) fn check(family: &str, tree: &str, want: &[&str]) {
    let report = run(tree, &Options::default());
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.rule.starts_with(family));
    let found: Vec<String> = found
        .map(|finding| {
            format!(
                "{}[{}] {}",
                finding.severity.word(),
                finding.rule,
                finding.message
            )
        })
        .collect();
    assert_eq!(found, want, "{tree}");
}

const CONFIG: &str = "//- deconflict.yaml
version: 1
clusters:
  - {name: hub, roots: [argocd]}
  - {name: prod-eu, servers: ['https://prod-eu.example:6443']}
sources: [{name: 'https://git.example/org/gitops', path: '.'}]
//- apps/web/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: web}
//- apps/web/role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: web-nodes}
rules: []
";

/// An Application of project `team` that goes to `destination`, and that project.
pub(super) fn project(destination: &str, spec: &str) -> String {
    format!(
        "{CONFIG}//- argocd/app.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web, namespace: argocd}}
spec:
  project: team
  source: {{repoURL: 'https://git.example/org/gitops.git', path: apps/web}}
  destination: {destination}
//- argocd/project.yaml
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {{name: team, namespace: argocd}}
spec:
{spec}"
    )
}

pub(super) const OPEN: &str = "  sourceRepos: ['*']\n  destinations: [{server: '*', namespace: '*'}]\n";
pub(super) const EU: &str = "{name: prod-eu, namespace: web}";

#[test]
fn a_project_decides_by_its_lists() {
    let kinds = |lists: &str, want: &[&str]| {
        check("argo-project", &project(EU, &format!("{OPEN}{lists}")), want);
    };
    let role = "error[argo-project-kind-denied] Application argocd/web deploys ClusterRole web-nodes, a kind that project \
                team does not allow";
    let map = "error[argo-project-kind-denied] Application argocd/web deploys ConfigMap web/web, a kind that project team \
               does not allow";
    kinds("", &[role]);
    kinds("  clusterResourceWhitelist: [{group: '*', kind: '*'}]\n", &[]);
    kinds(
        "  clusterResourceWhitelist: [{group: rbac*, kind: Cluster*, name: web-*}]\n",
        &[],
    );
    kinds(
        "  clusterResourceWhitelist: [{group: rbac*, kind: Cluster*, name: api-*}]\n",
        &[role],
    );
    kinds(
        "  clusterResourceWhitelist: [{group: '', kind: ClusterRole}]\n",
        &[role],
    );
    let open = "  clusterResourceWhitelist: [{group: '*', kind: '*'}]\n";
    kinds(
        &format!("{open}  clusterResourceBlacklist: [{{group: '*', kind: ClusterRole}}]\n"),
        &[role],
    );
    kinds(&format!("{open}  namespaceResourceWhitelist: []\n"), &[map]);
    kinds(
        &format!("{open}  namespaceResourceWhitelist: [{{group: '', kind: ConfigMap}}]\n"),
        &[],
    );
    kinds(
        &format!("{open}  namespaceResourceBlacklist: [{{group: '', kind: ConfigMap}}]\n"),
        &[map],
    );
}

#[test]
fn sources_of_a_project() {
    let source = |repos: &str, allowed: bool| {
        let lists = format!(
            "  sourceRepos: {repos}\n  destinations: [{{server: '*', namespace: '*'}}]\n  clusterResourceWhitelist: \
             [{{group: '*', kind: '*'}}]\n"
        );
        let denied = "error[argo-project-source-denied] Application argocd/web takes its source from \
                      https://git.example/org/gitops.git, which project team does not allow";
        check(
            "argo-project",
            &project(EU, &lists),
            &[denied][usize::from(allowed)..],
        );
    };
    source("[]", false);
    source("['https://git.example/org/gitops']", true);
    source("['HTTPS://git.example/org/*']", true);
    source("['https://git.example/*']", false);
    source("['https://git.example/**']", true);
    source("['git@git.example:org/gitops']", false);
    source("['*', '!https://git.example/org/*']", false);
    source("['!https://git.example/web/*']", true);
}

#[test]
fn destinations_of_a_project() {
    let to = |destination: &str, destinations: &str, allowed: bool| {
        let lists = format!(
            "  sourceRepos: ['*']\n  destinations: {destinations}\n  clusterResourceWhitelist: [{{group: '*', kind: '*'}}]\n"
        );
        let report = run(&project(destination, &lists), &Options::default());
        let denied = report
            .findings
            .iter()
            .any(|finding| finding.rule == "argo-project-destination-denied");
        assert_eq!(denied, !allowed, "{destination} {destinations}");
    };
    to(EU, "[]", false);
    to(EU, "[{name: prod-eu, namespace: web}]", true);
    to(EU, "[{name: prod-us, namespace: web}]", false);
    to(EU, "[{name: prod-eu, namespace: api}]", false);
    // The configuration says which server the name is.
    to(
        EU,
        "[{server: 'https://prod-eu.example:6443', namespace: 'w*'}]",
        true,
    );
    to(
        EU,
        "[{server: 'https://prod-us.example:6443', namespace: 'w*'}]",
        false,
    );
    to(
        EU,
        "[{name: '*', namespace: '*'}, {name: '!prod-*', namespace: '*'}]",
        false,
    );
    to(EU, "[{server: '*', namespace: '!kube-system'}]", true);
    to(
        EU,
        "[{server: '*', namespace: '*'}, {server: '*', namespace: '!web'}]",
        false,
    );
    let local = "{server: 'https://kubernetes.default.svc', namespace: web}";
    to(local, "[{name: in-cluster, namespace: web}]", true);
    to(
        local,
        "[{server: 'https://prod-eu.example:6443', namespace: web}]",
        false,
    );
    // The objects' own namespaces count.
    to(
        "{name: prod-eu, namespace: api}",
        "[{name: '*', namespace: api}]",
        false,
    );
}

#[test]
fn a_project_of_another_argo_cd_says_nothing() {
    let tree = project(EU, "  sourceRepos: []\n").replace("//- argocd/project", "//- other/project");
    check("argo-project", &tree, &[]);
    let two = tree.replace(
        "  - {name: prod-eu, servers: ['https://prod-eu.example:6443']}",
        "  - {name: prod-eu, roots: [other]}",
    );
    check("argo-project", &two, &[]);
}

#[test]
fn a_project_names_the_owner() {
    let owner = |metadata: &str, teams: &str| {
        let tree = project(EU, OPEN)
            .replace("metadata: {name: team, namespace: argocd}", metadata)
            .replace("version: 1\n", &format!("version: 1\n{teams}"));
        let report = run(&tree, &Options::default());
        let row = report
            .placements
            .iter()
            .find(|row| row.app.as_deref() == Some("argocd/web"));
        row.and_then(|row| row.owner.clone())
    };
    let named = "metadata: {name: team, namespace: argocd, labels: {team: search}}";
    let plain = "metadata: {name: team, namespace: argocd}";
    assert_eq!(owner(named, "").as_deref(), Some("search"));
    assert_eq!(owner(plain, ""), None);
    assert_eq!(
        owner(plain, "teams: [{name: Team, paths: [x]}]\n").as_deref(),
        Some("Team")
    );
    let globs = "teams: [{name: pay, paths: [apps/web]}]\n";
    assert_eq!(owner(named, globs).as_deref(), Some("pay"));
    let spaces = "teams: [{name: pay, namespaces: [web]}]\n";
    assert_eq!(owner(named, spaces).as_deref(), Some("search"));
}

#[test]
fn pruning() {
    let app = |policy: &str| {
        format!(
            "//- argocd/app.yaml\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: \
             argocd}}\nspec:\n  project: team\n  source: {{repoURL: 'https://charts.example', chart: web, targetRevision: \
             1.0.0}}\n  destination: {{name: in-cluster, namespace: web}}\n  syncPolicy: {policy}\n"
        )
    };
    let off = "warning[argo-prune-off] Application argocd/web syncs by itself and does not prune";
    check("argo-prune", &app("{automated: {prune: false}}"), &[off]);
    check("argo-prune", &app("{automated: {}}"), &[off]);
    check("argo-prune", &app("{automated: {prune: true}}"), &[]);
    check("argo-prune", &app("{automated: {enabled: false}}"), &[]);
    check("argo-prune", &app("{syncOptions: [CreateNamespace=true]}"), &[]);
}

fn settings(name: &str, data: &str) -> String {
    format!(
        "//- argocd/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: argocd}}\ndata:\n{data}"
    )
}

#[test]
fn health_checks() {
    let health = |data: &str, want: &[&str]| check("argo-health", &settings("argocd-cm", data), want);
    let key = "  resource.customizations.health.batch_Job: ";
    health(
        &format!("{key}|\n    hs = {{status = \"Healthy\"}}\n    return hs\n"),
        &[],
    );
    let job = "error[argo-health-lua] the health check of Job";
    health(
        &format!("{key}|\n    hs = {{status = \"Healthy\"}}\n    os.execute(\"id\")\n    return hs\n"),
        &[&format!(
            "{job} uses `os.execute`, which Argo CD does not give it"
        )],
    );
    health(
        &format!("{key}return {{status = \"Done\"}}\n"),
        &[&format!(
            "{job} sets the state \"Done\", which Argo CD does not know"
        )],
    );
    health(
        "  resource.customizations.health.cert_manager.io_Certificate: return nil\n",
        &["error[argo-health-lua] Argo CD cannot read the kind in \
             `resource.customizations.health.cert_manager.io_Certificate`"],
    );
    health("  resource.customizations.health.Pod: return nil\n", &[]);
    health(
        "  resource.customizations.health.*.crossplane.io_*: return nil\n",
        &[],
    );
    health("  resource.customizations.ignoreDifferences.all: ''\n", &[]);
    let open = "  resource.customizations.useOpenLibs.batch_Job: \"true\"\n";
    let script = format!("{key}|\n    return {{status = \"Healthy\", message = string.lower(\"X\")}}\n");
    health(&format!("{open}{script}"), &[]);
    health(
        &script,
        &[&format!("{job} uses `string`, which Argo CD does not give it")],
    );
    health(
        "  resource.customizations: |\n    batch/Job:\n      health.lua: |\n        return {status = \"Done\"}\n",
        &[&format!(
            "{job} sets the state \"Done\", which Argo CD does not know"
        )],
    );
}

#[test]
fn who_may_do_everything() {
    let rbac = |data: &str, want: &[&str]| check("argo-rbac-broad", &settings("argocd-rbac-cm", data), want);
    rbac(
        "  policy.default: role:readonly\n  policy.csv: |\n    g, org:platform, role:admin\n",
        &[],
    );
    rbac("  policy.default: ''\n", &[]);
    rbac(
        "  policy.default: role:admin\n",
        &["warning[argo-rbac-broad] everybody who can log in has role:admin, by `policy.default`"],
    );
    rbac(
        "  policy.csv: |\n    # g, system:authenticated, role:admin\n    g, \"system:authenticated\", role:admin\n",
        &[
            "warning[argo-rbac-broad] system:authenticated may do everything in Argo CD, by `g, \"system:authenticated\", \
             role:admin`",
        ],
    );
}

#[test]
fn login_settings() {
    let dex = |data: &str, want: &[&str]| check("argo-dex-invalid", &settings("argocd-cm", data), want);
    let connector = "    connectors:\n      - {type: github, id: github, name: GitHub}\n";
    dex(&format!("  url: https://x\n  dex.config: |\n{connector}"), &[]);
    dex("  url: https://x\n  dex.config: ''\n", &[]);
    dex(
        &format!("  dex.config: |\n{connector}"),
        &["warning[argo-dex-invalid] argocd-cm has dex.config and no `url`, so Argo CD ignores it"],
    );
    dex(
        "  url: https://x\n  dex.config: |\n    connectors: [\n",
        &["warning[argo-dex-invalid] dex.config of argocd-cm is no YAML map"],
    );
    dex(
        &format!(
            "  url: https://x\n  dex.config: |\n{connector}      - {{type: oidc, id: github, name: X}}\n"
        ),
        &["warning[argo-dex-invalid] two connectors in dex.config of argocd-cm have the id github"],
    );
}

/// A Flux Kustomization with `post`, and a ConfigMap with `metadata` and `value`.
fn substituted(post: &str, metadata: &str, value: &str) -> String {
    format!(
        "//- deconflict.yaml
version: 1
clusters: [{{name: prod, roots: [clusters/prod]}}]
//- clusters/prod/web.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: web, namespace: flux-system}}
spec:
  prune: true
  path: ./apps/web
  sourceRef: {{kind: GitRepository, name: flux-system}}
{post}//- clusters/prod/vars.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: vars, namespace: flux-system}}
data: {{region: eu}}
//- apps/web/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: web, namespace: web{metadata}}}
data:
  key: {value}
"
    )
}

#[test]
fn variables_of_a_script() {
    let found = |post: &str, script: &str, name: Option<&str>| {
        let tree = substituted(post, "", script);
        let tree = tree.replace("  key: ", "  run.sh: ");
        let want = name.map(|name| {
            format!("warning[flux-var-in-script] Flux replaces `${{{name}}}` in ConfigMap web, which is a variable of the script")
        });
        check(
            "flux-var-in-script",
            &tree,
            &want.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    };
    let inline = "  postBuild: {substitute: {region: eu}}\n";
    let open = "  postBuild: {substitute: {region: eu}, substituteFrom: [{kind: Secret, name: elsewhere}]}\n";
    let script = |use_: &str| format!("|\n    active=3\n    [ {use_} -gt 10 ]");
    found(open, &script("${active}"), Some("active"));
    found(inline, &script("${active:-0}"), Some("active"));
    found(inline, "|\n    region=us\n    echo ${region}", Some("region"));
    // Nothing sets it: `flux-var-undefined`.
    found(inline, &script("${active}"), None);
    // Escaped, no braces, another's variable, handed in, no substitution.
    found(open, &script("$${active}"), None);
    found(open, &script("$active"), None);
    found(open, &script("${limit}"), None);
    found(open, "|\n    region=${region}\n    echo ${region}", None);
    found("", &script("${active:-0}"), None);
}

#[test]
fn variables_that_nothing_sets() {
    let unset = |post: &str, metadata: &str, value: &str, name: Option<&str>| {
        let want = name.map(|name| {
            format!(
                "error[flux-var-undefined] ConfigMap web uses `${{{name}}}`, which no `postBuild` source of its Flux Kustomization \
                 sets"
            )
        });
        let want: Vec<&str> = want.iter().map(String::as_str).collect();
        check("flux-var", &substituted(post, metadata, value), &want);
    };
    let inline = "  postBuild: {substitute: {name: web}}\n";
    unset(inline, "", "${name}-${zone}", Some("zone"));
    unset(inline, "", "${zone}", Some("zone"));
    unset(inline, "", "'${zone^^}'", Some("zone"));
    unset(inline, "", "|\n    echo ${zone}\n    $zone", Some("zone"));
    unset(inline, "", "${name:-${zone}}", None);
    unset(inline, "", "${zone:-a}${zone:=a}${zone-a}${zone=a}", None);
    unset(inline, "", "$${zone} $zone", None);
    unset("", "", "${zone}", None);
    for map in ["labels", "annotations"] {
        let off = format!(", {map}: {{kustomize.toolkit.fluxcd.io/substitute: disabled}}");
        unset(inline, &off, "${zone}", None);
    }
    // What a source sets, and what one that is not here might.
    let from = |name: &str| {
        format!(
            "  postBuild: {{substitute: {{name: web}}, substituteFrom: [{{kind: ConfigMap, name: {name}}}]}}\n"
        )
    };
    unset(&from("vars"), "", "${region}", None);
    unset(&from("vars"), "", "${zone}", Some("zone"));
    unset(&from("elsewhere"), "", "${zone}", None);
    // Without a known variable Flux replaces nothing, unless it is told to.
    unset("  postBuild: {substitute: {}}\n", "", "${zone}", None);
    let always = "  postBuild: {substituteStrategy: Always}\n";
    unset(always, "", "${zone}", Some("zone"));
}
