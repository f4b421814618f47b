//! What the functions of texts do to one.

use serde_json::Value;

/// As Go's `%q`.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Words with a capital.
pub(super) fn titled(text: &str) -> String {
    let mut start = true;
    let mut out = String::new();
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        start = !c.is_alphanumeric();
    }
    out
}

/// The first `count` bytes, or the last `-count`.
pub(super) fn truncated(text: &str, count: i64) -> &str {
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if length >= text.len() {
        return text;
    }
    if count < 0 {
        text.get(text.len() - length..).unwrap_or(text)
    } else {
        text.get(..length).unwrap_or(text)
    }
}

/// Argo CD's `slugify` with its defaults: lower case, dashes, at most 50 characters.
pub(super) fn slugified(subject: &str) -> String {
    let mut out = String::new();
    for c in subject.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    let cut: String = out.trim_matches('-').chars().take(50).collect();
    cut.trim_end_matches('-').to_owned()
}

/// Lower case, words and humps joined by `between`.
pub(super) fn cased(text: &str, between: char) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() && !out.ends_with(between) {
            out.push(between);
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with(between) {
            out.push(between);
        }
        before = c;
    }
    out
}
