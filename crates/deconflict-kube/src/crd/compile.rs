//! A structural schema, compiled from `openAPIV3Schema`
//! (kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Specifying a structural schema").

use std::sync::Arc;

use deconflict_yaml::{Dialect, Node, Value};
use regex::Regex;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::definition::is_true;
use super::rules::CelRule;

const DIALECT: Dialect = Dialect::Kubernetes;
/// Schemas nest as deep as the objects they describe; the YAML reader has bounded that.
const EMPTY: &[Arc<Node>] = &[];

/// One node of a structural schema.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a schema has that many independent flags"
)]
pub struct Schema {
    pub(super) kind: Option<SchemaType>,
    pub(super) nullable: bool,
    pub(super) int_or_string: bool,
    pub(super) preserve_unknown: bool,
    pub(super) embedded_resource: bool,
    pub(super) properties: FxHashMap<SmolStr, Schema>,
    /// Property names in the order they were written, for messages.
    pub(super) names: Vec<SmolStr>,
    pub(super) required: Vec<SmolStr>,
    /// `additionalProperties`: a schema, or `Some(None)` for `true`.
    #[expect(clippy::option_option, reason = "absent, `true`, or a schema")]
    pub(super) additional: Option<Option<Box<Schema>>>,
    pub(super) items: Option<Box<Schema>>,
    pub(super) choices: Vec<Arc<Node>>,
    pub(super) format: Option<SmolStr>,
    pub(super) pattern: Option<Pattern>,
    pub(super) minimum: Option<Bound>,
    pub(super) maximum: Option<Bound>,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) unique_items: bool,
    pub(super) list_keys: Vec<SmolStr>,
    pub(super) list_set: bool,
    pub(super) has_default: bool,
    pub(super) defaults: FxHashMap<SmolStr, Arc<Node>>,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Box<Schema>>,
    /// `x-kubernetes-validations`.
    pub(super) rules: Vec<CelRule>,
    /// It or something below it has rules.
    has_rules: bool,
}

/// A type of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SchemaType {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

/// A bound and whether it is exclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) value: f64,
    pub(super) exclusive: bool,
}

/// A pattern; `None` when it does not compile here, in which case it is not checked.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: SmolStr,
    pub(super) regex: Option<Regex>,
}

impl Schema {
    /// Compile a schema. What cannot be read is left out: the rules about the definition itself report that.
    pub fn compile(node: &Node) -> Self {
        let text = |field: &str| node.get(field).and_then(|value| value.text()).map(SmolStr::from);
        let flag = |field: &str| node.get(field).is_some_and(|value| is_true(value));
        let count = |field: &str| node.get(field).and_then(|value| number(value)).map(whole);
        let list = |field: &str| node.get(field).map_or(EMPTY, |value| value.items());
        let schemas = |field: &str| {
            list(field)
                .iter()
                .map(|item| Self::compile(item))
                .collect::<Vec<_>>()
        };
        let boxed = |field: &str| {
            node.get(field)
                .filter(|value| value.is_map())
                .map(|value| Box::new(Self::compile(value)))
        };

        let mut properties = FxHashMap::default();
        let mut defaults = FxHashMap::default();
        let mut names = Vec::new();
        for field in node.get("properties").map_or(&[][..], |map| map.fields()) {
            names.push(field.key.text.clone());
            if let Some(default) = field.value.get("default") {
                defaults.insert(field.key.text.clone(), Arc::clone(default));
            }
            properties.insert(field.key.text.clone(), Self::compile(&field.value));
        }
        let bound = |field: &str, exclusive: &str| {
            let value = number(node.get(field)?)?;
            Some(Bound {
                value,
                exclusive: flag(exclusive),
            })
        };
        let mut made = Self {
            kind: text("type").and_then(|name| SchemaType::parse(&name)),
            nullable: flag("nullable"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            embedded_resource: flag("x-kubernetes-embedded-resource"),
            properties,
            names,
            required: list("required")
                .iter()
                .filter_map(|name| name.text())
                .map(SmolStr::from)
                .collect(),
            additional: match node.get("additionalProperties") {
                Some(value) if value.is_map() => Some(Some(Box::new(Self::compile(value)))),
                Some(value) if is_true(value) => Some(None),
                _ => None,
            },
            items: boxed("items"),
            choices: list("enum").to_vec(),
            format: text("format"),
            pattern: text("pattern").map(|text| Pattern {
                regex: pattern(&text),
                text,
            }),
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
            multiple_of: node
                .get("multipleOf")
                .and_then(|value| number(value))
                .filter(|value| *value > 0.0),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            unique_items: flag("uniqueItems"),
            list_keys: list("x-kubernetes-list-map-keys")
                .iter()
                .filter_map(|name| name.text())
                .map(SmolStr::from)
                .collect(),
            list_set: text("x-kubernetes-list-type").as_deref() == Some("set"),
            has_default: node.get("default").is_some(),
            defaults,
            all_of: schemas("allOf"),
            any_of: schemas("anyOf"),
            one_of: schemas("oneOf"),
            not: boxed("not"),
            rules: list("x-kubernetes-validations")
                .iter()
                .filter_map(|rule| CelRule::read(rule))
                .collect(),
            has_rules: false,
        };
        let additional = made.additional.iter().flatten();
        let below = additional.chain(&made.items).map(|schema| &**schema);
        let any = made
            .properties
            .values()
            .chain(below)
            .any(|schema| schema.has_rules);
        made.has_rules = any || !made.rules.is_empty();
        made
    }

    /// True when this level or one below has CEL rules.
    pub(super) fn has_rules(&self) -> bool {
        self.has_rules
    }

    /// The CEL rules of this level.
    pub fn rules(&self) -> &[CelRule] {
        &self.rules
    }

    /// The schema of a property.
    pub fn property(&self, name: &str) -> Option<&Schema> {
        self.properties.get(name)
    }
}

impl SchemaType {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }
}

/// Patterns are Go's RE2, which this engine reads almost entirely; the few others are left unchecked.
fn pattern(text: &str) -> Option<Regex> {
    regex::RegexBuilder::new(text).size_limit(1 << 20).build().ok()
}

/// The number a scalar holds.
pub(super) fn number(node: &Node) -> Option<f64> {
    match DIALECT.read(node.as_scalar()?) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "bounds of schemas are floats in JSON too"
        )]
        Value::Int(number) => Some(number as f64),
        #[expect(
            clippy::cast_precision_loss,
            reason = "bounds of schemas are floats in JSON too"
        )]
        Value::Uint(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count; what is no count becomes 0"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
