//! Kubernetes' own definitions, one JSON Schema file per minor version, merged into one graph with version masks.

use std::path::Path;

use serde_json::Value;

use super::graph::{Graph, KindFacts, ListKind, Row, Type};
use super::{MINORS, read};

/// Add all versions below `directory` (one folder per version).
pub(super) fn add(graph: &mut Graph, directory: &Path) -> Result<(), String> {
    for (bit, minor) in MINORS.enumerate() {
        let file = directory.join(format!("v1.{minor}.0-local/_definitions.json"));
        let json: Value = serde_json::from_str(&read(&file)?).map_err(|error| error.to_string())?;
        let definitions = json
            .get("$defs")
            .or_else(|| json.get("definitions"))
            .and_then(Value::as_object);
        let definitions = definitions.ok_or_else(|| format!("{}: no definitions", file.display()))?;
        for (name, definition) in definitions {
            if special(name).is_none() {
                add_struct(graph, name, definition, 1 << bit);
            }
        }
    }
    Ok(())
}

fn add_struct(graph: &mut Graph, name: &str, definition: &Value, bit: u16) {
    let required: Vec<&str> = definition["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let item = graph.structs.entry(name.to_owned()).or_default();
    item.mask |= bit;
    for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
        let ty = type_of(schema);
        let rows = item.rows.entry(field.clone()).or_default();
        let known = rows.iter().position(|row| row.ty == ty);
        let at = known.unwrap_or_else(|| {
            rows.push(Row {
                ty,
                mask: 0,
                required: 0,
            });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.mask |= bit;
        if required.contains(&field.as_str()) {
            row.required |= bit;
        }
    }
    for gvk in definition["x-kubernetes-group-version-kind"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let text = |key: &str| gvk[key].as_str().unwrap_or_default().to_owned();
        // DeleteOptions, WatchEvent and the like carry one entry per group; they are no objects of a manifest.
        if definition["properties"].get("metadata").is_none() {
            continue;
        }
        let facts = graph
            .kinds
            .entry((text("group"), text("kind"), text("version")))
            .or_insert_with(|| KindFacts {
                root: name.to_owned(),
                ..KindFacts::default()
            });
        facts.mask |= bit;
    }
}

/// Definitions that are scalars or open values rather than structs.
fn special(name: &str) -> Option<Type> {
    Some(match name.rsplit('.').next()? {
        "IntOrString" => Type::IntOrString,
        "Quantity" => Type::Quantity,
        "Time" => Type::Time,
        "MicroTime" => Type::MicroTime,
        "RawExtension" | "FieldsV1" | "Patch" => Type::RawObject,
        // Any value, and the three unions of JSONSchemaProps: a schema, or a list, bool or list of strings.
        "JSON" | "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            Type::Any
        }
        _ => return None,
    })
}

fn type_of(schema: &Value) -> Type {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return special(name).unwrap_or_else(|| Type::Struct(name.to_owned()));
    }
    let name = match &schema["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null")
            .unwrap_or_default(),
        _ => "",
    };
    match (name, schema["format"].as_str()) {
        ("string", Some("byte")) => Type::Bytes,
        ("string", Some("date-time")) => Type::Time,
        ("string", _) => Type::String,
        ("integer", Some("int64")) => Type::Int64,
        ("integer", _) => Type::Int32,
        ("number", _) => Type::Number,
        ("boolean", _) => Type::Bool,
        ("array", _) => Type::List {
            item: Box::new(type_of(&schema["items"])),
            kind: list_kind(schema),
        },
        ("object", _) => match schema.get("additionalProperties") {
            Some(values) => Type::Map(Box::new(type_of(values))),
            None => Type::RawObject,
        },
        _ => Type::Any,
    }
}

fn list_kind(schema: &Value) -> ListKind {
    let merges = schema["x-kubernetes-patch-strategy"]
        .as_str()
        .is_some_and(|strategy| strategy.contains("merge"));
    let merge_key = schema["x-kubernetes-patch-merge-key"].as_str().unwrap_or("=");
    let keys = schema["x-kubernetes-list-map-keys"]
        .as_array()
        .into_iter()
        .flatten();
    ListKind {
        set: schema["x-kubernetes-list-type"] == "set",
        keys: keys.filter_map(|key| key.as_str().map(str::to_owned)).collect(),
        merge_key: if merges {
            merge_key.to_owned()
        } else {
            String::new()
        },
    }
}
