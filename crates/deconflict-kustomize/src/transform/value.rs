//! Setting values: what kyaml's setters make, with the trail of who did it.

use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_yaml::{Dialect, Kind, Node, Scalar, Style, Value};
use smol_str::SmolStr;

use crate::Problem;

/// A scalar that is text: bare where both YAML readers take it for text, as kyaml's setters write it.
pub(super) fn text_scalar(text: SmolStr) -> Scalar {
    let plain = Scalar::plain(text);
    let is_text = |dialect: Dialect| dialect.read(&plain) == Value::String;
    if is_text(Dialect::Resource) && is_text(Dialect::Kustomization) {
        plain
    } else {
        Scalar::string(plain.text)
    }
}

/// `old` with a value that comes from `from` in a configuration. `created` when there was nothing before.
pub(super) fn set_from(old: &Node, scalar: Scalar, from: Origin, by: &'static str) -> Arc<Node> {
    Arc::new(Node {
        at: from,
        via: Some(Step::new(Action::Transformed, by, old.at, old.via.as_ref())),
        kind: Kind::Scalar(scalar),
    })
}

/// `old` with more text around it: the text to edit stays where it was, the trail says who added to it.
pub(super) fn composed(old: &Node, text: SmolStr, from: Origin, by: &'static str) -> Arc<Node> {
    Arc::new(Node {
        at: old.at,
        via: Some(Step::new(Action::Transformed, by, from, old.via.as_ref())),
        kind: Kind::Scalar(text_scalar(text)),
    })
}

/// The scalar of `node`. Null is one; lists and maps are an error in kyaml's words.
pub(super) fn scalar_of(node: &Node) -> Result<&Scalar, Problem> {
    node.as_scalar().ok_or_else(|| wrong_kind("ScalarNode", node))
}

/// `scalar` with another text and the type it had: what writing to a yaml.Node's `Value` does.
pub(super) fn same_type(scalar: &Scalar, text: SmolStr) -> Scalar {
    if scalar.tag.is_some() || scalar.style != Style::Plain {
        return Scalar {
            text,
            ..scalar.clone()
        };
    }
    let tag = match Dialect::Resource.read(scalar) {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) => "int",
        Value::Float(_) => "float",
        Value::Timestamp => "timestamp",
        Value::String | Value::Binary | Value::Invalid => return text_scalar(text),
    };
    let plain = Scalar::plain(text);
    let fits = match Dialect::Resource.read(&plain) {
        Value::Null => tag == "null",
        Value::Bool(_) => tag == "bool",
        Value::Int(_) | Value::Uint(_) => tag == "int",
        Value::Float(_) => tag == "float",
        Value::Timestamp => tag == "timestamp",
        Value::String | Value::Binary | Value::Invalid => false,
    };
    if fits {
        return plain;
    }
    Scalar {
        tag: Some(format!("tag:yaml.org,2002:{tag}").into()),
        ..plain
    }
}

/// kyaml's error for a node of another shape than needed.
pub(super) fn wrong_kind(expected: &str, node: &Node) -> Problem {
    let found = match &node.kind {
        Kind::Scalar(_) => "ScalarNode",
        Kind::List(_) => "SequenceNode",
        Kind::Map(_) => "MappingNode",
    };
    let mut contents = String::new();
    write(&mut contents, node);
    Problem::build(format!(
        "wrong node kind: expected {expected} but got {found}: node contents:\n{contents}"
    ))
    .at(node.at)
}

/// The value in flow style, for messages.
fn write(out: &mut String, node: &Node) {
    match &node.kind {
        Kind::Scalar(scalar) => out.push_str(&scalar.text),
        Kind::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write(out, item);
            }
            out.push(']');
        }
        Kind::Map(fields) => {
            out.push('{');
            for (index, field) in fields.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(field.name());
                out.push_str(": ");
                write(out, &field.value);
            }
            out.push('}');
        }
    }
}
