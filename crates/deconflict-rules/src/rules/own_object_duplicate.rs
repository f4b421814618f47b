use deconflict_findings::Severity;
use deconflict_placement::Engine;

use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{across_applications, first_difference, has_own_rule};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object that two applications deploy into one cluster with the same content.
    ///
    /// ## Why it matters
    /// Nothing differs, so nothing fails, until one application is deleted or stops declaring the object: its prune takes
    /// the object away under the other one. Two green pull requests nine minutes apart made such a duplicate
    /// (JiRaska/open-bank-oss#3474). Where neither side prunes (plain `kubectl apply`) it is a warning: they are equal only
    /// until somebody changes one of them.
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
    ///   RISK_MODE: strict
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Equal means equal after normalisation: amounts (`1024Mi` and `1Gi`), the order of fields and of list maps, and the
    /// API server's defaults of built-in kinds do not count.
    "own-object-duplicate", "two applications deploy one object with the same content",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in across_applications(context.index) {
        if has_own_rule(group[0]) || first_difference(&group).is_some() {
            continue;
        }
        let prunes = group
            .iter()
            .any(|placed| placed.placement.engine != Engine::Plain);
        let collision = Collision::new(context.files, group.into_iter().map(Side::declared));
        let message = format!(
            "{} {} deploy {}{}, with the same content",
            collision.who(),
            collision.both(),
            collision.sides[0].placed.title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        if prunes {
            finding.notes.push(
                "when one of them stops declaring it, its prune deletes the object under the other"
                    .to_owned(),
            );
        } else {
            finding.severity = Severity::Warning;
            finding.notes.push(
                "nothing differs today; the next change to one of them is undone by the other".to_owned(),
            );
        }
        finding.help = Some("declare it once, in the application of the team that owns it".to_owned());
        sink.report(finding);
    }
}
