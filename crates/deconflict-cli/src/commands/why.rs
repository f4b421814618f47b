//! `render --why`: the trail of one value.

use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, Origin};
use deconflict_kustomize::{Problem, find};
use deconflict_report::escape;
use deconflict_yaml::{Kind, Node};

/// The value at `wanted`, where one would edit it, and who moved it there, newest first.
pub(crate) fn trail(objects: &[Arc<Node>], wanted: &str, files: &Files) -> Result<String, Problem> {
    let found = find(objects, wanted).map_err(Problem::build)?;
    let mut out = format!("{} = {}\n", escape(wanted), shown(found.node, wanted));
    let _ = writeln!(out, "  edit        {}", place(found.node.at, files));
    for step in found.steps() {
        let action = step.action.word();
        let _ = writeln!(out, "  {action:<11} {} by {}", place(step.at, files), step.by);
    }
    Ok(out)
}

/// A scalar's text, unless it is a secret's.
fn shown(node: &Node, wanted: &str) -> String {
    let is_secret = wanted
        .strip_prefix("Secret/")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(_, path)| path.starts_with("data") || path.starts_with("stringData"));
    match &node.kind {
        _ if is_secret => "(not shown)".to_owned(),
        Kind::Scalar(scalar) => escape(&scalar.text).to_string(),
        Kind::List(items) => format!("(a list of {})", items.len()),
        Kind::Map(fields) => format!("(a map of {})", fields.len()),
    }
}

fn place(at: Origin, files: &Files) -> String {
    let file = files.get(at.file);
    let place = file.lines().place(&file.text, at.span.start);
    format!("{}:{}:{}", escape(file.path.display()), place.line, place.column)
}
