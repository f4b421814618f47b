//! Variables in the output of a Flux Kustomization (fluxcd/pkg kustomize `SubstituteVariables`, its envsubst grammar).

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_files::{Action, Step};
use deconflict_kube::text_at;
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar, Style, Value};
use smol_str::SmolStr;

use crate::Substitution;

/// Opts an object out, as label or annotation.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// The objects with their variables replaced. Nothing happens unless a variable is known or the strategy is `Always`.
pub(crate) fn apply(objects: &mut [Arc<Node>], substitution: &Substitution) {
    for object in objects {
        if substitution.reads(object)
            && let Some(changed) = node(object, substitution)
        {
            *object = changed;
        }
    }
}

impl Substitution {
    /// True when Flux looks for variables in `object`: none does without a variable that is known, unless the strategy
    /// says so, and an object can opt out.
    pub fn reads(&self, object: &Node) -> bool {
        let is_on = !self.variables.is_empty() || (self.always && !self.open);
        let is_off = |map: &str| text_at(object, &["metadata", map, SWITCH]) == Some("disabled");
        is_on && !["labels", "annotations"].into_iter().any(is_off)
    }

    /// True when a source in the repository has the variable.
    pub fn knows(&self, name: &str) -> bool {
        known(name, self).is_some()
    }

    /// Variables of `text` that no source has and that have no default, sorted. None where a source is not in the
    /// repository, which may have them.
    pub fn unset(&self, text: &str) -> Vec<SmolStr> {
        let mut unset = BTreeSet::new();
        expand(text, self, &mut unset);
        unset.into_iter().collect()
    }
}

/// The tree with variables replaced; `None` when nothing changes.
fn node(at: &Arc<Node>, substitution: &Substitution) -> Option<Arc<Node>> {
    let kind = match &at.kind {
        Kind::Scalar(text) => {
            let scalar = scalar(text, substitution)?;
            let via = Step::new(Action::Substituted, "postBuild", at.at, at.via.as_ref());
            return Some(Arc::new(Node {
                at: at.at,
                via: Some(via),
                kind: Kind::Scalar(scalar),
            }));
        }
        Kind::List(items) => {
            let changed: Vec<Option<Arc<Node>>> = items.iter().map(|item| node(item, substitution)).collect();
            if changed.iter().all(Option::is_none) {
                return None;
            }
            let all = items
                .iter()
                .zip(changed)
                .map(|(old, new)| new.unwrap_or_else(|| Arc::clone(old)));
            Kind::List(all.collect())
        }
        Kind::Map(fields) => {
            let changed: Vec<(Option<Scalar>, Option<Arc<Node>>)> = fields
                .iter()
                .map(|field| (scalar(&field.key, substitution), node(&field.value, substitution)))
                .collect();
            if changed
                .iter()
                .all(|(key, value)| key.is_none() && value.is_none())
            {
                return None;
            }
            let all = fields.iter().zip(changed).map(|(field, (key, value))| Field {
                key: key.unwrap_or_else(|| field.key.clone()),
                key_at: field.key_at,
                value: value.unwrap_or_else(|| Arc::clone(&field.value)),
            });
            Kind::Map(all.collect())
        }
    };
    Some(Arc::new(Node {
        at: at.at,
        via: at.via.clone(),
        kind,
    }))
}

/// Flux replaces in the YAML text and reads it again, so what stood without quotes may become a number or a boolean.
fn scalar(scalar: &Scalar, substitution: &Substitution) -> Option<Scalar> {
    let text = expand(&scalar.text, substitution, &mut BTreeSet::new())?;
    let was_text = matches!(Dialect::Kubernetes.read(scalar), Value::String);
    let style = if was_text && stands_bare(&scalar.text) && stands_bare(&text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    Some(Scalar {
        text: text.into(),
        style,
        tag: None,
    })
}

/// True for text that is written without quotes.
fn stands_bare(text: &str) -> bool {
    !text.contains('\n')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && text.trim() == text
        && !text.starts_with([
            '!', '&', '*', '?', '|', '>', '@', '`', '"', '%', '#', '{', '}', '[', ']', ',', '\'', ':',
        ])
}

/// The text with variables replaced; `None` when nothing changes. Variables without value and default go to `unset`.
fn expand(text: &str, substitution: &Substitution, unset: &mut BTreeSet<SmolStr>) -> Option<String> {
    if !text.contains("${") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            // `$${x}` is `${x}`, and what is inside is left alone.
            let end = closing(&rest[at + 2..]).map_or(rest.len(), |end| at + 2 + end + 1);
            out.push_str(before);
            out.push_str(&rest[at..end]);
            rest = &rest[end..];
            continue;
        }
        out.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let Some(end) = closing(inside) else {
            out.push_str(&rest[at..]);
            rest = "";
            break;
        };
        match one(&inside[..end], substitution, unset) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..=(at + 2 + end)]),
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// The byte of the `}` that closes, inner `${…}` skipped.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// What `${inside}` becomes; `None` for what stays: no variable, or one whose value is not in the repository.
fn one(inside: &str, substitution: &Substitution, unset: &mut BTreeSet<SmolStr>) -> Option<String> {
    if let Some(name) = inside.strip_prefix('#').filter(|name| is_name(name)) {
        return Some(required(name, substitution, unset)?.chars().count().to_string());
    }
    let end = inside
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(inside.len());
    let (name, operation) = inside.split_at(end);
    if !is_name(name) {
        return None;
    }
    for default in [":-", ":=", "-", "="] {
        if let Some(default) = operation.strip_prefix(default) {
            let value = value(name, substitution)?;
            return Some(if value.is_empty() {
                expand(default, substitution, unset).unwrap_or_else(|| default.to_owned())
            } else {
                value
            });
        }
    }
    change(&required(name, substitution, unset)?, operation)
}

/// The value of a variable that has no default.
fn required(name: &str, substitution: &Substitution, unset: &mut BTreeSet<SmolStr>) -> Option<String> {
    if known(name, substitution).is_none() && !substitution.open {
        unset.insert(name.into());
    }
    value(name, substitution)
}

/// The variable, if a source in the repository has it.
fn known<'a>(name: &str, substitution: &'a Substitution) -> Option<&'a (SmolStr, Option<SmolStr>)> {
    let at = substitution
        .variables
        .binary_search_by(|(known, _)| known.as_str().cmp(name))
        .ok()?;
    substitution.variables.get(at)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The value of a variable, newlines removed; an unset one is empty unless it may exist elsewhere.
fn value(name: &str, substitution: &Substitution) -> Option<String> {
    match known(name, substitution) {
        Some((_, value)) => value.as_ref().map(|value| value.replace('\n', "")),
        None => (!substitution.open).then(String::new),
    }
}

/// Case, parts, trims and replacements.
fn change(value: &str, operation: &str) -> Option<String> {
    let capital = |upper: bool| {
        let mut chars = value.chars();
        let first = chars.next();
        let first: String = match (first, upper) {
            (Some(c), true) => c.to_uppercase().collect(),
            (Some(c), false) => c.to_lowercase().collect(),
            (None, _) => String::new(),
        };
        first + chars.as_str()
    };
    Some(match operation {
        "" => value.to_owned(),
        "^" => capital(true),
        "^^" => value.to_uppercase(),
        "," => capital(false),
        ",," => value.to_lowercase(),
        _ => {
            if let Some(pattern) = operation.strip_prefix("##") {
                trim(value, pattern, true, true)
            } else if let Some(pattern) = operation.strip_prefix('#') {
                trim(value, pattern, true, false)
            } else if let Some(pattern) = operation.strip_prefix("%%") {
                trim(value, pattern, false, true)
            } else if let Some(pattern) = operation.strip_prefix('%') {
                trim(value, pattern, false, false)
            } else if let Some(replace) = operation.strip_prefix('/') {
                replaced(value, replace)
            } else {
                part(value, operation.strip_prefix(':')?)?
            }
        }
    })
}

/// `n` or `n:len`, in characters.
fn part(value: &str, range: &str) -> Option<String> {
    let (from, count) = range.split_once(':').unwrap_or((range, ""));
    let from: usize = from.trim().parse().ok()?;
    let rest = value.chars().skip(from);
    match count.trim() {
        "" => Some(rest.collect()),
        count => Some(rest.take(count.parse().ok()?).collect()),
    }
}

/// Without the shortest or longest start or end that a pattern (`*`, `?`) matches.
fn trim(value: &str, pattern: &str, start: bool, longest: bool) -> String {
    let Ok(glob) = globset::Glob::new(pattern).map(|glob| glob.compile_matcher()) else {
        return value.to_owned();
    };
    let mut cuts: Vec<usize> = value
        .char_indices()
        .map(|(at, _)| at)
        .chain([value.len()])
        .collect();
    // From the start the first cut is the shortest, from the end the last.
    if start == longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (before, after) = value.split_at(cut);
        let (matched, kept) = if start { (before, after) } else { (after, before) };
        if glob.is_match(matched) {
            return kept.to_owned();
        }
    }
    value.to_owned()
}

/// `a/b` once, `/a/b` everywhere, `#a/b` at the start, `%a/b` at the end.
fn replaced(value: &str, replace: &str) -> String {
    let split = |text: &str| {
        let (from, to) = text.split_once('/').unwrap_or((text, ""));
        (from.to_owned(), to.to_owned())
    };
    if let Some(text) = replace.strip_prefix('/') {
        let (from, to) = split(text);
        return if from.is_empty() {
            value.to_owned()
        } else {
            value.replace(&from, &to)
        };
    }
    if let Some(text) = replace.strip_prefix('#') {
        let (from, to) = split(text);
        return value
            .strip_prefix(&from)
            .map_or_else(|| value.to_owned(), |rest| to + rest);
    }
    if let Some(text) = replace.strip_prefix('%') {
        let (from, to) = split(text);
        return value
            .strip_suffix(&from)
            .map_or_else(|| value.to_owned(), |rest| rest.to_owned() + &to);
    }
    let (from, to) = split(replace);
    if from.is_empty() {
        value.to_owned()
    } else {
        value.replacen(&from, &to, 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{expand, scalar};
    use crate::Substitution;
    use deconflict_yaml::{Dialect, Scalar, Value};

    fn known() -> Substitution {
        let variables = [
            ("a", Some("one")),
            ("n", Some("3")),
            ("path", Some("x/y/z")),
            ("sealed", None),
        ];
        Substitution {
            variables: variables
                .map(|(name, value)| (name.into(), value.map(Into::into)))
                .to_vec(),
            ..Substitution::default()
        }
    }

    fn check(text: &str, expected: &str) {
        let got = expand(text, &known(), &mut BTreeSet::new()).unwrap_or_else(|| text.to_owned());
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn the_grammar_of_variables() {
        check("${a}-${a}", "one-one");
        check("$a ${}", "$a ${}");
        check("$${a} $${x:-${a}}", "${a} ${x:-${a}}");
        check("<${unset}>", "<>");
        check(
            "${unset:-d} ${unset:=d} ${unset-d} ${unset=d} ${a:-d}",
            "d d d d one",
        );
        check("${unset:-${a}}", "one");
        check("${#a} ${a^} ${a^^} ${a,,}", "3 One ONE one");
        check("${a:1} ${a:1:1}", "ne n");
        check("${path#*/} ${path##*/} ${path%/*} ${path%%/*}", "y/z z x/y x");
        check("${a/n/N} ${path//y/Y} ${a/#o/O} ${a/%e/E}", "oNe x/Y/z One onE");
        check("${sealed} ${sealed:-d}", "${sealed} ${sealed:-d}");
        check("${not closed", "${not closed");
        check("${a b}", "${a b}");
    }

    #[test]
    fn what_may_exist_elsewhere_stays() {
        let open = Substitution {
            open: true,
            ..known()
        };
        assert_eq!(
            expand("${a} ${unset:-d}", &open, &mut BTreeSet::new()).as_deref(),
            Some("one ${unset:-d}")
        );
        assert!(open.unset("${unset}").is_empty());
    }

    #[test]
    fn what_nothing_sets() {
        let unset = |text: &str, want: &[&str]| assert_eq!(known().unset(text), want, "{text}");
        unset("${b} ${a} ${b} ${c^^} ${#d}", &["b", "c", "d"]);
        unset("${x:-1} ${x:=1} ${x-1} ${x=1} $${x} $x ${sealed} ${a b} ${x", &[]);
        unset("${a:-${x}} ${y:-${x}}", &["x"]);
    }

    #[test]
    fn bare_text_is_read_again() {
        let check = |written: Scalar, expected: Value| {
            let got = scalar(&written, &known()).unwrap();
            assert_eq!(Dialect::Kubernetes.read(&got), expected, "{written:?}");
        };
        check(Scalar::plain("${n}"), Value::Int(3));
        check(Scalar::string("${n}"), Value::Int(3));
        check(Scalar::string("${a}"), Value::String);
        check(Scalar::string("# ${n}"), Value::String);
        check(Scalar::plain("${unset}"), Value::Null);
    }
}
