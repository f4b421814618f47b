//! What a scalar means. Four readers disagree, so each is a dialect.

use crate::Scalar;

/// A reader of scalars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dialect {
    /// Kubernetes' own reader (sigs.k8s.io/yaml 1.6 over its go-yaml v2 fork): what the API server is sent.
    Kubernetes,
    /// kustomization files, `configurations`, plugin configs and JSON 6902 patches: YAML 1.1 (go-yaml v2).
    Kustomization,
    /// Resources and strategic merge patches as kustomize reads them: 1.2 core plus octal, binary, `_` (go-yaml v3).
    Resource,
    /// Values files of Helm charts.
    Helm,
}

/// What a scalar is. Text stays in the scalar.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer above `i64::MAX` that fits `u64`.
    Uint(u64),
    /// Any other number, infinities and NaN included.
    Float(f64),
    /// A date or timestamp (only some dialects have them).
    Timestamp,
    /// `!!binary` with valid base64.
    Binary,
    /// Text.
    String,
    /// An explicit tag that the text does not fit, or that the reader refuses.
    Invalid,
}

impl Dialect {
    /// What `scalar` means to this reader.
    pub fn read(self, scalar: &Scalar) -> Value {
        if !scalar.is_bare() {
            return Value::String;
        }
        match scalar.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text.parse().map_or(Value::String, Value::Int),
        }
    }
}
