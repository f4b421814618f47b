//! Functions of text/template and sprig that parameters of ApplicationSets meet, and Argo CD's own.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::eval::Maybe;
use super::words::{cased, quoted, slugified, titled, truncated};
use crate::argocd::set::normalize;

/// Bytes that a function may make.
const MAX_TEXT: usize = 1 << 16;

/// Go's truth: not nil, zero or empty.
pub(super) fn is_true(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(value)) => value.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
    }
}

/// As Go prints it.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "<no value>".to_owned(),
        Some(Value::Null) => "<nil>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| shown(Some(item))).collect();
            format!("[{}]", items.join(" "))
        }
        Some(Value::Object(fields)) => {
            let mut fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}:{}", shown(Some(value))))
                .collect();
            fields.sort();
            format!("map[{}]", fields.join(" "))
        }
        Some(other) => other.to_string(),
    }
}

/// A text; nothing and null are empty.
fn text(value: &Maybe) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        some => shown(some.as_ref()),
    }
}

fn int(value: &Maybe) -> i64 {
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => text.trim().parse().unwrap_or_default(),
        Some(Value::Bool(true)) => 1,
        _ => 0,
    }
}

fn list(value: &Maybe) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    }
}

fn map(value: &Maybe) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    }
}

/// Call a function. What is not known is an error: nothing is guessed.
pub(super) fn call(name: &str, arguments: &[Maybe]) -> Result<Maybe, String> {
    let none = None;
    let arg = |at: usize| arguments.get(at).unwrap_or(&none);
    let last = || arguments.last().unwrap_or(&none);
    let all = || arguments.iter().map(|value| value.clone().unwrap_or(Value::Null));
    let value: Value = match name {
        "and" | "or" => return Ok(last().clone()),
        "not" => (!is_true(arg(0).as_ref())).into(),
        "eq" => arguments.iter().skip(1).any(|other| equal(arg(0), other)).into(),
        "ne" => (!equal(arg(0), arg(1))).into(),
        "lt" | "le" | "gt" | "ge" => {
            let order = compare(arg(0), arg(1)).ok_or("values of two kinds are compared")?;
            match name {
                "lt" => order.is_lt(),
                "le" => order.is_le(),
                "gt" => order.is_gt(),
                _ => order.is_ge(),
            }
            .into()
        }
        "len" => match arg(0) {
            Some(Value::String(text)) => text.len().into(),
            Some(Value::Array(items)) => items.len().into(),
            Some(Value::Object(fields)) => fields.len().into(),
            _ => return Err("len of what has no length".to_owned()),
        },
        "index" => return index(arguments),
        "slice" => return slice(arguments),
        "print" => all().map(|value| shown(Some(&value))).collect::<String>().into(),
        "println" => {
            let words: Vec<String> = all().map(|value| shown(Some(&value))).collect();
            (words.join(" ") + "\n").into()
        }
        "printf" => format(arguments)?.into(),
        "default" => {
            return Ok(if is_true(arg(1).as_ref()) {
                arg(1).clone()
            } else {
                arg(0).clone()
            });
        }
        "coalesce" => {
            return Ok(arguments
                .iter()
                .find(|value| is_true(value.as_ref()))
                .cloned()
                .flatten());
        }
        "ternary" => {
            return Ok(if is_true(arg(2).as_ref()) {
                arg(0).clone()
            } else {
                arg(1).clone()
            });
        }
        "empty" => (!is_true(arg(0).as_ref())).into(),
        "fail" => return Err(text(arg(0))),
        "required" if !is_true(arg(1).as_ref()) => return Err(text(arg(0))),
        "required" => return Ok(arg(1).clone()),
        "toString" => text(arg(0)).into(),
        "quote" => {
            let words: Vec<String> = arguments
                .iter()
                .flatten()
                .map(|value| quoted(&shown(Some(value))))
                .collect();
            words.join(" ").into()
        }
        "squote" => {
            let words: Vec<String> = arguments
                .iter()
                .flatten()
                .map(|value| format!("'{}'", shown(Some(value))))
                .collect();
            words.join(" ").into()
        }
        "cat" => {
            let words: Vec<String> = arguments.iter().map(text).collect();
            words.join(" ").into()
        }
        _ => match texts(name, arguments) {
            Some(value) => value,
            None => match collections(name, arguments)? {
                Some(value) => value,
                None => return numbers(name, arguments).map(Some),
            },
        },
    };
    Ok(Some(value))
}

/// Functions of texts; the text is the last argument.
fn texts(name: &str, arguments: &[Maybe]) -> Option<Value> {
    let none = None;
    let arg = |at: usize| text(arguments.get(at).unwrap_or(&none));
    let count = |at: usize| usize::try_from(int(arguments.get(at).unwrap_or(&none))).unwrap_or_default();
    let subject = text(arguments.last().unwrap_or(&none));
    Some(match name {
        "lower" => subject.to_lowercase().into(),
        "upper" => subject.to_uppercase().into(),
        "title" => titled(&subject).into(),
        "trim" => subject.trim().into(),
        "trimAll" => subject.trim_matches(|c| arg(0).contains(c)).into(),
        "trimPrefix" => subject.strip_prefix(&arg(0)).unwrap_or(&subject).into(),
        "trimSuffix" => subject.strip_suffix(&arg(0)).unwrap_or(&subject).into(),
        "replace" if subject.len() < MAX_TEXT && arg(1).len() < MAX_TEXT / 64 => {
            subject.replace(&arg(0), &arg(1)).into()
        }
        "contains" => subject.contains(&arg(0)).into(),
        "hasPrefix" => subject.starts_with(&arg(0)).into(),
        "hasSuffix" => subject.ends_with(&arg(0)).into(),
        "nospace" => subject.split_whitespace().collect::<String>().into(),
        "repeat" if count(0) <= MAX_TEXT / (subject.len() + 1) => subject.repeat(count(0)).into(),
        "trunc" => truncated(&subject, int(arguments.first().unwrap_or(&none))).into(),
        "substr" => subject
            .chars()
            .skip(count(0))
            .take(count(1).saturating_sub(count(0)))
            .collect::<String>()
            .into(),
        "indent" | "nindent" if count(0) < 1000 => {
            let pad = " ".repeat(count(0));
            let lines = pad.clone() + &subject.replace('\n', &format!("\n{pad}"));
            if name == "nindent" {
                format!("\n{lines}")
            } else {
                lines
            }
            .into()
        }
        "splitList" => subject
            .split(arg(0).as_str())
            .map(Value::from)
            .collect::<Vec<_>>()
            .into(),
        "split" => {
            let by = arg(0);
            let parts = subject.split(by.as_str()).enumerate();
            Value::Object(parts.map(|(at, part)| (format!("_{at}"), part.into())).collect())
        }
        "normalize" => normalize(&subject).into(),
        "slugify" => slugified(&subject).into(),
        "b64enc" => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(subject).into()
        }
        "b64dec" => {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(subject).ok()?;
            String::from_utf8(bytes).ok()?.into()
        }
        "kebabcase" => cased(&subject, '-').into(),
        "snakecase" => cased(&subject, '_').into(),
        _ => return None,
    })
}

/// Functions of lists and maps.
fn collections(name: &str, arguments: &[Maybe]) -> Result<Option<Value>, String> {
    let none = None;
    let arg = |at: usize| arguments.get(at).unwrap_or(&none);
    let all = || arguments.iter().map(|value| value.clone().unwrap_or(Value::Null));
    Ok(Some(match name {
        "list" | "tuple" => Value::Array(all().collect()),
        "dict" => {
            let pairs = arguments.chunks(2);
            let value = |pair: &[Maybe]| pair.get(1).cloned().flatten().unwrap_or(Value::Null);
            Value::Object(pairs.map(|pair| (text(&pair[0]), value(pair))).collect())
        }
        "get" => map(arg(0)).remove(&text(arg(1))).unwrap_or_else(|| "".into()),
        "set" => {
            let mut fields = map(arg(0));
            fields.insert(text(arg(1)), arg(2).clone().unwrap_or(Value::Null));
            Value::Object(fields)
        }
        "hasKey" => map(arg(0)).contains_key(&text(arg(1))).into(),
        "keys" => {
            let mut keys: Vec<String> = map(arg(0)).into_iter().map(|(key, _)| key).collect();
            keys.sort();
            keys.into()
        }
        "values" => Value::Array(map(arg(0)).into_iter().map(|(_, value)| value).collect()),
        "dig" => {
            let [path @ .., fallback, start] = arguments else {
                return Err("dig needs a default and a map".to_owned());
            };
            let mut value = start.clone();
            for key in path {
                value = map(&value).remove(&text(key));
            }
            value.or_else(|| fallback.clone()).unwrap_or(Value::Null)
        }
        "first" => list(arg(0)).first().cloned().unwrap_or(Value::Null),
        "last" => list(arg(0)).last().cloned().unwrap_or(Value::Null),
        "rest" => Value::Array(list(arg(0)).into_iter().skip(1).collect()),
        "initial" => {
            let mut items = list(arg(0));
            items.pop();
            Value::Array(items)
        }
        "join" => {
            let words: Vec<String> = list(arg(1)).iter().map(|item| shown(Some(item))).collect();
            words.join(&text(arg(0))).into()
        }
        "has" => list(arg(1))
            .contains(arg(0).as_ref().unwrap_or(&Value::Null))
            .into(),
        "append" | "push" => {
            let mut items = list(arg(0));
            items.extend(arg(1).clone());
            Value::Array(items)
        }
        "concat" => Value::Array(arguments.iter().flat_map(list).collect()),
        "compact" => Value::Array(
            list(arg(0))
                .into_iter()
                .filter(|item| is_true(Some(item)))
                .collect(),
        ),
        "uniq" => {
            let mut items: Vec<Value> = Vec::new();
            for item in list(arg(0)) {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            Value::Array(items)
        }
        "sortAlpha" => {
            let mut words: Vec<String> = list(arg(0)).iter().map(|item| shown(Some(item))).collect();
            words.sort();
            words.into()
        }
        "toJson" | "toRawJson" => arg(0).clone().unwrap_or(Value::Null).to_string().into(),
        "fromJson" => serde_json::from_str(&text(arg(0))).map_err(|error| error.to_string())?,
        // JSON is YAML, and what reads it again reads the same.
        "toYaml" => arg(0).clone().unwrap_or(Value::Null).to_string().into(),
        _ => return Ok(None),
    }))
}

fn numbers(name: &str, arguments: &[Maybe]) -> Result<Value, String> {
    let none = None;
    let arg = |at: usize| int(arguments.get(at).unwrap_or(&none));
    let each = || arguments.iter().map(int);
    let overflow = || "a number becomes too large".to_owned();
    Ok(match name {
        "int" | "int64" | "atoi" => arg(0).into(),
        "add" => each()
            .try_fold(0_i64, i64::checked_add)
            .ok_or_else(overflow)?
            .into(),
        "add1" => arg(0).checked_add(1).ok_or_else(overflow)?.into(),
        "sub" => arg(0).checked_sub(arg(1)).ok_or_else(overflow)?.into(),
        "mul" => each()
            .try_fold(1_i64, i64::checked_mul)
            .ok_or_else(overflow)?
            .into(),
        "div" => arg(0).checked_div(arg(1)).ok_or("division by zero")?.into(),
        "mod" => arg(0).checked_rem(arg(1)).ok_or("division by zero")?.into(),
        "max" => each().max().unwrap_or_default().into(),
        "min" => each().min().unwrap_or_default().into(),
        _ => return Err(format!("function {name} is not known here")),
    })
}

fn equal(one: &Maybe, other: &Maybe) -> bool {
    one.as_ref().unwrap_or(&Value::Null) == other.as_ref().unwrap_or(&Value::Null)
}

fn compare(one: &Maybe, other: &Maybe) -> Option<Ordering> {
    match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Some(Value::String(one)), Some(Value::String(other))) => Some(one.cmp(other)),
        _ => None,
    }
}

fn index(arguments: &[Maybe]) -> Result<Maybe, String> {
    let Some((first, keys)) = arguments.split_first() else {
        return Err("index of nothing".to_owned());
    };
    let mut value = first.clone();
    for key in keys {
        value = match value {
            Some(Value::Object(mut fields)) => fields.remove(&text(key)),
            Some(Value::Array(items)) => {
                let at = usize::try_from(int(key)).ok();
                let item = at.and_then(|at| items.get(at).cloned());
                Some(item.ok_or("index out of range")?)
            }
            _ => return Err("index of what is no list or map".to_owned()),
        };
    }
    Ok(value)
}

fn slice(arguments: &[Maybe]) -> Result<Maybe, String> {
    let bound = |at: usize| {
        arguments
            .get(at)
            .map(|value| usize::try_from(int(value)).unwrap_or_default())
    };
    let out = || "slice out of range".to_owned();
    match arguments.first() {
        Some(Some(Value::Array(items))) => {
            let range = bound(1).unwrap_or(0)..bound(2).unwrap_or(items.len());
            Ok(Some(items.get(range).ok_or_else(out)?.to_vec().into()))
        }
        Some(Some(Value::String(text))) => {
            let range = bound(1).unwrap_or(0)..bound(2).unwrap_or(text.len());
            Ok(Some(text.get(range).ok_or_else(out)?.into()))
        }
        _ => Err("slice of what is no list or text".to_owned()),
    }
}

/// `printf` with `%s %v %d %q %t %%` and a width.
fn format(arguments: &[Maybe]) -> Result<String, String> {
    let Some((pattern, values)) = arguments.split_first() else {
        return Err("printf without format".to_owned());
    };
    let mut values = values.iter();
    let mut out = String::new();
    let pattern = text(pattern);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        let verb = loop {
            match chars.next() {
                Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => width.push(c),
                Some(c) => break c,
                None => return Err("printf: a verb is missing".to_owned()),
            }
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or("printf: a value is missing")?;
        let word = match verb {
            'q' => quoted(&text(value)),
            's' | 'v' | 't' => shown(value.as_ref()),
            'd' => int(value).to_string(),
            other => return Err(format!("printf: %{other} is not known here")),
        };
        let wanted: usize = width
            .trim_start_matches(['-', '+', '0'])
            .parse()
            .unwrap_or_default();
        let missing = wanted.min(1000).saturating_sub(word.chars().count());
        if width.starts_with('-') {
            out.push_str(&word);
            out.push_str(&" ".repeat(missing));
        } else {
            out.push_str(&if width.starts_with('0') { "0" } else { " " }.repeat(missing));
            out.push_str(&word);
        }
    }
    Ok(out)
}
