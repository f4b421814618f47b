use std::sync::Arc;

use deconflict_config::{Codeowners, Config, find};
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Report};
use deconflict_yaml::Library;

use crate::{Input, Options, map, propose};

fn input(tree: MemoryTree, config: Option<Config>) -> Input {
    let library = Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::new(Files::new())));
    let codeowners = Arc::new(Codeowners::find(&library, &RepoPath::top()));
    Input {
        library,
        config: Arc::new(config.unwrap_or_default()),
        codeowners,
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    }
}

/// Who deploys what where, without owners: those may be said better.
fn places(report: &Report) -> Vec<String> {
    let rows = report.placements.iter();
    rows.map(|row| format!("{} {:?} {:?} {:?}", row.engine, row.app, row.root, row.cluster))
        .collect()
}

/// What `fixture` gets proposed: the lines that are no comments. The proposal must read without a problem and move nothing, unless
/// a destination that had no name gets one.
fn check(fixture: &str, origin: Option<&str>, moves: bool, expected: &str) {
    let before = input(MemoryTree::fixture(fixture), None);
    let text = propose(&before, &Options::default(), origin);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.is_empty())
        .map(|line| line.split("  # ").next().unwrap_or(line).trim_end())
        .collect();
    let got = lines.join("\n");
    assert_eq!(got.trim(), expected.trim(), "{fixture}\n---- got\n{text}");

    let tree = MemoryTree::fixture(fixture).file("deconflict.yaml", &text);
    let library = Library::new(Arc::new(tree.snapshot()), Arc::default());
    let found = find(&library, &RepoPath::top(), &[]);
    assert_eq!(found.problems, [], "{text}");
    let after = input(MemoryTree::fixture(fixture), Some(found.config));
    let options = Options::default();
    let (before, after) = (places(&map(&before, &options)), places(&map(&after, &options)));
    assert_eq!(before != after, moves, "{before:#?}\n{after:#?}\n{text}");
}

#[test]
fn nothing_is_known() {
    check("", None, false, "version: 1");
}

#[test]
fn environments_that_nothing_names_are_offered() {
    const FIXTURE: &str = "//- k8s/web/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n\
                           //- k8s/web/kustomization.yaml\nresources: [x.yaml]\n\
                           //- envs/production/kustomization.yaml\nresources: [../../k8s/web]\n\
                           //- envs/staging/kustomization.yaml\nresources: [../../k8s/web]\n";
    check(FIXTURE, None, false, "version: 1");
    // Without the comment signs each is a cluster.
    let text = propose(
        &input(MemoryTree::fixture(FIXTURE), None),
        &Options::default(),
        None,
    );
    let (_, offered) = text.split_once("# clusters:\n").expect("an offer");
    let offered = offered.lines().take_while(|line| line.starts_with("#   "));
    let offered: String = offered.map(|line| format!("{}\n", &line[1..])).collect();
    let tree = MemoryTree::fixture(FIXTURE).file("deconflict.yaml", format!("clusters:\n{offered}"));
    let library = Library::new(Arc::new(tree.snapshot()), Arc::default());
    let found = find(&library, &RepoPath::top(), &[]);
    assert_eq!(found.problems, [], "{text}");
    let after = map(
        &input(MemoryTree::fixture(FIXTURE), Some(found.config)),
        &Options::default(),
    );
    let clusters: Vec<Option<&str>> = after
        .placements
        .iter()
        .map(|row| row.cluster.as_deref())
        .collect();
    assert_eq!(clusters, [Some("production"), Some("staging")], "{text}");
}

#[test]
fn directories_without_cluster_are_offered_as_one() {
    let tree = "\
//- k8s/web/service.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}
//- k8s/api/service.yaml
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}
";
    check(tree, None, false, "version: 1");
    let before = input(MemoryTree::fixture(tree), None);
    let text = propose(&before, &Options::default(), None);
    // Taken as it says, it places everything.
    let (start, rest) = text.split_once("# clusters:\n").expect("an offer");
    let text = format!("{start}clusters:\n{}", rest.replacen("# ", "", 3));
    let tree = || MemoryTree::fixture(tree).file("deconflict.yaml", &text);
    let library = Library::new(Arc::new(tree().snapshot()), Arc::default());
    let found = find(&library, &RepoPath::top(), &[]);
    assert_eq!(found.problems, [], "{text}");
    let after = places(&map(&input(tree(), Some(found.config)), &Options::default()));
    let want = [
        "plain None Some(\"k8s/api\") Some(\"main\")",
        "plain None Some(\"k8s/web\") Some(\"main\")",
    ];
    assert_eq!(after, want, "{text}");
}

#[test]
fn plain_layout() {
    let app = |path: &str| {
        format!(
            "//- {path}/base/kustomization.yaml\nresources: [cm.yaml]\n\
             //- {path}/base/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n\
             //- {path}/overlays/prod-eu/kustomization.yaml\nresources: [../../base]\n\
             //- {path}/overlays/stg/kustomization.yaml\nresources: [../../base]\n"
        )
    };
    let fixture = format!(
        "{}{}{}//- infra/redis/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: r}}\n\
         //- CODEOWNERS\n/infra/ @acme/Platform\n/apps/billing/ @acme/money @ada\n",
        app("apps/payments/web"),
        app("apps/billing/web"),
        app("apps/on/x")
    );
    check(
        &fixture,
        None,
        false,
        r#"
version: 1
layout:
  apps: ["apps/**"]
  infra: ["infra/**"]
clusters:
  - name: prod-eu
    class: production
  - name: stg
    class: staging
teams:
  - name: money
  - name: "on"
    paths: ["apps/on/**"]
  - name: payments
    paths: ["apps/payments/**"]
  - name: Platform
"#,
    );
}

#[test]
fn applications_and_environments_are_no_teams() {
    check(
        "\
//- apps/web/production/kustomization.yaml
resources: []
//- apps/base/web/kustomization.yaml
resources: []
//- apps/nas/web/overlays/x/kustomization.yaml
resources: []
//- clusters/nas/cm.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: r}
//- kubernetes/apps/x/kustomization.yaml
resources: []
",
        None,
        false,
        r#"
version: 1
layout:
  apps: ["apps/**"]
clusters:
  - name: nas
  - name: x
    "#,
    );
}

const ARGO: &str = "\
//- argo/a.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example/acme/gitops.git', path: deploy/a, targetRevision: trunk}
  destination: {server: 'https://api.prod-eu.example:6443', namespace: a}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: b, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example/acme/other', path: elsewhere/b, targetRevision: v1.2.3}
  destination: {name: in-cluster, namespace: b}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: c, namespace: argocd}
spec:
  generators:
  - list: {elements: [{cluster: stage, url: 'https://1.2.3.4'}]}
  template:
    metadata: {name: 'c-{{cluster}}'}
    spec:
      project: default
      source: {repoURL: 'git@git.example:acme/gitops.git', path: deploy/a, targetRevision: HEAD}
      destination: {server: '{{url}}', namespace: c}
//- deploy/a/kustomization.yaml
resources: []
";

const ARGO_CLUSTERS: &str = r#"
version: 1
clusters:
  - name: prod-eu
    class: production
    servers: ["https://api.prod-eu.example:6443"]
  - name: stage
    class: staging
    servers: ["https://1.2.3.4"]
sources:
"#;

#[test]
fn destinations_and_sources_of_argo_cd() {
    let expected = format!(
        "{ARGO_CLUSTERS}{}",
        r#"  - name: "git@git.example:acme/gitops.git"
    path: "."
    branch: trunk
  - name: "https://git.example/acme/gitops.git"
    path: "."
    branch: trunk"#
    );
    check(ARGO, None, true, &expected);
    // The remote decides when there is one.
    let expected = format!(
        "{ARGO_CLUSTERS}{}",
        r#"  - name: "https://git.example/acme/other"
    path: ".""#
    );
    check(ARGO, Some("ssh://git@git.example/acme/other"), true, &expected);
}

/// Half a list would make cluster generators lose what they generate.
#[test]
fn clusters_of_generators_stay_in_comments() {
    let fixture = "\
//- argo/a.yaml
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: c, namespace: argocd}
spec:
  generators:
  - merge:
      mergeKeys: [nameNormalized]
      generators:
      - clusters: {selector: {matchLabels: {tier: one}}}
      - list: {elements: [{nameNormalized: prod-eu}]}
  template:
    metadata: {name: 'c-{{nameNormalized}}'}
    spec:
      project: default
      source: {repoURL: 'https://git.example/acme/gitops', path: deploy/a, targetRevision: HEAD}
      destination: {server: '{{server}}', namespace: c}
//- deploy/a/kustomization.yaml
resources: []
";
    check(
        fixture,
        None,
        false,
        "version: 1\nsources:\n  - name: \"https://git.example/acme/gitops\"\n    path: \".\"",
    );
    let text = propose(
        &input(MemoryTree::fixture(fixture), None),
        &Options::default(),
        None,
    );
    for line in ["#   - name: prod-eu", "#     class: production", "#   tier"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn sources_of_flux() {
    check(
        "\
//- clusters/prod/flux-system/gotk-sync.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: 'ssh://git@github.com/acme/fleet', ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {path: ./clusters/prod, sourceRef: {kind: GitRepository, name: flux-system}}
",
        None,
        false,
        r#"
version: 1
clusters:
  - name: prod
    class: production
sources:
  - name: "ssh://git@github.com/acme/fleet"
    path: "."
    branch: main
"#,
    );
}

#[test]
fn hostile_names_stay_names() {
    check(
        "//- clusters/a: \"b#/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\n",
        None,
        false,
        "version: 1\nclusters:\n  - name: \"a: \\\"b#\"",
    );
}
