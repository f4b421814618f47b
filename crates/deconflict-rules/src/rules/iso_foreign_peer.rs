use std::collections::BTreeMap;

use deconflict_claims::pods::Pod;
use deconflict_claims::{Placed, Spot};

use crate::collision::{Collision, Side, in_cluster};
use crate::netpol::{Direction, Peer, peers};
use crate::platform::{is_infrastructure, same_team};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds NetworkPolicies and CiliumNetworkPolicies that let pods of another team in, or pods out to those of another team, in a namespace of
    /// that team, without a contract.
    ///
    /// ## Why it matters
    /// What one team's policy opens is a path for whatever gets into the other's pods. Both teams should know of it,
    /// and until when it is needed.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    ///   - {name: billing, paths: ["apps/billing/**"], namespaces: [billing]}
    /// rules:
    ///   cap-no-quota: "off"
    /// # apps/search/index/overlays/prod/index.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: index
    ///   namespace: search
    ///   labels:
    ///     app: index
    /// spec:
    ///   containers:
    ///     - name: index
    ///       image: registry.example/index:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: index
    ///   namespace: search
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector:
    ///             matchLabels:
    ///               kubernetes.io/metadata.name: billing
    /// # apps/billing/export/overlays/prod/export.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: export
    ///   namespace: billing
    ///   labels:
    ///     app: export
    /// spec:
    ///   containers:
    ///     - name: export
    ///       image: registry.example/export:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: deny
    ///   namespace: billing
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    ///   - {name: billing, paths: ["apps/billing/**"], namespaces: [billing]}
    /// rules:
    ///   cap-no-quota: "off"
    /// # apps/search/index/overlays/prod/index.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: index
    ///   namespace: search
    ///   labels:
    ///     app: index
    /// spec:
    ///   containers:
    ///     - name: index
    ///       image: registry.example/index:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: index
    ///   namespace: search
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector:
    ///             matchLabels:
    ///               kubernetes.io/metadata.name: search
    /// # apps/billing/export/overlays/prod/export.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: export
    ///   namespace: billing
    ///   labels:
    ///     app: export
    /// spec:
    ///   containers:
    ///     - name: export
    ///       image: registry.example/export:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: deny
    ///   namespace: billing
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Options
    /// None. A contract allows it: `{rule: iso-foreign-peer, object: "NetworkPolicy/search/index", allow: [search, billing], …}`.
    ///
    /// ## Known limits
    /// Both owners must be known: the policy's, and that of the namespace (`teams[].namespaces`) with pods that the
    /// peer matches. Pods that `layout.infra` deploys (ingress controllers, monitoring) are expected peers. Address
    /// blocks, names outside of the cluster and policies for the whole cluster are not looked at.
    "iso-foreign-peer", "a network policy opens traffic with another team",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    if context.config.teams.iter().all(|team| team.namespaces.is_empty()) {
        return;
    }
    for policy in context.index.live() {
        let Some(owner) = &policy.owner else { continue };
        for direction in [Direction::Ingress, Direction::Egress] {
            // By team: the first peer that reaches it, and its first pod.
            let mut reached: BTreeMap<String, (Peer<'_>, &Pod<'_>)> = BTreeMap::new();
            for peer in peers(context.index, policy, direction) {
                for pod in peer.pods(context.index) {
                    let team = foreign(context, pod, owner);
                    if let Some(team) = team {
                        reached.entry(team).or_insert((peer.clone(), pod));
                    }
                }
            }
            for (team, (peer, pod)) in &reached {
                report(context, sink, (policy, direction), team, (peer, pod));
            }
        }
    }
}

/// The team of the pod's namespace, if it is another than `owner` and not the platform's pod.
fn foreign(context: &ClusterContext<'_>, pod: &Pod<'_>, owner: &str) -> Option<String> {
    let workload = context.index.workload(pod);
    let mut teams = context.config.teams_of_namespace(&pod.namespace).peekable();
    let team = teams.peek()?.to_string();
    let own = teams.any(|team| same_team(team, owner))
        || workload
            .owner
            .as_deref()
            .is_some_and(|team| same_team(team, owner));
    (!own && !is_infrastructure(context.config, workload)).then_some(team)
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (policy, direction): (&Placed<'_>, Direction),
    team: &str,
    (peer, pod): (&Peer<'_>, &Pod<'_>),
) {
    let workload = context.index.workload(pod);
    let what = match direction {
        Direction::Ingress => "lets in pods of",
        Direction::Egress => "lets its pods reach those of",
    };
    let message = format!(
        "{} of {} {what} {team}, for one {}{}",
        policy.title(),
        policy.who(),
        workload.title(),
        in_cluster(context.index)
    );
    let of_namespaces = peer.node.at_path(&["namespaceSelector", "matchLabels"]);
    let of_endpoints = peer.node.at_path(&["matchLabels"]);
    let spot = of_namespaces
        .and_then(|labels| labels.fields().first())
        .or_else(|| {
            of_endpoints?
                .fields()
                .iter()
                .find(|field| field.name().contains("namespace"))
        })
        .map_or_else(|| Spot::of(peer.node), |field| Spot::of(&field.value));
    // The policy is what would change; the other side only explains, in the order of the sentence.
    let collision = Collision {
        sides: vec![
            Side::new(policy, spot),
            Side::new(workload, declared(pod)).labelled(format!("reached: {}", workload.title())),
        ],
    };
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!(
        "{} {team}",
        match direction {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        }
    ));
    if peer.any_pod {
        finding
            .notes
            .push("the peer names no pods, so that all of the namespace are meant".to_owned());
    }
    finding.help =
        Some("narrow the peer, or declare a contract for it that the other team approved".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use deconflict_placement::Engine;

    use crate::fixture::{config, run_with};

    const TEAMS: &str = "teams:\n  - {name: a, namespaces: [a]}\n  - {name: b, namespaces: [b]}\n";

    /// Whether the policy of one team with `spec` is found to name pods of another.
    fn check(api: &str, kind: &str, spec: &str, found: bool) {
        let pod = |path: &str, name: &str| {
            format!(
                "//- {path}/overlays/prod/p.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {name}, labels: {{app: {name}}}}}\nspec: {{containers: []}}\n"
            )
        };
        let text = format!(
            "{}{}{}//- infra/n/overlays/prod/n.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: b, labels: {{tier: back}}}}\n\
             //- apps/a/a/overlays/prod/np.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: np, namespace: a}}\nspec: {{{spec}}}\n",
            pod("apps/a/a", "a"),
            pod("apps/b/b", "b"),
            pod("infra/edge", "edge"),
        );
        let got = run_with("iso-foreign-peer", &text, &config(TEAMS), Engine::Plain);
        assert_eq!(!got.is_empty(), found, "{text}\n{got}");
    }

    #[test]
    fn peers() {
        let named = |name: &str| {
            format!("namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}")
        };
        let from = |peer: &str| format!("ingress: [{{from: [{{{peer}}}]}}]");
        for (spec, found) in [
            (from(&named("b")), true),
            (from("namespaceSelector: {}"), true),
            (
                from(&format!(
                    "{}, podSelector: {{matchLabels: {{app: b}}}}",
                    named("b")
                )),
                true,
            ),
            (from("namespaceSelector: {matchLabels: {tier: back}}"), true),
            (
                format!("policyTypes: [Egress], egress: [{{to: [{{{}}}]}}]", named("b")),
                true,
            ),
            // Own namespace, no such pods, no such namespace, the platform's pods, an address block, other labels.
            (from("podSelector: {}"), false),
            (from(&named("a")), false),
            (
                from(&format!(
                    "{}, podSelector: {{matchLabels: {{app: z}}}}",
                    named("b")
                )),
                false,
            ),
            (from(&named("c")), false),
            (from(&named("edge")), false),
            (from("ipBlock: {cidr: 10.0.0.0/8}"), false),
            (from("namespaceSelector: {matchLabels: {tier: front}}"), false),
        ] {
            check(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                &format!("podSelector: {{}}, {spec}"),
                found,
            );
        }
    }

    #[test]
    fn peers_of_cilium() {
        let named = |name: &str| format!("matchLabels: {{'k8s:io.kubernetes.pod.namespace': {name}}}");
        let from = |peer: &str| format!("ingress: [{{fromEndpoints: [{{{peer}}}]}}]");
        for (spec, found) in [
            (from(&named("b")), true),
            (
                from("matchLabels: {app: b, io.kubernetes.pod.namespace: b}"),
                true,
            ),
            (
                from("matchLabels: {'k8s:io.cilium.k8s.namespace.labels.tier': back}"),
                true,
            ),
            ("ingress: [{fromEntities: [cluster]}]".to_owned(), true),
            (format!("egress: [{{toEndpoints: [{{{}}}]}}]", named("b")), true),
            // Without a namespace its own is meant; no such pods; the platform's; the world, nodes and reserved identities.
            (from(""), false),
            (from("matchLabels: {app: b}"), false),
            (from(&named("a")), false),
            (
                from("matchLabels: {app: z, io.kubernetes.pod.namespace: b}"),
                false,
            ),
            (from(&named("edge")), false),
            ("ingress: [{fromEntities: [world, host]}]".to_owned(), false),
            (from("matchLabels: {'reserved:host': ''}"), false),
        ] {
            check(
                "cilium.io/v2",
                "CiliumNetworkPolicy",
                &format!("endpointSelector: {{}}, {spec}"),
                found,
            );
        }
    }
}
