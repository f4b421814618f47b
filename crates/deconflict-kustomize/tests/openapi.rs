//! Kinds that a user's OpenAPI document says have no namespace: the bytes that `kubectl kustomize` (5.5.0) prints.

use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_kustomize::{Options, Problem, Session, to_yaml};
use deconflict_yaml::Library;

/// Fleets have no namespace, Boats do although a list of all is there too, Ships cannot be got at all, and of a built-in
/// kind the document is not asked.
const SCHEMA: &str = r#"{"definitions": {}, "paths": {
  "/apis/example.com/v1/fleets/{name}": {"get": {"x-kubernetes-group-version-kind": {"group": "example.com", "kind": "Fleet", "version": "v1"}}},
  "/apis/example.com/v1/namespaces/{namespace}/boats/{name}": {"get": {"x-kubernetes-group-version-kind": {"group": "example.com", "kind": "Boat", "version": "v1"}}},
  "/apis/example.com/v1/boats": {"get": {"x-kubernetes-group-version-kind": {"group": "example.com", "kind": "Boat", "version": "v1"}}},
  "/apis/example.com/v1/ships": {"post": {"x-kubernetes-group-version-kind": {"group": "example.com", "kind": "Ship", "version": "v1"}}},
  "/api/v1/configmaps": {"get": {"x-kubernetes-group-version-kind": {"group": "", "kind": "ConfigMap", "version": "v1"}}}
}}"#;

/// The build of `root`: its text, or what is wrong.
#[track_caller]
fn check(fixture: &str, expected: &str) {
    let fixture = format!("{fixture}//- root/schema.json\n{SCHEMA}\n//- root/b/schema.json\n{SCHEMA}\n");
    let snapshot = Arc::new(MemoryTree::fixture(&fixture).snapshot());
    let session = Session::new(Arc::new(Library::new(snapshot, Arc::new(Files::new()))));
    let root = RepoPath::new("root").unwrap_or_default();
    let rendered = session.build(&root, &Options::default());
    let problems: Vec<String> = rendered.problems.iter().map(Problem::full).collect();
    let text = if problems.is_empty() {
        to_yaml(&rendered.objects).unwrap_or_default()
    } else {
        problems.join("\n")
    };
    assert_eq!(text, expected);
}

const ONE: &str = "apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: one}\n";

#[test]
fn declared_kinds_get_no_namespace() {
    check(
        &format!(
            "//- root/kustomization.yaml\nnamespace: team\nresources: [a.yaml]\nopenapi: {{path: schema.json}}\n\
             //- root/a.yaml\n{ONE}---\napiVersion: example.com/v1\nkind: Boat\nmetadata: {{name: one}}\n---\n\
             apiVersion: example.com/v1\nkind: Ship\nmetadata: {{name: one}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: one}}\n"
        ),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: team\n---\n\
         apiVersion: example.com/v1\nkind: Boat\nmetadata:\n  name: one\n  namespace: team\n---\n\
         apiVersion: example.com/v1\nkind: Fleet\nmetadata:\n  name: one\n---\n\
         apiVersion: example.com/v1\nkind: Ship\nmetadata:\n  name: one\n  namespace: team\n",
    );
}

/// `a` renames the Fleet, `b` brings the schema, and a patch names the Fleet with a namespace that does not count.
fn layers(resources: &str, name: &str) -> String {
    format!(
        "//- root/kustomization.yaml\nnamespace: team\nresources: [{resources}]\npatches:\n- patch: |\n    apiVersion: \
         example.com/v1\n    kind: Fleet\n    metadata: {{name: {name}, namespace: elsewhere}}\n    spec: {{size: 2}}\n\
         //- root/a/kustomization.yaml\nnamePrefix: x-\nresources: [fleet.yaml]\n//- root/a/fleet.yaml\n{ONE}\
         //- root/b/kustomization.yaml\nopenapi: {{path: schema.json}}\nresources: [boat.yaml]\n\
         //- root/b/boat.yaml\napiVersion: example.com/v1\nkind: Boat\nmetadata: {{name: one}}\n"
    )
}

#[test]
fn a_base_brings_the_schema_for_what_is_there_already() {
    let built = "apiVersion: example.com/v1\nkind: Boat\nmetadata:\n  name: one\n  namespace: team\n---\n\
                 apiVersion: example.com/v1\nkind: Fleet\nmetadata:\n  name: x-one\nspec:\n  size: 2\n";
    check(&layers("b, a", "one"), built);
    check(&layers("b, a", "x-one"), built);
    check(&layers("a, b", "x-one"), built);
    // The name of before was noted with a namespace.
    check(
        &layers("a, b", "one"),
        "no resource matches strategic merge patch \"Fleet.v1.example.com/one.elsewhere\": no matches for Id \
         Fleet.v1.example.com/one.elsewhere; failed to find unique target for patch Fleet.v1.example.com/one.elsewhere",
    );
}

#[test]
fn two_namespaces_are_one() {
    let other = ONE.replace("name: one", "name: one, namespace: b");
    check(
        &format!(
            "//- root/kustomization.yaml\nresources: [a.yaml, b.yaml]\nopenapi: {{path: schema.json}}\n\
             //- root/a.yaml\n{ONE}//- root/b.yaml\n{other}"
        ),
        "accumulating resources: accumulation err='merging resources from 'b.yaml': may not add resource with an already \
         registered id: Fleet.v1.example.com/one.b': must build at directory: '/repo/root/b.yaml': file is not directory",
    );
}
