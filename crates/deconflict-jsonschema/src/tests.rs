use std::sync::Arc;

use deconflict_files::{Files, RepoPath};
use deconflict_yaml::{Dialect, Node, parse};

use crate::Schema;

fn tree(name: &str, text: &str) -> Option<Arc<Node>> {
    let path = RepoPath::new(name).unwrap();
    let file = Files::new().intern(&path, &Arc::from(text));
    parse(file, text)
        .documents
        .into_iter()
        .find_map(|document| document.root)
}

fn compile(files: &[(&str, &str)]) -> Result<Schema, String> {
    let load = |path: &RepoPath| {
        let file = files.iter().find(|(name, _)| *name == path.as_str())?;
        tree(file.0, file.1)
    };
    Schema::compile(&RepoPath::new(files[0].0).unwrap(), &load)
}

/// `path at text: message`, for each fault.
#[track_caller]
fn check_files(files: &[(&str, &str)], document: &str, expected: &[&str]) {
    let found = match compile(files) {
        Ok(schema) => schema.check(&tree("f.yaml", document).unwrap(), Dialect::Resource),
        Err(error) => {
            assert_eq!([error.as_str()], expected, "{document}");
            return;
        }
    };
    let shown: Vec<String> = found
        .iter()
        .map(|fault| {
            format!(
                "{} at {}: {}",
                fault.path,
                &document[fault.at.span.range()],
                fault.message
            )
        })
        .collect();
    assert_eq!(shown, expected, "{document}");
}

#[track_caller]
fn check(schema: &str, document: &str, expected: &[&str]) {
    check_files(&[("s/a.json", schema)], document, expected);
}

#[test]
fn faults_stand_at_their_places() {
    let schema = r#"{"type": "object", "required": ["on"], "additionalProperties": false, "properties": {
        "on": {"enum": ["push", "pull"]}, "n": {"type": "integer", "minimum": 3}, "p": {"pattern": "^a"},
        "l": {"type": "array", "items": {"type": ["string", "null"]}, "uniqueItems": true}, "a.b": {"const": 1}}}"#;
    check(schema, "{on: push, n: 3, l: [a, null], p: ab, a.b: 1}", &[]);
    check(
        schema,
        "{n: 2, p: b}",
        &[
            "on at {n: 2, p: b}: the document lacks the field `on`",
            "n at 2: `n` must be at least 3",
            "p at b: `p` does not match `^a`",
        ],
    );
    check(
        schema,
        "{on: pusch, l: [a, 1], a.b: 2, extra: hunter2}",
        &[
            "on at pusch: `on` must be one of `push`, `pull`",
            "l[1] at 1: `l[1]` must be null or a text, found a number",
            "[\"a.b\"] at 2: `[\"a.b\"]` must be `1`",
            "extra at extra: there is no field `extra` in the document",
        ],
    );
    check(
        schema,
        "[]",
        &[" at []: the document must be a map, found a list"],
    );
}

#[test]
fn drafts_are_told_by_the_schema() {
    // In draft 4 `exclusiveMinimum` is a flag, later it is a number.
    let old =
        r#"{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": true}"#;
    check(old, "3", &[" at 3: the document must be more than 3"]);
    let new = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "exclusiveMinimum": 3}"#;
    check(new, "3", &[" at 3: the document must be more than 3"]);
    check(
        r#"{"prefixItems": [{"type": "integer"}]}"#,
        "[a]",
        &["[0] at a: `[0]` must be an integer, found a text"],
    );
}

#[test]
fn alternatives_say_what_was_meant() {
    let schema = r#"{"oneOf": [{"type": "string"}, {"type": "object", "required": ["name"]}]}"#;
    check(
        schema,
        "{nam: x}",
        &["name at {nam: x}: the document lacks the field `name`"],
    );
    check(
        schema,
        "[]",
        &[" at []: the document fits none of 2 alternatives"],
    );
}

#[test]
fn references_stay_in_the_repository() {
    let files = [
        (
            "s/a.json",
            r##"{"properties": {"a": {"$ref": "defs/b.json#/$defs/n"}, "b": {"$ref": "../c.yaml"}}}"##,
        ),
        (
            "s/defs/b.json",
            r##"{"$defs": {"n": {"$ref": "#/$defs/m"}, "m": {"type": "integer"}}}"##,
        ),
        ("c.yaml", "type: boolean\n"),
    ];
    check_files(&files, "{a: 1, b: true}", &[]);
    check_files(
        &files,
        "{a: x, b: 1}",
        &[
            "a at x: `a` must be an integer, found a text",
            "b at 1: `b` must be `true` or `false`, found a number",
        ],
    );
    let known_as = [
        (
            "s/a.json",
            r#"{"$id": "https://x.io/schemas/a.json", "$ref": "b.json"}"#,
        ),
        ("s/b.json", r#"{"type": "integer"}"#),
    ];
    check_files(
        &known_as,
        "x",
        &[" at x: the document must be an integer, found a text"],
    );
    for (reference, why) in [
        (
            "https://x.io/b.json",
            "`https://x.io/b.json` is not in the repository, and nothing is read from a network",
        ),
        ("../../etc/passwd", "is not in the repository"),
        (
            "file:///etc/passwd",
            "`file:///etc/passwd` is not in the repository, and nothing is read from a network",
        ),
        ("missing.json", "`s/missing.json` is not in the repository"),
    ] {
        let schema = format!(r#"{{"$ref": "{reference}"}}"#);
        let error = compile(&[("s/a.json", &schema)]).expect_err(reference);
        assert!(error.contains(why), "{reference}: {error}");
    }
}

#[test]
fn what_is_no_schema_is_refused() {
    for (schema, why) in [
        ("[]", "s/a.json is no schema: a schema is a map"),
        (r#"{"type": "intger"}"#, "s/a.json is no schema that can be used"),
        (
            r#"{"$schema": "https://x.io/my-draft"}"#,
            "s/a.json is no schema that can be used",
        ),
    ] {
        let error = compile(&[("s/a.json", schema)]).expect_err(schema);
        assert!(error.contains(why), "{schema}: {error}");
    }
    assert!(compile(&[("a.json", "{")]).is_err());
    // Down into the value a schema may well be its own.
    check(
        r##"{"type": "object", "additionalProperties": {"$ref": "#"}}"##,
        "{a: {b: 1}}",
        &["a.b at 1: `a.b` must be a map, found a number"],
    );
}

/// The library sees that nothing is left to say.
#[test]
fn references_in_a_circle_end() {
    check(r##"{"$ref": "#"}"##, "{a: 1}", &[]);
    let two = r##"{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##;
    check(two, "{a: 1}", &[]);
    check(
        r##"{"$defs": {"a": {"$anchor": "q", "$ref": "#q"}}, "$ref": "#q"}"##,
        "{a: 1}",
        &[],
    );
    let files = [
        ("a.json", r#"{"$ref": "b.json"}"#),
        ("b.json", r#"{"anyOf": [{"$ref": "a.json"}], "type": "array"}"#),
    ];
    check_files(&files, "x", &[" at x: the document must be a list, found a text"]);
}
