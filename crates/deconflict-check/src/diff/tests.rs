//! Two trees in, their difference out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Difference, Judged};
use deconflict_report::{COMMENT_LIMIT, Detail, Style, diff_human, diff_json, diff_markdown};
use deconflict_yaml::Library;

use crate::{Change, Input, Only, Options, diff};

const CONFIG: &str = "//- deconflict.yaml
version: 1
clusters: [{name: prod}, {name: test}]
teams: [{name: red, paths: [apps/red/**]}, {name: blue, paths: [apps/blue/**]}]
";

fn files(text: &str) -> BTreeMap<&str, &str> {
    let parts = text.split("//- ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).collect()
}

/// What changes from one tree to the other, both with the configuration; files of one name and text elsewhere moved.
fn differ(before: &str, after: &str, only: &Only, options: &Options) -> Result<Difference, String> {
    let [before, after] = [before, after].map(|tree| format!("{CONFIG}{tree}"));
    let table = Arc::new(Files::new());
    let library = |text: &str| {
        let snapshot = MemoryTree::fixture(text).snapshot();
        Arc::new(Library::new(Arc::new(snapshot), Arc::clone(&table)))
    };
    let (base, merged) = (library(&before), library(&after));
    let (old, new) = (files(&before), files(&after));
    let all: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let changed = all.into_iter().filter(|path| old.get(path) != new.get(path));
    let path = |path: &str| RepoPath::new(path).expect("a path inside");
    let gone = old.iter().filter(|(path, _)| !new.contains_key(*path));
    let renames = gone.filter_map(|(from, text)| {
        let mut to = new.iter().filter(|(path, _)| !old.contains_key(*path));
        let (to, _) = to.find(|(_, other)| *other == text)?;
        Some((path(from), path(to)))
    });
    let ids: Vec<&str> = crate::rules().iter().map(|rule| rule.id).collect();
    let found = deconflict_config::find(&merged, &RepoPath::top(), &ids);
    let change = Change {
        base,
        changed: changed.map(path).collect(),
        renames: renames.collect(),
        conflicts: Vec::new(),
    };
    let input = Input {
        codeowners: Arc::new(Codeowners::default()),
        library: merged,
        config: Arc::new(found.config),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: Some("main".to_owned()),
            merged: true,
        },
    };
    diff(&input, &change, only, options)
}

fn human(difference: &Difference) -> String {
    let style = Style {
        detail: Detail::Quiet,
        ..Style::default()
    };
    diff_human(difference, style)
}

#[track_caller]
fn check(before: &str, after: &str, want: &str) {
    let difference = differ(before, after, &Only::default(), &Options::default()).expect("a difference");
    assert_eq!(human(&difference), want);
    assert_eq!(difference.unfinished, Vec::<String>::new());
}

/// A file with one object of one team's application in a cluster.
fn file(team: &str, cluster: &str, text: &str) -> String {
    format!("//- apps/{team}/web/overlays/{cluster}/o.yaml\n{text}")
}

fn config_map(name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: x}}\ndata: {{{data}}}\n")
}

#[test]
fn a_base_is_one_change_for_all_its_overlays() {
    let tree = |image: &str| {
        format!(
            "//- apps/red/web/base/kustomization.yaml
resources: [deployment.yaml]
//- apps/red/web/base/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  template:
    spec:
      containers:
        - name: web
          image: {image}
//- apps/red/web/overlays/prod/kustomization.yaml
namespace: a
resources: [../../base]
//- apps/red/web/overlays/test/kustomization.yaml
namespace: b
resources: [../../base]
"
        )
    };
    check(
        &tree("web:1"),
        &tree("web:2"),
        "red/web in prod, test (team red)
  ~ Deployment web in 2 namespaces: a, b
      @@ spec.template.spec.containers[web].image @@ apps/red/web/base/deployment.yaml:9
          template:
            spec:
              containers:
      -       - image: web:1
      +       - image: web:2
                name: web

",
    );
    check(&tree("web:1"), &tree("web:1  # a comment"), "");
}

#[test]
fn what_comes_and_goes() {
    check(
        &file("red", "prod", &config_map("a", "")),
        &file("red", "prod", &config_map("b", "k: v")),
        "red/web in prod (team red)
  - ConfigMap x/a  was apps/red/web/overlays/prod/o.yaml:3
      - apiVersion: v1
      - data: {}
      - kind: ConfigMap
      - metadata:
      -   name: a
      -   namespace: x
  + ConfigMap x/b  apps/red/web/overlays/prod/o.yaml:3
      + apiVersion: v1
      + data:
      +   k: v
      + kind: ConfigMap
      + metadata:
      +   name: b
      +   namespace: x

",
    );
}

#[test]
fn what_moves() {
    // To another application: certain, because it is one object in the cluster.
    check(
        &file("red", "prod", &config_map("a", "k: v")),
        &file("blue", "prod", &config_map("a", "k: v")),
        "blue/web in prod (teams blue, red)
  → ConfigMap x/a (moved here from red/web, same content)

",
    );
    // To another namespace or name, in its file.
    let a = config_map("a", "k: v");
    check(
        &file("red", "prod", &a),
        &file("red", "prod", &a.replace("namespace: x", "namespace: y")),
        "red/web in prod (team red)
  → ConfigMap x/a → y/a (deleted and made anew: another namespace)

",
    );
    check(
        &file("red", "prod", &a),
        &file("red", "prod", &a.replace("name: a", "name: b")),
        "red/web in prod (team red)
  → ConfigMap x/a → b (deleted and made anew: another name)

",
    );
    // Another cluster is another object.
    let difference = differ(
        &file("red", "prod", &a),
        &file("red", "test", &a),
        &Only::default(),
        &Options::default(),
    );
    let effects: Vec<&str> = difference
        .expect("a difference")
        .changes
        .iter()
        .map(|change| change.effect.word())
        .collect();
    assert_eq!(effects, ["removed", "added"]);
}

#[test]
fn a_generated_name_is_one_object() {
    let tree = |value: &str| {
        format!(
            "//- apps/red/web/overlays/prod/kustomization.yaml
namespace: x
resources: [pod.yaml]
configMapGenerator:
  - name: settings
    files: [app.ini]
//- apps/red/web/overlays/prod/app.ini
[app]
mode={value}
//- apps/red/web/overlays/prod/pod.yaml
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  volumes: [{{name: s, configMap: {{name: settings}}}}]
"
        )
    };
    let difference = differ(&tree("a"), &tree("b"), &Only::default(), &Options::default());
    let text = human(&difference.expect("a difference"));
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert!(lines[1].starts_with("~ ConfigMap x/settings-"), "{text}");
    assert!(
        lines[1].contains(" → settings-") && !lines[1].contains('('),
        "{text}"
    );
    assert!(
        text.contains("-     mode=a") && text.contains("+     mode=b"),
        "{text}"
    );
    assert!(!text.contains("-   name: settings"), "{text}");
    // Whoever names it follows.
    assert!(text.contains("~ Pod x/web"), "{text}");
}

#[test]
fn the_very_line_of_a_text() {
    let tree = |value: &str| {
        file(
            "red",
            "prod",
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: x}}\ndata:\n  app.ini: |\n    [app]\n    \
                 mode={value}\n    last=1\n"
            ),
        )
    };
    check(
        &tree("a"),
        &tree("b"),
        "red/web in prod (team red)
  ~ ConfigMap x/a
      @@ data[\"app.ini\"] @@ apps/red/web/overlays/prod/o.yaml:7
        data:
          app.ini: |
            [app]
      -     mode=a
      +     mode=b
            last=1
        kind: ConfigMap
        metadata:

",
    );
}

#[test]
fn the_place_is_what_the_change_touched() {
    let tree = |namespace: &str| {
        format!(
            "//- apps/red/web/overlays/prod/kustomization.yaml
namespace: {namespace}
resources: [binding.yaml]
//- apps/red/web/overlays/prod/binding.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: web}}
roleRef: {{kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}}
subjects:
  - kind: ServiceAccount
    name: default
    namespace: a
"
        )
    };
    check(
        &tree("a"),
        &tree("b"),
        "red/web in prod (team red)
  ~ ClusterRoleBinding web
      @@ subjects[default].namespace @@ apps/red/web/overlays/prod/kustomization.yaml:1
        subjects:
        - kind: ServiceAccount
          name: default
      -   namespace: a
      +   namespace: b

",
    );
}

#[test]
fn secrets_say_that_they_differ_and_no_more() {
    let secret = |one: &str, two: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: x}}\nstringData: {{a: {one}, b: {two}}}\n"
        )
    };
    let tree = |values: [&str; 4]| {
        file("red", "prod", &secret(values[0], values[1]))
            + &file("blue", "test", &secret(values[2], values[3]))
    };
    // That both teams' new values are one does not show, nor that they are not.
    let want = "blue/web in test (team blue)
  ~ Secret x/s
      @@ stringData.a @@ apps/blue/web/overlays/test/o.yaml:4
          name: s
          namespace: x
        stringData:
      -   a: (secret)
      +   a: (secret, differs)
          b: (secret)

";
    let lines = &want.lines().skip(3).collect::<Vec<_>>().join("\n");
    for other in ["hunter2", "hunter3"] {
        let difference = differ(
            &tree(["hunter0", "hunter9", "hunter0", "hunter9"]),
            &tree(["hunter2", "hunter9", other, "hunter9"]),
            &Only::default(),
            &Options::default(),
        )
        .expect("a difference");
        let text = human(&difference);
        assert!(text.contains(lines), "{text}");
        for text in [
            text,
            diff_json(&difference),
            diff_markdown(&difference, COMMENT_LIMIT),
        ] {
            assert!(!text.contains("hunter"), "{text}");
        }
        assert_eq!(difference.changes.len(), 1);
    }
}

#[test]
fn filters() {
    let tree = |value: &str| {
        let map = config_map("a", &format!("k: {value}"));
        file("red", "prod", &map) + &file("red", "test", &map) + &file("blue", "prod", &map)
    };
    let check =
        |clusters: &[&str], apps: &[&str], owners: &[&str], below: &str, want: Result<&[&str], &str>| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let only = Only::new(&texts(clusters), &texts(apps), &texts(owners)).expect("globs");
            let options = Options {
                below: RepoPath::new(below).expect("a path inside"),
                ..Options::default()
            };
            let got = differ(&tree("1"), &tree("2"), &only, &options).map(|difference| {
                let objects = difference.changes.iter().flat_map(|change| &change.objects);
                let all = objects.filter_map(|pair| pair.shown());
                all.map(|object| {
                    let text = |text: &Option<String>| text.clone().unwrap_or_default();
                    format!("{} {}", text(&object.app), text(&object.cluster))
                })
                .collect::<Vec<_>>()
            });
            match (got, want) {
                (Ok(got), Ok(want)) => assert_eq!(got, want),
                (Err(got), Err(want)) => assert_eq!(got, want),
                (got, want) => panic!("{got:?}, wanted {want:?}"),
            }
        };
    check(
        &[],
        &[],
        &[],
        "",
        Ok(&["blue/web prod", "red/web prod", "red/web test"]),
    );
    check(&["t*"], &[], &[], "", Ok(&["red/web test"]));
    check(&["prod"], &[], &["red"], "", Ok(&["red/web prod"]));
    check(&[], &["red/web"], &[], "", Ok(&["red/web prod", "red/web test"]));
    check(&[], &["web"], &["blue"], "", Ok(&["blue/web prod"]));
    check(&[], &[], &[], "apps/red/web/overlays/test", Ok(&["red/web test"]));
    check(
        &["prodd"],
        &[],
        &[],
        "",
        Err("no cluster `prodd` has objects before or after the change; did you mean `prod`?"),
    );
    check(
        &[],
        &[],
        &["green"],
        "",
        Err("no owner `green` has objects before or after the change"),
    );
}

#[test]
fn charts_are_named_when_their_files_change() {
    let tree = |value: &str| {
        format!(
            "//- apps/red/web/overlays/prod/app.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: db, namespace: argocd}}
spec:
  project: default
  source: {{repoURL: https://git.example/us/repo, path: charts/db, targetRevision: HEAD}}
  destination: {{name: prod, namespace: db}}
//- charts/db/Chart.yaml
apiVersion: v2
name: db
version: 1.0.0
//- charts/db/values.yaml
size: {value}
//- README.md
{value}
"
        )
    };
    let difference =
        differ(&tree("1"), &tree("2"), &Only::default(), &Options::default()).expect("a difference");
    let unseen: Vec<String> = difference
        .unseen
        .iter()
        .map(|skip| format!("{} {}", skip.path, skip.reason))
        .collect();
    assert_eq!(unseen, ["charts/db/values.yaml helm"]);
}

#[test]
fn threads_change_nothing() {
    let tree = |value: &str| {
        let map = config_map("a", &format!("k: {value}"));
        let one = |(team, cluster)| file(team, cluster, &map);
        let all = [
            ("red", "prod"),
            ("blue", "test"),
            ("red", "test"),
            ("blue", "prod"),
        ];
        all.map(one).concat()
    };
    let whole = |threads: usize| {
        let options = Options {
            threads,
            ..Options::default()
        };
        let difference = differ(&tree("1"), &tree("2"), &Only::default(), &options).expect("a difference");
        diff_json(&difference) + &diff_human(&difference, Style::default())
    };
    assert_eq!(whole(1), whole(8));
    assert!(whole(1).contains("4 changed"), "{}", whole(1));
}
