use deconflict_claims::{Placed, Spot};
use deconflict_kube::text_at;

use crate::collision::{Collision, Side, in_cluster};
use crate::compare::across_applications;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one APIService (an aggregated API such as `v1beta1.metrics.k8s.io`) that two applications deploy with
    /// different backends.
    ///
    /// ## Why it matters
    /// The cluster has each aggregated API once. Metrics servers and adapters replace each other; autoscalers then ask a
    /// server that does not know their metrics and stop scaling.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/scaling/keda/overlays/prod/api.yaml
    /// apiVersion: apiregistration.k8s.io/v1
    /// kind: APIService
    /// metadata: {name: v1beta1.external.metrics.k8s.io}
    /// spec:
    ///   group: external.metrics.k8s.io
    ///   version: v1beta1
    ///   groupPriorityMinimum: 100
    ///   versionPriority: 100
    ///   insecureSkipTLSVerify: true
    ///   service: {name: keda-metrics, namespace: monitoring}
    /// # apps/monitoring/adapter/overlays/prod/api.yaml
    /// apiVersion: apiregistration.k8s.io/v1
    /// kind: APIService
    /// metadata: {name: v1beta1.external.metrics.k8s.io}
    /// spec:
    ///   group: external.metrics.k8s.io
    ///   version: v1beta1
    ///   groupPriorityMinimum: 100
    ///   versionPriority: 100
    ///   insecureSkipTLSVerify: true
    ///   service: {name: prometheus-adapter, namespace: monitoring}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/scaling/keda/overlays/prod/api.yaml
    /// apiVersion: apiregistration.k8s.io/v1
    /// kind: APIService
    /// metadata: {name: v1beta1.external.metrics.k8s.io}
    /// spec:
    ///   group: external.metrics.k8s.io
    ///   version: v1beta1
    ///   groupPriorityMinimum: 100
    ///   versionPriority: 100
    ///   insecureSkipTLSVerify: true
    ///   service: {name: keda-metrics, namespace: monitoring}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// APIServices that a chart or an operator makes by itself are not in Git.
    "clu-apiservice-clash", "two applications register one APIService with different backends",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in across_applications(context.index) {
        if !group[0]
            .facts
            .object
            .key
            .is("apiregistration.k8s.io", "APIService")
        {
            continue;
        }
        let backend = |placed: &Placed<'_>| {
            let service = placed.facts.object.body.at_path(&["spec", "service"])?;
            Some((
                text_at(service, &["namespace"])?.to_owned(),
                text_at(service, &["name"])?.to_owned(),
            ))
        };
        if group.iter().all(|placed| backend(placed) == backend(group[0])) {
            continue;
        }
        let collision = Collision::new(
            context.files,
            group.into_iter().map(|placed| {
                let service = placed.facts.object.body.at_path(&["spec", "service", "name"]);
                let side = Side::declared(placed);
                match service {
                    Some(node) => Side::new(placed, Spot::of(node)),
                    None => side,
                }
            }),
        );
        let name = &collision.sides[0].placed.facts.object.key.name;
        let message = format!(
            "{} {} register the API {name}{}, each with its own backend",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.notes.push(
            "the API answers from whichever was applied last; callers of the other one fail".to_owned(),
        );
        finding.help = Some("keep one of them".to_owned());
        sink.report(finding);
    }
}
