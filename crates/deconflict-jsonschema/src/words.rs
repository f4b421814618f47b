//! Faults in words, at their places. Values of the document are not shown: they may be secret.

use std::fmt::Write as _;

use deconflict_files::Origin;
use deconflict_findings::closest;
use deconflict_yaml::Node;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use crate::Fault;

/// A place in the document.
struct Place<'d> {
    node: &'d Node,
    path: String,
}

impl<'d> Place<'d> {
    /// Where an error is; as near as the tree goes.
    fn of(error: &ValidationError<'_>, document: &'d Node) -> Self {
        let mut place = Self {
            node: document,
            path: String::new(),
        };
        for segment in error.instance_path() {
            // Digits may be a key.
            let next = match &segment {
                LocationSegment::Index(index) if place.node.is_list() => {
                    let _ = write!(place.path, "[{index}]");
                    place.node.items().get(*index).map(|item| &**item)
                }
                LocationSegment::Index(index) => place.step(&index.to_string()),
                LocationSegment::Property(name) => place.step(name),
            };
            match next {
                Some(node) => place.node = node,
                None => break,
            }
        }
        place
    }

    fn step(&mut self, name: &str) -> Option<&'d Node> {
        let found = self.node.get(name).map(|value| &**value);
        self.path = self.below(name);
        found
    }

    fn below(&self, name: &str) -> String {
        let odd = name.is_empty() || name.contains(['.', '/', '[', ']', '"', ' ']);
        match (odd, self.path.is_empty()) {
            (true, _) => format!("{}[\"{name}\"]", self.path),
            (false, true) => name.to_owned(),
            (false, false) => format!("{}.{name}", self.path),
        }
    }

    fn key_at(&self, name: &str) -> Origin {
        self.node.field(name).map_or(self.node.at, |field| field.key_at.0)
    }

    /// The value's name in a sentence.
    fn name(&self) -> String {
        if self.path.is_empty() {
            "the document".to_owned()
        } else {
            format!("`{}`", self.path)
        }
    }
}

/// Put the faults that an error stands for into `found`.
pub(crate) fn faults(error: &ValidationError<'_>, document: &Node, found: &mut Vec<Fault>) {
    let place = Place::of(error, document);
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                found.push(Fault {
                    at: place.key_at(name),
                    path: place.below(name),
                    message: format!("there is no field `{name}` in {}", place.name()),
                    help: None,
                });
            }
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(Fault {
                at: place.node.at,
                path: place.below(name),
                message: format!("{} lacks the field `{name}`", place.name()),
                help: Some(format!("add `{name}`")),
            });
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => match best(error, context) {
            Some(errors) => errors.iter().for_each(|error| faults(error, document, found)),
            None => found.push(fault(
                &place,
                &format!("fits none of {} alternatives", context.len()),
                None,
            )),
        },
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            found.push(Fault {
                at: place.key_at(name),
                path: place.below(name),
                message: format!("`{name}` is no name that a field of {} may have", place.name()),
                help: None,
            });
        }
        kind => {
            let (words, help) = words(kind, error.instance());
            found.push(fault(&place, &words, help));
        }
    }
}

fn fault(place: &Place<'_>, words: &str, help: Option<String>) -> Fault {
    Fault {
        at: place.node.at,
        path: place.path.clone(),
        message: format!("{} {words}", place.name()),
        help,
    }
}

/// The alternative that was meant: the only one whose type fits, of those that complain about something further down or about
/// fields.
fn best<'e, 'i>(
    error: &ValidationError<'_>,
    context: &'e [Vec<ValidationError<'i>>],
) -> Option<&'e Vec<ValidationError<'i>>> {
    if let [only] = context {
        return Some(only);
    }
    let here = error.instance_path();
    let is_meant = |errors: &&Vec<ValidationError<'_>>| {
        let of_itself = |error: &ValidationError<'_>| {
            matches!(
                error.kind(),
                Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. }
            ) && error.instance_path() == here
        };
        !errors.is_empty() && !errors.iter().any(of_itself)
    };
    let mut meant = context.iter().filter(is_meant);
    meant.next().filter(|_| meant.next().is_none())
}

/// What is wrong with a value, after its name; and what to do.
fn words(kind: &Kind, instance: &Value) -> (String, Option<String>) {
    let mut help = None;
    let words = match kind {
        Kind::Type { kind } => format!("must be {}, found {}", types(kind), found_type(instance)),
        Kind::Enum { options } => {
            let texts: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
            let near = instance
                .as_str()
                .and_then(|text| closest(text, texts.iter().map(String::as_str)));
            help = near.map(|near| format!("did you mean `{near}`?"));
            let mut shown: Vec<String> = texts.iter().take(8).map(|text| format!("`{text}`")).collect();
            if texts.len() > 8 {
                shown.push(format!("{} more", texts.len() - 8));
            }
            format!("must be one of {}", shown.join(", "))
        }
        Kind::Constant { expected_value } => format!("must be `{}`", plain(expected_value)),
        Kind::Pattern { pattern } => format!("does not match `{pattern}`"),
        Kind::Format { format } => format!("is no {format}"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("needs at least {limit} characters"),
        Kind::MaxLength { limit } => format!("takes at most {limit} characters"),
        Kind::MinItems { limit } => format!("needs at least {limit} items"),
        Kind::MaxItems { limit } => format!("takes at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("takes at most {limit} items"),
        Kind::MinProperties { limit } => format!("needs at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("takes at most {limit} fields"),
        Kind::UniqueItems => "has an item twice".to_owned(),
        Kind::Contains => "has no item of the kind that it needs".to_owned(),
        Kind::FalseSchema => "must not be there".to_owned(),
        Kind::Not { .. } => "has a form that the schema forbids".to_owned(),
        Kind::OneOfMultipleValid { .. } => "fits several alternatives of which one is wanted".to_owned(),
        Kind::UnevaluatedItems { .. } => "has items that nothing describes".to_owned(),
        other => format!("does not fit (`{}`)", other.keyword()),
    };
    (words, help)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: jsonschema::JsonType| match kind.to_string().as_str() {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        _ => "null",
    };
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn found_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
