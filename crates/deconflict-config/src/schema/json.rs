//! The JSON schema of `deconflict.yaml`, for editors.

use serde_json::{Map, Value, json};

use super::check::{FORM, SETTINGS};
use super::keys::TOP;
use super::{Format, Key, Shape};

const SETTING: &str =
    "\"off\", a severity, or a map of `severity` and the rule's options (`deconflict explain RULE`).";

/// The schema as text, a JSON schema of draft 2020-12; `rules` are the ids that exist.
pub fn json_schema(rules: &[&str]) -> String {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("deconflict.yaml"));
    if let Value::Object(top) = map(TOP, rules) {
        schema.extend(top);
    }
    let words = json!({"enum": SETTINGS});
    let map = json!({"type": "object", "properties": {"severity": words}, "additionalProperties": true});
    let setting = json!({"description": SETTING, "anyOf": [words, map]});
    schema.insert("$defs".to_owned(), json!({"setting": setting}));
    // A schema is a tree of maps with text keys, which serde_json always writes.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn map(keys: &[Key], rules: &[&str]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = shape(&key.shape, rules);
        // A key without a value says nothing.
        if !key.required
            && let Some(kind) = value.get_mut("type")
        {
            *kind = match kind.take() {
                Value::Array(mut kinds) => {
                    kinds.push(json!("null"));
                    Value::Array(kinds)
                }
                kind => json!([kind, "null"]),
            };
            // An enumeration holds for every type.
            if let Some(Value::Array(words)) = value.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), json!(key.about));
        }
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<&str> = keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn shape(shape: &Shape, rules: &[&str]) -> Value {
    match shape {
        Shape::Text(format) => text(*format, rules),
        Shape::Count => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Shape::FormVersion => json!({"type": "integer", "enum": [FORM]}),
        Shape::List(item) => json!({"type": "array", "items": self::shape(item, rules)}),
        Shape::Map(keys) => map(keys, rules),
        Shape::Table(value) => json!({"type": "object", "additionalProperties": self::shape(value, rules)}),
        Shape::TextOrMap(format, keys) => json!({"anyOf": [text(*format, rules), map(keys, rules)]}),
        Shape::Rules => {
            let setting = json!({"$ref": "#/$defs/setting"});
            let rules: Map<String, Value> = rules
                .iter()
                .map(|rule| ((*rule).to_owned(), setting.clone()))
                .collect();
            json!({"type": "object", "properties": rules, "additionalProperties": false})
        }
        Shape::Any => json!({}),
    }
}

fn text(format: Format, rules: &[&str]) -> Value {
    match format {
        Format::Free => json!({"type": "string"}),
        Format::Name | Format::Glob | Format::Path | Format::Class => {
            json!({"type": "string", "minLength": 1})
        }
        Format::Kubernetes => json!({"type": ["string", "number"], "pattern": "^1\\.[0-9]{1,3}$"}),
        Format::Date => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Format::OneOf(words) => json!({"type": "string", "enum": words}),
        Format::Quantity => json!({"type": ["string", "number"], "minLength": 1}),
        Format::Object => json!({"type": "string", "pattern": "^[^/]+/[^/]+(/[^/]+)?$"}),
        Format::Rule => json!({"type": "string", "enum": rules}),
    }
}
