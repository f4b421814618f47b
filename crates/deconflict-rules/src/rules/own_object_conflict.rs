use deconflict_placement::Engine;

use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{across_applications, first_difference, has_own_rule, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object (group, kind, namespace and name) that two applications deploy into one cluster with different
    /// content, and lists the fields that differ.
    ///
    /// ## Why it matters
    /// Neither file is wrong alone, and Git merges both. In the cluster there is only one object: whoever syncs last wins,
    /// until the other one syncs again. Users report incidents (argo-cd#25987: "incidents because of such behaviour") and
    /// restarts every ten minutes (kustomize-controller#732), because each apply also rolls the pods.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: "off"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: storefront-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: "off"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Defaults that the API server fills in count as written for built-in kinds; for custom kinds they do not, so an
    /// object that spells its CRD's defaults out counts as different. CustomResourceDefinitions, APIServices and
    /// Namespaces have rules of their own.
    "own-object-conflict", "two applications deploy one object with different content",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in across_applications(context.index) {
        if has_own_rule(group[0]) {
            continue;
        }
        let collision = Collision::new(context.files, group.into_iter().map(Side::declared));
        let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
        let Some((other, found)) = first_difference(&placed) else {
            continue;
        };
        let message = format!(
            "{} {} deploy {}{}, with different content",
            collision.who(),
            collision.both(),
            placed[0].title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        let between = if placed.len() > 2 {
            format!("{} and {} differ in: ", placed[0].who(), other.who())
        } else {
            "they differ in: ".to_owned()
        };
        finding
            .notes
            .push(between + &side_by_side(context, placed[0], &found));
        let engines = |engine: Engine| placed.iter().all(|placed| placed.placement.engine == engine);
        let consequence = if engines(Engine::ArgoCd) {
            "Argo CD syncs whichever application ran last; the other shows as out of sync, in turn"
        } else if engines(Engine::Flux) {
            "Flux applies all Kustomizations as one field manager, so each replaces the other's fields without a conflict"
        } else {
            "whichever is applied last overwrites the other, at every apply"
        };
        finding.notes.push(consequence.to_owned());
        finding.help =
            Some("give one of them its own name, or let one team own it and the other read it".to_owned());
        sink.report(finding);
    }
}
