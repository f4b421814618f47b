//! Name suffixes that tell the content (kustomize's `hasher`; kustomize.md section 8).

use std::fmt::Write as _;

use deconflict_yaml::{Kind, Node, write_json_string};
use sha2::{Digest as _, Sha256};

use crate::Problem;
use crate::emit::{self, Json};

/// The ten characters.
pub(super) fn suffix(body: &Node) -> Result<String, Problem> {
    let mut json = String::new();
    let text = |field: &str| body.get(field).map(|value| &**value);
    match body.get("kind").and_then(|kind| kind.text()) {
        Some("ConfigMap") => {
            json.push('{');
            if let Some(binary) = text("binaryData").filter(|binary| binary.is_map()) {
                json.push_str("\"binaryData\":");
                write(&mut json, binary)?;
                json.push(',');
            }
            json.push_str("\"data\":");
            field(&mut json, text("data"))?;
            json.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        Some("Secret") => {
            json.push_str("{\"data\":");
            field(&mut json, text("data"))?;
            json.push_str(",\"kind\":\"Secret\",\"name\":\"\"");
            if let Some(strings) = text("stringData").filter(|strings| strings.is_map()) {
                json.push_str(",\"stringData\":");
                write(&mut json, strings)?;
            }
            json.push_str(",\"type\":");
            field(&mut json, text("type"))?;
            json.push('}');
        }
        _ => write(&mut json, body)?,
    }
    let digest = Sha256::digest(json.as_bytes());
    let mut hex = String::new();
    for byte in digest.iter().take(5) {
        let _ = write!(hex, "{byte:02x}");
    }
    let replaced = hex.chars().map(|c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    });
    Ok(replaced.collect())
}

/// A field that is a map, or the text of what else it is; absent is an empty text.
fn field(json: &mut String, value: Option<&Node>) -> Result<(), Problem> {
    match value {
        None => json.push_str("\"\""),
        Some(value) => match value.text() {
            Some(text) => write_json_string(text, json),
            None => write(json, value)?,
        },
    }
    Ok(())
}

fn write(json: &mut String, node: &Node) -> Result<(), Problem> {
    match &node.kind {
        Kind::Scalar(scalar) => match emit::json(scalar).map_err(|problem| problem.at(node.at))? {
            Json::Null => json.push_str("null"),
            Json::Bool(flag) => json.push_str(if flag { "true" } else { "false" }),
            Json::Number(text) => json.push_str(&text),
            Json::Text(text) => write_json_string(&text, json),
        },
        Kind::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(json, item)?;
            }
            json.push(']');
        }
        Kind::Map(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|left, right| left.name().cmp(right.name()));
            json.push('{');
            for (index, field) in sorted.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_json_string(field.name(), json);
                json.push(':');
                write(json, &field.value)?;
            }
            json.push('}');
        }
    }
    Ok(())
}
