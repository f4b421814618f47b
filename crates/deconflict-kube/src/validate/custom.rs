//! A custom resource against the definitions of its cluster.

use std::sync::Arc;

use super::{Effect, Violation};
use crate::Object;
use crate::crd::{Definition, SchemaFault, SchemaViolation};

/// Judge `object` by the definitions of its kind: refused only when every one of them refuses it.
pub(super) fn check(object: &Object, definitions: &[Arc<Definition>]) -> Vec<Violation> {
    let all = definitions.iter().map(|definition| by_one(object, definition));
    all.min_by_key(|found| {
        found
            .iter()
            .filter(|fault| fault.effect == Effect::Refused)
            .count()
    })
    .unwrap_or_default()
}

fn by_one(object: &Object, definition: &Definition) -> Vec<Violation> {
    let kind = &object.key.kind;
    let place = |field: &str| object.body.get(field).map_or(object.body.at, |value| value.at);
    let mut found = Vec::new();
    let mut report = |row, effect, at, path: &str, message: String| {
        found.push(Violation {
            row,
            effect,
            at,
            path: path.to_owned(),
            message,
            help: None,
            related: Vec::new(),
            repair: None,
        });
    };
    let served = || {
        let names: Vec<&str> = definition
            .versions
            .iter()
            .filter(|version| version.served)
            .map(|version| version.name.as_str())
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    match definition.version(&object.version) {
        None => {
            let message = format!(
                "the definition of {kind} has no version {}; it serves {}",
                object.version,
                served()
            );
            report(
                "version",
                Effect::Refused,
                place("apiVersion"),
                "apiVersion",
                message,
            );
            if let Some(last) = found.last_mut() {
                last.related.push((definition.at, "the definition".to_owned()));
            }
        }
        Some(version) if !version.served => {
            let message = format!(
                "{kind} {} is not served (`served: false`); its definition serves {}",
                object.version,
                served()
            );
            report(
                "version",
                Effect::Refused,
                place("apiVersion"),
                "apiVersion",
                message,
            );
            if let Some(last) = found.last_mut() {
                last.related.push((version.at, "not served".to_owned()));
            }
        }
        Some(version) => {
            if let Some(warning) = &version.deprecated {
                let message = match warning.as_str() {
                    "" => format!("{kind} {} is deprecated by its definition", object.version),
                    warning => format!("{kind} {} is deprecated: {warning}", object.version),
                };
                report(
                    "deprecated",
                    Effect::Warned,
                    place("apiVersion"),
                    "apiVersion",
                    message,
                );
            }
            if let Some(schema) = version.schema() {
                found.extend(
                    schema
                        .validate(&object.body)
                        .into_iter()
                        .map(|fault| of_schema(fault, definition)),
                );
            }
        }
    }
    found
}

fn of_schema(fault: SchemaViolation, definition: &Definition) -> Violation {
    let SchemaViolation { at, path, fault } = fault;
    let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
    let row = match fault {
        SchemaFault::Unknown { .. } => "schema-unknown",
        SchemaFault::Unanswered(_) => "unanswered",
        _ => "schema",
    };
    let effect = match fault {
        SchemaFault::Unanswered(_) => Effect::Unanswered,
        _ => Effect::Refused,
    };
    let (message, help) = match fault {
        SchemaFault::Unknown { nearest } => (
            format!(
                "{} has no field `{name}` here: the server drops it or refuses it",
                definition.kind
            ),
            nearest.map(|near| format!("did you mean `{near}`?")),
        ),
        SchemaFault::Missing { field } => (
            format!("the required field `{field}` is missing"),
            Some(format!("add `{field}`")),
        ),
        SchemaFault::Value(words) => (format!("`{name}` {words}"), None),
        SchemaFault::Unanswered(words) => (format!("{words} (definition of {})", definition.kind), None),
        SchemaFault::Rule(words) if path.is_empty() => (words, None),
        SchemaFault::Rule(words) => (format!("`{name}`: {words}"), None),
    };
    Violation {
        row,
        effect,
        at,
        path,
        message,
        help,
        related: vec![(definition.at, "the definition".to_owned())],
        repair: None,
    }
}
