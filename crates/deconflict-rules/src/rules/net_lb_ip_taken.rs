use std::collections::BTreeMap;

use deconflict_claims::{Claimed, Space, What};
use smol_str::SmolStr;

use crate::collision::{by_object, collide, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one load-balancer address (`loadBalancerIP`, or the annotation of MetalLB, Cilium or kube-vip) in two
    /// Services of a cluster that do not share it properly: without one sharing key, or with it and the same port and
    /// protocol.
    ///
    /// ## Why it matters
    /// The implementation gives the address to one of them. The other stays `<pending>`, or, worse, both are announced
    /// and the network decides.
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
    ///   type: LoadBalancer
    ///   loadBalancerIP: 192.0.2.10
    ///   selector: {app: gateway}
    ///   ports: [{port: 443}]
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerIP: 192.0.2.10
    ///   selector: {app: api}
    ///   ports: [{port: 8443}]
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
    ///   annotations: {metallb.io/allow-shared-ip: edge}
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerIP: 192.0.2.10
    ///   selector: {app: gateway}
    ///   ports: [{port: 443}]
    /// # apps/checkout/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: api
    ///   namespace: checkout
    ///   annotations: {metallb.io/allow-shared-ip: edge}
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerIP: 192.0.2.10
    ///   selector: {app: api}
    ///   ports: [{port: 8443}]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Whether `externalTrafficPolicy` allows the sharing is not looked at. Ranges and pools are not compared.
    "net-lb-ip-taken", "two Services of a cluster claim one load-balancer address",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.claims(Space::LoadBalancerIp) {
        let all = by_object(&group);
        if all.len() < 2 {
            continue;
        }
        let key_of = |claimed: &Claimed<'_, '_>| match &claimed.claim.what {
            What::Address { sharing, .. } => sharing.clone(),
            _ => None,
        };
        let first = key_of(all[0]);
        let shared = first.is_some() && all.iter().all(|claimed| key_of(claimed) == first);
        let (sides, port) = if shared {
            match same_port(&all) {
                Some(found) => found,
                None => continue,
            }
        } else {
            (all, String::new())
        };
        let collision = collide(context, &sides);
        let address = &sides[0].claim.key;
        let message = format!(
            "{} {} claim load-balancer address {address}{port}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{address}{port}"));
        finding.notes.push(if shared {
            "they share the address by key, but one port can only be served by one of them".to_owned()
        } else {
            "one of them gets the address, the other stays pending; which one is not in Git".to_owned()
        });
        finding.help = Some(if shared {
            "give them different ports, or one its own address".to_owned()
        } else {
            "give one its own address, or let both share it with one sharing key and different ports"
                .to_owned()
        });
        sink.report(finding);
    }
}

type Found<'c, 'i, 'a> = (Vec<&'c Claimed<'i, 'a>>, String);

/// The Services that have the first port that two of them have, and the port.
fn same_port<'c, 'i, 'a>(all: &[&'c Claimed<'i, 'a>]) -> Option<Found<'c, 'i, 'a>> {
    let mut by_port: BTreeMap<&(i64, SmolStr), Vec<&'c Claimed<'i, 'a>>> = BTreeMap::new();
    for claimed in all {
        if let What::Address { ports, .. } = &claimed.claim.what {
            for port in ports {
                by_port.entry(port).or_default().push(claimed);
            }
        }
    }
    let (port, sides) = by_port.into_iter().find(|(_, sides)| sides.len() > 1)?;
    Some((sides, format!(":{}/{}", port.0, port.1)))
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    const RULE: &str = "net-lb-ip-taken";

    fn service(team: &str, annotations: &str, spec: &str) -> String {
        format!(
            "//- apps/{team}/web/overlays/prod/s.yaml\napiVersion: v1\nkind: Service\n\
             metadata: {{name: {team}, namespace: {team}, annotations: {{{annotations}}}}}\nspec: {{type: LoadBalancer, {spec}}}\n"
        )
    }

    #[test]
    fn sharing() {
        let fires = |one: (&str, &str), other: (&str, &str)| {
            !run(
                RULE,
                &(service("a", one.0, one.1) + &service("b", other.0, other.1)),
            )
            .is_empty()
        };
        let key = "metallb.io/allow-shared-ip: x, metallb.io/loadBalancerIPs: 192.0.2.1";
        let other_key = "metallb.io/allow-shared-ip: z, metallb.io/loadBalancerIPs: 192.0.2.1";
        let (http, https) = ("ports: [{port: 80}]", "ports: [{port: 443}]");
        let udp = "ports: [{port: 80, protocol: UDP}]";
        assert!(!fires((key, http), (key, https)));
        assert!(!fires((key, http), (key, udp)));
        assert!(fires((key, http), (key, http)));
        assert!(fires((key, http), (other_key, https)));
        assert!(fires(
            (key, http),
            ("lbipam.cilium.io/ips: '192.0.2.9, 192.0.2.1'", https)
        ));
        assert!(fires(
            ("", "loadBalancerIP: 192.0.2.1"),
            ("kube-vip.io/loadbalancerIPs: 192.0.2.1", https)
        ));
        assert!(!fires(
            ("", "loadBalancerIP: 192.0.2.1"),
            ("", "loadBalancerIP: 192.0.2.2")
        ));
    }
}
