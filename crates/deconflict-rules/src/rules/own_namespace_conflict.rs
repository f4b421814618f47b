use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{across_applications, first_difference, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a Namespace that two applications deploy into one cluster with different labels or annotations.
    ///
    /// ## Why it matters
    /// Labels of a Namespace switch things on for everything in it: sidecar injection, pod security levels, network
    /// policies. Each sync takes away what the other one set. A prune-protection annotation vanished this way and a
    /// production namespace was garbage-collected (kustomize-controller#1724).
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {pod-security.kubernetes.io/enforce: restricted}
    /// # apps/checkout/api/overlays/prod/namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {pod-security.kubernetes.io/enforce: privileged}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {pod-security.kubernetes.io/enforce: restricted}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// `managedNamespaceMetadata` of an Argo CD Application is not counted yet. Two equal declarations are legal.
    "own-namespace-conflict", "two applications deploy one Namespace with different labels or annotations",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in across_applications(context.index) {
        if !group[0].facts.object.key.is("", "Namespace") {
            continue;
        }
        let collision = Collision::new(context.files, group.into_iter().map(Side::declared));
        let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
        let Some((_, mut found)) = first_difference(&placed) else {
            continue;
        };
        found.retain(|difference| difference.path.starts_with("metadata"));
        if found.is_empty() {
            continue;
        }
        let message = format!(
            "{} {} deploy {}{}, with different labels or annotations",
            collision.who(),
            collision.both(),
            placed[0].title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.notes.push(format!(
            "they differ in: {}",
            side_by_side(context, placed[0], &found)
        ));
        finding.notes.push(
            "each sync removes what the other set, and whatever reads the labels changes for the whole namespace".to_owned(),
        );
        finding.help = Some("declare the Namespace once, with the labels of both".to_owned());
        sink.report(finding);
    }
}
