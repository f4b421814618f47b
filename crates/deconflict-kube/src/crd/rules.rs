//! The rules of a definition (`x-kubernetes-validations`), evaluated on an object that fits the structure.

use std::sync::OnceLock;

use deconflict_cel::{Failure, Rule, Value as CelValue};
use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Node, Value};
use smol_str::SmolStr;

use super::compile::{Schema, SchemaType};
use super::definition::is_true;
use super::validate::SchemaFault;
use crate::schema::{is_time, push_key};

const DIALECT: Dialect = Dialect::Kubernetes;
/// Words of the language that a property is escaped for.
const KEYWORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// One CEL rule.
#[derive(Debug)]
pub struct CelRule {
    /// The expression as written.
    source: String,
    /// The message for people.
    message: Option<SmolStr>,
    /// An expression that gives the message.
    message_expression: Option<String>,
    /// `oldSelf` is an optional value.
    optional_old_self: bool,
    /// Compiled when the first object asks.
    compiled: OnceLock<Result<Rule, Failure>>,
}

impl CelRule {
    /// Read an entry of `x-kubernetes-validations`.
    pub(super) fn read(node: &Node) -> Option<Self> {
        let text = |field: &str| node.get(field).and_then(|value| value.text());
        Some(Self {
            source: text("rule")?.to_owned(),
            message: text("message").map(SmolStr::from),
            message_expression: text("messageExpression").map(str::to_owned),
            optional_old_self: node.get("optionalOldSelf").is_some_and(|value| is_true(value)),
            compiled: OnceLock::new(),
        })
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is wrong, or what keeps us from telling; `None` when the rule holds, or says nothing about this.
    fn ask(&self, value: &CelValue, old: Option<&CelValue>) -> Option<SchemaFault> {
        let unanswered = |why: &Failure| Some(SchemaFault::Unanswered(self.unanswered(why)));
        let rule = match self.compiled.get_or_init(|| Rule::compile(&self.source)) {
            Ok(rule) => rule,
            // What cannot be read cannot be told to be about a change; it is said once, of the object alone.
            Err(why) => return old.is_none().then(|| unanswered(why)).flatten(),
        };
        let mut variables = vec![("self", value)];
        let wrapped;
        match old {
            // A rule about a change says nothing about a new object, and the others speak of the new object alone.
            _ if rule.uses("oldSelf") != old.is_some() => return None,
            Some(old) if self.optional_old_self => {
                wrapped = CelValue::Optional(Some(Box::new(old.clone())));
                variables.push(("oldSelf", &wrapped));
            }
            Some(old) => variables.push(("oldSelf", old)),
            None => {}
        }
        match rule.holds(&variables) {
            Ok(true) => return None,
            Ok(false) => {}
            Err(why) => return unanswered(&why),
        }
        let given = self.message_expression.as_deref().and_then(|source| {
            let text: Result<String, Failure> = Rule::compile(source).and_then(|rule| rule.text(&variables));
            text.ok()
                .filter(|text| !text.trim().is_empty() && !text.contains('\n'))
        });
        let words = given.or_else(|| self.message.as_ref().map(ToString::to_string));
        let words = words.unwrap_or_else(|| format!("breaks the rule `{}`", self.source.trim()));
        Some(SchemaFault::Rule(words))
    }

    fn unanswered(&self, why: &Failure) -> String {
        let why = match why {
            Failure::Unreadable(_) => "cannot be read".to_owned(),
            Failure::Unknown(name) => format!("uses `{name}`, which is not known here"),
            Failure::TooCostly => "would take too long".to_owned(),
            Failure::Failed(words) => format!("has no answer: {words}"),
        };
        let mut source: String = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        if source.chars().count() > 100 {
            source = source.chars().take(100).chain("…".chars()).collect();
        }
        format!("the rule `{source}` {why}")
    }
}

/// A rule that does not hold, or whose answer is not known.
pub(super) struct Broken {
    pub(super) at: Origin,
    pub(super) path: String,
    pub(super) fault: SchemaFault,
}

/// Every rule of `schema` that does not hold for `object`, or has no answer: those about it alone, or with `old` those
/// about the change.
pub(super) fn check(schema: &Schema, object: &Node, old: Option<&Node>) -> Vec<Broken> {
    if !schema.has_rules() {
        return Vec::new();
    }
    let mut found = Vec::new();
    walk(schema, object, old, &mut String::new(), &mut found);
    found
}

fn walk(schema: &Schema, node: &Node, old: Option<&Node>, path: &mut String, found: &mut Vec<Broken>) {
    if node.is_null(DIALECT) || !schema.has_rules() {
        return;
    }
    if !schema.rules.is_empty() {
        let value = to_cel(schema, node);
        let old = old.map(|old| to_cel(schema, old));
        for rule in &schema.rules {
            if let Some(fault) = rule.ask(&value, old.as_ref()) {
                let (at, path) = (node.at, path.clone());
                found.push(Broken { at, path, fault });
            }
        }
    }
    let length = path.len();
    match &node.kind {
        Kind::Map(fields) => {
            for field in fields {
                let additional = schema.additional.as_ref().and_then(|value| value.as_deref());
                let Some(property) = schema.properties.get(field.name()).or(additional) else {
                    continue;
                };
                push_key(path, field.name());
                let before = old.and_then(|old| old.get(field.name())).map(|node| &**node);
                walk(property, &field.value, before, path, found);
                path.truncate(length);
            }
        }
        Kind::List(items) => {
            let Some(item) = schema.items.as_deref() else {
                return;
            };
            for (index, value) in items.iter().enumerate() {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
                walk(item, value, same_item(schema, value, old), path, found);
                path.truncate(length);
            }
        }
        Kind::Scalar(_) => {}
    }
}

/// The item of the old list with the same keys; only list maps can be followed over a change.
fn same_item<'n>(schema: &Schema, item: &Node, old: Option<&'n Node>) -> Option<&'n Node> {
    if schema.list_keys.is_empty() {
        return None;
    }
    let key = |node: &Node, name: &str| node.get(name).and_then(|value| value.text().map(str::to_owned));
    let items = old?.items().iter().map(|node| &**node);
    let same = |other: &&Node| {
        schema
            .list_keys
            .iter()
            .all(|name| key(other, name) == key(item, name))
    };
    items.into_iter().find(same)
}

/// A value as rules see it: typed by the schema, defaults filled in, without fields that the schema prunes.
fn to_cel(schema: &Schema, node: &Node) -> CelValue {
    match &node.kind {
        Kind::Map(fields) => {
            let mut seen: Vec<(String, CelValue)> = Vec::new();
            for field in fields {
                let name = field.name();
                if field.value.is_null(DIALECT) {
                    continue;
                }
                if let Some(property) = schema.properties.get(name) {
                    seen.push((escape(name), to_cel(property, &field.value)));
                } else if let Some(additional) = &schema.additional {
                    let value = match additional {
                        Some(value) => to_cel(value, &field.value),
                        None => to_cel(&Schema::default(), &field.value),
                    };
                    seen.push((name.to_owned(), value));
                } else if schema.preserve_unknown || matches!(name, "apiVersion" | "kind" | "metadata") {
                    seen.push((escape(name), to_cel(&Schema::default(), &field.value)));
                } else if schema.properties.is_empty() && schema.kind.is_none() {
                    seen.push((name.to_owned(), to_cel(&Schema::default(), &field.value)));
                }
            }
            for name in &schema.names {
                if let Some(default) = schema.defaults.get(name)
                    && node.get(name).is_none_or(|value| value.is_null(DIALECT))
                    && let Some(property) = schema.properties.get(name)
                {
                    seen.push((escape(name), to_cel(property, default)));
                }
            }
            CelValue::Map(seen)
        }
        Kind::List(items) => {
            let any = Schema::default();
            let item = schema.items.as_deref().unwrap_or(&any);
            CelValue::List(items.iter().map(|value| to_cel(item, value)).collect())
        }
        Kind::Scalar(scalar) => {
            let text = || scalar.text.to_string();
            #[expect(
                clippy::cast_precision_loss,
                reason = "JSON numbers are floats where the schema says `number`"
            )]
            match DIALECT.read(scalar) {
                Value::Null => CelValue::Null,
                Value::Bool(value) => CelValue::Bool(value),
                Value::Int(value) if schema.kind == Some(SchemaType::Number) => {
                    CelValue::Double(value as f64)
                }
                Value::Int(value) => CelValue::Int(value),
                Value::Uint(value) => CelValue::Double(value as f64),
                #[expect(clippy::cast_possible_truncation, reason = "checked to be integral and small")]
                Value::Float(value)
                    if schema.kind == Some(SchemaType::Integer)
                        && value.fract() == 0.0
                        && value.abs() < 9e15 =>
                {
                    CelValue::Int(value as i64)
                }
                Value::Float(value) => CelValue::Double(value),
                _ => match schema.format.as_deref() {
                    Some("byte") => CelValue::Base64(text()),
                    Some("date-time") if is_time(&scalar.text) => CelValue::Time(text()),
                    Some("duration") => {
                        duration(&scalar.text).map_or_else(|| CelValue::String(text()), CelValue::Duration)
                    }
                    _ => CelValue::String(text()),
                },
            }
        }
    }
}

/// Nanoseconds of a duration as Go writes it; `None` for what is none or does not fit.
fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
    ];
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        sum += number * factor;
        rest = &rest[unit.len()..];
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to fit")]
    (sum < 9.2e18).then_some(if negative { -(sum as i64) } else { sum as i64 })
}

/// A property's name as rules write it (kubernetes.io, "Validation rules": escaping).
fn escape(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
