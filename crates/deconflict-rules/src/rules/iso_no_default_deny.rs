use deconflict_findings::Label;

use crate::absent::{at_namespace, team_namespaces};
use crate::netpol::{Direction, has_cluster_policy, isolated};
use crate::quota::{declared, in_namespace};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds namespaces that the configuration gives to a team in which some pods are covered by no NetworkPolicy for
    /// incoming traffic.
    ///
    /// ## Why it matters
    /// A pod that no policy selects accepts connections from every pod of the cluster, so one team's compromised pod
    /// reaches all others.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    /// rules:
    ///   cap-no-quota: "off"
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
    ///   cap-no-quota: "off"
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
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: default-deny
    ///   namespace: search
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Cilium policies count when they select endpoints by labels of pods. In a cluster with a policy for the whole
    /// cluster (CiliumClusterwideNetworkPolicy, GlobalNetworkPolicy, BaselineAdminNetworkPolicy) the rule is silent.
    "iso-no-default-deny", "a namespace of a team has pods that accept traffic from everywhere",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let namespaces = team_namespaces(context);
    if namespaces.is_empty() || has_cluster_policy(context.index) {
        return;
    }
    let covered = isolated(context.index, Direction::Ingress);
    for (namespace, team) in namespaces {
        let pods = context
            .index
            .pods()
            .of_namespace(namespace)
            .filter(|pod| !pod.template.host_network);
        let mut open = pods.filter(|pod| !covered.contains_key(&std::ptr::from_ref(*pod)));
        let Some(first) = open.next() else { continue };
        let message = format!(
            "pods of team {team} accept traffic from everywhere{}",
            in_namespace(context, namespace)
        );
        let Some(mut finding) = at_namespace(context, &RULE, namespace, message) else {
            continue;
        };
        let workload = context.index.workload(first);
        finding.related.push(Label::new(
            declared(first).at,
            format!("for one, {}", workload.title()),
        ));
        finding
            .notes
            .push("no NetworkPolicy selects them for incoming traffic".to_owned());
        finding.help = Some("add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress]`, then allow what is meant".to_owned());
        sink.report(finding);
    }
}
