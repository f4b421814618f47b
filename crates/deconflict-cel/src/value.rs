//! Values that expressions see.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cel::objects::{Key, Map, OptionalValue};

/// A value as an expression sees it.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Double(f64),
    /// Text.
    String(String),
    /// Bytes in base64; a text that is none stays a string.
    Base64(String),
    /// RFC 3339; a text that is none stays a string.
    Time(String),
    /// A duration such as `1h30m`, in nanoseconds.
    Duration(i64),
    /// A value that may be missing, as `optional` of the language.
    Optional(Option<Box<Value>>),
    /// A list.
    List(Vec<Value>),
    /// A map or an object; the last of equal keys counts.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The length of the longest list or map in it, and of the longest text.
    pub(crate) fn widest(&self) -> (usize, usize) {
        let join = |a: (usize, usize), b: (usize, usize)| (a.0.max(b.0), a.1.max(b.1));
        match self {
            Self::String(text) | Self::Base64(text) => (0, text.len()),
            Self::Optional(Some(value)) => value.widest(),
            Self::List(items) => items.iter().map(Self::widest).fold((items.len(), 0), join),
            Self::Map(fields) => fields
                .iter()
                .map(|(_, value)| value.widest())
                .fold((fields.len(), 0), join),
            _ => (0, 0),
        }
    }

    /// For the engine.
    pub(crate) fn to_engine(&self) -> cel::Value {
        match self {
            Self::Null => cel::Value::Null,
            Self::Bool(value) => cel::Value::Bool(*value),
            Self::Int(value) => cel::Value::Int(*value),
            Self::Double(value) => cel::Value::Float(*value),
            Self::String(text) => cel::Value::String(Arc::new(text.clone())),
            Self::Base64(text) => match STANDARD.decode(text) {
                Ok(bytes) => cel::Value::Bytes(Arc::new(bytes)),
                Err(_) => cel::Value::String(Arc::new(text.clone())),
            },
            Self::Time(text) => match chrono::DateTime::parse_from_rfc3339(text) {
                Ok(time) => cel::Value::Timestamp(time),
                Err(_) => cel::Value::String(Arc::new(text.clone())),
            },
            Self::Duration(nanoseconds) => cel::Value::Duration(chrono::Duration::nanoseconds(*nanoseconds)),
            Self::Optional(value) => {
                let value = value.as_ref().map(|value| value.to_engine());
                let optional = value.map_or_else(OptionalValue::none, OptionalValue::of);
                cel::Value::Opaque(Arc::new(optional))
            }
            Self::List(items) => cel::Value::List(Arc::new(items.iter().map(Self::to_engine).collect())),
            Self::Map(fields) => {
                let map: HashMap<Key, cel::Value> = fields
                    .iter()
                    .map(|(key, value)| (Key::from(key.as_str()), value.to_engine()))
                    .collect();
                cel::Value::Map(Map { map: Arc::new(map) })
            }
        }
    }
}
