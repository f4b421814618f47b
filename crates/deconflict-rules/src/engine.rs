//! Findings about objects of Argo CD and Flux.

use deconflict_files::{Files, Origin, Span};
use deconflict_findings::{Certainty, Finding, ObjectRef, PlacementStatus};
use deconflict_placement::{Engine, Problem, ProblemKind};
use deconflict_yaml::{Node, Style};

use crate::{FleetContext, Rule, Sink};

/// A finding of `rule` about the Application, Kustomization or HelmRelease `app` (`namespace/name`).
pub(crate) fn finding(
    rule: &Rule,
    message: String,
    at: Origin,
    kind: &str,
    app: &str,
    engine: Engine,
) -> Finding {
    let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, at);
    let (namespace, name) = app
        .split_once('/')
        .map_or((None, app), |(namespace, name)| (Some(namespace), name));
    finding.objects.push(ObjectRef {
        group: match engine {
            Engine::ArgoCd => "argoproj.io",
            Engine::Flux => "kustomize.toolkit.fluxcd.io",
            Engine::Plain => "",
        }
        .to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        app: Some(app.to_owned()),
        engine: Some(engine.word()),
        ..ObjectRef::default()
    });
    finding
}

/// Report what `tell` makes of each problem of the layout that has a place.
pub(crate) fn report(
    context: &FleetContext<'_>,
    sink: &mut Sink,
    tell: impl Fn(&ProblemKind, Origin) -> Option<Finding>,
) {
    for Problem { kind, at } in &context.placements.problems {
        if let Some(finding) = at.and_then(|at| tell(kind, at)) {
            sink.report(finding);
        }
    }
}

/// A finding of `rule` about one object.
pub(crate) fn about(rule: &Rule, object: &deconflict_kube::Object, message: String, at: Origin) -> Finding {
    let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, at);
    finding.objects.push(ObjectRef {
        group: object.key.group.to_string(),
        version: object.version.to_string(),
        kind: object.key.kind.to_string(),
        namespace: object.key.namespace.as_ref().map(ToString::to_string),
        name: object.key.name.to_string(),
        ..ObjectRef::default()
    });
    finding
}

/// Possible, not witnessed, when something in the cluster of `app` could not be built: what is missing may come from
/// there.
pub(crate) fn certainty(context: &FleetContext<'_>, app: &str) -> Certainty {
    let mut places = context
        .placements
        .all
        .iter()
        .filter(|placement| placement.app.as_deref() == Some(app));
    let is_open = places.any(|place| {
        context.placements.all.iter().any(|other| {
            other.cluster == place.cluster
                && other.unnamed == place.unnamed
                && other.render.is_some()
                && other.status != PlacementStatus::Rendered
        })
    });
    if is_open {
        Certainty::Possible
    } else {
        Certainty::Witnessed
    }
}

/// The place of line `number` (from 1) of `text`, which is the value of `node`; the whole value where it does not stand in
/// the file line by line.
pub(crate) fn line_of(files: &Files, node: &Node, text: &str, number: usize) -> Origin {
    let is_block = node
        .as_scalar()
        .is_some_and(|scalar| scalar.style == Style::Literal);
    let Some(wanted) = text.lines().nth(number - 1).map(str::trim) else {
        return node.at;
    };
    let file = files.get(node.at.file);
    let written = file.text.get(node.at.span.range()).unwrap_or_default();
    let mut start = node.at.span.start as usize;
    // The first line of a block says that it is one.
    let skipped = if is_block { number } else { number - 1 };
    for (at, line) in written.split_inclusive('\n').enumerate() {
        if at == skipped {
            let indent = line.len() - line.trim_start().len();
            if line.trim() == wanted && !wanted.is_empty() {
                let from = start + indent;
                return Origin::new(node.at.file, Span::new(from, from + wanted.len()));
            }
            break;
        }
        start += line.len();
    }
    node.at
}
