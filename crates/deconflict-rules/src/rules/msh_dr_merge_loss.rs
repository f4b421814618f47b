use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_kube::{items_at, text_at};

use crate::collision::{Collision, Side, in_cluster};
use crate::istio::{full_host, meet, objects};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two DestinationRules of one namespace for the same host that declare a subset of the same name, or both have
    /// a `trafficPolicy` at the top.
    ///
    /// ## Why it matters
    /// Istio merges such rules by itself: a second subset of a name is dropped and a second top-level policy is ignored,
    /// without any error. Distinct subsets and one policy merge as meant and are not reported.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/reviews/routes/overlays/prod/dr.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: api.example.com
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 100
    /// # infra/mesh/overlays/prod/dr.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: defaults
    ///   namespace: shop
    /// spec:
    ///   host: api.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/reviews/routes/overlays/prod/dr.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: api.example.com
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 100
    /// # infra/mesh/overlays/prod/dr.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: defaults
    ///   namespace: shop
    /// spec:
    ///   host: other.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Rules with a `workloadSelector` and rules of different namespaces are not compared: Istio does not merge them.
    "msh-dr-merge-loss", "a part of a DestinationRule is lost when it is merged with another one for its host",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut rules: BTreeMap<(&str, String), Vec<&Placed<'_>>> = BTreeMap::new();
    for (placed, namespace) in objects(context.index, "DestinationRule") {
        let body = &placed.facts.object.body;
        let Some(host) = text_at(body, &["spec", "host"]) else {
            continue;
        };
        if body.at_path(&["spec", "workloadSelector"]).is_none() {
            rules
                .entry((namespace, full_host(host, namespace)))
                .or_default()
                .push(placed);
        }
    }
    for ((_, host), group) in rules.into_iter().filter(|(_, group)| group.len() > 1) {
        // What a rule brings: the policy at the top, and each subset. The first one of each stays.
        let mut parts: BTreeMap<String, Vec<(&Placed<'_>, Spot)>> = BTreeMap::new();
        for placed in &group {
            let body = &placed.facts.object.body;
            if let Some(field) = body
                .at_path(&["spec"])
                .and_then(|spec| spec.field("trafficPolicy"))
            {
                let spot = Spot {
                    at: field.key_at.0,
                    via: field.value.via.clone(),
                };
                parts
                    .entry("trafficPolicy".to_owned())
                    .or_default()
                    .push((placed, spot));
            }
            for subset in items_at(body, &["spec", "subsets"]) {
                let Some(name) = subset.at_path(&["name"]) else {
                    continue;
                };
                let part = format!("subset {}", name.text().unwrap_or_default());
                parts.entry(part).or_default().push((placed, Spot::of(name)));
            }
        }
        for (part, found) in parts {
            let Some((first, rest)) = found.split_first() else {
                continue;
            };
            let lost: Vec<_> = rest
                .iter()
                .filter(|(placed, _)| !std::ptr::eq(*placed, first.0) && meet(placed, first.0))
                .collect();
            if lost.is_empty() {
                continue;
            }
            let sides = std::iter::once(first)
                .chain(lost)
                .map(|(placed, spot)| Side::new(placed, spot.clone()));
            let collision = Collision::new(context.files, sides);
            let message = format!(
                "{} {} declare {part} for host {host}{}, of which one is lost",
                collision.who(),
                collision.both(),
                in_cluster(context.index)
            );
            let Some(mut finding) = collision.finding(&RULE, message) else {
                continue;
            };
            finding.key = Some(format!("{host} {part}"));
            finding.notes.push(
                "Istio keeps the one of the older rule and drops the other without an error".to_owned(),
            );
            finding.help =
                Some("write one DestinationRule for the host, or give the subset another name".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn parts() {
        let dr = |name: &str, namespace: &str, spec: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
            )
        };
        for (one, other, found) in [
            (
                dr("a", "n", "host: x, subsets: [{name: v1}]"),
                dr("b", "n", "host: x, subsets: [{name: v1}]"),
                true,
            ),
            (
                dr("a", "n", "host: x, subsets: [{name: v1}]"),
                dr("b", "n", "host: x, subsets: [{name: v2}]"),
                false,
            ),
            (
                dr("a", "n", "host: x, trafficPolicy: {}"),
                dr("b", "n", "host: x.n.svc.cluster.local, trafficPolicy: {}"),
                true,
            ),
            (
                dr("a", "n", "host: x, trafficPolicy: {}"),
                dr("b", "n", "host: x, subsets: [{name: v2}]"),
                false,
            ),
            (
                dr("a", "n", "host: x.y, trafficPolicy: {}"),
                dr("b", "m", "host: x.y, trafficPolicy: {}"),
                false,
            ),
            (
                dr("a", "n", "host: x, trafficPolicy: {}"),
                dr("b", "n", "host: x, workloadSelector: {}, trafficPolicy: {}"),
                false,
            ),
        ] {
            let text = format!("//- apps/a/web/overlays/prod/all.yaml\n{one}---\n{other}");
            let got = run("msh-dr-merge-loss", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
