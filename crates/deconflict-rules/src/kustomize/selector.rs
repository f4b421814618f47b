//! Labels of a kustomization in the selectors of workloads that exist (rules.md, `kus-selector-mutated`).

use std::collections::BTreeSet;

use deconflict_files::Origin;
use deconflict_findings::{Certainty, Finding, ObjectRef};
use deconflict_kube::{Object, Violation, differences, text_of};
use deconflict_yaml::{Field, Node};

use crate::change::{ChangeContext, Pair};
use crate::collision::list;
use crate::files::is_kustomization_file;
use crate::{Sink, rules};

/// Changes of selectors that labels of kustomizations make, one for each pair of labels and application.
#[derive(Default)]
pub(crate) struct Mutations<'a>(Vec<Mutation<'a>>);

struct Mutation<'a> {
    by: &'static str,
    key: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    /// The pair that is set now, or was set.
    at: Origin,
    certainty: Certainty,
    app: &'a str,
    titles: Vec<String>,
    objects: Vec<ObjectRef>,
}

impl<'a> Mutations<'a> {
    /// True when `violation` is told here, and not as a change like any other.
    pub(crate) fn take(&mut self, pair: &Pair<'a>, violation: &Violation) -> bool {
        if !matches!(violation.row, "immutable-selector" | "immutable-statefulset") {
            return false;
        }
        let Some(causes) = causes(&pair.old.facts.object, &pair.new.facts.object) else {
            return false;
        };
        let certainty = pair.new.certainty.min(pair.old.certainty);
        for cause in causes {
            let app = &*pair.new.app;
            let known = self.0.iter_mut().find(|known| {
                (known.at, known.key, known.app) == (cause.at, cause.key, app)
                    && (known.old, known.new) == (cause.old, cause.new)
            });
            let mutation = if let Some(known) = known {
                known
            } else {
                self.0.push(Mutation {
                    by: cause.by,
                    key: cause.key,
                    old: cause.old,
                    new: cause.new,
                    at: cause.at,
                    certainty,
                    app,
                    titles: Vec::new(),
                    objects: Vec::new(),
                });
                let last = self.0.len() - 1;
                &mut self.0[last]
            };
            mutation.certainty = mutation.certainty.max(certainty);
            mutation.titles.push(pair.new.title());
            mutation.objects.push(pair.new.reference());
        }
        // The same pairs stand in the templates of a StatefulSet's claims; whatever else changes is told by itself.
        let of_labels = |text: &str| text.contains("spec.selector") || text.contains(".metadata.labels");
        of_labels(&violation.path) && violation.related.iter().all(|(_, text)| of_labels(text))
    }

    /// Report them all.
    pub(crate) fn report(self, context: &ChangeContext<'_>, sink: &mut Sink) {
        for mutation in self.0 {
            sink.report(mutation.finding(context));
        }
    }
}

/// One pair of a selector that labels change.
struct Cause<'a> {
    by: &'static str,
    key: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    at: Origin,
}

/// What labels of kustomizations do to the selector; `None` when something else changes it too, or nothing does.
fn causes<'a>(old: &'a Object, new: &'a Object) -> Option<Vec<Cause<'a>>> {
    let selector = |object: &'a Object| object.body.at_path(&["spec", "selector"]);
    let (before, after) = (selector(old)?, selector(new)?);
    let other = |path: &str| path.starts_with("spec.selector.matchExpressions");
    if differences(old, new)
        .iter()
        .any(|difference| other(&difference.path))
    {
        return None;
    }
    let pairs = |selector: &'a Node| selector.get("matchLabels").map_or(&[][..], |map| map.fields());
    let keys: BTreeSet<&'a str> = pairs(before)
        .iter()
        .chain(pairs(after))
        .map(Field::name)
        .collect();
    let mut causes = Vec::new();
    for key in keys {
        let value = |selector: &'a Node| selector.get("matchLabels")?.get(key).map(|value| &**value);
        let (left, right) = (value(before), value(after));
        let (was, is) = (left.and_then(text_of), right.and_then(text_of));
        if was == is {
            continue;
        }
        let set = right.and_then(|node| Some((label_of(node)?, node.at)));
        // A pair that is still a label of the object has only left the selector.
        let label = || {
            let node = new.body.at_path(&["metadata", "labels", key])?;
            label_of(node).map(|_| node.at)
        };
        let lost = || left.and_then(|node| Some((label_of(node)?, label().unwrap_or(node.at))));
        let (by, at) = set.or_else(lost)?;
        causes.push(Cause {
            by,
            key,
            old: was,
            new: is,
            at,
        });
    }
    (!causes.is_empty()).then_some(causes)
}

/// The field of a kustomization that set the value, if one for labels was the last to do so.
fn label_of(node: &Node) -> Option<&'static str> {
    let step = node.via.as_ref()?;
    matches!(step.by, "labels" | "commonLabels").then_some(step.by)
}

impl Mutation<'_> {
    fn finding(self, context: &ChangeContext<'_>) -> Finding {
        let rule = &rules::kus_selector_mutated::RULE;
        let Self { by, key, .. } = self;
        let said = match (self.old, self.new) {
            (None, Some(new)) => format!("`{by}` adds `{key}: {new}` to"),
            (Some(old), Some(new)) => format!("`{by}` changes `{key}` from `{old}` to `{new}` in"),
            (Some(old), None) => format!("`{by}` takes `{key}: {old}` out of"),
            (None, None) => format!("`{by}` changes `{key}` in"),
        };
        let (what, exists) = match self.objects.as_slice() {
            [only] => ("the selector", format!("the {} exists", only.kind)),
            _ => ("the selectors", "the workloads exist".to_owned()),
        };
        let message = format!(
            "{}{}: {said} {what}, which cannot be changed once {exists}",
            list(&self.titles, "and"),
            context.in_cluster()
        );
        let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, self.at);
        self.new
            .is_none()
            .then(|| "was part of selectors before".clone_into(&mut finding.primary.text));
        finding.key = Some(key.to_owned());
        finding.certainty = self.certainty;
        finding.notes.push(format!(
            "the API server refuses the change, and the sync of {} stops at it",
            self.app
        ));
        let in_kustomization = is_kustomization_file(&context.files.get(self.at.file).path);
        let help = match (self.old, in_kustomization) {
            (None, true) => {
                "set it in an item of `labels` without `includeSelectors`; `includeTemplates: true` gives it to the pods too"
                    .to_owned()
            }
            (None, false) => {
                "keep it out of selectors: Argo CD has `labelWithoutSelector: true`, and `labelIncludeTemplates: true` for \
                 the pods"
                    .to_owned()
            }
            (Some(old), _) => format!(
                "keep `{key}: {old}` in the selectors, or give the workloads other names, so that new ones are made beside \
                 the old"
            ),
        };
        finding.help = Some(help);
        finding.objects = self.objects;
        finding
    }
}
