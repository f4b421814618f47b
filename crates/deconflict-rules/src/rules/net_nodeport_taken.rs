use std::collections::BTreeSet;

use deconflict_claims::{Space, What};

use crate::collision::{by_object, collide, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one `nodePort` (or `healthCheckNodePort`) in two Services of a cluster.
    ///
    /// ## Why it matters
    /// A node port is open on every node, so a cluster has each number once. Every file is valid alone; the API server
    /// refuses the Service that is applied second ("provided port is already allocated"), and its application never gets
    /// traffic. Which one is second depends on who syncs first, so a rebuilt cluster may break the other one.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   type: NodePort
    ///   selector:
    ///     app: gateway
    ///   ports:
    ///     - port: 80
    ///       nodePort: 30080
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   type: NodePort
    ///   selector:
    ///     app: api
    ///   ports:
    ///     - port: 80
    ///       nodePort: 30080
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   type: NodePort
    ///   selector:
    ///     app: gateway
    ///   ports:
    ///     - port: 80
    ///       nodePort: 30080
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   type: NodePort
    ///   selector:
    ///     app: api
    ///   ports:
    ///     - port: 80
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Ports that the cluster hands out by itself are not in Git, so a static port may still be taken when it is applied.
    /// The range is taken to be the default, 30000 to 32767, when free ports are suggested.
    "net-nodeport-taken", "two Services of a cluster claim one node port",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let groups: Vec<_> = context.index.claims(Space::NodePort).collect();
    let taken: BTreeSet<u16> = groups
        .iter()
        .filter_map(|group| group.first()?.claim.key.parse().ok())
        .collect();
    for group in &groups {
        // TCP and UDP may share a number inside one Service only.
        let sides = by_object(group);
        let [first, _, ..] = sides.as_slice() else {
            continue;
        };
        let port = &first.claim.key;
        let mut collision = collide(context, &sides);
        for side in &mut collision.sides {
            let health_check = sides.iter().any(|claimed| {
                std::ptr::eq(claimed.placed, side.placed)
                    && matches!(
                        claimed.claim.what,
                        What::Port {
                            health_check: true,
                            ..
                        }
                    )
            });
            if health_check {
                side.label = format!("health check of {}", side.label);
            }
        }
        let message = format!(
            "{} {} claim node port {port}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(port.to_string());
        finding.notes.push(
            "the API server refuses whichever is applied second: \"provided port is already allocated\""
                .to_owned(),
        );
        let free = port.parse().map(|port| free(&taken, port)).unwrap_or_default();
        finding.help = Some(match free.as_slice() {
            [] => "drop `nodePort` and let the cluster choose".to_owned(),
            free => format!(
                "drop `nodePort` and let the cluster choose, or take one that is free: {}",
                free.join(", ")
            ),
        });
        sink.report(finding);
    }
}

/// The default of `--service-node-port-range`.
const RANGE: std::ops::RangeInclusive<u16> = 30000..=32767;

/// The next three ports after `port` that no Service of the cluster claims, starting over at the end of the range.
fn free(taken: &BTreeSet<u16>, port: u16) -> Vec<String> {
    let after = RANGE.filter(|other| *other > port);
    let before = RANGE.filter(|other| *other < port);
    let free = after.chain(before).filter(|port| !taken.contains(port));
    free.take(3).map(|port| port.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::check;

    fn service(path: &str, name: &str, spec: &str) -> String {
        format!(
            "//- {path}\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {name}}}\nspec: {{{spec}}}\n"
        )
    }

    const A: &str = "apps/a/web/overlays/prod/s.yaml";
    const B: &str = "apps/b/api/overlays/prod/s.yaml";
    const RULE: &str = "net-nodeport-taken";

    fn both(one: &str, other: &str, expected: &str) {
        check(
            RULE,
            &(service(A, "web", one) + &service(B, "api", other)),
            expected,
        );
    }

    #[test]
    fn one_number_in_two_services() {
        both(
            "type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 81, nodePort: 30081}]",
            "type: NodePort, ports: [{port: 90, nodePort: 30080}]",
            "error[net-nodeport-taken]: a and b both claim node port 30080 in prod
             apps/a/web/overlays/prod/s.yaml:4 `30080` Service web/web (team a)
             apps/b/api/overlays/prod/s.yaml:4 `30080` Service api/api (team b)
             note: the API server refuses whichever is applied second: \"provided port is already allocated\"
             help: drop `nodePort` and let the cluster choose, or take one that is free: 30082, 30083, 30084",
        );
    }

    #[test]
    fn protocols_share_inside_one_service_only() {
        both(
            "type: NodePort, ports: [{port: 53, nodePort: 30053}, {port: 53, protocol: UDP, nodePort: 30053}]",
            "type: ClusterIP, ports: [{port: 53}]",
            "",
        );
        both(
            "type: NodePort, ports: [{port: 53, nodePort: 30053}]",
            "type: LoadBalancer, ports: [{port: 53, protocol: UDP, nodePort: 30053}]",
            "error[net-nodeport-taken]: a and b both claim node port 30053 in prod
             apps/a/web/overlays/prod/s.yaml:4 `30053` Service web/web (team a)
             apps/b/api/overlays/prod/s.yaml:4 `30053` Service api/api (team b)
             note: the API server refuses whichever is applied second: \"provided port is already allocated\"
             help: drop `nodePort` and let the cluster choose, or take one that is free: 30054, 30055, 30056",
        );
    }

    #[test]
    fn health_checks_take_a_port_too() {
        both(
            "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32767, ports: [{port: 80}]",
            "type: NodePort, ports: [{port: 80, nodePort: 32767}]",
            "error[net-nodeport-taken]: a and b both claim node port 32767 in prod
             apps/a/web/overlays/prod/s.yaml:4 `32767` health check of Service web/web (team a)
             apps/b/api/overlays/prod/s.yaml:4 `32767` Service api/api (team b)
             note: the API server refuses whichever is applied second: \"provided port is already allocated\"
             help: drop `nodePort` and let the cluster choose, or take one that is free: 30000, 30001, 30002",
        );
    }

    #[test]
    fn no_collision() {
        let port = "type: NodePort, ports: [{port: 80, nodePort: 30080}]";
        // Two clusters.
        check(
            RULE,
            &(service(A, "web", port) + &service("apps/b/api/overlays/dr/s.yaml", "api", port)),
            "",
        );
        // Left to the cluster; a type without node ports.
        both(port, "type: NodePort, ports: [{port: 80, nodePort: 0}]", "");
        both(port, "ports: [{port: 80, nodePort: 30080}]", "");
        // One object from two applications is a finding of another rule.
        check(RULE, &(service(A, "web", port) + &service(B, "web", port)), "");
    }
}
