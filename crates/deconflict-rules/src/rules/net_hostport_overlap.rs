use deconflict_claims::Spot;
use deconflict_claims::pods::{Controller, NodeLabels, Pod};
use deconflict_config::NodePool;
use deconflict_findings::Severity;
use deconflict_kube::{int_of, items_at, text_at};
use smol_str::SmolStr;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two workloads whose pods claim one port of their node (`hostPort`, or a container port under `hostNetwork`)
    /// and may run on the same nodes. It is an error when both are DaemonSets or the configuration declares the nodes.
    ///
    /// ## Why it matters
    /// A node has each port once. The scheduler finds no node for the second pod, which stays Pending on exactly the
    /// nodes that have the first; with `hostNetwork` it starts and crashes ("address already in use").
    ///
    /// ## Example
    /// ```yaml
    /// # infra/monitoring/overlays/prod/agent.yaml
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: node-exporter, namespace: monitoring}
    /// spec:
    ///   selector: {matchLabels: {app: node-exporter}}
    ///   template:
    ///     metadata: {labels: {app: node-exporter}}
    ///     spec:
    ///       containers:
    ///         - name: agent
    ///           image: registry.example/node-exporter:1.4
    ///           ports: [{containerPort: 9100, hostPort: 9100}]
    /// # apps/search/agent/overlays/prod/agent.yaml
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: search-agent, namespace: search}
    /// spec:
    ///   selector: {matchLabels: {app: search-agent}}
    ///   template:
    ///     metadata: {labels: {app: search-agent}}
    ///     spec:
    ///       containers:
    ///         - name: agent
    ///           image: registry.example/search-agent:1.4
    ///           ports: [{containerPort: 9100, hostPort: 9100}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/monitoring/overlays/prod/agent.yaml
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: node-exporter, namespace: monitoring}
    /// spec:
    ///   selector: {matchLabels: {app: node-exporter}}
    ///   template:
    ///     metadata: {labels: {app: node-exporter}}
    ///     spec:
    ///       containers:
    ///         - name: agent
    ///           image: registry.example/node-exporter:1.4
    ///           ports: [{containerPort: 9100, hostPort: 9100}]
    /// # apps/search/agent/overlays/prod/agent.yaml
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: search-agent, namespace: search}
    /// spec:
    ///   selector: {matchLabels: {app: search-agent}}
    ///   template:
    ///     metadata: {labels: {app: search-agent}}
    ///     spec:
    ///       containers:
    ///         - name: agent
    ///           image: registry.example/search-agent:1.4
    ///           ports: [{containerPort: 9100}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Workloads that select nodes meet only where the configuration declares node groups (`clusters[].nodes`) that both
    /// accept.
    "net-hostport-overlap", "pods of two workloads want one port of a node",
    severity: Warning,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut claims: Vec<PortClaim<'_, '_>> = Vec::new();
    for pod in context.index.pods().all() {
        claims.extend(claims_of(pod));
    }
    // Stable: equal ports stay in the order of objects.
    claims.sort_by(|a, b| (a.port, &a.protocol).cmp(&(b.port, &b.protocol)));
    for run in claims.chunk_by(|a, b| (a.port, &a.protocol) == (b.port, &b.protocol)) {
        let mut sides: Vec<&PortClaim<'_, '_>> = Vec::new();
        for claim in run {
            if !sides.iter().any(|known| known.pod.object == claim.pod.object) {
                sides.push(claim);
            }
        }
        if sides.len() > 1 {
            report(context, &sides, sink);
        }
    }
}

struct PortClaim<'i, 'a> {
    port: i64,
    protocol: SmolStr,
    /// Empty for every address of the node.
    address: SmolStr,
    spot: Spot,
    pod: &'i Pod<'a>,
}

fn claims_of<'i, 'a>(pod: &'i Pod<'a>) -> Vec<PortClaim<'i, 'a>> {
    let mut found: Vec<PortClaim<'i, 'a>> = Vec::new();
    let Some(spec) = &pod.template.spec else {
        return found;
    };
    // Pods that end, or that nobody starts, hold no port for long.
    if pod.template.controller.ends() {
        return found;
    }
    for container in items_at(spec, &["containers"]) {
        for port in items_at(container, &["ports"]) {
            let node = match (port.get("hostPort"), pod.template.host_network) {
                (Some(node), _) => Some(node),
                (None, true) => port.get("containerPort"),
                (None, false) => None,
            };
            let Some((node, number)) =
                node.and_then(|node| Some((node, int_of(node).filter(|port| *port > 0)?)))
            else {
                continue;
            };
            let address = text_at(port, &["hostIP"]).filter(|address| !matches!(*address, "0.0.0.0" | "::"));
            found.push(PortClaim {
                port: number,
                protocol: text_at(port, &["protocol"]).unwrap_or("TCP").into(),
                address: address.unwrap_or_default().into(),
                spot: Spot::of(node),
                pod,
            });
        }
    }
    found
}

fn report(context: &ClusterContext<'_>, claims: &[&PortClaim<'_, '_>], sink: &mut Sink) {
    let groups = context
        .index
        .cluster
        .map_or(&[][..], |cluster| cluster.nodes.as_slice());
    let meeting = if groups.is_empty() {
        // Without node groups only pods that accept every node are known to meet.
        let everywhere = claims
            .iter()
            .copied()
            .filter(|claim| claim.pod.template.placing.accepts_every_label());
        everywhere.collect()
    } else {
        let mut meeting: Vec<&PortClaim<'_, '_>> = Vec::new();
        for group in groups {
            let node = node_of(group);
            let here = claims
                .iter()
                .copied()
                .filter(|claim| claim.pod.template.placing.accepts(&node));
            let here: Vec<&PortClaim<'_, '_>> = here.collect();
            if here.len() > 1 {
                for claim in here {
                    if !meeting.iter().any(|known| std::ptr::eq(*known, claim)) {
                        meeting.push(claim);
                    }
                }
            }
        }
        meeting
    };
    // Two specific addresses of a node are two ports.
    let any = meeting.iter().any(|claim| claim.address.is_empty());
    let same = |claim: &&PortClaim<'_, '_>| {
        any || meeting
            .iter()
            .filter(|other| other.address == claim.address)
            .count()
            > 1
    };
    let meeting: Vec<&PortClaim<'_, '_>> = meeting.iter().copied().filter(same).collect();
    let [first, _, ..] = meeting.as_slice() else {
        return;
    };
    let collision = Collision::new(
        context.files,
        meeting
            .iter()
            .map(|claim| Side::new(context.index.workload(claim.pod), claim.spot.clone())),
    );
    let message = format!(
        "{} {} claim port {}/{} of every node they share{}",
        collision.who(),
        collision.both(),
        first.port,
        first.protocol,
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    let daemons = meeting
        .iter()
        .all(|claim| claim.pod.template.controller == Controller::DaemonSet);
    if daemons || !groups.is_empty() {
        finding.severity = Severity::Error;
    }
    finding.key = Some(format!("{}/{}", first.port, first.protocol));
    finding.notes.push(if daemons {
        "no node has room for both: the pods of whichever comes second stay Pending, or crash under `hostNetwork`".to_owned()
    } else {
        "on a node that has one, the pods of the other stay Pending, or crash under `hostNetwork`".to_owned()
    });
    finding.help = Some("drop `hostPort` and use a Service, or take another port".to_owned());
    sink.report(finding);
}

fn node_of(group: &NodePool) -> NodeLabels {
    let mut node = NodeLabels::default();
    for (key, value) in &group.labels {
        node.labels.set(key, value);
    }
    let taints = group.taints.iter();
    node.taints = taints
        .map(|taint| (taint.key.clone(), taint.value.clone(), taint.effect.clone()))
        .collect();
    node
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn workload(team: &str, kind: &str, pod: &str, port: &str) -> String {
        format!(
            "//- apps/{team}/web/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {team}, namespace: {team}}}\n\
             spec: {{template: {{spec: {{{pod} containers: [{{name: c, ports: [{{{port}}}]}}]}}}}}}\n"
        )
    }

    #[test]
    fn ports_of_nodes() {
        let severity = |one: (&str, &str, &str), other: (&str, &str, &str)| {
            let text = workload("a", one.0, one.1, one.2) + &workload("b", other.0, other.1, other.2);
            run("net-hostport-overlap", &text)
                .split('[')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let port = "containerPort: 80, hostPort: 8080";
        assert_eq!(
            severity(("DaemonSet", "", port), ("DaemonSet", "", port)),
            "error"
        );
        assert_eq!(
            severity(("Deployment", "", port), ("DaemonSet", "", port)),
            "warning"
        );
        let network = ("DaemonSet", "hostNetwork: true,", "containerPort: 8080");
        assert_eq!(severity(("DaemonSet", "", port), network), "error");
        assert_eq!(
            severity(("DaemonSet", "", port), ("DaemonSet", "", "containerPort: 8080")),
            ""
        );
        assert_eq!(
            severity(
                ("DaemonSet", "", port),
                (
                    "DaemonSet",
                    "",
                    "containerPort: 80, hostPort: 8080, protocol: UDP"
                )
            ),
            ""
        );
        assert_eq!(
            severity(
                ("DaemonSet", "", port),
                ("DaemonSet", "nodeSelector: {a: b},", port)
            ),
            ""
        );
        let address = |ip: &str| format!("{port}, hostIP: {ip}");
        assert_eq!(
            severity(
                ("DaemonSet", "", &address("10.0.0.1")),
                ("DaemonSet", "", &address("10.0.0.2"))
            ),
            ""
        );
        assert_eq!(
            severity(
                ("DaemonSet", "", &address("10.0.0.1")),
                ("DaemonSet", "", &address("10.0.0.1"))
            ),
            "error"
        );
        assert_eq!(
            severity(
                ("DaemonSet", "", &address("10.0.0.1")),
                ("DaemonSet", "", &address("0.0.0.0"))
            ),
            "error"
        );
    }
}
