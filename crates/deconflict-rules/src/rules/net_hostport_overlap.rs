use std::collections::{BTreeMap, BTreeSet};

use deconflict_claims::Spot;
use deconflict_claims::pods::{Controller, NodeLabels, Placing, Pod};
use deconflict_config::NodePool;
use deconflict_findings::{Certainty, Severity};
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
    /// Workloads that select nodes are known to meet only where the configuration declares node groups (`clusters[].nodes`)
    /// that both accept. Without node groups, those whose node selectors and affinities some node could fulfil together are
    /// only possible (info). Every cluster is taken to have Linux nodes. Workloads that run no pod claim nothing.
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
        if run
            .windows(2)
            .any(|pair| pair[0].pod.object != pair[1].pod.object)
        {
            report(context, run, sink);
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
    let is_idle = pod.counts.max == Some(0) && !pod.counts.unknown;
    if pod.template.controller.ends() || is_idle {
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

fn report(context: &ClusterContext<'_>, claims: &[PortClaim<'_, '_>], sink: &mut Sink) {
    let groups = context
        .index
        .cluster
        .map_or(&[][..], |cluster| cluster.nodes.as_slice());
    let accepted = |accepts: &dyn Fn(&Placing) -> bool| {
        let accepting = claims.iter().filter(|claim| accepts(&claim.pod.template.placing));
        of_one_address(accepting.collect())
    };
    let (meeting, certainty) = if groups.is_empty() {
        let everywhere = accepted(&Placing::accepts_every_linux_node);
        if everywhere.is_empty() {
            (somewhere(claims), Certainty::Possible)
        } else {
            (everywhere, Certainty::Witnessed)
        }
    } else {
        let mut meeting: Vec<&PortClaim<'_, '_>> = Vec::new();
        for group in groups {
            let node = node_of(group);
            for claim in accepted(&|placing| placing.accepts(&node)) {
                if !meeting.iter().any(|known| std::ptr::eq(*known, claim)) {
                    meeting.push(claim);
                }
            }
        }
        (meeting, Certainty::Witnessed)
    };
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
    finding.certainty = finding.certainty.min(certainty);
    finding.key = Some(format!("{}/{}", first.port, first.protocol));
    finding.notes.push(if daemons {
        "no node has room for both: the pods of whichever comes second stay Pending, or crash under `hostNetwork`".to_owned()
    } else {
        "on a node that has one, the pods of the other stay Pending, or crash under `hostNetwork`".to_owned()
    });
    finding.help = Some("drop `hostPort` and use a Service, or take another port".to_owned());
    sink.report(finding);
}

/// Those that meet another one on an address of the node; one for each workload.
fn of_one_address<'c, 'i, 'a>(claims: Vec<&'c PortClaim<'i, 'a>>) -> Vec<&'c PortClaim<'i, 'a>> {
    // An address has the claims on it, and those on all addresses.
    let mut others: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for claim in &claims {
        let workloads = others.entry(&claim.address).or_default();
        workloads.insert(claim.pod.object);
    }
    let all: BTreeSet<u32> = others.values().flatten().copied().collect();
    let everywhere = others.get("").cloned().unwrap_or_default();
    let meets = |claim: &&PortClaim<'_, '_>| {
        let is_other = |workload: &u32| *workload != claim.pod.object;
        match others.get(claim.address.as_str()) {
            Some(here) if !claim.address.is_empty() => here.iter().chain(&everywhere).any(is_other),
            _ => all.iter().any(is_other),
        }
    };
    let mut seen = BTreeSet::new();
    let claims = claims.into_iter().filter(meets);
    claims.filter(|claim| seen.insert(claim.pod.object)).collect()
}

/// How many workloads with one port and node selectors of their own are compared with each other.
const COMPARED: usize = 50;

/// The first that could run on one node with another one, and those that could with it.
fn somewhere<'c, 'i, 'a>(claims: &'c [PortClaim<'i, 'a>]) -> Vec<&'c PortClaim<'i, 'a>> {
    let compared = &claims[..claims.len().min(COMPARED)];
    let meeting = compared.iter().map(|one| {
        let placing = &one.pod.template.placing;
        let others = compared
            .iter()
            .filter(|other| placing.meets(&other.pod.template.placing));
        of_one_address(others.collect())
    });
    let mut meeting = meeting.filter(|meeting| meeting.len() > 1);
    meeting.next().unwrap_or_default()
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
    use deconflict_placement::Engine;

    use crate::fixture::{config, run, run_with};

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
            let got = run("net-hostport-overlap", &text);
            let head = got.split(':').next().unwrap_or_default();
            head.replace("[net-hostport-overlap]", "")
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
        // Without node groups it is only possible that they meet, unless both take any node.
        let selects = |labels: &'static str| ("DaemonSet", labels, port);
        for (one, other, expected) in [
            (selects(""), selects("nodeSelector: {a: b},"), "error (possible)"),
            (
                selects("nodeSelector: {a: b},"),
                selects("nodeSelector: {a: b},"),
                "error (possible)",
            ),
            (
                selects("nodeSelector: {a: b},"),
                selects("nodeSelector: {a: c},"),
                "",
            ),
            (
                selects("nodeSelector: {kubernetes.io/os: linux},"),
                selects(""),
                "error",
            ),
        ] {
            assert_eq!(severity(one, other), expected, "{one:?} {other:?}");
        }
        // Nobody runs.
        assert_eq!(
            severity(("DaemonSet", "", port), ("Deployment", "", port)),
            "warning"
        );
        let idle = workload("a", "DaemonSet", "", port)
            + &workload("b", "Deployment", "", port)
                .replace("spec: {template", "spec: {replicas: 0, template");
        assert_eq!(run("net-hostport-overlap", &idle), "");
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

    /// rules.md section 5.6: with node groups, a group that takes both is the witness.
    #[test]
    fn node_groups() {
        let port = "containerPort: 80, hostPort: 8080";
        let config = config(
            "version: 1\nclusters:\n- name: prod\n  nodes:\n  - {name: worker, labels: {pool: worker}, count: 3}\n  \
             - {name: gpu, labels: {pool: gpu}, taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}\n",
        );
        let fires = |one: &str, other: &str| {
            let text = workload("a", "Deployment", one, port) + &workload("b", "Deployment", other, port);
            let got = run_with("net-hostport-overlap", &text, &config, Engine::Plain);
            got.split('[').next().unwrap_or_default().to_owned()
        };
        let pool = |name: &str| format!("nodeSelector: {{pool: {name}}},");
        let tolerant = |name: &str| format!("{} tolerations: [{{key: gpu, operator: Exists}}],", pool(name));
        for (one, other, expected) in [
            (String::new(), String::new(), "error"),
            (pool("worker"), String::new(), "error"),
            (pool("worker"), pool("worker"), "error"),
            (pool("worker"), pool("gpu"), ""),
            // The taint keeps one of them away.
            (tolerant("gpu"), pool("gpu"), ""),
            (tolerant("gpu"), tolerant("gpu"), "error"),
            (tolerant("gpu"), String::new(), ""),
            // No group has the label.
            (pool("edge"), pool("edge"), ""),
        ] {
            assert_eq!(fires(&one, &other), expected, "{one} {other}");
        }
    }
}
