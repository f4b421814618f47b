//! JSON schemas that the configuration gives to files and kinds, through the whole pipeline.

use std::sync::Arc;

use deconflict_check::{Input, Options};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Place};
use deconflict_yaml::Library;

/// `path:line field message` of every finding of the rule, then its help.
fn check(text: &str, expected: &[&str]) {
    let snapshot = Arc::new(MemoryTree::fixture(text).snapshot());
    let files = Arc::new(Files::new());
    let library = Arc::new(Library::new(snapshot, Arc::clone(&files)));
    let ids: Vec<&str> = deconflict_check::rules().iter().map(|meta| meta.id).collect();
    let found = deconflict_config::find(&library, &RepoPath::top(), &ids);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let input = Input {
        library,
        config: Arc::new(found.config),
        codeowners: Arc::new(Codeowners::default()),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    };
    let report = deconflict_check::check(&input, &Options::default());
    let told = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "lay-schema-violation");
    let shown: Vec<String> = told
        .map(|finding| {
            let at = finding.primary.at;
            let place = Place::of(&files.get(at.file), at.span);
            let field = finding.field.as_deref().unwrap_or("-");
            format!(
                "{}:{} {field} {} in {}",
                place.path,
                place.line,
                finding.message,
                finding.seen_in.len()
            )
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

const WORKLOAD: &str = "//- apps/web/base/kustomization.yaml
resources: [queue.yaml]
//- apps/web/base/queue.yaml
apiVersion: example.com/v1
kind: Queue
metadata: {name: web, namespace: web}
spec: {size: 9}
//- apps/web/overlays/a/kustomization.yaml
resources: [../../base]
//- apps/web/overlays/b/kustomization.yaml
resources: [../../base]
patches:
  - patch: |
      apiVersion: example.com/v1
      kind: Queue
      metadata: {name: web, namespace: web}
      spec: {size: nine}
";

#[test]
fn kinds_are_judged_as_they_are_rendered() {
    let config = "//- deconflict.yaml
schemas:
  - {schema: schemas/queue.json, kinds: [example.com/Queue]}
//- schemas/queue.json
{\"properties\": {\"spec\": {\"properties\": {\"size\": {\"type\": \"integer\", \"maximum\": 5}}}}}
";
    check(
        &format!("{config}{WORKLOAD}"),
        &[
            "apps/web/base/queue.yaml:4 spec.size Queue web/web: `spec.size` must be at most 5 in 1",
            "apps/web/overlays/b/kustomization.yaml:7 spec.size Queue web/web: `spec.size` must be an integer, found a text in 1",
        ],
    );
    let other = config.replace("example.com/Queue", "example.org/Queue");
    check(&format!("{other}{WORKLOAD}"), &[]);
}

#[test]
fn files_are_judged_where_they_lie() {
    let tree = "//- deconflict.yaml
schemas:
  - {schema: schemas/ci.json, files: ['.github/workflows/*.yml', 'values/**']}
  - {schema: schemas/gone.json, files: [x.yaml]}
exclude: [values/old/**]
//- schemas/ci.json
{\"type\": \"object\", \"properties\": {\"on\": {\"$ref\": \"words.json\"}, \"size\": {\"type\": \"integer\"}}}
//- schemas/words.json
{\"enum\": [\"push\", \"pull\"]}
//- .github/workflows/a.yml
on: pusch
//- values/new/a.yaml
size: '1'
//- values/old/a.yaml
size: '1'
//- values/readme.md
size
";
    check(
        &format!("{tree}{WORKLOAD}"),
        &[
            ".github/workflows/a.yml:1 on .github/workflows/a.yml: `on` must be one of `push`, `pull` in 0",
            "deconflict.yaml:3 - a schema is of no use: schemas/gone.json is not there, or no JSON or YAML in 0",
            "values/new/a.yaml:1 size values/new/a.yaml: `size` must be an integer, found a text in 0",
        ],
    );
}
