//! Scalars against a structural schema: type, bounds, pattern, format, choices.

use std::fmt::Write as _;

use deconflict_yaml::{Dialect, Kind, Node, Value};

use super::compile::{Schema, SchemaType, number};
use super::validate::{Check, Trail};
use crate::schema::{is_base64, is_duration, is_time, nearest};

const DIALECT: Dialect = Dialect::Kubernetes;

impl Check {
    pub(super) fn scalar(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        let Some(scalar) = node.as_scalar() else { return };
        let value = DIALECT.read(scalar);
        let integral = matches!(value, Value::Int(_) | Value::Uint(_))
            || matches!(value, Value::Float(number) if number.fract() == 0.0);
        let numeric = matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_));
        let fits = if schema.int_or_string {
            integral || value == Value::String
        } else {
            match schema.kind {
                Some(SchemaType::String) => value == Value::String,
                Some(SchemaType::Integer) => integral,
                Some(SchemaType::Number) => numeric,
                Some(SchemaType::Boolean) => matches!(value, Value::Bool(_)),
                Some(SchemaType::Object | SchemaType::Array) => false,
                None => true,
            }
        };
        if !fits {
            self.wrong(
                node,
                trail,
                format!("must be {}, found {}", expected(schema), found(node)),
            );
            return;
        }
        if numeric {
            self.numbers(schema, node, trail);
        } else if value == Value::String {
            self.strings(schema, node, &scalar.text, trail);
        }
    }

    fn numbers(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        let Some(value) = number(node) else { return };
        let text = node.text().unwrap_or_default();
        if let Some(bound) = schema
            .minimum
            .filter(|bound| value < bound.value || bound.exclusive && value <= bound.value)
        {
            let word = if bound.exclusive {
                "greater than"
            } else {
                "at least"
            };
            self.wrong(
                node,
                trail,
                format!("must be {word} {}, found {text}", bound.value),
            );
        }
        if let Some(bound) = schema
            .maximum
            .filter(|bound| value > bound.value || bound.exclusive && value >= bound.value)
        {
            let word = if bound.exclusive { "less than" } else { "at most" };
            self.wrong(
                node,
                trail,
                format!("must be {word} {}, found {text}", bound.value),
            );
        }
        if let Some(step) = schema
            .multiple_of
            .filter(|step| (value / step).fract().abs() > 1e-9)
        {
            self.wrong(node, trail, format!("must be a multiple of {step}, found {text}"));
        }
        let (low, high) = match schema.format.as_deref() {
            Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
            _ => return,
        };
        if value < low || value > high {
            self.wrong(node, trail, format!("{text} does not fit 32 bits"));
        }
    }

    fn strings(&mut self, schema: &Schema, node: &Node, text: &str, trail: &Trail<'_>) {
        let length = text.chars().count() as u64;
        if let Some(least) = schema.min_length.filter(|least| length < *least) {
            let what = if *text == *"" {
                "is empty".to_owned()
            } else {
                format!("has {length} characters")
            };
            self.wrong(node, trail, format!("{what}, at least {least} needed"));
        }
        if let Some(most) = schema.max_length.filter(|most| length > *most) {
            self.wrong(
                node,
                trail,
                format!("has {length} characters, at most {most} allowed"),
            );
        }
        if let Some(pattern) = &schema.pattern
            && let Some(regex) = &pattern.regex
            && !regex.is_match(text)
        {
            self.wrong(node, trail, format!("does not match `{}`", pattern.text));
        }
        if let Some(format) = &schema.format
            && let Some(what) = format_fault(format, text)
        {
            self.wrong(node, trail, format!("is no {what}"));
        }
    }

    pub(super) fn choices(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        if schema.choices.is_empty() || schema.choices.iter().any(|choice| same_value(choice, node)) {
            return;
        }
        let all: Vec<&str> = schema.choices.iter().filter_map(|choice| choice.text()).collect();
        let mut words = format!(
            "must be one of {}",
            all.iter()
                .take(8)
                .map(|value| format!("`{value}`"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        if all.len() > 8 {
            let _ = write!(words, " and {} more", all.len() - 8);
        }
        if let Some(near) = node.text().and_then(|text| nearest(text, all.iter().copied())) {
            let _ = write!(words, "; did you mean `{near}`?");
        }
        self.wrong(node, trail, words);
    }
}

pub(super) fn same_value(a: &Node, b: &Node) -> bool {
    match (a.as_scalar(), b.as_scalar()) {
        (Some(a), Some(b)) => {
            let (x, y) = (DIALECT.read(a), DIALECT.read(b));
            if x == Value::String || y == Value::String {
                x == y && a.text == b.text
            } else {
                x == y
            }
        }
        _ => a == b,
    }
}

pub(super) fn expected(schema: &Schema) -> &'static str {
    if schema.int_or_string {
        return "an integer or a string";
    }
    match schema.kind {
        Some(SchemaType::Object) => "a map",
        Some(SchemaType::Array) => "a list",
        Some(SchemaType::String) => "a string",
        Some(SchemaType::Integer) => "an integer",
        Some(SchemaType::Number) => "a number",
        Some(SchemaType::Boolean) => "`true` or `false`",
        None => "a value",
    }
}

pub(super) fn found(node: &Node) -> String {
    match &node.kind {
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
        Kind::Scalar(scalar) => match DIALECT.read(scalar) {
            Value::Null => "nothing".to_owned(),
            Value::String => format!(
                "the string {:?}",
                scalar.text.chars().take(40).collect::<String>()
            ),
            Value::Bool(value) if scalar.text == value.to_string().as_str() => format!("`{value}`"),
            Value::Bool(value) => format!("`{}`, which YAML reads as {value}", scalar.text),
            _ => format!("the number {}", scalar.text),
        },
    }
}

/// The formats that the API server checks for custom resources; unknown ones are ignored.
fn format_fault(format: &str, text: &str) -> Option<&'static str> {
    let (fits, what) = match format {
        "date-time" => (is_time(text), "time such as `2027-01-31T08:00:00Z`"),
        "date" => (is_time(&format!("{text}T00:00:00Z")), "date such as `2027-01-31`"),
        "duration" => (is_duration(text), "duration such as `1h30m`"),
        "byte" => (is_base64(text), "base64"),
        "ipv4" => (text.parse::<std::net::Ipv4Addr>().is_ok(), "IPv4 address"),
        "ipv6" => (text.parse::<std::net::Ipv6Addr>().is_ok(), "IPv6 address"),
        "uuid" => (is_uuid(text), "UUID"),
        _ => return None,
    };
    (!fits).then_some(what)
}

fn is_uuid(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit)
}
