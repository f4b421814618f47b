use crate::testing::Setup;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

fn app(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    )
}

fn set(name: &str, generators: &str, template: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}}}\n\
         spec:\n  generators: {generators}\n  template: {template}\n"
    )
}

const HERE: &str = "repoURL: https://git.example/r, path";

#[test]
fn an_application_goes_where_its_destination_says() {
    let to = |destination: &str| format!("destination: {{{destination}}}, source: {{{HERE}: a}}");
    Setup::new(&format!(
        "//- apps/apps.yaml\n{}---\n{}---\n{}---\n{}---\n{}//- a/pod.yaml\n{POD}",
        app("here", &to("server: 'https://kubernetes.default.svc/', namespace: n")),
        app("by-name", &to("name: two")),
        app("by-server", &to("server: 'https://TWO.example:6443/'")),
        app("nowhere", &to("name: three")),
        app("both", &to("name: two, server: x")),
    ))
    .cluster("one", &["apps"])
    .cluster("two", &[])
    .source("https://git.example/r.git", ".")
    .check(
        "argocd argocd/both a directory - -
         argocd argocd/nowhere a directory - -
         argocd argocd/here a directory one n
         plain apps apps directory one -
         argocd argocd/by-name a directory two -
         argocd argocd/by-server a directory two -
         problem: SourceTwice { app: \"argocd/by-server\", other: \"argocd/by-name\", first: … } at \"by-server\"
         problem: DestinationUnknown { app: \"argocd/nowhere\", destination: \"three\" } at \"three\"
         problem: DestinationBoth { app: \"argocd/both\" } at \"two\"",
    );
}

#[test]
fn applications_of_applications_are_followed_and_say_what_is_wrong() {
    Setup::new(&format!(
        "//- root/app.yaml\n{}//- apps/a.yaml\n{}---\n{}---\n{}//- apps/again.yaml\n{}//- a/pod.yaml\n{POD}\
         //- stray/b.yaml\n{}",
        app("root", &format!("project: p, destination: {{name: in-cluster}}, source: {{{HERE}: apps}}")),
        app("a", &format!("destination: {{name: in-cluster, namespace: x}}, source: {{{HERE}: ./a/, targetRevision: v1}}")),
        app("lost", &format!("destination: {{name: in-cluster}}, source: {{{HERE}: nowhere}}")),
        app("chart", "destination: {name: in-cluster}, source: {repoURL: https://charts.example, chart: c, targetRevision: 1.0.0}"),
        app("root", &format!("destination: {{name: in-cluster}}, source: {{{HERE}: apps, directory: {{recurse: true}}}}")),
        app("b", &format!("destination: {{name: in-cluster}}, source: {{{HERE}: a}}")),
    ))
    .cluster("one", &["root"])
    .source("git@git.example:r", ".")
    .check(
        "plain stray stray directory - -
         argocd argocd/a a directory one x not-by-merge
         argocd argocd/chart - helm one - from https://charts.example not-by-merge skipped: remote
         argocd argocd/lost nowhere directory one - failed: not-found
         argocd argocd/root apps directory one -
         plain root root directory one -
         problem: PathMissing { app: \"argocd/lost\", path: \"nowhere\" } at \"nowhere\"
         problem: ApplicationTwice { app: \"argocd/root\", first: … } at \"root\"
         problem: Orphan { engine: ArgoCd, app: \"b\", root: \"stray\" } at \"b\"",
    );
}

#[test]
fn without_configuration_applications_go_to_one_cluster_without_name() {
    let placements = Setup::new(&format!(
        "//- argocd/a.yaml\n{}//- argocd/b.yaml\n{}//- other/c.yaml\n{}//- a/pod.yaml\n{POD}",
        app(
            "a",
            &format!("destination: {{name: in-cluster}}, source: {{{HERE}: a}}")
        ),
        app(
            "b",
            &format!("destination: {{server: 'https://x.example'}}, source: {{{HERE}: a}}")
        ),
        app(
            "c",
            &format!("destination: {{name: in-cluster}}, source: {{{HERE}: a}}")
        ),
    ))
    .run();
    let got: Vec<String> = placements
        .all
        .iter()
        .filter_map(|p| {
            Some(format!(
                "{} {:?} {}",
                p.app.as_ref()?,
                p.cluster,
                p.unnamed.as_ref()?
            ))
        })
        .collect();
    assert_eq!(
        got,
        [
            "argocd/a None argocd",
            "argocd/b None https://x.example",
            "argocd/c None other",
            "argocd None argocd",
            "other None other",
        ]
    );
}

#[test]
fn sets_make_an_application_for_each_set_of_parameters() {
    let template = |name: &str, path: &str| {
        format!(
            "{{metadata: {{name: '{name}'}}, spec: {{destination: {{server: '{{{{server}}}}', namespace: n}}, source: {{{HERE}: '{path}'}}}}}}"
        )
    };
    let merge = "[{merge: {mergeKeys: [nameNormalized], generators: [{clusters: {selector: {matchExpressions: \
                 [{key: name, operator: NotIn, values: [hub]}]}, values: {dir: base}}}, \
                 {list: {elements: [{nameNormalized: two, values.dir: two}, {nameNormalized: x, values.dir: x}]}}]}}]";
    let matrix = "[{matrix: {generators: [{git: {repoURL: https://git.example/r, directories: [{path: 'd/*'}, {path: d/z, exclude: true}]}}, \
                  {clusters: {selector: {matchLabels: {name: one}}}}]}}]";
    Setup::new(&format!(
        "//- sets/sets.yaml\n{}---\n{}---\n{}//- d/base/pod.yaml\n{POD}//- d/two/pod.yaml\n{POD}//- d/z/pod.yaml\n{POD}\
         //- d/.hidden/pod.yaml\n{POD}",
        set("merged", merge, &template("m-{{name}}", "d/{{values.dir}}")),
        set("crossed", matrix, &template("c-{{path.basename}}-{{name}}", "{{path}}")),
        set("asked", "[{pullRequest: {}}, {list: {elements: [{server: 'https://one.example:6443'}]}}]", &template("pr", "d/z")),
    ))
    .cluster("hub", &["sets"])
    .cluster("one", &[])
    .cluster("two", &[])
    .source("https://git.example/r", ".")
    .check(
        "plain d/.hidden d/.hidden directory - -
         plain sets sets directory hub -
         argocd argocd/c-base-one d/base directory one n
         argocd argocd/c-two-one d/two directory one n
         argocd argocd/m-one d/base directory one n
         argocd argocd/pr d/z directory one n
         argocd argocd/m-two d/two directory two n
         problem: SourceTwice { app: \"argocd/c-base-one\", other: \"argocd/m-one\", first: … } at \"'c-{{path.basename}}-{{name}}'\"
         problem: GeneratorNotEvaluated { app: \"argocd/asked\", generator: \"pullRequest\" } at \"asked\"",
    );
}

/// Only `by-name` says which clusters there are. `anywhere` differs from cluster to cluster in nothing that is deployed,
/// `by-path` in its path, and a third directory is not there.
#[test]
fn without_an_inventory_other_sets_say_which_clusters_there_are() {
    let template = |name: &str, path: &str| {
        format!(
            "{{metadata: {{name: '{name}-{{{{nameNormalized}}}}'}}, spec: {{destination: {{name: '{{{{name}}}}'}}, source: {{{HERE}: '{path}'}}}}}}"
        )
    };
    let merge = "[{merge: {mergeKeys: [nameNormalized], generators: [{clusters: {}}, {list: {elements: [{nameNormalized: \
                 one}, {nameNormalized: two}, {nameNormalized: three}]}}]}}]";
    Setup::new(&format!(
        "//- sets/sets.yaml\n{}---\n{}---\n{}//- d/one/pod.yaml\n{POD}//- d/two/pod.yaml\n{POD}//- a/pod.yaml\n{POD}",
        set("by-name", merge, &template("named", "a")),
        set("anywhere", "[{clusters: {}}]", &template("anywhere", "a")),
        set("by-path", "[{clusters: {}}]", &template("path", "d/{{nameNormalized}}")),
    ))
    .source("https://git.example/r", ".")
    .check(
        "argocd argocd/anywhere-{{nameNormalized}} a directory - -
         argocd argocd/named-one a directory - -
         argocd argocd/named-three a directory - -
         argocd argocd/named-two a directory - -
         argocd argocd/named-{{nameNormalized}} a directory - -
         argocd argocd/path-one d/one directory - -
         argocd argocd/path-two d/two directory - -
         plain sets sets directory - -",
    );
}

#[test]
fn build_options_of_argo_cd_lift_the_load_restrictions() {
    let check = |options: &str, status: &str| {
        let settings = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm}}\ndata: {{kustomize.buildOptions: '{options}'}}\n"
        );
        Setup::new(&format!(
            "//- apps/all.yaml\n{}---\n{settings}//- a/kustomization.yaml\nresources: [../b/pod.yaml]\n//- b/pod.yaml\n{POD}",
            app("a", &format!("destination: {{name: in-cluster}}, source: {{{HERE}: a}}")),
        ))
        .cluster("one", &["apps"])
        .source("https://git.example/r", ".")
        .run()
        .all
        .iter()
        .filter(|placement| placement.app.as_deref() == Some("argocd/a"))
        .for_each(|placement| assert_eq!(placement.status.word(), status, "{options}"));
    };
    check("--enable-helm --load-restrictor LoadRestrictionsNone", "rendered");
    check("--enable-helm", "failed");
}

#[test]
fn cluster_secrets_name_clusters() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {argocd.argoproj.io/secret-type: cluster, tier: edge}}\n\
                  stringData: {name: edge-1, server: 'https://edge-1'}\n";
    Setup::new(&format!(
        "//- argocd/all.yaml\n{secret}---\n{}//- a/pod.yaml\n{POD}",
        set(
            "s",
            "[{clusters: {selector: {matchLabels: {tier: edge}}}}]",
            &format!("{{metadata: {{name: 'a-{{{{name}}}}'}}, spec: {{destination: {{name: '{{{{name}}}}'}}, source: {{{HERE}: a}}}}}}"),
        ),
    ))
    .check(
        "plain argocd argocd directory - -
         argocd argocd/a-edge-1 a directory edge-1 -",
    );
}

#[test]
fn two_argo_cds_that_say_in_cluster_mean_two_clusters() {
    let one = app(
        "a",
        &format!("destination: {{name: in-cluster}}, source: {{{HERE}: x}}"),
    );
    Setup::new(&format!(
        "//- one/a.yaml\n{one}//- two/a.yaml\n{one}//- x/pod.yaml\n{POD}"
    ))
    .cluster("first", &["one"])
    .cluster("second", &["two"])
    .source("https://git.example/r", ".")
    .check(
        "argocd argocd/a x directory first -
             plain one one directory first -
             argocd argocd/a x directory second -
             plain two two directory second -",
    );
}

#[test]
fn sets_with_go_templates_and_patches() {
    Setup::new(&format!(
        "//- sets/set.yaml\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s}}\nspec:\n  goTemplate: true\n  \
         goTemplateOptions: [missingkey=error]\n  generators: [{{git: {{repoURL: https://git.example/r, files: [{{path: 'envs/*.json'}}]}}}}]\n  \
         template: {{metadata: {{name: 'a-{{{{ .env.name | lower }}}}'}}, spec: {{project: p, destination: {{name: '{{{{ .cluster }}}}'}}, \
         source: {{{HERE}: 'd/{{{{ .path.basename }}}}'}}}}}}\n  templatePatch: |\n    {{{{ if .env.prod }}}}\n    spec:\n      project: q\n      \
         destination: {{namespace: patched}}\n    {{{{ end }}}}\n\
         //- envs/one.json\n{{\"env\": {{\"name\": \"ONE\", \"prod\": true}}, \"cluster\": \"one\"}}\n\
         //- envs/two.json\n[{{\"env\": {{\"name\": \"two\", \"prod\": false}}, \"cluster\": \"two\"}}]\n\
         //- d/envs/pod.yaml\n{POD}"
    ))
    .cluster("one", &["sets"])
    .cluster("two", &[])
    .source("https://git.example/r", ".")
    .check(
        "argocd argocd/a-one d/envs directory one patched
         plain sets sets directory one -
         argocd argocd/a-two d/envs directory two -",
    );
}

/// Two Applications take theirs from `other`, one from `mine`: counting alone would take `other` for this repository.
#[test]
fn the_origin_says_what_this_repository_is_called_unless_nobody_names_it() {
    let check = |origin, expected: &str| {
        let from = |url: &str, path: &str| {
            format!("destination: {{name: in-cluster}}, source: {{repoURL: {url}, path: {path}}}")
        };
        Setup::new(&format!(
            "//- root/apps.yaml\n{}---\n{}---\n{}//- a/pod.yaml\n{POD}//- b/pod.yaml\n{POD}//- c/pod.yaml\n{POD}",
            app("a", &from("https://git.example/mine", "a")),
            app("b", &from("https://git.example/other", "b")),
            app("c", &from("https://git.example/other", "c")),
        ))
        .cluster("one", &["root"])
        .origin(origin)
        .check(expected);
    };
    check(
        "git@git.example:mine.git",
        "plain b b directory - -
         plain c c directory - -
         argocd argocd/a a directory one -
         argocd argocd/b - kustomize one - from https://git.example/other not-by-merge skipped: remote
         argocd argocd/c - kustomize one - from https://git.example/other not-by-merge skipped: remote
         plain root root directory one -",
    );
    check(
        "git@git.example:somebody/fork.git",
        "plain a a directory - -
         argocd argocd/a - kustomize one - from https://git.example/mine not-by-merge skipped: remote
         argocd argocd/b b directory one -
         argocd argocd/c c directory one -
         plain root root directory one -",
    );
}

#[test]
fn a_generator_that_is_not_evaluated_stands_in_the_coverage() {
    let template =
        "{metadata: {name: x}, spec: {destination: {name: in-cluster}, source: {repoURL: x, path: a}}}";
    let placements = Setup::new(&format!(
        "//- apps/set.yaml\n{}",
        set("asked", "[{pullRequest: {}}]", template)
    ))
    .cluster("one", &["apps"])
    .source("https://git.example/r", ".")
    .run();
    let skipped = placements
        .skipped
        .iter()
        .map(|skipped| format!("{} {}: {}", skipped.path, skipped.reason, skipped.detail));
    assert_eq!(
        skipped.collect::<Vec<_>>(),
        [
            "apps/set.yaml unsupported: the pullRequest generator of ApplicationSet argocd/asked is not evaluated"
        ]
    );
}
