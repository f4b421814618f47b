//! A value and the way to it. Paths are written out only when something is found.

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node, Value};

use crate::schema::{push_index, push_key};

const DIALECT: Dialect = Dialect::Kubernetes;

/// A value inside an object. `null` counts as absent, as it does for the API server.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    node: Option<&'a Node>,
    /// The nearest value that is there: where a missing one would be added.
    near: &'a Node,
    /// Where the key stands, for a field.
    key_at: Option<Origin>,
    way: Way<'a>,
}

#[derive(Clone, Copy)]
enum Way<'a> {
    Root,
    Key(&'a str, &'a Cursor<'a>),
    Keys(&'a [&'a str], &'a Cursor<'a>),
    Index(usize, &'a Cursor<'a>),
}

impl<'a> Cursor<'a> {
    /// The object itself.
    pub(super) fn root(node: &'a Node) -> Self {
        Self {
            node: Some(node),
            near: node,
            key_at: None,
            way: Way::Root,
        }
    }

    /// The field of that name, there or not.
    pub(super) fn get(&'a self, key: &'a str) -> Cursor<'a> {
        let field = self
            .node
            .and_then(|node| node.field(key))
            .filter(|field| !field.value.is_null(DIALECT));
        Cursor {
            node: field.map(|field| &*field.value),
            near: field.map_or(self.near, |field| &*field.value),
            key_at: field.map(|field| field.key_at.0),
            way: Way::Key(key, self),
        }
    }

    /// The value at a path of keys, there or not.
    pub(super) fn path(&'a self, keys: &'a [&'a str]) -> Cursor<'a> {
        let mut now = *self;
        for key in keys {
            let field = now
                .node
                .and_then(|node| node.field(key))
                .filter(|field| !field.value.is_null(DIALECT));
            now.node = field.map(|field| &*field.value);
            now.near = field.map_or(now.near, |field| &*field.value);
            now.key_at = field.map(|field| field.key_at.0);
        }
        Cursor {
            way: Way::Keys(keys, self),
            ..now
        }
    }

    /// The items of a list.
    pub(super) fn items(&'a self) -> impl ExactSizeIterator<Item = Cursor<'a>> + 'a {
        let items = self.node.map_or(&[][..], Node::items);
        items.iter().enumerate().map(move |(index, item)| Cursor {
            node: Some(item),
            near: item,
            key_at: None,
            way: Way::Index(index, self),
        })
    }

    /// The fields of a map.
    pub(super) fn fields(&'a self) -> impl ExactSizeIterator<Item = (&'a str, Cursor<'a>)> + 'a {
        let fields = self.node.map_or(&[][..], Node::fields);
        fields.iter().map(move |field| {
            let cursor = Cursor {
                node: (!field.value.is_null(DIALECT)).then_some(&*field.value),
                near: &field.value,
                key_at: Some(field.key_at.0),
                way: Way::Key(field.name(), self),
            };
            (field.name(), cursor)
        })
    }

    /// True when there is a value other than null.
    pub(super) fn exists(&self) -> bool {
        self.node.is_some()
    }

    /// True for a map or list without content, and for what is not there.
    pub(super) fn is_empty(&self) -> bool {
        self.node.is_none_or(|node| {
            node.fields().is_empty() && node.items().is_empty() && node.as_scalar().is_none()
        })
    }

    /// The text, if it is a string.
    pub(super) fn str(&self) -> Option<&'a str> {
        self.node.and_then(|node| node.as_str(DIALECT))
    }

    /// The text of a string, `""` when absent.
    pub(super) fn text(&self) -> &'a str {
        self.str().unwrap_or_default()
    }

    /// The number, if it is an integer (integral floats count, as in JSON).
    pub(super) fn int(&self) -> Option<i64> {
        match DIALECT.read(self.node?.as_scalar()?) {
            Value::Int(number) => Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be integral and small")]
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(number as i64),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub(super) fn bool(&self) -> Option<bool> {
        match DIALECT.read(self.node?.as_scalar()?) {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The scalar's text, whatever its type.
    pub(super) fn raw(&self) -> Option<&'a str> {
        self.node.and_then(Node::text)
    }

    /// The value.
    pub(super) fn node(&self) -> Option<&'a Node> {
        self.node
    }

    /// The value's place; for what is not there, the nearest value around it.
    pub(super) fn at(&self) -> Origin {
        self.near.at
    }

    /// The key's place, or the value's where there is no key.
    pub(super) fn key_at(&self) -> Origin {
        self.key_at.unwrap_or(self.near.at)
    }

    /// The field's path.
    pub(super) fn field_path(&self) -> String {
        let mut path = String::new();
        self.write(&mut path);
        path
    }

    /// The path of a field below this value.
    pub(super) fn field_path_of(&self, field: &str) -> String {
        let mut path = self.field_path();
        push_key(&mut path, field);
        path
    }

    fn write(&self, path: &mut String) {
        match self.way {
            Way::Root => {}
            Way::Key(key, before) => {
                before.write(path);
                push_key(path, key);
            }
            Way::Keys(keys, before) => {
                before.write(path);
                for key in keys {
                    push_key(path, key);
                }
            }
            Way::Index(index, before) => {
                before.write(path);
                push_index(path, index);
            }
        }
    }
}
