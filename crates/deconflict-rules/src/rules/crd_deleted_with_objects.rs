use deconflict_claims::Placed;
use deconflict_findings::{Finding, Label};
use deconflict_kube::text_at;

use crate::collision::list;
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds CustomResourceDefinitions that the change takes out of a cluster while objects of their kind
    /// stay in it.
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
    /// Objects that are not in the repository are not known. A definition that another application goes on to apply is not
    /// gone, and one that a chart brings from now on is not seen.
    "crd-deleted-with-objects", "a definition goes while objects of its kind stay",
    severity: Error,
    joins: false,
    check: Change(check),
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    for gone in context.gone() {
        let body = &gone.facts.object.body;
        if !gone
            .facts
            .object
            .key
            .is("apiextensions.k8s.io", "CustomResourceDefinition")
        {
            continue;
        }
        let (Some(group), Some(kind)) = (
            text_at(body, &["spec", "group"]),
            text_at(body, &["spec", "names", "kind"]),
        ) else {
            continue;
        };
        let of_kind = |placed: &&Placed<'_>| placed.facts.object.key.is(group, kind);
        let staying: Vec<&Placed<'_>> = context.after.live().filter(of_kind).collect();
        let [first, others @ ..] = &staying[..] else {
            continue;
        };
        let titles: Vec<String> = staying.iter().map(|placed| placed.title()).collect();
        let message = format!(
            "{} goes{}, and its objects stay: {}",
            gone.title(),
            context.in_cluster(),
            list(&titles, "and")
        );
        let mut finding = Finding::new(
            RULE.meta.id,
            RULE.meta.severity,
            message,
            first.facts.object.declared_at,
        );
        finding.primary.text = "is of its kind".to_owned();
        finding.related = others
            .iter()
            .take(3)
            .map(|placed| Label::new(placed.facts.object.declared_at, "is of its kind"))
            .chain([Label::new(gone.facts.object.declared_at, "was defined here")])
            .collect();
        finding.objects = staying.iter().take(4).map(|placed| placed.reference()).collect();
        finding.objects.push(gone.reference());
        finding.certainty = gone.certainty.min(first.certainty);
        finding.key = Some(format!("{group}/{kind}"));
        finding
            .notes
            .push("with the definition the API server deletes every object of the kind".to_owned());
        finding.help =
            Some("remove the objects first, in a change of its own, or keep the definition".to_owned());
        sink.report(finding);
    }
}
