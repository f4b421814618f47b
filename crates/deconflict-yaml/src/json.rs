//! A tree as the JSON that the readers in Go make of it.

use std::fmt::{self, Write as _};

use deconflict_files::Origin;
use smol_str::{SmolStr, ToSmolStr};

use crate::dialect::CORE;
use crate::merge::{self, MergeError};
use crate::{Dialect, Kind, Node, Scalar, Value, binary_text, timestamp_text};

/// Why a tree has no JSON form.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Where.
    pub at: Origin,
}

/// What has no JSON form.
#[derive(Clone, PartialEq, Debug)]
pub enum JsonErrorKind {
    /// Infinity or not-a-number.
    Float(f64),
    /// A key that is null or (rarely) an integer above `i64::MAX`.
    Key(SmolStr),
    /// An explicit tag that the text does not fit.
    Tag {
        /// What the text is.
        found: &'static str,
        /// The text.
        text: SmolStr,
        /// What the tag says it is.
        tag: SmolStr,
    },
    /// `!!binary` that is no base64.
    Binary,
    /// A merge key that cannot be resolved.
    Merge(MergeError),
}

/// Go's words.
impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            JsonErrorKind::Float(value) if value.is_nan() => f.write_str("json: unsupported value: NaN"),
            JsonErrorKind::Float(value) => {
                write!(
                    f,
                    "json: unsupported value: {}Inf",
                    if *value > 0.0 { '+' } else { '-' }
                )
            }
            JsonErrorKind::Key(key) if key.is_empty() => {
                f.write_str("unsupported map key of type: %!s(<nil>), key: <nil>")
            }
            JsonErrorKind::Key(key) => write!(f, "unsupported map key of type: %!s(uint64={key})"),
            JsonErrorKind::Tag { found, text, tag } => {
                write!(f, "yaml: cannot decode !!{found} `{text}` as a {tag}")
            }
            JsonErrorKind::Binary => f.write_str("yaml: !!binary value contains invalid base64 data"),
            JsonErrorKind::Merge(error) => write!(f, "yaml: {error}"),
        }
    }
}

/// Compact JSON: keys sorted by bytes, `<`, `>`, `&` escaped, numbers as Go prints them; merge keys resolved. The last
/// of several equal keys wins.
pub fn to_json(node: &Node, dialect: Dialect) -> Result<String, JsonError> {
    let merged = merge::resolved(node, dialect).map_err(|error| JsonError {
        at: error.at,
        kind: JsonErrorKind::Merge(error),
    })?;
    let mut out = String::new();
    write(merged.as_deref().unwrap_or(node), dialect, &mut out)?;
    Ok(out)
}

fn write(node: &Node, dialect: Dialect, out: &mut String) -> Result<(), JsonError> {
    match &node.kind {
        Kind::Scalar(scalar) => write_scalar(scalar, node.at, dialect, out)?,
        Kind::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, dialect, out)?;
            }
            out.push(']');
        }
        Kind::Map(fields) => {
            let mut keyed = Vec::with_capacity(fields.len());
            for field in fields {
                keyed.push((key_text(&field.key, field.key_at.0, dialect)?, &*field.value));
            }
            keyed.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            let mut first = true;
            for (index, (key, value)) in keyed.iter().enumerate() {
                if keyed.get(index + 1).is_some_and(|next| next.0 == *key) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                write_json_string(key, out);
                out.push(':');
                write(value, dialect, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// The string that a key becomes: go-yaml v3 takes the text; sigs.k8s.io/yaml reads the key and prints what it is.
fn key_text(key: &Scalar, at: Origin, dialect: Dialect) -> Result<SmolStr, JsonError> {
    Ok(match dialect.read(key) {
        Value::Null => {
            return Err(JsonError {
                kind: JsonErrorKind::Key(SmolStr::default()),
                at,
            });
        }
        Value::Invalid => return Err(tag_error(key, at, dialect)),
        Value::Binary => binary_text(&key.text).unwrap_or_default().into(),
        _ if dialect.is_v3() => key.text.clone(),
        Value::Bool(value) => value.to_smolstr(),
        Value::Int(value) => value.to_smolstr(),
        Value::Uint(value) => {
            return Err(JsonError {
                kind: JsonErrorKind::Key(value.to_smolstr()),
                at,
            });
        }
        Value::Float(value) => key_float(value),
        Value::String | Value::Timestamp => key.text.clone(),
    })
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)` with go-yaml's words for infinities.
fn key_float(value: f64) -> SmolStr {
    if value.is_nan() {
        return ".nan".into();
    }
    let value = value as f32;
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) || value == 0.0 {
        return value.to_smolstr();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    smol_str::format_smolstr!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

fn write_scalar(scalar: &Scalar, at: Origin, dialect: Dialect, out: &mut String) -> Result<(), JsonError> {
    match dialect.read(scalar) {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Int(value) => push(out, format_args!("{value}")),
        Value::Uint(value) => push(out, format_args!("{value}")),
        Value::Float(value) if value.is_finite() => write_json_float(value, out),
        Value::Float(value) => {
            return Err(JsonError {
                kind: JsonErrorKind::Float(value),
                at,
            });
        }
        Value::Timestamp => write_json_string(&timestamp_text(&scalar.text).unwrap_or_default(), out),
        Value::Binary => write_json_string(&binary_text(&scalar.text).unwrap_or_default(), out),
        Value::String => write_json_string(&scalar.text, out),
        Value::Invalid => return Err(tag_error(scalar, at, dialect)),
    }
    Ok(())
}

fn tag_error(scalar: &Scalar, at: Origin, dialect: Dialect) -> JsonError {
    let tag = scalar.tag.as_deref().unwrap_or_default();
    let short = tag
        .strip_prefix(CORE)
        .map_or_else(|| tag.into(), |tag| smol_str::format_smolstr!("!!{tag}"));
    if short == "!!binary" {
        return JsonError {
            kind: JsonErrorKind::Binary,
            at,
        };
    }
    let found = match dialect.read(&Scalar::plain(scalar.text.clone())) {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) => "int",
        Value::Float(_) => "float",
        _ => "str",
    };
    JsonError {
        kind: JsonErrorKind::Tag {
            found,
            text: scalar.text.clone(),
            tag: short,
        },
        at,
    }
}

fn push(out: &mut String, arguments: fmt::Arguments<'_>) {
    out.write_fmt(arguments)
        .expect("because writing to a String cannot fail");
}

/// A finite float as Go's encoding/json prints it: plain digits from 1e-6 up to 1e21, else an exponent without
/// leading zeros.
pub fn write_json_float(value: f64, out: &mut String) {
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return push(out, format_args!("{value}"));
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            push(out, format_args!("{digits}e+{exponent}"));
        }
        _ => out.push_str(&text),
    }
}

/// A string as Go's encoding/json prints it, quotes included: `<`, `>`, `&`, U+2028 and U+2029 are escaped.
pub fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, character) in text.char_indices() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        from = at + character.len_utf8();
        if short.is_empty() {
            push(out, format_args!("\\u{:04x}", u32::from(character)));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}
