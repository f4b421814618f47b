//! Changing kustomization files and engine objects as trees.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::{Dialect, Field, Kind, Library, Node, Scalar, Value, resolve_merges};

use crate::survey::KUSTOMIZATION_FILES;

/// The content of the kustomization file in `directory`; `None` when it has none or the file cannot be read.
pub(crate) fn kustomization(library: &Library, directory: &RepoPath) -> Option<Node> {
    let loaded = KUSTOMIZATION_FILES
        .iter()
        .filter_map(|name| directory.join(name))
        .find_map(|path| library.load(&path).ok())?;
    let parsed = loaded.parsed();
    if parsed.problems.iter().any(|problem| problem.kind.is_fatal()) {
        return None;
    }
    let root = parsed
        .documents
        .iter()
        .find_map(|document| document.root.as_ref());
    match root {
        Some(root) if root.is_map() => {
            Some(Node::clone(&*resolve_merges(root, Dialect::Kustomization).ok()?))
        }
        Some(_) => None,
        None => Some(Node::map(deconflict_files::Origin::start_of(loaded.file))),
    }
}

/// Add `items` to the end of the list `name`, which is made when it is missing.
pub(crate) fn append(node: &mut Node, name: &str, items: &[Arc<Node>]) {
    let Some(first) = items.first() else { return };
    let at = first.at;
    let existing = node
        .get(name)
        .map(|list| list.items().to_vec())
        .unwrap_or_default();
    let all = existing.into_iter().chain(items.iter().cloned()).collect();
    let at = node
        .get(name)
        .filter(|list| list.is_list())
        .map_or(at, |list| list.at);
    node.set(name, at, Node::new(Kind::List(all), at));
}

/// Set the field `name` to a copy of `value` of an engine's object.
pub(crate) fn put(node: &mut Node, name: &str, value: &Arc<Node>) {
    node.set(name, value.at, as_typed(value));
}

/// A value of an object with its texts marked as such: engines write it back with quotes where a kustomization file
/// would read something else (`n`, `0o7`).
pub(crate) fn as_typed(node: &Arc<Node>) -> Arc<Node> {
    rewrite(node, &mut |scalar| {
        let is_text = scalar.is_bare() && matches!(Dialect::Kubernetes.read(scalar), Value::String);
        is_text.then(|| Scalar::string(scalar.text.clone()))
    })
}

/// Set the field `name` to text that stands at `like`.
pub(crate) fn put_text(node: &mut Node, name: &str, text: &str, like: &Node) {
    node.set(name, like.at, Node::scalar(Scalar::string(text), like.at));
}

/// `patch` laid over `node` as RFC 7396 says: maps are merged, null removes, anything else replaces.
pub(crate) fn merge(node: &Arc<Node>, patch: &Arc<Node>) -> Arc<Node> {
    if !patch.is_map() {
        return Arc::clone(patch);
    }
    let mut merged = if node.is_map() {
        Node::clone(node)
    } else {
        Node::map(patch.at)
    };
    for field in patch.fields() {
        if field.value.is_null(Dialect::Kubernetes) {
            merged.remove(field.name());
            continue;
        }
        let value = match merged.get(field.name()) {
            Some(old) => merge(old, &field.value),
            None => merge(&Arc::new(Node::map(field.value.at)), &field.value),
        };
        merged.set(field.name(), field.key_at.0, value);
    }
    Arc::new(merged)
}

/// The tree with every scalar and every key passed through `change`, which returns `None` for what stays.
pub(crate) fn rewrite(node: &Arc<Node>, change: &mut dyn FnMut(&Scalar) -> Option<Scalar>) -> Arc<Node> {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => match change(scalar) {
            Some(scalar) => Kind::Scalar(scalar),
            None => return Arc::clone(node),
        },
        Kind::List(items) => Kind::List(items.iter().map(|item| rewrite(item, change)).collect()),
        Kind::Map(fields) => {
            let field = |field: &Field| Field {
                key: change(&field.key).unwrap_or_else(|| field.key.clone()),
                key_at: field.key_at,
                value: rewrite(&field.value, change),
            };
            Kind::Map(fields.iter().map(field).collect())
        }
    };
    Arc::new(Node {
        at: node.at,
        via: node.via.clone(),
        kind,
    })
}
