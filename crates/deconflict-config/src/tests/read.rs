use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_yaml::{Dialect, Library, to_json};

use crate::{Config, Found, Glob, find};

pub(super) const RULES: [&str; 5] = [
    "net-ingress-path-shadowed",
    "net-nodeport-dynamic-band",
    "net-nodeport-taken",
    "own-object-conflict",
    "sto-pvc-shared",
];

fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.as_ref().to_owned()).collect();
    format!("[{}]", items.join(", "))
}

fn texts(globs: &[Glob]) -> String {
    list(globs.iter().map(Glob::text))
}

/// Everything that differs from the defaults, one thing in a line.
fn show(config: &Config) -> String {
    let default = Config::default();
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").unwrap();
    if config.kubernetes != default.kubernetes {
        line(format!("kubernetes {}", config.kubernetes));
    }
    for (name, globs, default) in [
        ("apps", &config.layout.apps, &default.layout.apps),
        ("infra", &config.layout.infra, &default.layout.infra),
        ("policies", &config.layout.policies, &default.layout.policies),
    ] {
        if globs != default {
            line(format!("{name} {}", texts(globs)));
        }
    }
    for cluster in &config.clusters {
        line(format!(
            "cluster {} {:?} {:?} {} {:?} {:?}",
            cluster.name,
            cluster.class,
            cluster.kubernetes,
            list(&cluster.servers),
            cluster.labels,
            cluster.manages.as_ref().map(|globs| texts(globs)),
        ));
        for root in &cluster.roots {
            let set: Vec<String> = root
                .set
                .iter()
                .map(|(key, value)| format!("{key}={}", to_json(value, Dialect::Helm).unwrap()))
                .collect();
            line(format!(
                "  root {} {:?} {:?} {:?} {} {}",
                root.path.text(),
                root.namespace,
                root.engine,
                root.app,
                list(&root.values),
                list(set),
            ));
        }
        for pool in &cluster.nodes {
            line(format!(
                "  nodes {} {} {:?} {:?} {:?} {:?}",
                pool.name, pool.count, pool.cpu, pool.memory, pool.labels, pool.taints
            ));
        }
    }
    for source in &config.sources {
        line(format!(
            "source {} {} {}",
            source.name, source.path, source.branch
        ));
    }
    for team in &config.teams {
        line(format!(
            "team {} {} {}",
            team.name,
            texts(&team.paths),
            texts(&team.namespaces)
        ));
    }
    for contract in &config.contracts {
        line(format!(
            "contract {} {:?} {} {:?} {} {:?}",
            contract.rule,
            contract.object,
            list(&contract.allow),
            contract.approved_by,
            contract.reason,
            contract.expires,
        ));
    }
    for external in &config.external {
        line(format!(
            "external {} {:?} {}",
            external.kind,
            external.namespace,
            external.name.text()
        ));
    }
    if !config.secret_fields.is_empty() {
        line(format!("secret {}", list(&config.secret_fields)));
    }
    for schema in &config.schemas {
        let files: Vec<&str> = schema.files.iter().map(Glob::text).collect();
        let (files, kinds) = (files.join(", "), list(&schema.kinds));
        line(format!("schema {} [{files}] {kinds}", schema.schema));
    }
    for (id, rule) in &config.rules {
        let options = rule
            .options
            .as_ref()
            .map(|node| to_json(node, Dialect::Kubernetes).unwrap());
        let severity = rule.severity.map(deconflict_findings::Severity::word);
        line(format!("rule {id} off={} {severity:?} {options:?}", rule.off));
    }
    if !config.exclude.is_empty() {
        line(format!("exclude {}", texts(&config.exclude)));
    }
    out
}

/// The problems, each with its place and the text that it underlines.
pub(super) fn problems(found: &Found, files: &Files) -> String {
    let mut out = String::new();
    for problem in &found.problems {
        let file = files.get(problem.at.file);
        let place = file.lines().place(&file.text, problem.at.span.start);
        let text = &file.text[problem.at.span.range()];
        write!(
            out,
            "{}:{}:{} {text:?} {problem}",
            file.path, place.line, place.column
        )
        .unwrap();
        if let Some(help) = &problem.help {
            write!(out, "; {help}").unwrap();
        }
        out.push('\n');
    }
    out
}

fn run(fixture: &str) -> String {
    let snapshot = Arc::new(MemoryTree::fixture(fixture).snapshot());
    let files = Arc::new(Files::new());
    let library = Library::new(snapshot, Arc::clone(&files));
    let found = find(&library, &RepoPath::top(), &RULES);
    format!("{}{}", show(&found.config), problems(&found, &files))
}

/// `text` as deconflict.yaml, or a fixture of several files.
fn check(text: &str, expected: &str) {
    let fixture = if text.starts_with("//- ") {
        text.to_owned()
    } else {
        format!("//- deconflict.yaml\n{text}")
    };
    let got = run(&fixture).replace("deconflict.yaml:", ":");
    let trim = |text: &str| {
        let lines = text.trim().lines().map(|line| line.trim_start().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(trim(&got), trim(expected), "{text}\n---- got\n{got}");
}

#[test]
fn every_key() {
    check(
        r#"
version: 1
kubernetes: "1.33"
layout:
  apps: ["apps/**", teams/*/apps/]
  infra: []
clusters:
  - name: prod-eu
    class: production
    kubernetes: 1.30
    servers: ["https://prod-eu.example:6443"]
    labels: {region: eu}
    manages: ["prod-*", dr-eu]
    roots:
      - ./clusters/prod-eu/**
      - {path: charts/bootstrap, namespace: argocd, engine: plain, app: argocd/bootstrap, values: [prod.yaml], set: {environment: prod, replicas: 2}}
    nodes:
      - {name: general, count: 6, cpu: 8, memory: 32Gi, labels: {pool: general}, taints: [{key: dedicated, value: gpu, effect: NoSchedule}]}
sources:
  - {name: flux-system/apps-oci, path: kubernetes/}
  - {name: "https://git.example/org/gitops", path: ".", branch: release}
teams:
  - {name: payments, paths: ["apps/payments/**"], namespaces: ["payments", "payments-*"]}
contracts:
  - {rule: sto-pvc-shared, object: "PersistentVolumeClaim/shared/reports", allow: [payments, billing], approved_by: storage, reason: "read-only archive", expires: 2027-06-30}
external:
  - {kind: StorageClass, name: fast}
secret_fields: ["*.spec.password"]
schemas:
  - {schema: schemas/ci.json, files: [".github/workflows/*.yml"]}
  - {schema: ./schemas/queue.json, kinds: [Queue, example.com/Topic]}
rules:
  net-ingress-path-shadowed: "off"
  net-nodeport-dynamic-band: {severity: warning, band: "30000-30085"}
  sto-pvc-shared: info
  own-object-conflict: off
exclude: ["**/charts/**/ci/**"]
"#,
        r#"
kubernetes 1.33
apps [apps/**, teams/*/apps]
infra []
cluster prod-eu Some("production") Some("1.30") [https://prod-eu.example:6443] {"region": "eu"} Some("[prod-*, dr-eu]")
root clusters/prod-eu/** None None None [] []
root charts/bootstrap Some("argocd") Some("plain") Some("argocd/bootstrap") [prod.yaml] [environment="prod", replicas=2]
nodes general 6 Some("8") Some("32Gi") {"pool": "general"} [Taint { key: "dedicated", value: "gpu", effect: "NoSchedule" }]
source flux-system/apps-oci kubernetes main
source https://git.example/org/gitops . release
team payments [apps/payments/**] [payments, payments-*]
contract sto-pvc-shared Some("PersistentVolumeClaim/shared/reports") [payments, billing] Some("storage") read-only archive Some("2027-06-30")
external StorageClass None fast
secret [*.spec.password]
schema schemas/ci.json [.github/workflows/*.yml] []
schema schemas/queue.json [] [Queue, example.com/Topic]
rule net-ingress-path-shadowed off=true None None
rule net-nodeport-dynamic-band off=false Some("warning") Some("{\"band\":\"30000-30085\",\"severity\":\"warning\"}")
rule own-object-conflict off=true None None
rule sto-pvc-shared off=false Some("info") None
exclude [**/charts/**/ci/**]
"#,
    );
}

#[test]
fn nothing_said_is_fine() {
    check("//- other.yaml\n", "");
    check("", "");
    check("# only a comment\n", "");
    check("---\n", "");
    check(
        "version: 1\nclusters:\n#  - name: a\nteams: ~\nlayout:\n  apps:\nrules: {}\n",
        "",
    );
}

#[test]
fn anchors_and_merge_keys() {
    check(
        "
clusters:
  - &base
    name: a
    class: production
    labels: &labels {tier: one}
  - <<: *base
    name: b
  - {name: c, labels: {<<: *labels, zone: x, tier: two}}
  - {name: d, labels: *labels}
",
        r#"
cluster a Some("production") None [] {"tier": "one"} None
cluster b Some("production") None [] {"tier": "one"} None
cluster c None None [] {"tier": "two", "zone": "x"} None
cluster d None None [] {"tier": "one"} None
"#,
    );
    check(
        "clusters: [{name: a, labels: *none}]",
        r#":1:30 "*none" no anchor `&none` stands before this alias"#,
    );
    check(
        "clusters:\n- name: a\n  labels: {<<: [x]}\n",
        r#":3:17 "x" map merge requires map or sequence of maps as the value"#,
    );
    // What an alias repeats is said once.
    check(
        "clusters:\n- {name: a, labels: &l {x: 1}}\n- {name: b, labels: *l}\n",
        "
cluster a None None [] {} None
cluster b None None [] {} None
:2:28 \"1\" `x` must be a text, not a number; write \"1\"
",
    );
}

#[test]
fn unknown_keys() {
    check(
        "clusterz: []\nteams: [{name: a, path: [x]}]\nzzz: 1\nlayout: {apps: [a], charts: [b]}\n",
        r#"
apps [a]
team a [] []
:1:1 "clusterz" unknown key `clusterz`; did you mean `clusters`?
:2:19 "path" unknown key `path`; did you mean `paths`?
:3:1 "zzz" unknown key `zzz`; known here: version, kubernetes, layout, clusters, sources, teams, contracts, external, secret_fields, schemas, rules, exclude
:4:21 "charts" unknown key `charts`; known here: apps, infra, policies
"#,
    );
}

#[test]
fn wrong_types() {
    check(
        "just text",
        r#":1:1 "just text" the configuration must be a map of keys"#,
    );
    check("- a", r#":1:1 "- a" the configuration must be a map of keys"#);
    check(
        "exclude: a/**\nclusters: {name: a}\nteams:\n- a\n- [b]\nlayout: 3\nrules: [x]\nsecret_fields: [true]\nkubernetes: {}\n",
        r#"
:1:10 "a/**" `exclude` must be a list, not a text; write [a/**]
:2:1 "clusters" `clusters` must be a list, not a map
:3:1 "teams" an entry of `teams` must be a map, not a list
:4:3 "a" an entry of `teams` must be a map, not a text
:6:9 "3" `layout` must be a map, not a number
:7:1 "rules" `rules` must be a map, not a list
:8:17 "true" an entry of `secret_fields` must be a text, not a boolean; write "true"
:9:1 "kubernetes" `kubernetes` must be a text, not a map
"#,
    );
    check(
        "clusters:\n- name: 7\n- class: production\n- {name: }\n- name: a\n  nodes: [{name: n, count: -1}, {name: m, count: few}, {name: o, count: 3}]\n  roots: [[a]]\n",
        r#"
cluster a None None [] {} None
nodes n 1 None None {} []
nodes m 1 None None {} []
nodes o 3 None None {} []
:2:9 "7" `name` must be a text, not a number; write "7"
:3:3 "class" an entry of `clusters` has no `name`
:4:4 "name" `name` must be a text, not empty
:6:28 "-1" `count` must lie between 0 and 4294967295
:6:50 "few" `count` must be a whole number, not a text
:7:3 "roots" an entry of `roots` must be a text or a map, not a list
"#,
    );
}

#[test]
fn wrong_texts() {
    check(
        "
version: 2
kubernetes: v1.34.1
exclude: ['a[', '../b', 'a/../b', '!c', '', ok]
clusters:
- {name: a, class: prodution, roots: [{path: x, engine: argo}]}
- {name: b, class: sandbox}
- {name: c, nodes: [{name: n, cpu: many, memory: 1.5Gi}]}
sources: [{name: s, path: ../x}]
contracts:
- {rule: sto-pvc-sharde, allow: [a], reason: r}
- {rule: sto-pvc-shared, allow: [a], reason: r, expires: 2027-02-30}
- {rule: sto-pvc-shared, allow: [a], reason: r, object: x}
- {rule: sto-pvc-shared, allow: [a]}
",
        r#"
cluster a None None [] {} None
root x None None None [] []
cluster b Some("sandbox") None [] {} None
cluster c None None [] {} None
nodes n 1 None Some("1.5Gi") {} []
source s . main
contract sto-pvc-shared None [a] None r None
contract sto-pvc-shared None [a] None r None
exclude [ok]
:2:10 "2" `version: 2` is not known to this program; write `version: 1`, or use a newer deconflict
:3:13 "v1.34.1" `kubernetes` must be a version like `1.34`, not `v1.34.1`; write "1.34"
:4:11 "'a['" an entry of `exclude` is not a glob: unclosed character class; missing ']'
:4:17 "'../b'" an entry of `exclude` leads outside the repository
:4:25 "'a/../b'" an entry of `exclude` matches nothing: `..` is not resolved in a glob; write the path without `..`
:4:35 "'!c'" an entry of `exclude` starts with `!`, which does not negate here; list what is meant instead
:4:41 "''" an entry of `exclude` must not be empty
:6:20 "prodution" `class` is `prodution`; did you mean `production`?
:6:57 "argo" `engine` must be one of `argocd`, `flux` or `plain`, not `argo`
:8:36 "many" `cpu` is not an amount: `many`; write it as Kubernetes does: `8`, `500m`, `32Gi`
:9:27 "../x" `path` leads outside the repository
:11:10 "sto-pvc-sharde" unknown rule `sto-pvc-sharde`; did you mean `sto-pvc-shared`?
:12:58 "2027-02-30" `expires` is not a date; write it as YYYY-MM-DD, for example 2027-06-30
:13:57 "x" `object` names no object: `x`; write Kind/name or Kind/namespace/name; `*` stands for anything
:14:4 "rule" an entry of `contracts` has no `reason`
"#,
    );
    check(
        "version: '1'",
        ":1:10 \"'1'\" `version` must be a whole number, not a text; write `version: 1`",
    );
}

#[test]
fn rules() {
    check(
        "
rules:
  sto-pvc-sharde: 'off'
  net: 'off'
  abc-def: error
  net-nodeport-taken: no
  sto-pvc-shared: {severity: eror, own: 1}
  own-object-conflict: warn
  net-nodeport-dynamic-band:
  net-ingress-path-shadowed: true
",
        r#"
rule sto-pvc-shared off=false None Some("{\"own\":1}")
:3:3 "sto-pvc-sharde" unknown rule `sto-pvc-sharde`; did you mean `sto-pvc-shared`?
:4:3 "net" unknown rule `net`; `net` is a family; name its rules one by one, or run with --skip net
:5:3 "abc-def" unknown rule `abc-def`; `deconflict rules` lists all rules
:6:23 "no" `net-nodeport-taken` must be `off`, `info`, `warning`, `error`, or a map of `severity` and options; write "off"
:7:30 "eror" `severity` must be one of `off`, `info`, `warning` or `error`; did you mean `error`?
:8:24 "warn" `own-object-conflict` must be `off`, `info`, `warning`, `error`, or a map of `severity` and options
:9:3 "net-nodeport-dynamic-band" `net-nodeport-dynamic-band` must be `off`, `info`, `warning`, `error`, or a map of `severity` and options
:10:30 "true" `net-ingress-path-shadowed` must be `off`, `info`, `warning`, `error`, or a map of `severity` and options; leave the line out: the rule runs unless it is off
"#,
    );
}

#[test]
fn names_stand_once() {
    check(
        "
clusters: [{name: a, servers: [s, s, 'https://kubernetes.default.svc']}, {name: a}, {name: b, servers: [s, 'https://kubernetes.default.svc']}]
teams: [{name: Pay}, {name: '@org/pay'}, {name: Pay}]
sources: [{name: x}, {name: x, path: y}]
exclude: [a]
exclude: [b]
",
        r#"
cluster a None None [s, s, https://kubernetes.default.svc] {} None
cluster b None None [s, https://kubernetes.default.svc] {} None
source x . main
team Pay [] []
exclude [a]
:2:81 "a" cluster `a` is listed twice
:2:92 "b" server `s` is listed twice
:3:29 "'@org/pay'" team `@org/pay` is listed twice (as `Pay`)
:3:49 "Pay" team `Pay` is listed twice
:4:29 "x" source `x` is listed twice
:6:1 "exclude" key `exclude` stands twice; the first is read; bring the two together
"#,
    );
}

#[test]
fn files() {
    check("//- .github/deconflict.yaml\nexclude: [a]\n", "exclude [a]");
    check(
        "//- deconflict.yaml\nexclude: [a]\n//- .github/deconflict.yaml\nexclude: [b]\n",
        r#"
exclude [a]
.github/:1:1 "" `.github/deconflict.yaml` is not read, because `deconflict.yaml` stands at the top too; keep one of the two
"#,
    );
    check(
        "//- deconflict.yml\nexclude: [a]\n",
        r#"deconflict.yml:1:1 "" `deconflict.yml` is not read; rename it to `deconflict.yaml`"#,
    );
    check(
        "//- deconflict.yaml/x\n",
        r#":1:1 "" the configuration is a directory"#,
    );
    check("a: [", r#":1:4 "[" this is not YAML: unclosed bracket '['"#);
    check(
        "exclude: [a]\n---\nexclude: [b]\n",
        r#"
exclude [a]
:3:1 "exclude: [b]" a second document, which is not read; keep one document
"#,
    );
}

#[test]
fn a_file_elsewhere_counts_from_the_top() {
    let snapshot = Arc::new(MemoryTree::fixture("//- ci/x.yaml\nexclude: [b]\n").snapshot());
    let library = Library::new(snapshot, Arc::default());
    let path = RepoPath::new("ci/x.yaml").unwrap();
    let found = crate::parse(&library, &path, &RepoPath::new("a").unwrap(), &RULES);
    assert!(found.problems.is_empty());
    assert!(found.config.is_excluded(&RepoPath::new("a/b/c").unwrap()));
    assert!(!found.config.is_excluded(&RepoPath::new("b").unwrap()));
    let missing = crate::parse(
        &library,
        &RepoPath::new("none.yaml").unwrap(),
        &RepoPath::top(),
        &RULES,
    );
    assert_eq!(missing.problems[0].to_string(), "the configuration leads nowhere");
}
