//! The tree.

use std::sync::Arc;

use deconflict_files::{Origin, Step};

use crate::{Dialect, Scalar, Value};

/// A value with the text that a person would edit to change it (`at`) and the trail of who moved it (`via`).
/// Equality compares content, style and tags, never places: see the manual implementation.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where to edit. For a scalar its own text; for a list or map the range from first to last child.
    pub at: Origin,
    /// Who moved or set it, newest first; `None` for a value that is used where it stands.
    pub via: Option<Arc<Step>>,
    /// The value.
    pub kind: Kind,
}

/// The three shapes of a value. Null is a scalar (empty, `~`, `null`): which spellings count is the dialect's say.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Text that has not been interpreted yet.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Arc<Node>>),
    /// A mapping in source order. Keys may repeat (the parser says so); [`Node::get`] finds the first.
    Map(Vec<Field>),
}

/// One key and its value.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// The key as written. Keys that are lists or maps are refused by the parser.
    pub key: Scalar,
    /// Where the key stands. Not part of equality.
    pub key_at: KeyAt,
    /// The value.
    pub value: Arc<Node>,
}

/// The place of a key; all places are equal to each other, so that fields compare by content.
#[derive(Clone, Copy, Debug)]
pub struct KeyAt(pub Origin);

impl PartialEq for KeyAt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Field {
    /// A field whose key is plain text.
    pub fn new(key: &str, key_at: Origin, value: impl Into<Arc<Node>>) -> Self {
        Self {
            key: Scalar::plain(key),
            key_at: KeyAt(key_at),
            value: value.into(),
        }
    }

    /// The text of the key.
    pub fn name(&self) -> &str {
        &self.key.text
    }
}

impl Node {
    /// A node without a trail.
    pub fn new(kind: Kind, at: Origin) -> Self {
        Self { at, via: None, kind }
    }

    /// A scalar without a trail.
    pub fn scalar(scalar: Scalar, at: Origin) -> Self {
        Self::new(Kind::Scalar(scalar), at)
    }

    /// An empty map.
    pub fn map(at: Origin) -> Self {
        Self::new(Kind::Map(Vec::new()), at)
    }

    /// True when `other`, which is equal, also stands at the same places and came there in the same way.
    pub fn stands_as(&self, other: &Node) -> bool {
        let alike = |a: &Arc<Node>, b: &Arc<Node>| Arc::ptr_eq(a, b) || a.stands_as(b);
        self.at == other.at
            && self.via == other.via
            && match (&self.kind, &other.kind) {
                (Kind::Scalar(_), Kind::Scalar(_)) => true,
                (Kind::List(a), Kind::List(b)) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
                }
                (Kind::Map(a), Kind::Map(b)) => {
                    let alike =
                        |(a, b): (&Field, &Field)| a.key_at.0 == b.key_at.0 && alike(&a.value, &b.value);
                    a.len() == b.len() && a.iter().zip(b).all(alike)
                }
                _ => false,
            }
    }

    /// The fields; empty for anything but a map.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The items; empty for anything but a list.
    pub fn items(&self) -> &[Arc<Node>] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// True for a map.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// True for a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_))
    }

    /// The field of that name; the first, when a key repeats.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.key.text == name)
    }

    /// The value of that name; the first, when a key repeats.
    pub fn get(&self, name: &str) -> Option<&Arc<Node>> {
        self.field(name).map(|field| &field.value)
    }

    /// The value at a path of map keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter()
            .try_fold(self, |node, name| node.get(name).map(|node| &**node))
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar as written, whatever it means.
    pub fn text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The text, if the dialect reads the scalar as a string.
    pub fn as_str(&self, dialect: Dialect) -> Option<&str> {
        match self.as_scalar().map(|scalar| dialect.read(scalar)) {
            Some(Value::String) => self.text(),
            _ => None,
        }
    }

    /// True when the dialect reads it as null. Lists and maps never are.
    pub fn is_null(&self, dialect: Dialect) -> bool {
        self.as_scalar()
            .is_some_and(|scalar| dialect.read(scalar) == Value::Null)
    }

    /// For changing a map in place; `None` for anything else.
    pub fn fields_mut(&mut self) -> Option<&mut Vec<Field>> {
        match &mut self.kind {
            Kind::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// For changing a list in place; `None` for anything else.
    pub fn items_mut(&mut self) -> Option<&mut Vec<Arc<Node>>> {
        match &mut self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// For changing the value of a key in place; copies the value if it is shared.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        let field = self
            .fields_mut()?
            .iter_mut()
            .find(|field| field.key.text == name)?;
        Some(Arc::make_mut(&mut field.value))
    }

    /// Set `name` to `value`: the first field of that name keeps its key, a new one goes to the end.
    /// Does nothing to anything but a map.
    pub fn set(&mut self, name: &str, key_at: Origin, value: impl Into<Arc<Node>>) {
        let Some(fields) = self.fields_mut() else { return };
        match fields.iter_mut().find(|field| field.key.text == name) {
            Some(field) => field.value = value.into(),
            None => fields.push(Field::new(name, key_at, value)),
        }
    }

    /// Remove all fields of that name.
    pub fn remove(&mut self, name: &str) {
        if let Some(fields) = self.fields_mut() {
            fields.retain(|field| field.key.text != name);
        }
    }
}
