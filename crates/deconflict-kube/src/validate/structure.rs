//! Structural faults as violations, with the sentence for people.

use deconflict_yaml::{Node, Style};

use super::{Effect, Subject, Violation};
use crate::schema::{
    Bundle, Expected, KindId, KubernetesVersion, Memo, Structural, StructuralKind, check_structure,
};

/// Everything in which an object differs from the structure of its kind.
pub(super) fn check(subject: Subject<'_>, kind: KindId, object: &Node, memo: &Memo) -> Vec<Violation> {
    let bundle = Bundle::embedded();
    let custom = bundle.is_custom(kind);
    let found = check_structure(&bundle, kind, subject.kubernetes, object, memo);
    let mut all: Vec<Violation> = found
        .into_iter()
        .map(|fault| violation(subject.kubernetes, fault, is_secret(subject)))
        .collect();
    if custom {
        // What is embedded of custom resources lacks patterns and may be of another release than the one in use.
        for violation in &mut all {
            violation.row = match violation.row {
                "unknown-field" => "schema-embedded-unknown",
                _ => "schema-embedded",
            };
            violation.effect = Effect::Warned;
        }
    }
    all
}

fn is_secret(subject: Subject<'_>) -> bool {
    subject.group.is_empty() && subject.kind == "Secret"
}

/// A typed value in place of the bare words of `found`, where the value itself must not be shown.
fn without_value(found: &str) -> &str {
    ["the string", "the number"]
        .into_iter()
        .find(|words| found.starts_with(words))
        .map_or(found, |words| {
            if words == "the string" {
                "a string"
            } else {
                "a number"
            }
        })
}

fn violation(kubernetes: KubernetesVersion, fault: Structural, secret: bool) -> Violation {
    let Structural { kind, at, path, bare } = fault;
    let secret = secret && (path.starts_with("data") || path.starts_with("stringData"));
    let name = last_key(&path).to_owned();
    let mut made = Violation {
        row: "wrong-type",
        effect: Effect::Refused,
        at,
        path,
        message: String::new(),
        help: None,
        related: Vec::new(),
        repair: None,
    };
    match kind {
        StructuralKind::UnknownField {
            nearest, elsewhere, ..
        } => {
            made.row = "unknown-field";
            made.message = match elsewhere {
                Some((since, _)) if since > kubernetes => {
                    format!("`{name}` exists from Kubernetes {since} on, not in {kubernetes}")
                }
                Some((_, until)) => format!("`{name}` existed until Kubernetes {until}, not in {kubernetes}"),
                None => format!("there is no field `{name}` here"),
            };
            if let Some(near) = nearest {
                made.help = Some(format!("did you mean `{near}`?"));
                if near.eq_ignore_ascii_case(&name) {
                    made.repair(&name, near);
                }
            }
        }
        StructuralKind::WrongType { expected, found } => {
            made.row = match expected {
                Expected::Quantity => "quantity-format",
                Expected::Int32 | Expected::Int64
                    if found.starts_with("the number") && !found.contains('.') =>
                {
                    "integer-range"
                }
                _ => "wrong-type",
            };
            let shown = if secret { without_value(&found) } else { &found };
            made.message = match (made.row, expected) {
                ("integer-range", Expected::Int32) => {
                    format!("`{name}` takes a 32-bit integer, {found} is out of range")
                }
                ("integer-range", _) => format!("`{name}` takes a 64-bit integer, {found} is out of range"),
                _ => format!("`{name}` must be {expected}, found {shown}"),
            };
            let (help, with) = repair(expected, &found, bare.as_ref());
            made.help = help;
            if let (Some(with), Some((was, _))) = (with, &bare) {
                made.repair(was, with);
            }
        }
        StructuralKind::Missing { field } => {
            made.row = "required-field";
            made.message = format!("the required field `{field}` is missing");
            made.help = Some(format!("add `{field}`"));
        }
        StructuralKind::NotInEnum {
            found,
            allowed,
            nearest,
        } => {
            made.row = "enum-value";
            let shown: Vec<String> = allowed
                .iter()
                .filter(|value| !value.is_empty())
                .map(|value| format!("`{value}`"))
                .collect();
            made.message = format!("`{name}` takes {}, not `{found}`", one_of(&shown));
            if let Some(near) = nearest {
                made.help = Some(format!("did you mean `{near}`?"));
                if near.eq_ignore_ascii_case(&found) {
                    made.repair(&found, near);
                }
            }
        }
        StructuralKind::DuplicateItem { keys, first } => {
            made.row = "duplicate-item";
            made.effect = Effect::Warned;
            made.message =
                format!("a second item with {keys}: the server keeps both, server-side apply refuses them");
            made.related.push((first, "the first one".to_owned()));
        }
    }
    made
}

/// `a, b or c`.
fn one_of(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// What to do about a value of the wrong type, and the text that may replace it where only one is right.
fn repair(
    expected: Expected,
    found: &str,
    bare: Option<&(String, Style)>,
) -> (Option<String>, Option<String>) {
    let Some((text, style)) = bare else {
        return (None, None);
    };
    let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
    match expected {
        Expected::String if *style == Style::Plain && !found.starts_with("a ") && found != "nothing" => {
            let with = format!("\"{text}\"");
            let safe = !text.contains(['"', '\\']);
            (Some(format!("put it in quotes: `{with}`")), safe.then_some(with))
        }
        Expected::Int32 | Expected::Int64 if quoted && text.parse::<i64>().is_ok() => {
            (Some("remove the quotes".to_owned()), Some(text.clone()))
        }
        Expected::Bool if quoted && matches!(text.as_str(), "true" | "false") => {
            (Some("remove the quotes".to_owned()), Some(text.clone()))
        }
        Expected::Bool if matches!(text.to_ascii_lowercase().as_str(), "true" | "false") => {
            let lower = text.to_ascii_lowercase();
            (Some(format!("write `{lower}`")), Some(lower))
        }
        Expected::Quantity => {
            let fixed = quantity_repair(text);
            (fixed.map(|fixed| format!("did you mean `{fixed}`?")), None)
        }
        _ => (None, None),
    }
}

/// The usual slips with sizes: `512MB`, `1gb`, `512 Mi`, `512mi`.
fn quantity_repair(text: &str) -> Option<String> {
    let number: String = text
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let unit = text[number.len()..].trim();
    let fixed = match unit.to_ascii_lowercase().as_str() {
        "kb" | "kib" | "ki" => "Ki",
        "mb" | "mib" | "mi" => "Mi",
        "gb" | "gib" | "gi" | "g" => "Gi",
        "tb" | "tib" | "ti" | "t" => "Ti",
        "k" => "k",
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{fixed}"))
}

/// The last key of a path: `b` of `a.b`, `a/b` of `x["a/b"]`, `env` of `env[0]`.
fn last_key(path: &str) -> &str {
    let mut rest = path;
    while let Some(before) = rest.strip_suffix(']') {
        let Some(open) = before.rfind('[') else { break };
        if let Some(key) = before[open + 1..]
            .strip_prefix('"')
            .and_then(|key| key.strip_suffix('"'))
        {
            return key;
        }
        rest = &before[..open];
    }
    rest.rsplit('.').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::{last_key, quantity_repair};

    #[test]
    fn last_keys() {
        for (path, key) in [
            ("a.b", "b"),
            ("a", "a"),
            ("x[\"a.b/c\"]", "a.b/c"),
            ("spec.env[0]", "env"),
            ("spec.env[0].name", "name"),
        ] {
            assert_eq!(last_key(path), key, "{path}");
        }
    }

    #[test]
    fn sizes() {
        for (text, fixed) in [
            ("512MB", Some("512Mi")),
            ("1 Gi", Some("1Gi")),
            ("512mi", Some("512Mi")),
            ("many", None),
        ] {
            assert_eq!(quantity_repair(text).as_deref(), fixed, "{text}");
        }
    }
}
