//! The six operations.

use std::sync::Arc;

use deconflict_files::{Action, Step};
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar};

use super::pointer::{Pointer, existing, number, position};
use super::{Operation, canonical};
use crate::{Problem, emit};

/// `body` with the operations applied. Values that the patch brings have its places; what they replace is in the trail.
///
/// # Errors
/// In the library's words, at the operation.
pub(in crate::merge) fn apply(
    body: &Arc<Node>,
    operations: &[Operation],
    by: &'static str,
) -> Result<Arc<Node>, Problem> {
    let mut document = Document {
        root: canonical::object(body)?,
        by,
    };
    for operation in operations {
        document
            .apply(operation)
            .map_err(|message| Problem::build(message).at(operation.at))?;
    }
    if !document.root.is_map() {
        let message = "json: cannot unmarshal array into Go value of type map[string]interface {}";
        return Err(Problem::build(message).at(document.root.at));
    }
    check_texts(&document.root)?;
    Ok(document.root)
}

/// The patched object is written as YAML and read again, which some texts do not survive.
fn check_texts(node: &Node) -> Result<(), Problem> {
    match &node.kind {
        Kind::Scalar(scalar) if emit::is_unreadable(&scalar.text) => {
            Err(Problem::build(emit::UNREADABLE).at(node.at))
        }
        Kind::Scalar(_) => Ok(()),
        Kind::List(items) => items.iter().try_for_each(|item| check_texts(item)),
        Kind::Map(fields) => fields.iter().try_for_each(|field| check_texts(&field.value)),
    }
}

struct Document {
    root: Arc<Node>,
    by: &'static str,
}

impl Document {
    fn apply(&mut self, operation: &Operation) -> Result<(), String> {
        match operation.op.as_deref().unwrap_or("unknown") {
            "add" => self.add(operation),
            "remove" => self.remove(operation),
            "replace" => self.replace(operation),
            "move" => self.move_value(operation),
            "test" => self.test(operation),
            "copy" => self.copy(operation),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn add(&mut self, operation: &Operation) -> Result<(), String> {
        let path = path_of(operation, "add")?;
        let missing =
            || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
        let pointer = Pointer::new(path).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        put(container, &pointer.key, value_of(operation), self.by)
            .map_err(|cause| format!("error in add for path: '{path}': {cause}"))
    }

    fn remove(&mut self, operation: &Operation) -> Result<(), String> {
        let path = path_of(operation, "remove")?;
        let missing =
            || format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
        let pointer = Pointer::new(path).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        take(container, &pointer.key)
            .map(drop)
            .map_err(|cause| format!("error in remove for path: '{path}': {cause}"))
    }

    fn replace(&mut self, operation: &Operation) -> Result<(), String> {
        let path = path_of(operation, "replace")?;
        let value = value_of(operation);
        if path.is_empty() {
            if value.as_scalar().is_some() {
                // The library builds an error from no cause, and that is none.
                return Ok(());
            }
            self.root = self.in_place_of(&self.root, value);
            return Ok(());
        }
        let missing =
            || format!("replace operation does not apply: doc is missing path: {path}: missing value");
        let pointer = Pointer::new(path).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        match &mut container.kind {
            // A key that is not there is added.
            Kind::Map(_) => put(container, &pointer.key, value, self.by),
            Kind::List(items) => {
                let at = existing(&pointer.key, items.len()).map_err(|_| {
                    format!("replace operation does not apply: doc is missing key: {path}: missing value")
                })?;
                items[at] = replacement(&items[at], value, self.by);
                Ok(())
            }
            Kind::Scalar(_) => Err(missing()),
        }
    }

    fn move_value(&mut self, operation: &Operation) -> Result<(), String> {
        let from = operation
            .from
            .as_deref()
            .ok_or("move operation failed to decode from: missing value")?;
        let missing =
            || format!("move operation does not apply: doc is missing from path: {from}: missing value");
        let pointer = Pointer::new(from).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        let value = take(container, &pointer.key)
            .map_err(|cause| format!("error in move for path: '{}': {cause}", pointer.key))?;
        let value = self.moved(&value, operation);
        let path = path_of(operation, "move")?;
        let missing = || {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        };
        let pointer = Pointer::new(path).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        put(container, &pointer.key, value, self.by)
            .map_err(|cause| format!("error in move for path: '{path}': {cause}"))
    }

    fn copy(&mut self, operation: &Operation) -> Result<(), String> {
        let from = operation
            .from
            .as_deref()
            .ok_or("copy operation failed to decode from: missing value")?;
        let missing =
            || format!("copy operation does not apply: doc is missing from path: {from}: missing value");
        let pointer = Pointer::new(from).ok_or_else(missing)?;
        let container = pointer.container(&self.root).ok_or_else(missing)?;
        let value = peek(container, &pointer.key)
            .map_err(|cause| format!("error in copy for from: '{from}': {cause}"))?;
        let value = match value {
            Some(value) => self.moved(&value, operation),
            None => null(operation),
        };
        let path = path_of(operation, "copy")?;
        let missing = || {
            format!("copy operation does not apply: doc is missing destination path: {path}: missing value")
        };
        let pointer = Pointer::new(path).ok_or_else(missing)?;
        let container = pointer.container_mut(&mut self.root).ok_or_else(missing)?;
        put(container, &pointer.key, value, self.by)
            .map_err(|cause| format!("error while adding value during copy: {cause}"))
    }

    fn test(&self, operation: &Operation) -> Result<(), String> {
        let path = path_of(operation, "test")?;
        let failed = || format!("testing path {path} failed: test failed");
        let wanted = operation
            .value
            .as_ref()
            .filter(|value| !value.is_null(Dialect::Resource));
        let found = if path.is_empty() {
            Some(Arc::clone(&self.root))
        } else {
            let missing = || format!("test operation does not apply: is missing path: {path}: missing value");
            let pointer = Pointer::new(path).ok_or_else(missing)?;
            let container = pointer.container(&self.root).ok_or_else(missing)?;
            peek(container, &pointer.key)
                .map_err(|cause| format!("error in test for path: '{path}': {cause}"))?
        };
        let found = found.filter(|value| !value.is_null(Dialect::Resource));
        let is_equal = match (found, wanted) {
            // Without a value to compare with, the library crashes.
            (None, None) => operation.value.is_some(),
            (Some(found), Some(wanted)) => equal(&found, wanted),
            _ => false,
        };
        if is_equal { Ok(()) } else { Err(failed()) }
    }

    fn in_place_of(&self, before: &Arc<Node>, value: Arc<Node>) -> Arc<Node> {
        replacement(before, value, self.by)
    }

    /// A value at its new place: what stood there stays the text to edit, the operation is in the trail.
    fn moved(&self, value: &Arc<Node>, operation: &Operation) -> Arc<Node> {
        let via = Step::new(Action::Patched, self.by, operation.at, value.via.as_ref());
        Arc::new(Node {
            via: Some(via),
            ..(**value).clone()
        })
    }
}

fn path_of<'o>(operation: &'o Operation, name: &str) -> Result<&'o str, String> {
    operation
        .path
        .as_deref()
        .ok_or_else(|| format!("{name} operation failed to decode path: missing value"))
}

fn value_of(operation: &Operation) -> Arc<Node> {
    operation.value.clone().unwrap_or_else(|| null(operation))
}

fn null(operation: &Operation) -> Arc<Node> {
    Arc::new(Node::scalar(Scalar::plain("null"), operation.at))
}

/// `value` with a trail that leads to what it replaces.
fn replacement(before: &Node, value: Arc<Node>, by: &'static str) -> Arc<Node> {
    let mut value = value;
    let at = before.at;
    Arc::make_mut(&mut value).via = Some(Step::new(Action::Patched, by, at, before.via.as_ref()));
    value
}

/// Set a key of a map, or insert into a list.
fn put(container: &mut Node, key: &str, value: Arc<Node>, by: &'static str) -> Result<(), String> {
    match &mut container.kind {
        Kind::Map(fields) => {
            if let Some(field) = fields.iter_mut().find(|field| field.key.text == key) {
                field.value = replacement(&field.value, value, by);
            } else {
                let at = value.at;
                fields.push(Field {
                    key: canonical::key(key),
                    ..Field::new("", at, value)
                });
            }
            Ok(())
        }
        Kind::List(items) if key == "-" => {
            items.push(value);
            Ok(())
        }
        Kind::List(items) => {
            let index = number(key)
                .map_err(|cause| format!("value was not a proper array index: '{key}': {cause}"))?;
            let places = items.len() + 1;
            let at = position(index, places, places)?;
            items.insert(at, value);
            Ok(())
        }
        Kind::Scalar(_) => Err("missing value".to_owned()),
    }
}

/// Take a value out of a map or list.
fn take(container: &mut Node, key: &str) -> Result<Arc<Node>, String> {
    match &mut container.kind {
        Kind::Map(fields) => {
            let at = fields.iter().position(|field| field.key.text == key);
            let at = at.ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))?;
            Ok(fields.remove(at).value)
        }
        Kind::List(items) => {
            let at = existing(key, items.len())?;
            Ok(items.remove(at))
        }
        Kind::Scalar(_) => Err("missing value".to_owned()),
    }
}

/// A value of a map or list; a map has nothing at a key that is not there, a list fails.
fn peek(container: &Node, key: &str) -> Result<Option<Arc<Node>>, String> {
    match &container.kind {
        Kind::Map(_) => Ok(container.get(key).cloned()),
        Kind::List(items) => existing(key, items.len()).map(|at| items.get(at).cloned()),
        Kind::Scalar(_) => Ok(None),
    }
}

/// Equal as JSON; both are in canonical form.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => {
            a.text == b.text && Dialect::Resource.read(a) == Dialect::Resource.read(b)
        }
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Kind::Map(fields), Kind::Map(others)) => {
            fields.len() == others.len()
                && fields.iter().all(|field| {
                    b.get(field.name())
                        .is_some_and(|other| equal(&field.value, other))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{parsed, places};
    use super::super::operation;
    use super::*;

    /// The patched object and where its changed values stand, or the error.
    #[track_caller]
    fn check(operations: &str, expected: &str, expected_places: &str) {
        let files = deconflict_files::Files::new();
        let object = "kind: A\nl: [a, b]\nm: {x: 1, big: 12345678901234567, day: 2020-01-01}\ns: text\n";
        let object = parsed(&files, "t", object);
        let operations = parsed(&files, "p", operations);
        let operations: Result<Vec<_>, _> = operations.items().iter().map(|item| operation(item)).collect();
        let patched = operations.and_then(|operations| apply(&object, &operations, "patches"));
        let text = match &patched {
            Ok(patched) => emit::emit(std::iter::once(patched)).expect("an object"),
            Err(problem) => problem.full(),
        };
        assert_eq!(text, expected);
        let moved = patched
            .ok()
            .map(|patched| places(&files, &patched))
            .unwrap_or_default();
        assert_eq!(moved, expected_places);
    }

    const REST: &str = "m:\n  big: 12345678901234568\n  day: \"2020-01-01T00:00:00Z\"\n  x: 1\ns: text\n";

    #[test]
    fn operations() {
        check("[]", &format!("kind: A\nl:\n- a\n- b\n{REST}"), "");
        let add = "- {op: add, path: /l/-, value: c}\n- {op: replace, path: /kind, value: yes}";
        check(
            add,
            &format!("kind: true\nl:\n- a\n- b\n- c\n{REST}"),
            "kind: p2<t1\nl.2: p1\n",
        );
        check(
            "- {op: remove, path: /l/-1}",
            &format!("kind: A\nl:\n- a\n{REST}"),
            "",
        );
        check(
            "- {op: replace, path: /new, value: 1}",
            &format!("kind: A\nl:\n- a\n- b\n{REST}").replace("s: t", "new: 1\ns: t"),
            "new: p1\n",
        );
        check(
            "- {op: move, from: /s, path: /l/0}",
            &format!("kind: A\nl:\n- text\n- a\n- b\n{REST}").replace("s: text\n", ""),
            "l.0: t4<p1\n",
        );
        check(
            "- {op: test, path: /m/x, value: 1}\n- {op: test, path: /no, value: null}",
            &format!("kind: A\nl:\n- a\n- b\n{REST}"),
            "",
        );
        check("- {op: replace, path: '', value: {a: 1}}", "a: 1\n", "a: p1<t1\n");
    }

    #[test]
    fn refusals() {
        check(
            "- {op: add, path: /no/such, value: 1}",
            "add operation does not apply: doc is missing path: \"/no/such\": missing value",
            "",
        );
        check(
            "- {op: add, path: /l/4, value: 1}",
            "error in add for path: '/l/4': Unable to access invalid index: 4: invalid index referenced",
            "",
        );
        check(
            "- {op: remove, path: /nope}",
            "error in remove for path: '/nope': Unable to remove nonexistent key: nope: missing value",
            "",
        );
        check(
            "- {op: test, path: /s, value: other}",
            "testing path /s failed: test failed",
            "",
        );
        check("- {path: /s}", "Unexpected kind: unknown", "");
        check(
            "- {op: replace, path: '', value: [1]}",
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
            "",
        );
    }
}
