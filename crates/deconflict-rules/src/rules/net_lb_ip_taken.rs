use std::collections::BTreeMap;

use deconflict_claims::{Claimed, Space, What};
use deconflict_kube::{Labels, text_at};
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
    /// Ranges and pools are not compared. Cilium's sharing is judged by the same conditions as MetalLB's.
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
        let conflict = if shared {
            conflict(&all)
        } else {
            Some(Conflict::Key)
        };
        let Some(conflict) = conflict else { continue };
        let (sides, port) = match &conflict {
            Conflict::Port(sides, port) => (sides.clone(), port.clone()),
            _ => (all, String::new()),
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
        let (note, help) = match conflict {
            Conflict::Port(..) => (
                "they share the address by key, but one port can only be served by one of them",
                "give them different ports, or one its own address",
            ),
            Conflict::Policy => (
                "they share the address by key, but differ in `externalTrafficPolicy`: the second one stays pending",
                "give both the same `externalTrafficPolicy`, or one its own address",
            ),
            Conflict::Pods => (
                "they share the address by key with `externalTrafficPolicy: Local`, but select different pods: the second \
                 one stays pending",
                "use `externalTrafficPolicy: Cluster`, or give one its own address",
            ),
            Conflict::Key => (
                "one of them gets the address, the other stays pending; which one is not in Git",
                "give one its own address, or let both share it with one sharing key and different ports",
            ),
        };
        finding.notes.push(note.to_owned());
        finding.help = Some(help.to_owned());
        sink.report(finding);
    }
}

/// Why Services cannot have one address (metallb.io, IP address sharing; rules.md section 5.6).
enum Conflict<'c, 'i, 'a> {
    /// No sharing key in common.
    Key,
    /// One port of several.
    Port(Vec<&'c Claimed<'i, 'a>>, String),
    /// Different traffic policies.
    Policy,
    /// `Local` with different selectors.
    Pods,
}

/// What keeps Services with one sharing key apart.
fn conflict<'c, 'i, 'a>(all: &[&'c Claimed<'i, 'a>]) -> Option<Conflict<'c, 'i, 'a>> {
    if let Some((sides, port)) = same_port(all) {
        return Some(Conflict::Port(sides, port));
    }
    let is_local = |claimed: &&Claimed<'_, '_>| {
        let body = &claimed.placed.facts.object.body;
        text_at(body, &["spec", "externalTrafficPolicy"]) == Some("Local")
    };
    let selector = |claimed: &&Claimed<'_, '_>| {
        let body = &claimed.placed.facts.object.body;
        Labels::of(body.at_path(&["spec", "selector"]))
    };
    let local = all.iter().filter(|claimed| is_local(claimed)).count();
    if local == 0 {
        return None;
    }
    if local < all.len() {
        return Some(Conflict::Policy);
    }
    let first = selector(&all[0]);
    let namespace = &all[0].placed.namespace;
    let same =
        |claimed: &&Claimed<'_, '_>| selector(claimed) == first && claimed.placed.namespace == *namespace;
    (!all.iter().all(same)).then_some(Conflict::Pods)
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
        // The traffic policies must be equal, and with Local the pods too.
        let local = |ports: &str, app: &str| {
            format!("{ports}, externalTrafficPolicy: Local, selector: {{app: {app}}}")
        };
        let cluster = "ports: [{port: 443}], externalTrafficPolicy: Cluster";
        assert!(fires((key, &local(http, "x")), (key, https)));
        assert!(fires((key, &local(http, "x")), (key, &local(https, "y"))));
        assert!(!fires((key, http), (key, cluster)));
        let one = service("a", key, &local(http, "x"));
        let same_pods = service("b", key, &local(https, "x")).replace("namespace: b", "namespace: a");
        assert_eq!(run(RULE, &(one + &same_pods)), "");
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
