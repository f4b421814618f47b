use deconflict_claims::Placed;

use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{first_difference, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object that one application, or one directory of manifests, declares twice.
    ///
    /// ## Why it matters
    /// The files are applied in some order and the last one wins, so one of the two declarations does nothing: often the one
    /// that somebody edits while wondering why nothing changes.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/one.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 5s
    /// # apps/payments/gateway/overlays/prod/two.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 9s
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/one.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 9s
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Inside one kustomization kustomize itself refuses it; that is `kus-build-error`.
    "own-object-repeated", "one application declares one object twice",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.repeated() {
        let mut apps: Vec<Vec<&Placed<'_>>> = Vec::new();
        for placed in group {
            match apps.iter_mut().find(|known| known[0].app == placed.app) {
                // One root that two placements put into one cluster declares it once.
                Some(known) if known.iter().any(|other| std::ptr::eq(other.facts, placed.facts)) => {}
                Some(known) => known.push(placed),
                None => apps.push(vec![placed]),
            }
        }
        for repeated in apps.into_iter().filter(|repeated| repeated.len() > 1) {
            let collision = Collision::new(context.files, repeated.into_iter().map(Side::declared));
            let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
            let times = match placed.len() {
                2 => "twice".to_owned(),
                times => format!("{times} times"),
            };
            let message = format!(
                "{} declares {} {times}{}",
                placed[0].app,
                placed[0].title(),
                in_cluster(context.index)
            );
            let difference = first_difference(&placed);
            let Some(mut finding) = collision.finding(&RULE, message) else {
                continue;
            };
            match difference {
                Some((_, found)) => {
                    let leaves = side_by_side(context, placed[0], &found);
                    finding.notes.push(format!("they differ in: {leaves}"));
                    finding
                        .notes
                        .push("whichever is applied last wins, the other does nothing".to_owned());
                    finding.help = Some("merge them into one, or rename one".to_owned());
                }
                None => {
                    finding
                        .notes
                        .push("they are equal, so one of them does nothing".to_owned());
                    finding.help = Some("remove one of them".to_owned());
                }
            }
            sink.report(finding);
        }
    }
}
