//! The last step of a build: annotations are strings.

use std::sync::Arc;

use deconflict_yaml::{Dialect, Kind, Node, Scalar, Style, Value};

use super::folded;
use super::scalar::is_surely_text;
use crate::Problem;

/// `body` with every annotation as a string (its text as written in the source) and without a
/// `metadata.annotations` that is empty, null or a scalar (trap 6). The same tree when there is nothing to do.
///
/// # Errors
/// kustomize writes the keys anew and bare, so a key that then reads as no string fails the build; so does a list.
pub(crate) fn annotations_as_strings(body: &Arc<Node>) -> Result<Arc<Node>, Problem> {
    let Some(annotations) = body.at_path(&["metadata", "annotations"]) else {
        return Ok(Arc::clone(body));
    };
    let is_empty = match &annotations.kind {
        Kind::Map(fields) => fields.is_empty(),
        Kind::Scalar(_) => true,
        Kind::List(items) if items.is_empty() => true,
        Kind::List(_) => {
            // kustomize 5.5.0 takes the items for keys and values in turn, and crashes on an odd number.
            return Err(Problem::build("wrong node kind: metadata.annotations is a list").at(annotations.at));
        }
    };
    if is_empty {
        let mut changed = Arc::clone(body);
        if let Some(metadata) = Arc::make_mut(&mut changed).get_mut("metadata") {
            metadata.remove("annotations");
        }
        return Ok(changed);
    }
    let mut is_done = true;
    for field in annotations.fields() {
        let bare = Scalar::plain(field.key.text.clone());
        if !is_surely_text(&bare) && Dialect::Resource.read(&bare) != Value::String {
            let message = "json: unsupported type: map[interface {}]interface {}";
            return Err(Problem::build(message).at(field.key_at.0));
        }
        if field.value.text().is_some_and(folded::is_unreadable) {
            return Err(Problem::build(folded::UNREADABLE).at(field.value.at));
        }
        is_done &= field.key.is_bare() && is_string(&field.value);
    }
    if is_done {
        return Ok(Arc::clone(body));
    }
    let mut changed = Arc::clone(body);
    let metadata = Arc::make_mut(&mut changed).get_mut("metadata");
    let fields = metadata
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(Node::fields_mut);
    for field in fields.into_iter().flatten() {
        field.key = Scalar::plain(field.key.text.clone());
        if !is_string(&field.value) {
            let value = Arc::make_mut(&mut field.value);
            // A list or map has no text of its own; Go's node value is then empty.
            let text = value.text().unwrap_or_default().into();
            value.kind = Kind::Scalar(Scalar {
                text,
                ..Scalar::string("")
            });
        }
    }
    Ok(changed)
}

fn is_string(value: &Node) -> bool {
    // A folded text loses its style with the rest of the node, and so escapes what becomes of folded texts.
    value.as_scalar().is_some_and(|scalar| {
        scalar.style != Style::Folded
            && (is_surely_text(scalar) || Dialect::Resource.read(scalar) == Value::String)
    })
}
