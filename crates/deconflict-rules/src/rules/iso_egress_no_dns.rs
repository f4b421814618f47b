use std::collections::BTreeMap;

use deconflict_claims::pods::Pod;
use deconflict_findings::Label;
use deconflict_kube::text_at;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::netpol::{Direction, allows_dns, has_cluster_policy, isolated, reaches_names};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods that policies for outgoing traffic select, NetworkPolicies or Cilium's, of which none allows port 53 to
    /// anything that may be the cluster's DNS.
    ///
    /// ## Why it matters
    /// The first policy with outgoing rules denies everything else, name resolution included. The allowed destination is
    /// never reached, because its name is not found.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
    ///   labels:
    ///     app: search
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: search
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector:
    ///             matchLabels:
    ///               app: index
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
    ///   labels:
    ///     app: search
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: search
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - namespaceSelector:
    ///             matchLabels:
    ///               kubernetes.io/metadata.name: kube-system
    ///       ports:
    ///         - {port: 53, protocol: UDP}
    ///         - {port: 53, protocol: TCP}
    ///     - to:
    ///         - podSelector:
    ///             matchLabels:
    ///               app: index
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A namespace selector is taken to reach the DNS when it may match `kube-system` or the namespace of OpenShift's DNS,
    /// an `ipBlock` always is. In a cluster with a policy for the whole cluster the rule is silent. Pods with `dnsPolicy:
    /// None` are left out, and those that may reach nothing, or the API server alone: its address is in their environment.
    "iso-egress-no-dns", "a policy for outgoing traffic cuts pods off from DNS",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let policies = isolated(context.index, Direction::Egress);
    if policies.is_empty() || has_cluster_policy(context.index) {
        return;
    }
    // One finding per set of policies, with the first pods as witness.
    let mut groups: BTreeMap<Vec<u32>, &Pod<'_>> = BTreeMap::new();
    for pod in context.index.pods().all() {
        let Some(found) = policies.get(&std::ptr::from_ref(pod)) else {
            continue;
        };
        let no_dns = pod
            .template
            .spec
            .as_ref()
            .is_some_and(|spec| text_at(spec, &["dnsPolicy"]) == Some("None"));
        let allowed = found
            .iter()
            .any(|policy| allows_dns(&context.index.objects[*policy as usize]));
        let needs_names = found
            .iter()
            .any(|policy| reaches_names(&context.index.objects[*policy as usize]));
        if !no_dns && !pod.template.host_network && !allowed && needs_names {
            groups.entry(found.clone()).or_insert(pod);
        }
    }
    for (found, pod) in groups {
        let placed: Vec<_> = found
            .iter()
            .map(|policy| &context.index.objects[*policy as usize])
            .collect();
        let names: Vec<String> = placed.iter().map(|policy| policy.title()).collect();
        let workload = context.index.workload(pod);
        let verb = if names.len() == 1 { "cuts" } else { "cut" };
        let message = format!(
            "{} {verb} the pods of {} off from DNS{}",
            list(&names, "and"),
            workload.title(),
            in_cluster(context.index)
        );
        let sides = placed.iter().take(5).map(|policy| Side::declared(policy));
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        finding.related.push(Label::new(
            declared(pod).at,
            format!("its pods, of {}", workload.title()),
        ));
        finding.notes.push(
            "outgoing traffic is denied but for what the policies allow, and none allows port 53".to_owned(),
        );
        finding.help = Some("allow port 53, UDP and TCP, to the DNS in `kube-system`".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn policies() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n, labels: {a: b}}\nspec: {containers: []}\n";
        let np = |spec: &str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x, namespace: n}}\nspec: {{{spec}}}\n"
            )
        };
        let cnp = |spec: &str| {
            format!(
                "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: y, namespace: n}}\nspec: {{{spec}}}\n"
            )
        };
        let to = "egress: [{to: [{podSelector: {matchLabels: {c: d}}}]}]";
        for (policies, found) in [
            (
                np(&format!("podSelector: {{}}, policyTypes: [Egress], {to}")),
                true,
            ),
            (np(&format!("podSelector: {{}}, {to}")), true),
            (
                np(&format!("podSelector: {{matchLabels: {{a: x}}}}, {to}")),
                false,
            ),
            (np("podSelector: {}, policyTypes: [Ingress]"), false),
            (np("podSelector: {}, policyTypes: [Egress], egress: [{}]"), false),
            (
                np("podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}]}]"),
                false,
            ),
            (np("podSelector: {}, egress: [{ports: [{port: 443}]}]"), true),
            (
                np("podSelector: {}, egress: [{ports: [{port: 1, endPort: 100}]}]"),
                false,
            ),
            (
                np("podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}]"),
                false,
            ),
            (
                np(
                    "podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]",
                ),
                true,
            ),
            (
                np("podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]"),
                true,
            ),
            // Nothing that has a name can be reached.
            (np("podSelector: {}, policyTypes: [Egress]"), false),
            (
                np(
                    "podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-kube-apiserver}}}]}]",
                ),
                false,
            ),
            // Another policy of the same pods allows it.
            (
                np(&format!("podSelector: {{}}, {to}"))
                    + &np("podSelector: {}, egress: [{ports: [{port: 53}]}]").replace("name: x", "name: z"),
                false,
            ),
            (
                cnp("endpointSelector: {}, egress: [{toEndpoints: [{matchLabels: {team: a}}]}]"),
                true,
            ),
            (
                cnp(
                    "endpointSelector: {}, egress: [{toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system}}], toPorts: [{ports: [{port: '53'}]}]}]",
                ),
                false,
            ),
            (
                cnp("endpointSelector: {}, egress: [{toEntities: [cluster]}]"),
                false,
            ),
            (cnp("endpointSelector: {}, ingress: [{}]"), false),
        ] {
            let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{pod}{policies}");
            let got = run("iso-egress-no-dns", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
