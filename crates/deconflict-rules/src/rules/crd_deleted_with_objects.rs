use deconflict_claims::Placed;
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::text_at;

use crate::change::is_kept;
use crate::collision::list;
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds CustomResourceDefinitions that the change takes out of a cluster while objects of their kind
    /// stay in it, or whose engine deletes what is no longer in Git (`prune`).
    ///
    /// ## Why it matters
    /// Deleting a definition deletes every object of its kind in the cluster, those of other teams too, and what their
    /// operator made of them. Where the definition is only no longer applied, the objects can no longer be created anew.
    ///
    /// ## Before
    /// ```yaml
    /// # infra/widgets/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: widgets.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Widget, plural: widgets}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/payments/gateway/overlays/prod/widget.yaml
    /// apiVersion: example.com/v1
    /// kind: Widget
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/widget.yaml
    /// apiVersion: example.com/v1
    /// kind: Widget
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Objects that are not in the repository are not known: where none stays in it and the engine prunes, that is only
    /// possible. A definition that an annotation protects from pruning is left out. A definition that another application goes on to apply is not
    /// gone, and one that a chart brings from now on is not seen.
    "crd-deleted-with-objects", "a definition goes while objects of its kind stay",
    severity: Error,
    joins: false,
    check: Change(check),
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    let definitions = context.gone().filter(|gone| {
        let key = &gone.facts.object.key;
        key.is("apiextensions.k8s.io", "CustomResourceDefinition") && !is_kept(gone)
    });
    for gone in definitions {
        let body = &gone.facts.object.body;
        let (Some(group), Some(kind)) = (
            text_at(body, &["spec", "group"]),
            text_at(body, &["spec", "names", "kind"]),
        ) else {
            continue;
        };
        let of_kind = |placed: &&Placed<'_>| placed.facts.object.key.is(group, kind);
        let staying: Vec<&Placed<'_>> = context.after.live().filter(of_kind).collect();
        let prunes = gone.placement.upkeep.prunes == Some(true);
        let mut finding = match &staying[..] {
            [first, others @ ..] => with_objects(context, gone, first, others),
            [] if prunes => alone(context, gone, kind),
            [] => continue,
        };
        finding.key = Some(format!("{group}/{kind}"));
        finding.notes.push(if prunes {
            "with the definition the API server deletes every object of the kind".to_owned()
        } else {
            "nothing here deletes it, but a new cluster cannot take its objects, and who deletes it deletes them all"
                .to_owned()
        });
        finding.help =
            Some("remove the objects first, in a change of its own, or keep the definition".to_owned());
        sink.report(finding);
    }
}

fn with_objects(
    context: &ChangeContext<'_>,
    gone: &Placed<'_>,
    first: &Placed<'_>,
    others: &[&Placed<'_>],
) -> Finding {
    let staying = || std::iter::once(first).chain(others.iter().copied());
    let titles: Vec<String> = staying().map(Placed::title).collect();
    let message = format!(
        "{} goes{}, and its objects stay: {}",
        gone.title(),
        context.in_cluster(),
        list(&titles, "and")
    );
    let at = first.facts.object.declared_at;
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
    finding.primary.text = "is of its kind".to_owned();
    finding.related = others
        .iter()
        .take(3)
        .map(|placed| Label::new(placed.facts.object.declared_at, "is of its kind"))
        .chain([Label::new(gone.facts.object.declared_at, "was defined here")])
        .collect();
    finding.objects = staying().take(4).map(Placed::reference).collect();
    finding.objects.push(gone.reference());
    finding.certainty = gone.certainty.min(first.certainty);
    finding
}

fn alone(context: &ChangeContext<'_>, gone: &Placed<'_>, kind: &str) -> Finding {
    let message = format!(
        "{} is no longer in Git{}, and {} prunes: every {kind} in the cluster goes with it",
        gone.title(),
        context.in_cluster(),
        gone.app
    );
    let at = gone.facts.object.declared_at;
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
    finding.primary.text = "was defined here".to_owned();
    finding.objects = vec![gone.reference()];
    finding.certainty = Certainty::Possible;
    finding
}
