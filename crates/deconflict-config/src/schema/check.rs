//! A tree against its shape: what does not fit is said and cut away, so that the rest can be read without looking.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_findings::closest;
use deconflict_yaml::{Dialect, Field, Kind, Node, Value};

use super::format::{Complaint, quoted, unknown_rule};
use super::{Format, Key, Shape};
use crate::ConfigProblem;

/// How the configuration's scalars are read: `no`, `on` and `y` are text, as in YAML 1.2 and for editors that know the
/// JSON schema. A date is text to us.
const DIALECT: Dialect = Dialect::Resource;

/// The version of the configuration's form that this program reads.
pub(crate) const FORM: i64 = 1;

/// What a rule may be set to. An unquoted `off` is a boolean to some readers; here it is taken as written.
pub(crate) const SETTINGS: [&str; 4] = ["off", "info", "warning", "error"];

/// Collects problems.
#[derive(Debug)]
pub(crate) struct Checker<'r> {
    /// The ids of rules that exist.
    pub(crate) rules: &'r [&'r str],
    /// What is wrong so far.
    pub(crate) problems: Vec<ConfigProblem>,
}

/// A value on the way: what messages call it, and where to point when it has no text of its own.
#[derive(Clone, Copy)]
struct Spot<'n> {
    name: &'n str,
    is_item: bool,
    at: Origin,
}

impl Spot<'_> {
    fn called(&self) -> String {
        if self.is_item {
            format!("an entry of `{}`", self.name)
        } else {
            format!("`{}`", self.name)
        }
    }

    /// The smallest text that shows `node`.
    fn of(&self, node: &Node) -> Origin {
        match &node.kind {
            Kind::Scalar(_) if node.at.span.start < node.at.span.end => node.at,
            Kind::List(_) | Kind::Map(_) if self.is_item => {
                node.fields().first().map_or(self.at, |field| field.key_at.0)
            }
            _ => self.at,
        }
    }
}

impl Checker<'_> {
    /// What of a map at the top fits `keys`.
    pub(crate) fn top(&mut self, node: &Arc<Node>, keys: &'static [Key]) -> Option<Arc<Node>> {
        if !node.is_map() {
            let at = node.at;
            self.say(at, "the configuration must be a map of keys", None);
            return None;
        }
        let spot = Spot {
            name: "",
            is_item: false,
            at: node.at,
        };
        self.map(node, keys, spot)
    }

    fn say(&mut self, at: Origin, message: impl Into<String>, help: Option<String>) {
        let problem = ConfigProblem::new(at, message);
        let problem = match help {
            Some(help) => problem.help(help),
            None => problem,
        };
        // What an alias repeats is said once.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn complain(&mut self, spot: Spot<'_>, at: Origin, complaint: Complaint) {
        self.say(
            at,
            format!("{} {}", spot.called(), complaint.message),
            complaint.help,
        );
    }

    fn wrong(&mut self, spot: Spot<'_>, node: &Node, want: &str, help: Option<String>) {
        let message = format!("{} must be {want}, not {}", spot.called(), word(node));
        self.say(spot.of(node), message, help);
    }

    fn value(&mut self, node: &Arc<Node>, shape: &'static Shape, spot: Spot<'_>) -> Option<Arc<Node>> {
        match shape {
            Shape::Any => Some(Arc::clone(node)),
            Shape::Count => self.count(node, spot),
            Shape::FormVersion => self.form_version(node, spot),
            Shape::List(item) => self.list(node, item, spot),
            Shape::Map(keys) if node.is_map() => self.map(node, keys, spot),
            Shape::Table(value) if node.is_map() => Some(self.table(node, value)),
            Shape::Rules if node.is_map() => Some(self.rules(node)),
            Shape::Map(_) | Shape::Table(_) | Shape::Rules => {
                self.wrong(spot, node, "a map", None);
                None
            }
            Shape::TextOrMap(_, keys) if node.is_map() => self.map(node, keys, spot),
            Shape::TextOrMap(..) if node.is_list() => {
                self.wrong(spot, node, "a text or a map", None);
                None
            }
            Shape::Text(format) | Shape::TextOrMap(format, _) => self.text(node, *format, spot),
        }
    }

    fn text(&mut self, node: &Arc<Node>, format: Format, spot: Spot<'_>) -> Option<Arc<Node>> {
        let scalar = node.as_scalar();
        let value = scalar.map(|scalar| DIALECT.read(scalar));
        let is_number = matches!(value, Some(Value::Int(_) | Value::Uint(_) | Value::Float(_)));
        let Some(text) = node.text().filter(|_| {
            matches!(value, Some(Value::String | Value::Timestamp)) || is_number && format.takes_numbers()
        }) else {
            let help = match (node.text(), value) {
                (Some(text), Some(Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_))) => {
                    Some(format!("write \"{text}\""))
                }
                _ => None,
            };
            self.wrong(spot, node, "a text", help);
            return None;
        };
        if let Some(complaint) = format.complaint(text, self.rules) {
            let at = spot.of(node);
            if format == Format::Rule {
                self.say(at, complaint.message, complaint.help);
            } else {
                self.complain(spot, at, complaint);
            }
            return None;
        }
        Some(Arc::clone(node))
    }

    fn count(&mut self, node: &Arc<Node>, spot: Spot<'_>) -> Option<Arc<Node>> {
        match node.as_scalar().map(|scalar| DIALECT.read(scalar)) {
            Some(Value::Int(0..=0xffff_ffff)) => Some(Arc::clone(node)),
            Some(Value::Int(_) | Value::Uint(_)) => {
                let at = spot.of(node);
                self.say(
                    at,
                    format!("{} must lie between 0 and {}", spot.called(), u32::MAX),
                    None,
                );
                None
            }
            _ => {
                self.wrong(spot, node, "a whole number", None);
                None
            }
        }
    }

    fn form_version(&mut self, node: &Arc<Node>, spot: Spot<'_>) -> Option<Arc<Node>> {
        match node.as_scalar().map(|scalar| DIALECT.read(scalar)) {
            Some(Value::Int(FORM)) => return Some(Arc::clone(node)),
            Some(Value::Int(other)) => {
                let message = format!("`version: {other}` is not known to this program");
                let help = format!("write `version: {FORM}`, or use a newer deconflict");
                self.say(spot.of(node), message, Some(help));
            }
            _ => self.wrong(
                spot,
                node,
                "a whole number",
                Some(format!("write `version: {FORM}`")),
            ),
        }
        None
    }

    fn list(&mut self, node: &Arc<Node>, item: &'static Shape, spot: Spot<'_>) -> Option<Arc<Node>> {
        let Kind::List(items) = &node.kind else {
            let help = node.text().map(|text| format!("write [{text}]"));
            self.wrong(spot, node, "a list", help.filter(|help| help.len() < 80));
            return None;
        };
        let spot = Spot {
            is_item: true,
            ..spot
        };
        let items = items.iter().filter_map(|node| self.value(node, item, spot));
        let kind = Kind::List(items.collect());
        Some(Arc::new(Node::new(kind, node.at)))
    }

    fn map(&mut self, node: &Arc<Node>, keys: &'static [Key], spot: Spot<'_>) -> Option<Arc<Node>> {
        let mut kept: Vec<Field> = Vec::new();
        for field in node.fields() {
            let name = field.name();
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
                let help = match closest(name, names.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}", names.join(", ")),
                };
                self.say(field.key_at.0, format!("unknown key `{name}`"), Some(help));
                continue;
            };
            // A key without a value says nothing, as when everything below it is commented out.
            if field.value.is_null(DIALECT) && !key.required {
                continue;
            }
            let spot = Spot {
                name,
                is_item: false,
                at: field.key_at.0,
            };
            if let Some(value) = self.value(&field.value, &key.shape, spot) {
                kept.push(Field {
                    value,
                    ..field.clone()
                });
            }
        }
        let mut is_whole = true;
        for key in keys.iter().filter(|key| key.required) {
            if node.field(key.name).is_none() {
                let at = node.fields().first().map_or(node.at, |field| field.key_at.0);
                self.say(at, format!("{} has no `{}`", spot.called(), key.name), None);
            }
            is_whole &= kept.iter().any(|field| field.name() == key.name);
        }
        is_whole.then(|| Arc::new(Node::new(Kind::Map(kept), node.at)))
    }

    fn table(&mut self, node: &Arc<Node>, shape: &'static Shape) -> Arc<Node> {
        let mut kept: Vec<Field> = Vec::new();
        for field in node.fields() {
            let spot = Spot {
                name: field.name(),
                is_item: false,
                at: field.key_at.0,
            };
            if let Some(value) = self.value(&field.value, shape, spot) {
                kept.push(Field {
                    value,
                    ..field.clone()
                });
            }
        }
        Arc::new(Node::new(Kind::Map(kept), node.at))
    }

    fn rules(&mut self, node: &Arc<Node>) -> Arc<Node> {
        let mut kept: Vec<Field> = Vec::new();
        for field in node.fields() {
            if let Some(complaint) = unknown_rule(field.name(), self.rules) {
                self.say(field.key_at.0, complaint.message, complaint.help);
                continue;
            }
            let spot = Spot {
                name: field.name(),
                is_item: false,
                at: field.key_at.0,
            };
            if let Some(value) = self.rule(&field.value, spot) {
                kept.push(Field {
                    value,
                    ..field.clone()
                });
            }
        }
        Arc::new(Node::new(Kind::Map(kept), node.at))
    }

    /// The setting of one rule. A map loses a severity that is none; the rule reads the rest itself.
    fn rule(&mut self, node: &Arc<Node>, spot: Spot<'_>) -> Option<Arc<Node>> {
        match &node.kind {
            Kind::Scalar(scalar) if SETTINGS.contains(&scalar.text.as_str()) => Some(Arc::clone(node)),
            Kind::Scalar(scalar) => {
                let help = match (
                    scalar.text.to_lowercase().as_str(),
                    closest(&scalar.text, SETTINGS),
                ) {
                    ("false" | "no" | "none" | "disabled", _) => Some("write \"off\"".to_owned()),
                    ("true" | "yes" | "on" | "enabled", _) => {
                        Some("leave the line out: the rule runs unless it is off".to_owned())
                    }
                    (_, Some(meant)) => Some(format!("did you mean `{meant}`?")),
                    _ => None,
                };
                self.wrong_setting(spot, node, help);
                None
            }
            Kind::List(_) => {
                self.wrong_setting(spot, node, None);
                None
            }
            Kind::Map(fields) => {
                let mut kept = fields.clone();
                if let Some(field) = node.field("severity") {
                    let is_setting = field.value.text().is_some_and(|text| SETTINGS.contains(&text));
                    if !is_setting {
                        let meant = field.value.text().and_then(|text| closest(text, SETTINGS));
                        let spot = Spot {
                            name: "severity",
                            is_item: false,
                            at: field.key_at.0,
                        };
                        let message = format!("`severity` must be one of {}", quoted(&SETTINGS));
                        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
                        self.say(spot.of(&field.value), message, help);
                        kept.retain(|field| field.name() != "severity");
                    }
                }
                Some(Arc::new(Node::new(Kind::Map(kept), node.at)))
            }
        }
    }

    fn wrong_setting(&mut self, spot: Spot<'_>, node: &Node, help: Option<String>) {
        let message = format!(
            "{} must be {}, or a map of `severity` and options",
            spot.called(),
            SETTINGS.map(|word| format!("`{word}`")).join(", ")
        );
        self.say(spot.of(node), message, help);
    }
}

/// What a value is, for a person.
fn word(node: &Node) -> &'static str {
    match &node.kind {
        Kind::List(_) => "a list",
        Kind::Map(_) => "a map",
        Kind::Scalar(scalar) => match DIALECT.read(scalar) {
            Value::Null => "empty",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "a number",
            Value::String | Value::Timestamp => "a text",
            Value::Binary | Value::Invalid => "a value with a tag",
        },
    }
}
