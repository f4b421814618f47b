//! What a scalar is once it went through JSON.

use std::borrow::Cow;

use deconflict_yaml::{Dialect, Scalar, Style, Value, timestamp_text};

use super::{folded, number};
use crate::Problem;

/// A JSON scalar as go-yaml v2 reads it back.
#[derive(PartialEq, Debug)]
pub(crate) enum Json<'s> {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A number, as it is written.
    Number(Cow<'s, str>),
    /// A string.
    Text(Cow<'s, str>),
}

/// Read a scalar of an object (go-yaml v3) and take it through JSON.
pub(crate) fn json(scalar: &Scalar) -> Result<Json<'_>, Problem> {
    let is_quoted = matches!(scalar.style, Style::SingleQuoted | Style::DoubleQuoted);
    if !is_quoted && folded::is_unreadable(&scalar.text) {
        return Err(Problem::build(folded::UNREADABLE));
    }
    if scalar.style == Style::Folded {
        let text = folded::rewritten(&scalar.text);
        return Ok(Json::Text(match text {
            Cow::Borrowed(text) => through_json(text),
            Cow::Owned(text) => through_json(&text).into_owned().into(),
        }));
    }
    if is_surely_text(scalar) {
        return Ok(Json::Text(through_json(&scalar.text)));
    }
    Ok(match Dialect::Resource.read(scalar) {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Int(value) => {
            let text = scalar.text.as_str();
            let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
            Json::Number(if is_canonical {
                text.into()
            } else {
                value.to_string().into()
            })
        }
        Value::Uint(value) => Json::Number(value.to_string().into()),
        Value::Float(value) if value.is_finite() => Json::Number(number::float_through_json(value).into()),
        Value::Float(value) => {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            return Err(Problem::build(format!("json: unsupported value: {name}")));
        }
        Value::Timestamp => {
            Json::Text(timestamp_text(&scalar.text).map_or_else(|| through_json(&scalar.text), Cow::Owned))
        }
        Value::Binary => Json::Text(decode(&scalar.text)),
        Value::String => Json::Text(through_json(&scalar.text)),
        Value::Invalid => {
            return Err(Problem::build(format!(
                "yaml: cannot decode `{}` as its tag says",
                scalar.text
            )));
        }
    })
}

/// True for what needs no dialect: quoted text, and bare words that no reader takes for anything else.
pub(super) fn is_surely_text(scalar: &Scalar) -> bool {
    if scalar.tag.is_some() {
        return false;
    }
    if !scalar.is_bare() {
        return true;
    }
    let first = scalar.text.as_bytes().first().copied().unwrap_or_default();
    first.is_ascii_alphabetic() && !matches!(first, b'n' | b'N' | b't' | b'T' | b'f' | b'F')
}

/// Base64 of a `!!binary` scalar as text; Go writes U+FFFD for every byte that is no UTF-8.
fn decode(text: &str) -> Cow<'_, str> {
    use base64::Engine as _;
    let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(bare) else {
        return text.into();
    };
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    through_json(&out).into_owned().into()
}

/// Text as it comes back from go-yaml v2's reading of a JSON string: Go leaves U+0085 unescaped there, and YAML takes
/// it for a line break to fold.
fn through_json(text: &str) -> Cow<'_, str> {
    // Nearly all are ASCII, which is quick to see.
    if text.is_ascii() || !text.contains('\u{85}') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        let before = &rest[..at];
        out.push_str(before.trim_end_matches(' '));
        let mut breaks = 0;
        rest = rest[at..].trim_start_matches(|c| {
            breaks += usize::from(c == '\u{85}');
            matches!(c, '\u{85}' | ' ')
        });
        match breaks {
            1 => out.push(' '),
            more => out.extend(std::iter::repeat_n('\n', more - 1)),
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::through_json;

    #[test]
    fn next_line_characters_fold() {
        assert_eq!(through_json("a \u{85}  b\u{85}\u{85}c\u{85}"), "a b\nc ");
        assert_eq!(through_json("ab"), "ab");
    }
}
