//! Findings about kustomizations.

pub(crate) mod modern;
pub(crate) mod selector;

use deconflict_files::Origin;
use deconflict_findings::Finding;
use deconflict_kustomize::{Quirk, Warning, WarningKind};

use crate::files::is_kustomization_file;
use crate::{RootContext, Rule, Sink};

/// A finding of `rule` at a text of a kustomization or of a file that it uses. `key` tells it from others in the file.
pub(crate) fn finding(rule: &Rule, message: String, at: Origin, key: impl Into<String>) -> Finding {
    let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, at);
    finding.key = Some(key.into());
    finding
}

/// Whose text stands at `at`: the directory of a kustomization file, else the file.
pub(crate) fn whose(context: &RootContext<'_>, at: Origin) -> String {
    let path = context.library.files().get(at.file).path.clone();
    if !is_kustomization_file(&path) {
        return path.to_string();
    }
    path.parent().unwrap_or_default().display().to_owned()
}

/// The text at `at`.
pub(crate) fn text_at(context: &RootContext<'_>, at: Origin) -> String {
    let file = context.library.files().get(at.file);
    file.text
        .get(at.span.range())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What the build of the root says of that kind.
pub(crate) fn warnings<'a>(
    context: &'a RootContext<'_>,
    wanted: impl Fn(WarningKind) -> bool + 'a,
) -> impl Iterator<Item = &'a Warning> {
    context
        .warnings
        .iter()
        .copied()
        .filter(move |warning| wanted(warning.kind))
}

/// Report what `tell` makes of each place of that quirk.
pub(crate) fn quirks(
    context: &RootContext<'_>,
    sink: &mut Sink,
    quirk: Quirk,
    tell: impl Fn(Origin) -> Finding,
) {
    for warning in warnings(context, |kind| kind == WarningKind::Quirk(quirk)) {
        sink.report(tell(warning.at));
    }
}
