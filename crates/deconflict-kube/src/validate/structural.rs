//! Whether the schema of a CustomResourceDefinition is structural, which `apiextensions.k8s.io/v1` asks of every schema
//! (kubernetes.io, "Specifying a structural schema"; k8s.io/apiextensions-apiserver, pkg/apiserver/schema).

use super::Sink;
use super::cursor::Cursor;

const ROW: &str = "crd-shape";
/// Keywords that no such schema has, wherever they stand; what the type does not even have is an unknown field.
const FORBIDDEN: [&str; 7] = [
    "$ref",
    "additionalItems",
    "definitions",
    "dependencies",
    "id",
    "patternProperties",
    "uniqueItems",
];
/// Keywords that say what a value is, and so cannot stand where only a condition is meant.
const NOT_IN_CONDITIONS: [&str; 5] = [
    "description",
    "type",
    "default",
    "additionalProperties",
    "nullable",
];
const JUNCTIONS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// The schema at the root of a version.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    if root.get("type").text() != "object" {
        sink.refuse(
            ROW,
            root,
            "the schema of an object has `type: object` at its root",
        );
    }
    schema(sink, root);
}

fn schema(sink: &mut Sink<'_>, here: &Cursor<'_>) {
    forbidden(sink, here);
    let (properties, items) = (here.get("properties"), here.get("items"));
    let additional = here.get("additionalProperties");
    for (_, property) in properties.fields() {
        field(sink, &property);
    }
    if items.exists() {
        field(sink, &items);
    } else if here.get("type").text() == "array" {
        sink.refuse_missing(
            ROW,
            here,
            "items",
            "a list needs `items`, which say what is in it",
        );
    }
    if additional.exists() {
        if properties.exists() && !properties.is_empty() {
            let at = additional.key_at();
            sink.refuse(
                ROW,
                &additional,
                "`additionalProperties` and `properties` cannot stand together",
            )
            .relate(properties.key_at(), "the properties")
            .at = at;
        } else if additional.bool() == Some(false) {
            sink.refuse(
                ROW,
                &additional,
                "`additionalProperties: false` is not allowed: what is not described is dropped anyway",
            );
        }
        if additional.node().is_some_and(deconflict_yaml::Node::is_map) {
            field(sink, &additional);
        }
    }
    // The only types that a condition may have: the two of a value that is an integer or a string.
    let free = here.get("x-kubernetes-int-or-string").bool() == Some(true);
    for name in JUNCTIONS {
        for part in here.get(name).items() {
            condition(sink, &part, free);
        }
    }
    condition(sink, &here.get("not"), false);
}

/// What every described field has.
fn field(sink: &mut Sink<'_>, here: &Cursor<'_>) {
    let open = |name: &str| here.get(name).bool() == Some(true);
    let typed = !here.get("type").text().is_empty();
    let any = open("x-kubernetes-int-or-string") || open("x-kubernetes-preserve-unknown-fields");
    if here.node().is_some_and(deconflict_yaml::Node::is_map) && !typed && !any {
        let at = here.key_at();
        sink.refuse_missing(
            ROW,
            here,
            "type",
            "a field needs a `type`, or `x-kubernetes-preserve-unknown-fields: true`",
        )
        .at = at;
    }
    schema(sink, here);
}

/// A schema inside of `allOf`, `anyOf`, `oneOf` or `not`.
fn condition(sink: &mut Sink<'_>, here: &Cursor<'_>, may_have_type: bool) {
    forbidden(sink, here);
    for name in NOT_IN_CONDITIONS {
        let found = here.get(name);
        if found.exists() && !(may_have_type && name == "type") {
            let at = found.key_at();
            sink.refuse(
                ROW,
                &found,
                format!("`{name}` cannot stand inside of `allOf`, `anyOf`, `oneOf` or `not`"),
            )
            .at = at;
        }
    }
    for (_, property) in here.get("properties").fields() {
        condition(sink, &property, false);
    }
    condition_of(sink, &here.get("items"), may_have_type);
    for name in JUNCTIONS {
        for part in here.get(name).items() {
            condition(sink, &part, may_have_type);
        }
    }
    condition_of(sink, &here.get("not"), false);
}

fn condition_of(sink: &mut Sink<'_>, here: &Cursor<'_>, may_have_type: bool) {
    if here.exists() {
        condition(sink, here, may_have_type);
    }
}

fn forbidden(sink: &mut Sink<'_>, here: &Cursor<'_>) {
    for name in FORBIDDEN {
        let found = here.get(name);
        if found.exists() && (name != "uniqueItems" || found.bool() == Some(true)) {
            let at = found.key_at();
            sink.refuse(
                ROW,
                &found,
                format!("`{name}` is not allowed in the schema of a definition"),
            )
            .at = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::node;
    use crate::{Definitions, KubernetesVersion, Object, validate};

    /// `row path at text` of what is said about the schema of `spec`.
    #[track_caller]
    fn check(spec: &str, expected: &[&str]) {
        let (body, text) = node(&format!(
            "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: ts.x.io}}, spec: {{group: x.io, \
             scope: Cluster, names: {{kind: T, plural: ts}}, versions: [{{name: v1, served: true, storage: true, schema: \
             {{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}}}]}}}}"
        ));
        let object = Object::new(body, None).unwrap();
        let all = validate(&object, KubernetesVersion::DEFAULT, &Definitions::new());
        let shown: Vec<String> = all
            .iter()
            .map(|fault| {
                let path = fault.path.rsplit("spec.").next().unwrap_or_default();
                format!("{} {} at {}", fault.row, path, &text[fault.at.span.range()])
            })
            .collect();
        assert_eq!(shown, expected, "{spec}");
    }

    #[test]
    fn schemas_are_structural() {
        for spec in [
            "{type: object, properties: {a: {type: string}, b: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: \
             string}]}, c: {x-kubernetes-preserve-unknown-fields: true}, d: {type: array, items: {type: string}, uniqueItems: false}}}",
            "{type: object, additionalProperties: {type: string}}",
            "{type: object, properties: {a: {type: string}}, oneOf: [{required: [a]}, {properties: {a: {pattern: x}}}], not: {required: [b]}}",
            "{type: object, properties: {type: {type: string}, not: {type: string}, id: {type: string}}}",
        ] {
            check(spec, &[]);
        }
        check(
            "{type: object, properties: {a: {maxLength: 3}}}",
            &["crd-shape properties.a.type at a"],
        );
        check("{type: array}", &["crd-shape items at {type: array}"]);
        check("{type: array, items: {}}", &["crd-shape items.type at items"]);
        check(
            "{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}",
            &["crd-shape additionalProperties at additionalProperties"],
        );
        check(
            "{type: object, anyOf: [{properties: {a: {type: string}}}], properties: {a: {type: string}}}",
            &["crd-shape anyOf[0].properties.a.type at type"],
        );
        check("{type: string, $ref: '#/x'}", &["crd-shape $ref at $ref"]);
        check(
            "{type: object, properties: {a: {type: array, uniqueItems: true, items: {type: string}}}}",
            &["crd-shape properties.a.uniqueItems at uniqueItems"],
        );
    }
}
