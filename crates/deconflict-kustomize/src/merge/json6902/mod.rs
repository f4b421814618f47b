//! JSON 6902 patches, as the library of 2020 applies them that kustomize 5.5.0 still uses
//! (evanphx/json-patch v4; kustomize.md section 7).

mod apply;
mod canonical;
mod pointer;
mod syntax;

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node, ProblemKind, resolve_merges};

pub(super) use apply::apply;

use super::entry::PatchText;
use crate::Problem;

/// One operation of a patch. Fields of a wrong type fail only when the operation is applied.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// Where it is written.
    pub(super) at: Origin,
    /// `op`; none when absent or no string.
    op: Option<String>,
    path: Option<String>,
    from: Option<String>,
    /// `value` in canonical form; none when absent.
    value: Option<Arc<Node>>,
}

/// The operations in `text`.
///
/// # Errors
/// Text that is no list of maps, and an empty text. No operations are no error.
pub(super) fn read(text: &PatchText) -> Result<Vec<Operation>, Problem> {
    if text.text.is_empty() {
        return Err(Problem::build("empty json patch operations").at(text.at));
    }
    let is_json = text.text.starts_with('[');
    if is_json && let Err(offset) = syntax::check(&text.text) {
        return Err(Problem::build(format!("invalid character in JSON at byte {offset}")).at(text.at));
    }
    let parsed = text.parsed();
    let first = parsed.documents.iter().find(|document| document.index == 0);
    if let Some(problem) = parsed.problems.iter().find(|problem| {
        let kind = &problem.kind;
        // What YAML 1.1 refuses besides, JSON allows.
        let is_refused = if is_json {
            kind.is_fatal()
        } else {
            kind.is_refused_by(Dialect::Kustomization)
        };
        problem.document == 0 && is_refused
    }) {
        let words = match &problem.kind {
            ProblemKind::Syntax(words) => words.as_str(),
            _ => "the text is not YAML",
        };
        return Err(Problem::build(format!("yaml: {words}")).at(problem.at));
    }
    let Some(root) = first.and_then(|document| document.root.as_ref()) else {
        return Ok(Vec::new());
    };
    if root.is_null(Dialect::Kustomization) {
        return Ok(Vec::new());
    }
    if !root.is_list() {
        let was = if root.is_map() { "object" } else { "string" };
        let message = format!("json: cannot unmarshal {was} into Go value of type jsonpatch.Patch");
        return Err(Problem::build(message).at(root.at));
    }
    let root = resolve_merges(root, Dialect::Kustomization)
        .map_err(|error| Problem::build(format!("yaml: {error}")).at(error.at))?;
    root.items().iter().map(|item| operation(item)).collect()
}

/// True when the text is meant as operations: for telling which reading's problem to show.
pub(super) fn looks_like_operations(text: &PatchText) -> bool {
    text.text.trim_start().starts_with(['[', '-'])
}

fn operation(item: &Node) -> Result<Operation, Problem> {
    if !item.is_map() && !item.is_null(Dialect::Kustomization) {
        let message = "json: cannot unmarshal string into Go value of type jsonpatch.Operation";
        return Err(Problem::build(message).at(item.at));
    }
    let field = |name: &str| {
        item.fields()
            .iter()
            .rev()
            .find(|field| field.name() == name)
            .map(|field| &field.value)
    };
    let text = |name: &str| {
        let value = field(name)?;
        match value
            .as_scalar()
            .map(|scalar| Dialect::Kustomization.read(scalar))
        {
            Some(deconflict_yaml::Value::String | deconflict_yaml::Value::Timestamp) => {
                value.text().map(str::to_owned)
            }
            _ => None,
        }
    };
    let value = field("value").map(canonical::patch_value).transpose()?;
    Ok(Operation {
        at: item.at,
        op: text("op"),
        path: text("path"),
        from: text("from"),
        value,
    })
}
