//! Reading configuration maps the way Go's JSON decoder reads them after the YAML 1.1 reader.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Node, Scalar, Value};
use smol_str::{SmolStr, ToSmolStr};

use crate::Problem;

/// A text with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sourced {
    /// The text.
    pub(crate) text: SmolStr,
    /// Where it is written.
    pub(crate) at: Origin,
}

/// One map that becomes a Go struct.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'n> {
    node: &'n Node,
    /// Name of the Go struct, for messages.
    of: &'static str,
}

impl<'n> Reader<'n> {
    /// `node` read as the struct `of`; anything but a map (or null, which is an empty struct) is an error.
    pub(crate) fn new(node: &'n Node, of: &'static str) -> Result<Self, Problem> {
        if node.is_map() || node.is_null(Dialect::Kustomization) {
            return Ok(Self { node, of });
        }
        let message = format!(
            "json: cannot unmarshal {} into Go value of type types.{of}",
            json_type(node)
        );
        Err(Problem::build(message).at(node.at))
    }

    /// Where the map is written.
    pub(crate) fn at(&self) -> Origin {
        self.node.at
    }

    /// Where the name of a field stands whose value is not null.
    pub(crate) fn place(&self, name: &str) -> Option<Origin> {
        let value = self.value(name)?;
        let fields = self.node.fields().iter();
        let field = fields
            .into_iter()
            .rfind(|field| Arc::ptr_eq(&field.value, value))?;
        Some(field.key_at.0)
    }

    /// The value of a field that is not null. Names match in any case.
    pub(crate) fn value(&self, name: &str) -> Option<&'n Arc<Node>> {
        // Go sets a field once per key, and its JSON has the keys sorted.
        let matching = self
            .node
            .fields()
            .iter()
            .filter(|field| field.name().eq_ignore_ascii_case(name));
        let found = matching.max_by(|left, right| left.name().cmp(right.name()))?;
        (!found.value.is_null(Dialect::Kustomization)).then_some(&found.value)
    }

    /// Fail for any field that is not one of `names`, as strict decoding does.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Problem> {
        let known = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match self.node.fields().iter().find(|field| !known(field.name())) {
            Some(field) => {
                let message = format!("json: unknown field \"{}\"", field.name());
                Err(Problem::build(message).at(field.key_at.0))
            }
            None => Ok(()),
        }
    }

    /// A text field.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Sourced>, Problem> {
        self.value(name)
            .map(|value| self.as_text(value, name))
            .transpose()
    }

    /// A text field, empty when absent.
    pub(crate) fn text_or_empty(&self, name: &str) -> Result<SmolStr, Problem> {
        Ok(self.text(name)?.map(|text| text.text).unwrap_or_default())
    }

    /// A boolean field, false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(false);
        };
        match value
            .as_scalar()
            .map(|scalar| Dialect::Kustomization.read(scalar))
        {
            Some(Value::Bool(flag)) => Ok(flag),
            _ => Err(self.mismatch(value, name, "bool")),
        }
    }

    /// An integer field.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value
            .as_scalar()
            .map(|scalar| Dialect::Kustomization.read(scalar))
        {
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Float(number)) if is_whole(number) =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "checked to be whole and below 2^53"
                )]
                Ok(Some(number as i64))
            }
            _ => Err(self.mismatch(value, name, "int64")),
        }
    }

    /// A list field, empty when absent.
    pub(crate) fn list(&self, name: &str, of: &str) -> Result<&'n [Arc<Node>], Problem> {
        match self.value(name) {
            None => Ok(&[]),
            Some(value) => match &value.kind {
                Kind::List(items) => Ok(items),
                _ => Err(self.mismatch(value, name, &format!("[]{of}"))),
            },
        }
    }

    /// A list of texts, empty when absent.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<Sourced>, Problem> {
        self.list(name, "string")?
            .iter()
            .map(|item| self.as_text(item, name))
            .collect()
    }

    /// A map of texts, sorted by key, empty when absent.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(SmolStr, Sourced)>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(Vec::new());
        };
        let Kind::Map(fields) = &value.kind else {
            return Err(self.mismatch(value, name, "map[string]string"));
        };
        let mut pairs = BTreeMap::new();
        for field in fields {
            let key = key_text(&field.key)
                .ok_or_else(|| Problem::build("error converting YAML to JSON").at(field.key_at.0))?;
            let text = if field.value.is_null(Dialect::Kustomization) {
                Sourced {
                    text: SmolStr::default(),
                    at: field.value.at,
                }
            } else {
                self.as_text(&field.value, name)?
            };
            pairs.insert(key, text);
        }
        Ok(pairs.into_iter().collect())
    }

    fn as_text(&self, value: &Arc<Node>, name: &str) -> Result<Sourced, Problem> {
        let read = value
            .as_scalar()
            .map(|scalar| Dialect::Kustomization.read(scalar));
        match (read, value.text()) {
            (Some(Value::String | Value::Timestamp), Some(text)) => Ok(Sourced {
                text: text.into(),
                at: value.at,
            }),
            (Some(Value::Null), _) => Ok(Sourced {
                text: SmolStr::default(),
                at: value.at,
            }),
            // Kustomizations are checked before. Plugins may write scalars of other types, which become texts.
            (Some(Value::Bool(flag)), _) => Ok(Sourced {
                text: SmolStr::new_static(if flag { "true" } else { "false" }),
                at: value.at,
            }),
            (Some(Value::Int(_) | Value::Uint(_) | Value::Float(_)), Some(text)) => Ok(Sourced {
                text: text.into(),
                at: value.at,
            }),
            _ => Err(self.mismatch(value, name, "string")),
        }
    }

    fn mismatch(&self, value: &Node, name: &str, wanted: &str) -> Problem {
        let (found, of) = (json_type(value), self.of);
        let message =
            format!("json: cannot unmarshal {found} into Go struct field {of}.{name} of type {wanted}");
        Problem::build(message).at(value.at)
    }
}

/// A key as it stands after YAML 1.1 to JSON; `None` for keys that JSON cannot have.
fn key_text(key: &Scalar) -> Option<SmolStr> {
    match Dialect::Kustomization.read(key) {
        Value::Bool(flag) => Some(SmolStr::new_static(if flag { "true" } else { "false" })),
        Value::Int(number) => Some(number.to_smolstr()),
        Value::Uint(number) => Some(number.to_smolstr()),
        Value::Null => None,
        _ => Some(key.text.clone()),
    }
}

/// True for floats that JSON writes like an integer.
fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0
}

/// What the JSON decoder calls the type of a value.
fn json_type(node: &Node) -> &'static str {
    match &node.kind {
        Kind::List(_) => "array",
        Kind::Map(_) => "object",
        Kind::Scalar(scalar) => match Dialect::Kustomization.read(scalar) {
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::Null => "null",
            _ => "string",
        },
    }
}
