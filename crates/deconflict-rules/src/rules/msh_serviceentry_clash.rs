use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_kube::{int_at, items_at, text_at, text_of};

use crate::collision::{Collision, Side, in_cluster, list};
use crate::istio::{full_host, meet, objects};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two ServiceEntries with the same host that one namespace sees and that differ in `resolution`, `location` or
    /// the protocol of a port.
    ///
    /// ## Why it matters
    /// Istio builds one service from both. Whether calls are resolved by DNS, leave the mesh, or are read as HTTP then
    /// depends on which entry is older.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/mesh/overlays/prod/se.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: bank
    ///   namespace: orders
    /// spec:
    ///   hosts: [api.bank.example]
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - {number: 443, name: tls, protocol: TLS}
    /// # apps/billing/mesh/overlays/prod/se.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: bank
    ///   namespace: billing
    /// spec:
    ///   hosts: [api.bank.example]
    ///   location: MESH_EXTERNAL
    ///   resolution: NONE
    ///   ports:
    ///     - {number: 443, name: tls, protocol: TLS}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/mesh/overlays/prod/se.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: bank
    ///   namespace: orders
    /// spec:
    ///   hosts: [api.bank.example]
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - {number: 443, name: tls, protocol: TLS}
    /// # apps/billing/mesh/overlays/prod/se.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: bank
    ///   namespace: billing
    /// spec:
    ///   hosts: [api.bank.example]
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - {number: 443, name: tls, protocol: TLS}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Hosts with a wildcard are compared as they are written. Sidecar objects that narrow what a namespace sees are not
    /// looked at.
    "msh-serviceentry-clash", "two ServiceEntries describe one host differently",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut hosts: BTreeMap<String, Vec<(&Placed<'_>, Spot)>> = BTreeMap::new();
    for (placed, namespace) in objects(context.index, "ServiceEntry") {
        for node in items_at(&placed.facts.object.body, &["spec", "hosts"]) {
            let Some(host) = text_of(node) else { continue };
            hosts
                .entry(full_host(host, namespace))
                .or_default()
                .push((placed, Spot::of(node)));
        }
    }
    for (host, group) in hosts {
        // Against the first one only: it is enough to show the clash, and linear.
        let Some((first, rest)) = group.split_first() else {
            continue;
        };
        let mut fields: Vec<String> = Vec::new();
        let mut sides = vec![Side::new(first.0, first.1.clone())];
        for (placed, spot) in rest
            .iter()
            .filter(|(placed, _)| !std::ptr::eq(*placed, first.0) && meet(placed, first.0))
        {
            let found = differences(first.0, placed);
            if !found.is_empty() {
                sides.push(Side::new(placed, spot.clone()));
                fields.extend(found);
            }
        }
        if sides.len() < 2 {
            continue;
        }
        fields.sort_unstable();
        fields.dedup();
        let collision = Collision::new(context.files, sides);
        let message = format!(
            "{} {} describe host {host}{}, with different {}",
            collision.who(),
            collision.both(),
            in_cluster(context.index),
            list(&fields, "and")
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(host);
        finding
            .notes
            .push("Istio builds one service from both; which one counts depends on their age".to_owned());
        finding.help = Some(
            "let one team own the entry, or keep each in its namespace with `exportTo: [\".\"]`".to_owned(),
        );
        sink.report(finding);
    }
}

fn differences(one: &Placed<'_>, other: &Placed<'_>) -> Vec<String> {
    let (one, other) = (&one.facts.object.body, &other.facts.object.body);
    let mut found = Vec::new();
    for (field, default) in [("resolution", "NONE"), ("location", "MESH_EXTERNAL")] {
        let value = |body| text_at(body, &["spec", field]).unwrap_or(default);
        if value(one) != value(other) {
            found.push(field.to_owned());
        }
    }
    for port in items_at(one, &["spec", "ports"]) {
        let number = int_at(port, &["number"]);
        let same = items_at(other, &["spec", "ports"])
            .find(|other| number.is_some() && int_at(other, &["number"]) == number);
        let protocol = |port| text_at(port, &["protocol"]).map(str::to_uppercase);
        if let (Some(number), Some(same)) = (number, same)
            && protocol(port) != protocol(same)
        {
            found.push(format!("protocol of port {number}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn one_host() {
        let se = |name: &str, spec: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: {name}, namespace: {name}}}\nspec: {{hosts: [a.b], {spec}}}\n"
            )
        };
        for (one, other, expected) in [
            ("resolution: DNS", "resolution: NONE", "resolution"),
            ("resolution: DNS", "resolution: DNS", ""),
            ("location: MESH_INTERNAL", "location: MESH_EXTERNAL", "location"),
            ("resolution: NONE", "location: MESH_EXTERNAL", ""),
            (
                "ports: [{number: 80, protocol: HTTP}]",
                "ports: [{number: 80, protocol: TCP}]",
                "protocol of port 80",
            ),
            (
                "ports: [{number: 80, protocol: HTTP}]",
                "ports: [{number: 81, protocol: TCP}]",
                "",
            ),
            (
                "resolution: DNS, exportTo: ['.']",
                "resolution: NONE, exportTo: ['.']",
                "",
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\n{}---\n{}",
                se("x", one),
                se("y", other)
            );
            let got = run("msh-serviceentry-clash", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.contains(expected), "{text}\n{got}");
        }
    }
}
