//! Objects and values as they come out of Go's JSON: every number a float.

use std::sync::Arc;

use base64::Engine as _;
use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar, Value};

use crate::Problem;
use crate::emit::{self, Json};

/// `body` after a way through JSON and back, as a patch leaves it: integers above 2^53 lose digits and other numbers
/// may be spelled differently (trap 12), dates are texts. Scalars that do not change are shared.
pub(super) fn object(body: &Arc<Node>) -> Result<Arc<Node>, Problem> {
    emit::check_json(body)?;
    convert(body, &|scalar, _| {
        let json = emit::json(scalar)?;
        Ok(match json {
            Json::Null => Scalar::plain("null"),
            Json::Bool(true) => Scalar::plain("true"),
            Json::Bool(false) => Scalar::plain("false"),
            Json::Number(text) => number(nearest(&text)),
            Json::Text(text) if text == scalar.text.as_str() && is_string(scalar) => scalar.clone(),
            Json::Text(text) => Scalar::string(&*text),
        })
    })
}

/// A value of a patch, which is read as YAML 1.1, in the form that objects have after [`object`].
pub(super) fn patch_value(value: &Arc<Node>) -> Result<Arc<Node>, Problem> {
    let scalars = convert(value, &|scalar, at| {
        Ok(match Dialect::Kustomization.read(scalar) {
            Value::Null => Scalar::plain("null"),
            Value::Bool(true) => Scalar::plain("true"),
            Value::Bool(false) => Scalar::plain("false"),
            Value::Int(int) => number(nearest(&int.to_string())),
            Value::Uint(int) => number(nearest(&int.to_string())),
            Value::Float(float) if float.is_finite() => number(float),
            Value::Float(_) => return Err(Problem::build("json: unsupported value").at(at)),
            Value::Binary => Scalar::string(decoded(&scalar.text)),
            Value::Invalid => {
                return Err(Problem::build("yaml: cannot decode a value as its tag says").at(at));
            }
            Value::String | Value::Timestamp if scalar.tag.is_none() && is_string(scalar) => scalar.clone(),
            Value::String | Value::Timestamp => Scalar::string(scalar.text.clone()),
        })
    })?;
    Ok(last_fields(&scalars))
}

/// The key of a JSON object as a key of a tree.
pub(super) fn key(name: &str) -> Scalar {
    let bare = Scalar::plain(name);
    if is_string(&bare) {
        bare
    } else {
        Scalar::string(name)
    }
}

fn is_string(scalar: &Scalar) -> bool {
    Dialect::Resource.read(scalar) == Value::String
}

/// The float that Go's JSON decoder makes of a number.
fn nearest(digits: &str) -> f64 {
    digits.parse().unwrap_or_default()
}

fn number(value: f64) -> Scalar {
    Scalar::plain(emit::float_text(value))
}

fn decoded(base64: &str) -> String {
    let bare: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(bare)
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

type Change<'c> = &'c dyn Fn(&Scalar, Origin) -> Result<Scalar, Problem>;

/// The tree with every scalar changed; what stays equal stays shared.
fn convert(node: &Arc<Node>, change: Change<'_>) -> Result<Arc<Node>, Problem> {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => {
            let changed = change(scalar, node.at).map_err(|problem| problem.at(node.at))?;
            if changed == *scalar {
                return Ok(Arc::clone(node));
            }
            Kind::Scalar(changed)
        }
        Kind::List(items) => {
            let changed = items
                .iter()
                .map(|item| convert(item, change))
                .collect::<Result<Vec<_>, _>>()?;
            if changed.iter().zip(items).all(|(new, old)| Arc::ptr_eq(new, old)) {
                return Ok(Arc::clone(node));
            }
            Kind::List(changed)
        }
        Kind::Map(fields) => {
            let changed = fields
                .iter()
                .map(|field| convert(&field.value, change))
                .collect::<Result<Vec<_>, _>>()?;
            if changed
                .iter()
                .zip(fields)
                .all(|(new, old)| Arc::ptr_eq(new, &old.value))
            {
                return Ok(Arc::clone(node));
            }
            Kind::Map(
                fields
                    .iter()
                    .zip(changed)
                    .map(|(field, value)| Field {
                        value,
                        ..field.clone()
                    })
                    .collect(),
            )
        }
    };
    Ok(Arc::new(Node {
        kind,
        ..(**node).clone()
    }))
}

/// Keys as JSON has them: texts, and of equal ones the last.
fn last_fields(node: &Arc<Node>) -> Arc<Node> {
    let kind = match &node.kind {
        Kind::Scalar(_) => return Arc::clone(node),
        Kind::List(items) => Kind::List(items.iter().map(last_fields).collect()),
        Kind::Map(fields) => {
            let mut kept: Vec<Field> = Vec::with_capacity(fields.len());
            for field in fields {
                let name = key_text(&field.key);
                let field = Field {
                    key: key(&name),
                    value: last_fields(&field.value),
                    ..field.clone()
                };
                match kept.iter_mut().find(|earlier| earlier.key.text == name) {
                    Some(earlier) => *earlier = field,
                    None => kept.push(field),
                }
            }
            Kind::Map(kept)
        }
    };
    Arc::new(Node {
        kind,
        ..(**node).clone()
    })
}

/// A YAML 1.1 key as a JSON key: booleans and numbers become their canonical text.
fn key_text(key: &Scalar) -> String {
    match Dialect::Kustomization.read(key) {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => emit::float_text(value),
        Value::Null => "null".to_owned(),
        _ => key.text.to_string(),
    }
}
