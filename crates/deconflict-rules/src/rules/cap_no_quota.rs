use std::collections::BTreeSet;

use crate::absent::{at_namespace, team_namespaces};
use crate::quota::in_namespace;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds namespaces that the configuration gives to a team (`teams[].namespaces`), that hold a workload or are
    /// declared in the tree, and that have no ResourceQuota.
    ///
    /// ## Why it matters
    /// Without a quota one team's mistake, such as a scaler without sensible bound, takes the nodes of all.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    /// rules:
    ///   iso-no-default-deny: "off"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    /// rules:
    ///   iso-no-default-deny: "off"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ---
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: search
    /// spec:
    ///   hard:
    ///     pods: "10"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A quota that is made elsewhere is known from an `external` entry of kind ResourceQuota in the configuration.
    "cap-no-quota", "a namespace of a team has no ResourceQuota",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let quotas = context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "ResourceQuota"));
    let bounded: BTreeSet<&str> = quotas.filter_map(|placed| placed.namespace.as_deref()).collect();
    for (namespace, team) in team_namespaces(context) {
        let external = context.config.external.iter().any(|external| {
            external.kind == "ResourceQuota"
                && external
                    .namespace
                    .as_deref()
                    .is_none_or(|known| known == namespace)
        });
        if external || bounded.contains(namespace) {
            continue;
        }
        let message = format!(
            "team {team} has no ResourceQuota{}",
            in_namespace(context, namespace)
        );
        let Some(mut finding) = at_namespace(context, &RULE, namespace, message) else {
            continue;
        };
        finding
            .notes
            .push("nothing bounds what its pods may take from the nodes".to_owned());
        finding.help = Some("add a ResourceQuota to the namespace".to_owned());
        sink.report(finding);
    }
}
