use deconflict_claims::pods::{Controller, Pod};
use deconflict_claims::{Placed, Spot};
use deconflict_findings::Severity;
use deconflict_kube::{Selector, text_at};
use rustc_hash::FxHashSet;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::quota::declared;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Services whose selector matches pods of another application in the same namespace, next to pods of their own,
    /// or instead of the pods that their own application has.
    ///
    /// ## Why it matters
    /// A Service balances over every pod that has its labels, whoever deployed it. Two teams that both write `app: api`
    /// into one namespace get each other's requests, some of the time, with no error anywhere.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/api.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: api
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/checkout:1.0
    /// # apps/payments/api/overlays/prod/api.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/payments:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/checkout/api/overlays/prod/api.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: api
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: checkout
    ///   namespace: shop
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/checkout:1.0
    /// # apps/payments/api/overlays/prod/api.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    ///   labels:
    ///     app: payments-api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/payments:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A Service without a matching pod of its own application, whose application has no pods either, is taken to be meant
    /// for the other one and reported as information. Labels that operators give to their pods are only known for
    /// CloudNativePG and Strimzi and not used here.
    "sel-service-hijack", "a Service sends traffic to pods of another application",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    let with_pods: FxHashSet<(&str, &str)> = index
        .pods()
        .all()
        .iter()
        .filter(|pod| pod.template.controller != Controller::Operator)
        .map(|pod| (pod.namespace.as_str(), index.workload(pod).app.as_str()))
        .collect();
    for service in index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "Service"))
    {
        let body = &service.facts.object.body;
        let Some(node) = body.at_path(&["spec", "selector"]) else {
            continue;
        };
        let (Some(namespace), selector) = (&service.namespace, Selector::of_map(node)) else {
            continue;
        };
        if selector.is_empty() || text_at(body, &["spec", "type"]) == Some("ExternalName") {
            continue;
        }
        let matched = index.pods().select(namespace, &selector);
        let matched = matched
            .into_iter()
            .filter(|pod| pod.template.controller != Controller::Operator);
        let (own, foreign): (Vec<&Pod<'_>>, Vec<&Pod<'_>>) =
            matched.partition(|pod| index.workload(pod).app == service.app);
        if foreign.is_empty() {
            continue;
        }
        let meant = own.is_empty() && !with_pods.contains(&(namespace.as_str(), service.app.as_str()));
        report(
            context,
            sink,
            (service, &Spot::of(node), &selector),
            &own,
            &foreign,
            meant,
        );
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (service, spot, selector): (&Placed<'_>, &Spot, &Selector),
    own: &[&Pod<'_>],
    foreign: &[&Pod<'_>],
    meant: bool,
) {
    let label = |pod: &Pod<'_>| {
        let mut keys = selector.requirements.iter().rev();
        let spot = keys.find_map(|(key, _)| pod.template.label_spot(key));
        spot.or_else(|| pod_label(pod, selector))
            .unwrap_or_else(|| declared(pod))
    };
    let sides = foreign.iter().take(4).map(|pod| {
        let workload = context.index.workload(pod);
        Side::new(workload, label(pod)).labelled(format!("pods of {}", workload.title()))
    });
    let service_side =
        Side::new(service, spot.clone()).labelled(format!("the selector of {}", service.title()));
    let names: Vec<String> = foreign
        .iter()
        .map(|pod| context.index.workload(pod).title())
        .collect();
    let message = format!(
        "{} of {} sends traffic to pods of {}{}",
        service.title(),
        service.who(),
        list(&names, "and"),
        in_cluster(context.index),
    );
    let Some(mut finding) =
        Collision::new(context.files, sides.chain([service_side])).finding(&RULE, message)
    else {
        return;
    };
    if meant {
        finding.severity = Severity::Info;
        finding.certainty = deconflict_findings::Certainty::Possible;
    }
    finding.key = Some(service.facts.object.key.name.to_string());
    let pairs: Vec<String> = selector
        .requirements
        .iter()
        .filter_map(|(key, wanted)| match wanted {
            deconflict_kube::Wanted::In(values) => Some(format!("{key}={}", values.first()?)),
            _ => None,
        })
        .collect();
    finding
        .notes
        .push(format!("witness: pods with the labels {}", pairs.join(", ")));
    finding.notes.push(match own {
        [] if meant => "it has no pods of its own, so it may be meant so".to_owned(),
        [] => "none of its own application's pods match".to_owned(),
        _ => "requests are balanced over both".to_owned(),
    });
    finding.help =
        Some("add a label that only your pods have to the selector and to their template".to_owned());
    sink.report(finding);
}

/// A bare Pod has its labels in its own metadata, which the template keeps too; of others nothing more is known.
fn pod_label(pod: &Pod<'_>, selector: &Selector) -> Option<Spot> {
    let (key, _) = selector.requirements.last()?;
    pod.facts
        .object
        .body
        .at_path(&["metadata", "labels", key])
        .map(Spot::of)
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    fn pod(app: &str, name: &str, labels: &str, namespace: &str) -> String {
        format!(
            "//- apps/{app}/{app}/overlays/prod/{name}.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: []}}}}}}\n"
        )
    }

    fn service(selector: &str) -> String {
        format!(
            "//- apps/a/a/overlays/prod/svc.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: svc, namespace: n}}\nspec: {{selector: {selector}}}\n"
        )
    }

    #[test]
    fn own_and_foreign_pods() {
        for (text, expected) in [
            (
                service("{app: x}") + &pod("a", "one", "app: x", "n") + &pod("b", "two", "app: x", "n"),
                "error",
            ),
            // Its own pods have other labels.
            (
                service("{app: x}") + &pod("a", "one", "app: y", "n") + &pod("b", "two", "app: x", "n"),
                "error",
            ),
            // It has none.
            (
                service("{app: x}") + &pod("b", "two", "app: x", "n"),
                "(possible)",
            ),
            // One more label tells them apart; other namespaces; own ones only; no selector.
            (
                service("{app: x, tier: web}")
                    + &pod("a", "one", "app: x, tier: web", "n")
                    + &pod("b", "two", "app: x", "n"),
                "",
            ),
            (
                service("{app: x}") + &pod("a", "one", "app: x", "n") + &pod("b", "two", "app: x", "m"),
                "",
            ),
            (
                service("{app: x}") + &pod("a", "one", "app: x", "n") + &pod("a", "two", "app: x", "n"),
                "",
            ),
            (service("{}") + &pod("b", "two", "app: x", "n"), ""),
        ] {
            let got = run("sel-service-hijack", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.contains(expected), "{text}\n{got}");
        }
    }
}
