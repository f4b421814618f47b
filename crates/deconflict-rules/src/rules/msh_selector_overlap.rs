use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_findings::Label;
use deconflict_kube::{Selector, is_blank};

use crate::collision::{Collision, Side, in_cluster};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Sidecars, PeerAuthentications or Telemetries of Istio in one namespace that select the same pods, or that
    /// both hold for the whole namespace.
    ///
    /// ## Why it matters
    /// Istio takes one of them, in an order it does not promise, and ignores the other: a pod loses its strict mutual TLS,
    /// or sees hosts it should not.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    ///     tier: front
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   mtls:
    ///     mode: STRICT
    /// # infra/mesh/overlays/prod/front.yaml
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: front
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       tier: front
    ///   mtls:
    ///     mode: PERMISSIVE
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    ///     tier: front
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   mtls:
    ///     mode: STRICT
    /// # infra/mesh/overlays/prod/front.yaml
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: front
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       tier: back
    ///   mtls:
    ///     mode: PERMISSIVE
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Telemetries and policies that name their target with `targetRefs` are left out.
    "msh-selector-overlap", "two mesh configurations of one kind apply to one pod",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

const KINDS: [(&str, &str, &[&str]); 3] = [
    (
        "networking.istio.io",
        "Sidecar",
        &["spec", "workloadSelector", "labels"],
    ),
    (
        "security.istio.io",
        "PeerAuthentication",
        &["spec", "selector", "matchLabels"],
    ),
    (
        "telemetry.istio.io",
        "Telemetry",
        &["spec", "selector", "matchLabels"],
    ),
];

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for (group, kind, path) in KINDS {
        let mut whole: BTreeMap<&str, Vec<(&Placed<'_>, Spot)>> = BTreeMap::new();
        let mut all: Vec<(&Placed<'_>, Spot)> = Vec::new();
        // Configurations by the pods they select, as sets with the first pods as witness.
        let mut by_pod: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for placed in context
            .index
            .live()
            .filter(|placed| placed.facts.object.key.is(group, kind))
        {
            let body = &placed.facts.object.body;
            let namespace = placed.namespace.as_deref().unwrap_or_default();
            if body.at_path(&["spec", "targetRefs"]).is_some()
                || body.at_path(&["spec", "targetRef"]).is_some()
            {
                continue;
            }
            let Some(node) = body.at_path(path).filter(|node| !is_blank(node)) else {
                whole
                    .entry(namespace)
                    .or_default()
                    .push((placed, Side::declared(placed).spot));
                continue;
            };
            let mut objects: Vec<u32> = context
                .index
                .pods()
                .select(namespace, &Selector::of_map(node))
                .iter()
                .map(|pod| pod.object)
                .collect();
            objects.dedup();
            for object in objects {
                by_pod.entry(object).or_default().push(all.len());
            }
            all.push((placed, Spot::of(node)));
        }
        for (namespace, found) in whole.into_iter().filter(|(_, found)| found.len() > 1) {
            let what = format!("{kind} for the whole namespace {namespace}");
            report(context, sink, &found, &what, None);
        }
        let mut told: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
        for (object, found) in by_pod.into_iter().filter(|(_, found)| found.len() > 1) {
            told.entry(found).or_insert(object);
        }
        for (found, object) in told {
            let sides: Vec<(&Placed<'_>, Spot)> = found.iter().map(|index| all[*index].clone()).collect();
            let title = context.index.objects[object as usize].title();
            report(
                context,
                sink,
                &sides,
                &format!("{kind} for the pods of {title}"),
                Some(object),
            );
        }
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    found: &[(&Placed<'_>, Spot)],
    what: &str,
    witness: Option<u32>,
) {
    let sides = found
        .iter()
        .take(5)
        .map(|(placed, spot)| Side::new(placed, spot.clone()));
    let collision = Collision::new(context.files, sides);
    let message = format!(
        "{} {} declare a {what}{}",
        collision.who(),
        collision.both(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    if let Some(pod) = witness.and_then(|object| context.index.pods().of_object(object).first()) {
        finding
            .related
            .push(Label::new(declared(pod).at, "witness: these pods"));
    }
    finding
        .notes
        .push("Istio takes one of them and ignores the other".to_owned());
    finding.help = Some("keep one, or make their selectors differ".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn levels() {
        let pa = |name: &str, spec: &str| {
            format!(
                "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}, namespace: n}}\nspec: {{{spec}}}\n"
            )
        };
        let by = |label: &str| format!("selector: {{matchLabels: {{{label}}}}}");
        for (one, other, found) in [
            (by("a: b"), by("c: d"), true),
            (by("a: b"), by("c: x"), false),
            // One level each: the narrower one wins by design.
            (by("a: b"), String::new(), false),
            (String::new(), String::new(), true),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, labels: {{a: b, c: d}}}}\nspec: {{containers: []}}\n{}{}",
                pa("x", &one),
                pa("y", &other)
            );
            let got = run("msh-selector-overlap", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
