//! Parameters of a template.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, KeyAt, Kind, Node, to_json};
use serde_json::{Map, Value};

/// Parameters by name. Without `goTemplate` all are texts and names hold dots.
pub(crate) type Params = Map<String, Value>;

/// A node as JSON, as the API server stores it; null for what has no JSON form.
pub(crate) fn value_of(node: &Node) -> Value {
    to_json(node, Dialect::Kubernetes)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null)
}

/// A scalar as text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Every scalar of `value` under its dotted name.
pub(crate) fn flatten(prefix: &str, value: &Value, into: &mut Params) {
    let name = |key: &str| {
        if prefix.is_empty() {
            key.to_owned()
        } else {
            format!("{prefix}.{key}")
        }
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&name(key), value, into);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&name(&at.to_string()), value, into);
            }
        }
        scalar => {
            into.insert(prefix.to_owned(), Value::String(text_of(scalar)));
        }
    }
}

/// Lay `over` over `under`, maps deeply; `over` wins.
pub(crate) fn lay_over(under: &mut Params, over: &Params) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => lay_over(old, new),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Argo CD's `normalize`: a DNS-1123 name.
pub(crate) fn normalize(text: &str) -> String {
    let lower = text.to_lowercase();
    let clean = lower.chars().map(|c| match c {
        'a'..='z' | '0'..='9' | '-' | '.' => c,
        _ => '-',
    });
    let cut: String = clean.take(253).collect();
    cut.trim_matches(['-', '.']).to_owned()
}

/// The tree with every place replaced by `at`, for text that was made from what stands there.
pub(crate) fn placed_at(node: &Node, at: Origin) -> Arc<Node> {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => Kind::Scalar(scalar.clone()),
        Kind::List(items) => Kind::List(items.iter().map(|item| placed_at(item, at)).collect()),
        Kind::Map(fields) => {
            let field = |field: &Field| Field {
                key: field.key.clone(),
                key_at: KeyAt(at),
                value: placed_at(&field.value, at),
            };
            Kind::Map(fields.iter().map(field).collect())
        }
    };
    Arc::new(Node::new(kind, at))
}
