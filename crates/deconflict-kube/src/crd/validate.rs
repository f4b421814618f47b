//! Holds an object against a structural schema, as the API server does: defaults first, then values; `null` is pruned
//! where the field is not nullable and has a default, and refused otherwise.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Node};
use rustc_hash::FxHashSet;

use super::compile::{Schema, SchemaType};
use super::rules;
use super::scalars::{expected, found};
use crate::schema::{nearest, push_index, push_key};

const DIALECT: Dialect = Dialect::Kubernetes;
/// Root fields every object has; their content is checked elsewhere.
const OBJECT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// A place where an object does not fit its schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchemaViolation {
    /// The text to edit.
    pub at: Origin,
    /// The field's path.
    pub path: String,
    /// What is wrong.
    pub fault: SchemaFault,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchemaFault {
    /// No such field: the server drops it silently.
    Unknown {
        /// A similar field.
        nearest: Option<String>,
    },
    /// A required field is missing.
    Missing {
        /// The field.
        field: String,
    },
    /// The value does not fit; the words say how (`must be an integer, found the string "3"`).
    Value(String),
    /// A rule of the definition does not hold; its own words.
    Rule(String),
    /// Whether a rule of the definition holds cannot be told here; the words say which and why.
    Unanswered(String),
}

impl Schema {
    /// Everything in which `object` differs, in the order of the text.
    pub fn validate(&self, object: &Node) -> Vec<SchemaViolation> {
        let mut check = Check { found: Vec::new() };
        check.object_root(self, object);
        check.with_rules(self, object, None)
    }

    /// What the rules that compare with `oldSelf` say of an object that replaces `old`; nothing where `object` does not
    /// fit the structure, as the API server does not ask rules then.
    pub fn validate_transition(&self, object: &Node, old: &Node) -> Vec<SchemaViolation> {
        let mut check = Check { found: Vec::new() };
        check.object_root(self, object);
        check
            .with_rules(self, object, Some(old))
            .into_iter()
            .filter(|found| matches!(found.fault, SchemaFault::Rule(_)))
            .collect()
    }

    /// True when `node` fits; used for `anyOf` and the like.
    fn accepts(&self, node: &Node) -> bool {
        let mut check = Check { found: Vec::new() };
        check.value_only(self, node, &Trail::Root);
        check.found.is_empty()
    }
}

pub(super) struct Check {
    found: Vec<SchemaViolation>,
}

pub(super) enum Trail<'a> {
    Root,
    Key(&'a str, &'a Trail<'a>),
    Index(usize, &'a Trail<'a>),
}

impl Trail<'_> {
    fn path(&self) -> String {
        let mut path = String::new();
        self.write(&mut path);
        path
    }

    fn write(&self, path: &mut String) {
        match self {
            Self::Root => {}
            Self::Key(key, before) => {
                before.write(path);
                push_key(path, key);
            }
            Self::Index(index, before) => {
                before.write(path);
                push_index(path, *index);
            }
        }
    }
}

impl Check {
    /// The rules are asked when the structure is right, as the API server does it; fields that are dropped do not matter.
    fn with_rules(mut self, schema: &Schema, object: &Node, old: Option<&Node>) -> Vec<SchemaViolation> {
        let dropped = |fault: &SchemaViolation| matches!(fault.fault, SchemaFault::Unknown { .. });
        if self.found.iter().all(dropped) {
            let broken = rules::check(schema, object, old);
            self.found
                .extend(broken.into_iter().map(|broken| SchemaViolation {
                    at: broken.at,
                    path: broken.path,
                    fault: broken.fault,
                }));
        }
        self.found
    }

    fn fault(&mut self, at: Origin, trail: &Trail<'_>, fault: SchemaFault) {
        self.found.push(SchemaViolation {
            at,
            path: trail.path(),
            fault,
        });
    }

    pub(super) fn wrong(&mut self, node: &Node, trail: &Trail<'_>, words: impl Into<String>) {
        self.fault(node.at, trail, SchemaFault::Value(words.into()));
    }

    fn object_root(&mut self, schema: &Schema, object: &Node) {
        self.fields(schema, object, &Trail::Root, true);
        self.combined(schema, object, &Trail::Root);
    }

    fn value(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        if node.is_null(DIALECT) {
            if !schema.nullable && !schema.has_default && schema.kind.is_some() && !schema.preserve_unknown {
                self.wrong(
                    node,
                    trail,
                    format!("must be {}, found nothing", expected(schema)),
                );
            }
            return;
        }
        match &node.kind {
            Kind::Map(_)
                if matches!(schema.kind, Some(SchemaType::Object) | None) && !schema.int_or_string =>
            {
                self.fields(schema, node, trail, schema.embedded_resource);
            }
            Kind::List(items)
                if matches!(schema.kind, Some(SchemaType::Array) | None) && !schema.int_or_string =>
            {
                self.items(schema, node, items, trail);
            }
            Kind::Scalar(_) if !matches!(schema.kind, Some(SchemaType::Object | SchemaType::Array)) => {
                self.scalar(schema, node, trail);
            }
            _ => {
                self.wrong(
                    node,
                    trail,
                    format!("must be {}, found {}", expected(schema), found(node)),
                );
                return;
            }
        }
        self.choices(schema, node, trail);
        self.combined(schema, node, trail);
    }

    /// For schemas inside `anyOf`, `oneOf`, `allOf`, `not`: they constrain values and do not prune.
    fn value_only(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        match &node.kind {
            Kind::Map(fields) => {
                if matches!(schema.kind, Some(kind) if kind != SchemaType::Object) {
                    self.wrong(node, trail, format!("must be {}", expected(schema)));
                    return;
                }
                self.required(schema, node, trail);
                for field in fields {
                    if let Some(property) = schema.properties.get(field.name()) {
                        self.value_only(property, &field.value, &Trail::Key(field.name(), trail));
                    }
                }
                self.counts(schema, node, fields.len(), trail);
            }
            Kind::List(items) => {
                if matches!(schema.kind, Some(kind) if kind != SchemaType::Array) {
                    self.wrong(node, trail, format!("must be {}", expected(schema)));
                    return;
                }
                if let Some(item) = &schema.items {
                    for (index, value) in items.iter().enumerate() {
                        self.value_only(item, value, &Trail::Index(index, trail));
                    }
                }
                self.lengths(schema, node, items.len(), trail);
            }
            Kind::Scalar(_) => {
                if !node.is_null(DIALECT) {
                    self.scalar(schema, node, trail);
                }
            }
        }
        self.choices(schema, node, trail);
        self.combined(schema, node, trail);
    }

    fn fields(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>, is_object: bool) {
        let Kind::Map(fields) = &node.kind else {
            self.wrong(node, trail, format!("must be a map, found {}", found(node)));
            return;
        };
        for field in fields {
            let name = field.name();
            let here = Trail::Key(name, trail);
            if let Some(property) = schema.properties.get(name) {
                if is_object && name == "metadata" {
                    continue;
                }
                self.value(property, &field.value, &here);
                continue;
            }
            match &schema.additional {
                Some(Some(value)) => self.value(value, &field.value, &here),
                Some(None) => {}
                None if schema.preserve_unknown || is_object && OBJECT_FIELDS.contains(&name) => {}
                None if field.key.is_bare() && name == "<<" => {}
                // A schema that says nothing but "object" prunes everything below it.
                None => {
                    let near =
                        nearest(name, schema.names.iter().map(smol_str::SmolStr::as_str)).map(str::to_owned);
                    self.fault(field.key_at.0, &here, SchemaFault::Unknown { nearest: near });
                }
            }
        }
        self.required(schema, node, trail);
        self.counts(schema, node, fields.len(), trail);
    }

    fn required(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        for name in &schema.required {
            let given = node.get(name).is_some_and(|value| {
                let nullable = schema
                    .properties
                    .get(name)
                    .is_some_and(|property| property.nullable);
                nullable || !value.is_null(DIALECT)
            });
            if !given && !schema.defaults.contains_key(name) {
                let here = Trail::Key(name, trail);
                self.fault(
                    node.at,
                    &here,
                    SchemaFault::Missing {
                        field: name.to_string(),
                    },
                );
            }
        }
    }

    fn counts(&mut self, schema: &Schema, node: &Node, count: usize, trail: &Trail<'_>) {
        let count = count as u64;
        if let Some(least) = schema.min_properties.filter(|least| count < *least) {
            self.wrong(
                node,
                trail,
                format!("needs at least {least} entries, here are {count}"),
            );
        }
        if let Some(most) = schema.max_properties.filter(|most| count > *most) {
            self.wrong(
                node,
                trail,
                format!("takes at most {most} entries, here are {count}"),
            );
        }
    }

    fn lengths(&mut self, schema: &Schema, node: &Node, count: usize, trail: &Trail<'_>) {
        let count = count as u64;
        if let Some(least) = schema.min_items.filter(|least| count < *least) {
            self.wrong(
                node,
                trail,
                format!("needs at least {least} items, here are {count}"),
            );
        }
        if let Some(most) = schema.max_items.filter(|most| count > *most) {
            self.wrong(
                node,
                trail,
                format!("takes at most {most} items, here are {count}"),
            );
        }
    }

    fn items(&mut self, schema: &Schema, node: &Node, items: &[Arc<Node>], trail: &Trail<'_>) {
        if let Some(item) = &schema.items {
            for (index, value) in items.iter().enumerate() {
                self.value(item, value, &Trail::Index(index, trail));
            }
        }
        self.lengths(schema, node, items.len(), trail);
        let mut seen: FxHashSet<String> = FxHashSet::default();
        for (index, value) in items.iter().enumerate() {
            let (key, place) = if schema.list_keys.is_empty() {
                if !schema.list_set && !schema.unique_items {
                    break;
                }
                (value.text().map(str::to_owned), value.at)
            } else {
                let defaults = schema.items.as_ref().map(|item| &item.defaults);
                let part = |key: &smol_str::SmolStr| {
                    let given = value
                        .get(key)
                        .or_else(|| defaults.and_then(|defaults| defaults.get(key)));
                    given.and_then(|value| value.text()).unwrap_or_default()
                };
                let parts: Vec<&str> = schema.list_keys.iter().map(part).collect();
                let place = value.get(&schema.list_keys[0]).map_or(value.at, |key| key.at);
                (Some(parts.join("\u{0}")), place)
            };
            if let Some(key) = key
                && !seen.insert(key.clone())
            {
                let here = Trail::Index(index, trail);
                let shown = key.replace('\u{0}', ", ");
                self.fault(
                    place,
                    &here,
                    SchemaFault::Value(format!("repeats `{shown}`, which an earlier item has")),
                );
            }
        }
    }

    fn combined(&mut self, schema: &Schema, node: &Node, trail: &Trail<'_>) {
        for part in &schema.all_of {
            self.value_only(part, node, trail);
        }
        if !schema.any_of.is_empty()
            && !schema.int_or_string
            && !schema.any_of.iter().any(|part| part.accepts(node))
        {
            self.wrong(node, trail, alternatives("at least one", &schema.any_of));
        }
        if !schema.one_of.is_empty() {
            let fits = schema.one_of.iter().filter(|part| part.accepts(node)).count();
            if fits != 1 {
                let words = alternatives("exactly one", &schema.one_of);
                self.wrong(
                    node,
                    trail,
                    if fits == 0 {
                        words
                    } else {
                        format!("{words}; {fits} are given")
                    },
                );
            }
        }
        if let Some(not) = &schema.not
            && not.accepts(node)
        {
            self.wrong(node, trail, "has a form that the schema forbids");
        }
    }
}

/// `must have exactly one of `a`, `b``, where the alternatives only differ in what they require.
fn alternatives(how_many: &str, parts: &[Schema]) -> String {
    let names: Vec<String> = parts
        .iter()
        .map(|part| {
            part.required
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(" with ")
        })
        .collect();
    if names.iter().all(|name| !name.is_empty()) {
        format!("must have {how_many} of {}", names.join(", "))
    } else {
        format!(
            "must fit {how_many} of {} alternatives of the schema",
            parts.len()
        )
    }
}
