//! Reading fields as Kubernetes reads them.

use deconflict_yaml::{Dialect, Node, Value};

/// The text at a path of map keys; `None` when it is missing, null or no scalar.
pub fn text_at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(text_of)
}

/// The text of a scalar that is not null.
pub fn text_of(node: &Node) -> Option<&str> {
    node.text().filter(|_| !node.is_null(Dialect::Kubernetes))
}

/// The integer at a path; floats without fraction count, as in JSON.
pub fn int_at(node: &Node, path: &[&str]) -> Option<i64> {
    node.at_path(path).and_then(int_of)
}

/// The integer that a scalar is.
pub fn int_of(node: &Node) -> Option<i64> {
    match Dialect::Kubernetes.read(node.as_scalar()?) {
        Value::Int(value) => Some(value),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and within 2^53"
        )]
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 => {
            Some(value as i64)
        }
        _ => None,
    }
}

/// The boolean at a path.
pub fn bool_at(node: &Node, path: &[&str]) -> Option<bool> {
    match Dialect::Kubernetes.read(node.at_path(path)?.as_scalar()?) {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

/// The items of the list at a path; empty for anything else.
pub fn items_at<'n>(node: &'n Node, path: &[&str]) -> impl Iterator<Item = &'n Node> + use<'n> {
    node.at_path(path)
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .map(|item| &**item)
}
