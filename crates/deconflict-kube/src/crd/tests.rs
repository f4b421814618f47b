//! Resources against schemas: text in, faults out.

use super::{Definition, Schema, SchemaFault};
use crate::fixture::node;

fn print(found: Vec<super::SchemaViolation>, source: &str) -> String {
    let text = |violation: super::SchemaViolation| {
        let words = match violation.fault {
            SchemaFault::Unknown { nearest } => format!("unknown, nearest {nearest:?}"),
            SchemaFault::Missing { field } => format!("no {field}"),
            SchemaFault::Value(words) | SchemaFault::Rule(words) => words,
            SchemaFault::Unanswered(words) => format!("unanswered: {words}"),
        };
        let shown = source[violation.at.span.range()]
            .lines()
            .next()
            .unwrap_or_default();
        format!("{} at {shown}: {words}", violation.path)
    };
    found.into_iter().map(text).collect::<Vec<_>>().join("; ")
}

/// `schema` is the schema of `spec`, `spec` its value.
fn check(schema: &str, spec: &str, expected: &str) {
    let (schema, _) = node(&format!("{{type: object, properties: {{spec: {schema}}}}}"));
    let (object, source) = node(&format!(
        "apiVersion: a/v1\nkind: A\nmetadata: {{name: a}}\nspec: {spec}\n"
    ));
    assert_eq!(
        print(Schema::compile(&schema).validate(&object), &source),
        expected,
        "{spec}"
    );
}

fn change(schema: &str, old: &str, new: &str, expected: &str) {
    let (schema, _) = node(&format!("{{type: object, properties: {{spec: {schema}}}}}"));
    let (old, _) = node(&format!("spec: {old}\n"));
    let (new, source) = node(&format!("spec: {new}\n"));
    let found = Schema::compile(&schema).validate_transition(&new, &old);
    assert_eq!(print(found, &source), expected, "{source}");
}

#[test]
fn structure() {
    let schema = "{type: object, required: [size], properties: {size: {type: integer, minimum: 1, maximum: 9}, name: {type: \
                  string, pattern: '^[a-z]+$', maxLength: 5}, mode: {type: string, enum: [Fast, Slow]}, tags: {type: array, \
                  items: {type: string}, x-kubernetes-list-type: set}, free: {type: object, \
                  x-kubernetes-preserve-unknown-fields: true}, port: {x-kubernetes-int-or-string: true}, labels: {type: object, \
                  additionalProperties: {type: string}}, until: {type: string, format: date-time}}}";
    for (spec, expected) in [
        ("{size: 3}", ""),
        (
            "{size: 2.0, name: abc, mode: Fast, free: {a: {b: 1}}, port: 80, labels: {x: z}}",
            "",
        ),
        (
            "{size: 3, port: http, until: '2027-01-31T08:00:00Z', tags: [a, b]}",
            "",
        ),
        ("{}", "spec.size at {}: no size"),
        (
            "{size: '3'}",
            "spec.size at '3': must be an integer, found the string \"3\"",
        ),
        ("{size: 0}", "spec.size at 0: must be at least 1, found 0"),
        ("{size: 10}", "spec.size at 10: must be at most 9, found 10"),
        (
            "{size: 1, nam: abc}",
            "spec.nam at nam: unknown, nearest Some(\"name\")",
        ),
        (
            "{size: 1, name: ABC}",
            "spec.name at ABC: does not match `^[a-z]+$`",
        ),
        (
            "{size: 1, name: abcdef}",
            "spec.name at abcdef: has 6 characters, at most 5 allowed",
        ),
        (
            "{size: 1, mode: fast}",
            "spec.mode at fast: must be one of `Fast`, `Slow`; did you mean `Fast`?",
        ),
        (
            "{size: 1, tags: [a, a]}",
            "spec.tags[1] at a: repeats `a`, which an earlier item has",
        ),
        (
            "{size: 1, port: 1.5}",
            "spec.port at 1.5: must be an integer or a string, found the number 1.5",
        ),
        (
            "{size: 1, labels: {x: 1}}",
            "spec.labels.x at 1: must be a string, found the number 1",
        ),
        (
            "{size: 1, until: tomorrow}",
            "spec.until at tomorrow: is no time such as `2027-01-31T08:00:00Z`",
        ),
        ("[1]", "spec at [1]: must be a map, found a list"),
    ] {
        check(schema, spec, expected);
    }
}

#[test]
fn list_maps_and_alternatives() {
    let ports = "{type: object, properties: {ports: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [port, \
                 protocol], items: {type: object, properties: {port: {type: integer}, protocol: {type: string, default: TCP}}}}}}";
    check(ports, "{ports: [{port: 1}, {port: 1, protocol: UDP}]}", "");
    check(
        ports,
        "{ports: [{port: 1}, {port: 1, protocol: TCP}]}",
        "spec.ports[1] at 1: repeats `1, TCP`, which an earlier item has",
    );
    let either = "{type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}";
    check(either, "{a: x}", "");
    check(either, "{}", "spec at {}: must have exactly one of `a`, `b`");
    check(
        either,
        "{a: x, b: z}",
        "spec at {a: x, b: z}: must have exactly one of `a`, `b`; 2 are given",
    );
}

#[test]
fn rules_of_the_definition() {
    let schema = "{type: object, properties: {min: {type: integer, default: 1}, max: {type: integer}, namespace: {type: string}, \
                  x-y: {type: string}}, x-kubernetes-validations: [{rule: 'self.min <= self.max', message: min exceeds max}, \
                  {rule: '!has(self.__namespace__) || self.__namespace__ != \"kube-system\"', messageExpression: \
                  '\"not in \" + self.__namespace__'}, {rule: '!has(self.x__dash__y) || self.x__dash__y.size() > 1'}]}";
    for (spec, expected) in [
        ("{min: 1, max: 2}", ""),
        ("{max: 2}", ""),
        ("{max: 0}", "spec at {max: 0}: min exceeds max"),
        (
            "{max: 2, namespace: kube-system}",
            "spec at {max: 2, namespace: kube-system}: not in kube-system",
        ),
        (
            "{max: 2, x-y: a}",
            "spec at {max: 2, x-y: a}: breaks the rule `!has(self.x__dash__y) || self.x__dash__y.size() > 1`",
        ),
        // The rules wait until the structure is right.
        (
            "{min: 3, max: '2'}",
            "spec.max at '2': must be an integer, found the string \"2\"",
        ),
        // What cannot be evaluated decides nothing, and is said.
        (
            "{min: 3}",
            "spec at {min: 3}: unanswered: the rule `self.min <= self.max` has no answer: No such key: max",
        ),
    ] {
        check(schema, spec, expected);
    }
}

#[test]
fn rules_about_a_change() {
    let schema = "{type: object, properties: {class: {type: string, x-kubernetes-validations: [{rule: self == oldSelf, message: \
                  class is immutable}]}}}";
    check(schema, "{class: a}", "");
    change(schema, "{class: a}", "{class: a}", "");
    change(
        schema,
        "{class: a}",
        "{class: b}",
        "spec.class at b: class is immutable",
    );
    change(schema, "{}", "{class: b}", "");
}

#[test]
fn rules_about_a_change_that_may_have_no_old_value() {
    let schema = "{type: object, properties: {class: {type: string, x-kubernetes-validations: [{rule: '!oldSelf.hasValue() || \
                  oldSelf.value() == self', optionalOldSelf: true, message: stays}]}}}";
    check(schema, "{class: a}", "");
    change(schema, "{class: a}", "{class: a}", "");
    change(schema, "{class: a}", "{class: b}", "spec.class at b: stays");
}

#[test]
fn rules_with_functions_of_kubernetes() {
    let schema = "{type: object, properties: {size: {type: string}, ca: {type: string, format: byte}}, \
                  x-kubernetes-validations: [{rule: 'quantity(self.size).isLessThan(quantity(\"2Gi\"))', message: too large}, \
                  {rule: '!has(self.ca) || size(self.ca) == 2', message: no two bytes}]}";
    check(schema, "{size: 1500Mi, ca: aGk=}", "");
    check(schema, "{size: 2Gi}", "spec at {size: 2Gi}: too large");
    check(
        schema,
        "{size: 1, ca: aGkh}",
        "spec.size at 1: must be a string, found the number 1",
    );
    check(
        schema,
        "{size: '1', ca: aGkh}",
        "spec at {size: '1', ca: aGkh}: no two bytes",
    );
    let unknown =
        "{type: object, x-kubernetes-validations: [{rule: 'frobnicate(self)'}, {rule: 'self.a ===  1'}]}";
    check(
        unknown,
        "{}",
        "spec at {}: unanswered: the rule `frobnicate(self)` uses `frobnicate`, which is not known here; spec at {}: \
         unanswered: the rule `self.a === 1` cannot be read",
    );
}

#[test]
fn definitions() {
    let text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b}\nspec: {group: b, scope: \
                Cluster, names: {kind: A, plural: a}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: \
                {type: object}}}, {name: v0, served: false, storage: false, deprecated: true, deprecationWarning: old}]}\n";
    let definition = Definition::from_object(&node(text).0).unwrap();
    let shown: Vec<String> = definition
        .versions
        .iter()
        .map(|version| {
            let schema = version.schema().is_some();
            format!(
                "{} {} {:?} {schema}",
                version.name, version.served, version.deprecated
            )
        })
        .collect();
    assert_eq!(shown, ["v1 true None true", "v0 false Some(\"old\") false"]);
    assert_eq!(
        (&*definition.group, &*definition.kind, definition.scope),
        ("b", "A", crate::Scope::Cluster)
    );
    assert!(Definition::from_object(&node("{spec: {group: b}}").0).is_none());
}
