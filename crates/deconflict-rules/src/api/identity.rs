//! Manifests that are no objects, because they lack what every object has.

use std::sync::Arc;

use deconflict_findings::{Finding, Severity};
use deconflict_kube::{
    Bundle, IdentityProblem, IdentityProblemKind, Object, Scope, expand_list, is_manifest,
};
use deconflict_placement::RootKind;
use deconflict_yaml::Node;

use super::rows::{meta, structure};
use crate::{RootContext, Sink};

/// `api-name-required`.
pub(crate) fn names(context: &RootContext<'_>, sink: &mut Sink) {
    each(context, &mut |body, problem| {
        let metadata = body.get("metadata").is_some_and(|metadata| metadata.is_map());
        if problem.kind == IdentityProblemKind::Name && metadata && is_object_kind(body) {
            let message = format!("{}: it has no name", title(body));
            report(
                sink,
                meta::NAME_REQUIRED.meta.id,
                message,
                "metadata.name",
                problem,
            );
        }
    });
}

/// The part of `api-required-field` that the pass over objects cannot see.
pub(crate) fn fields(context: &RootContext<'_>, sink: &mut Sink) {
    each(context, &mut |body, problem| {
        let metadata = body.get("metadata").is_some_and(|metadata| metadata.is_map());
        let field = match problem.kind {
            IdentityProblemKind::ApiVersion if metadata => "apiVersion",
            IdentityProblemKind::Kind if metadata => "kind",
            IdentityProblemKind::Name if !metadata && is_object_kind(body) => "metadata",
            _ => return,
        };
        let message = format!("{}: the required field `{field}` is missing", title(body));
        report(sink, structure::REQUIRED_FIELD.meta.id, message, field, problem);
    });
}

/// Every manifest of a plain directory that is no object.
fn each(context: &RootContext<'_>, found: &mut dyn FnMut(&Node, &IdentityProblem)) {
    if context.root.kind != RootKind::Directory {
        return;
    }
    for path in &context.root.files {
        let Ok(loaded) = context.library.load(path) else {
            continue;
        };
        let roots = loaded
            .parsed()
            .documents
            .iter()
            .filter_map(|document| document.root.as_ref());
        for body in roots.filter(|root| is_manifest(root)).flat_map(expand_list) {
            if let Err(problem) = Object::new(Arc::clone(&body), None) {
                found(&body, &problem);
            }
        }
    }
}

/// Tools use `apiVersion` and `kind` for files of their own, which have no name: only a kind that servers know counts.
fn is_object_kind(body: &Node) -> bool {
    let text = |field: &str| body.get(field).and_then(|value| value.text()).unwrap_or_default();
    let api = text("apiVersion");
    let group = api.split_once('/').map_or("", |(group, _)| group);
    Bundle::embedded()
        .scope(group, text("kind"))
        .is_some_and(|scope| scope != Scope::Unknown)
}

fn title(body: &Node) -> String {
    let text = |path: &[&str]| {
        body.at_path(path)
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned()
    };
    match (text(&["kind"]), text(&["metadata", "name"])) {
        (kind, name) if kind.is_empty() && name.is_empty() => "a manifest".to_owned(),
        (kind, name) if kind.is_empty() => format!("the manifest of `{name}`"),
        (kind, name) if name.is_empty() => format!("a {kind}"),
        (kind, name) => format!("{kind} {name}"),
    }
}

fn report(sink: &mut Sink, rule: &'static str, message: String, field: &str, problem: &IdentityProblem) {
    let mut finding = Finding::new(rule, Severity::Error, message, problem.at);
    finding.field = Some(field.to_owned());
    finding.help = Some(format!("add `{field}`"));
    sink.report(finding);
}
