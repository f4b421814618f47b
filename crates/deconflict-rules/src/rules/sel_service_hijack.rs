use deconflict_claims::Placed;
use deconflict_claims::pods::Pod;
use deconflict_findings::Severity;
use deconflict_kube::{Selector, text_at};
use deconflict_yaml::Node;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::workloads::{label_spot, selected};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Services whose selector also matches pods of another application in their namespace. The pods that show it
    /// are named.
    ///
    /// ## Why it matters
    /// A selector is a question to the whole namespace. With `app: web` in two applications each Service sends a part of
    /// its traffic to the other one's pods, and nothing fails until somebody reads the answers (nextcloud/helm#147,
    /// bitnami/charts#3871).
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80}]
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {tier: back}}
    ///   template:
    ///     metadata: {labels: {app: web, tier: back}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    /// # apps/billing/web/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {tier: front}}
    ///   template:
    ///     metadata: {labels: {app: web, tier: front}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/api/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {app: api}
    ///   ports: [{port: 80}]
    /// # apps/orders/api/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: api, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: api}}
    ///   template:
    ///     metadata: {labels: {app: api}}
    ///     spec:
    ///       containers:
    ///         - name: api
    ///           image: registry.example/api:1.4
    /// # apps/billing/web/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example/web:1.4
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A Service that selects only pods of another application is probably meant to, and is only information. Pods that
    /// nothing in Git makes are not seen.
    "sel-service-hijack", "a Service selects pods of another application",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    let services = index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "Service"));
    for service in services {
        let body = &service.facts.object.body;
        let (Some(namespace), Some(node)) = (&service.namespace, body.at_path(&["spec", "selector"])) else {
            continue;
        };
        let selector = Selector::of_map(node);
        if selector.is_empty() || text_at(body, &["spec", "type"]) == Some("ExternalName") {
            continue;
        }
        let pods = index.pods().select(namespace, &selector);
        let (own, foreign): (Vec<_>, Vec<_>) = pods
            .into_iter()
            .partition(|pod| index.workload(pod).app == service.app);
        if foreign.is_empty() {
            continue;
        }
        let own_elsewhere = own.is_empty()
            && index
                .pods()
                .all()
                .iter()
                .any(|pod| index.workload(pod).app == service.app && selector.matches(pod.labels()));
        report(
            context,
            service,
            node,
            &foreign,
            !own.is_empty() || own_elsewhere,
            sink,
        );
    }
}

fn report(
    context: &ClusterContext<'_>,
    service: &Placed<'_>,
    selector: &Node,
    foreign: &[&Pod<'_>],
    has_own: bool,
    sink: &mut Sink,
) {
    let key = selector
        .fields()
        .first()
        .map(|field| field.name())
        .unwrap_or_default();
    let mut sides =
        vec![Side::new(service, selected(selector)).labelled(format!("selector of {}", service.title()))];
    sides.extend(foreign.iter().map(|pod| {
        let workload = context.index.workload(pod);
        Side::new(workload, label_spot(pod, key)).labelled(format!("pods of {}", workload.title()))
    }));
    let (first, others) = (Collision::new(context.files, sides.clone()), &sides[1..]);
    let others: Vec<String> = others.iter().map(|side| side.placed.title()).collect();
    let also = if has_own { "also selects" } else { "selects" };
    let message = format!(
        "{} of {} {also} pods of {}: {}{}",
        service.title(),
        service.who(),
        Collision::new(context.files, sides[1..].to_vec()).who_of(service),
        list(&others, "and"),
        in_cluster(context.index)
    );
    let Some(mut finding) = first.finding(&RULE, message) else {
        return;
    };
    let labels: Vec<String> = selector
        .fields()
        .iter()
        .map(|field| format!("{}={}", field.name(), field.value.text().unwrap_or_default()))
        .collect();
    finding.key = Some(labels.join(","));
    if has_own {
        finding.notes.push(format!(
            "a part of the requests to {} reaches pods that do not belong to it; they carry {}",
            service.facts.object.key.name,
            labels.join(", ")
        ));
        finding.help = Some(
            "select on a label that only its own pods have, for example `app.kubernetes.io/instance`"
                .to_owned(),
        );
    } else {
        finding.severity = Severity::Info;
        finding
            .notes
            .push("no pod of its own application matches, so it is probably meant for these".to_owned());
        finding.help = Some("if it is meant, let the team that owns the pods own the Service".to_owned());
    }
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "sel-service-hijack";

    fn service(selector: &str) -> String {
        format!(
            "//- apps/a/api/overlays/prod/s.yaml\napiVersion: v1\nkind: Service\n\
             metadata: {{name: api, namespace: shared}}\nspec: {{selector: {{{selector}}}}}\n"
        )
    }

    fn deployment(path: &str, namespace: &str, labels: &str) -> String {
        let name = path.split('/').nth(1).unwrap_or_default();
        format!(
            "//- {path}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
             spec:\n  template:\n    metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{{name: c}}]}}\n"
        )
    }

    const OWN: &str = "apps/a/api/overlays/prod/d.yaml";
    const FOREIGN: &str = "apps/b/web/overlays/prod/d.yaml";

    #[test]
    fn own_and_foreign_pods() {
        let text = service("app: web")
            + &deployment(OWN, "shared", "app: web")
            + &deployment(FOREIGN, "shared", "app: web, x: z");
        check(
            RULE,
            &text,
            "error[sel-service-hijack]: Service shared/api of a also selects pods of b: Deployment shared/b in prod
             apps/a/api/overlays/prod/s.yaml:4 `web` selector of Service shared/api (team a)
             apps/b/web/overlays/prod/d.yaml:6 `web` pods of Deployment shared/b (team b)
             note: a part of the requests to api reaches pods that do not belong to it; they carry app=web
             help: select on a label that only its own pods have, for example `app.kubernetes.io/instance`",
        );
    }

    #[test]
    fn near_misses() {
        let none = |selector: &str, namespace: &str, labels: &str| {
            let text = service(selector)
                + &deployment(OWN, "shared", "app: web")
                + &deployment(FOREIGN, namespace, labels);
            assert_eq!(run(RULE, &text), "");
        };
        none("app: web", "other", "app: web");
        none("app: web, tier: front", "shared", "app: web");
        none("", "shared", "app: web");
        none("app: web", "shared", "app: other");
        none("app: web, type: x", "shared", "app: web");
    }

    #[test]
    fn only_foreign_pods() {
        let only = service("app: web") + &deployment(FOREIGN, "shared", "app: web");
        assert!(
            run(RULE, &only).starts_with("info[sel-service-hijack]"),
            "{}",
            run(RULE, &only)
        );
        // Its own pods are in another namespace: it was to select these.
        let elsewhere = only + &deployment(OWN, "elsewhere", "app: web");
        assert!(run(RULE, &elsewhere).starts_with("error[sel-service-hijack]"));
    }
}
