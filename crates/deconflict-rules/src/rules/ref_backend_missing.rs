use deconflict_claims::Placed;
use deconflict_claims::gateway::GATEWAY_API;
use deconflict_findings::{Certainty, Label};
use deconflict_kube::{int_of, items_at, text_at, text_of};
use deconflict_yaml::Node;

use crate::collision::in_cluster;
use crate::gateway::routes;
use crate::quota::declared_object;
use crate::refs::{Target, World};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Ingresses, routes of the Gateway API and Routes of OpenShift whose backend is a Service that nothing in
    /// the cluster's part of the tree makes, or a port that the Service does not have.
    ///
    /// ## Why it matters
    /// Requests are answered with 503 or the controller's default page; some controllers refuse the whole object.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: www
    ///                 port:
    ///                   number: 80
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 80
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present. Backends that are no Services (buckets, actions of the AWS load
    /// balancer's annotations) are not looked at. The kinds of other controllers (Traefik's IngressRoute, Istio's
    /// VirtualService) have rules of their own or none.
    "ref-backend-missing", "an Ingress or route leads to a Service or port that is not there",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

/// Service and port as a backend names them.
struct Backend<'n> {
    namespace: Option<&'n str>,
    name: &'n Node,
    port: Option<&'n Node>,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(world) = World::new(context) else { return };
    for placed in context.index.live() {
        judge(context, sink, &world, placed, &of_object(placed));
    }
    for route in routes(context.index) {
        judge(context, sink, &world, route, &of_route(route));
    }
}

/// The backends of an Ingress or a Route of OpenShift.
fn of_object<'n>(placed: &'n Placed<'_>) -> Vec<Backend<'n>> {
    let key = &placed.facts.object.key;
    match (key.group.as_str(), key.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => of_ingress(placed),
        ("route.openshift.io", "Route") => of_openshift(placed),
        _ => Vec::new(),
    }
}

/// Namespaces and names of the Services that an Ingress or a route of any kind leads to.
pub(crate) fn services<'n>(placed: &'n Placed<'_>) -> Vec<(Option<&'n str>, &'n Node)> {
    let mut backends = of_object(placed);
    if placed.facts.object.key.group == GATEWAY_API {
        backends.extend(of_route(placed));
    }
    let services = backends
        .into_iter()
        .map(|backend| (backend.namespace, backend.name));
    services.collect()
}

fn of_ingress<'n>(placed: &'n Placed<'_>) -> Vec<Backend<'n>> {
    let body = &placed.facts.object.body;
    let rules = items_at(body, &["spec", "rules"]);
    let paths = rules.flat_map(|rule| items_at(rule, &["http", "paths"]));
    let default = ["defaultBackend", "backend"]
        .into_iter()
        .filter_map(|field| body.at_path(&["spec", field]));
    let backends = paths.filter_map(|path| path.at_path(&["backend"])).chain(default);
    let backend = |node: &'n Node| {
        let port = |field: &str| node.at_path(&["service", "port", field]);
        let old = || Some((node.at_path(&["serviceName"])?, node.at_path(&["servicePort"])));
        let new = || {
            Some((
                node.at_path(&["service", "name"])?,
                port("number").or_else(|| port("name")),
            ))
        };
        let (name, port) = new().or_else(old)?;
        // The name is then that of an action in an annotation (AWS load balancer controller).
        let is_action = port.and_then(text_of) == Some("use-annotation");
        (!is_action).then_some(Backend {
            namespace: placed.namespace.as_deref(),
            name,
            port,
        })
    };
    backends.filter_map(backend).collect()
}

fn of_openshift<'n>(placed: &'n Placed<'_>) -> Vec<Backend<'n>> {
    let body = &placed.facts.object.body;
    let to = body.at_path(&["spec", "to"]).into_iter();
    let all = to.chain(items_at(body, &["spec", "alternateBackends"]));
    let backends = all.filter_map(|to| {
        let is_service = matches!(text_at(to, &["kind"]), None | Some("Service"));
        to.at_path(&["name"]).filter(|_| is_service)
    });
    backends
        .map(|name| Backend {
            namespace: placed.namespace.as_deref(),
            name,
            // A target port of the pods, which the Service need not have.
            port: None,
        })
        .collect()
}

fn of_route<'n>(placed: &'n Placed<'_>) -> Vec<Backend<'n>> {
    let rules = items_at(&placed.facts.object.body, &["spec", "rules"]);
    let backends = rules.flat_map(|rule| {
        let mirrors = items_at(rule, &["filters"])
            .filter_map(|filter| filter.at_path(&["requestMirror", "backendRef"]));
        items_at(rule, &["backendRefs"]).chain(mirrors)
    });
    let backend = |node: &'n Node| {
        let kind = text_at(node, &["kind"]).unwrap_or("Service");
        let group = text_at(node, &["group"]).unwrap_or_default();
        (kind == "Service" && group.is_empty()).then_some(Backend {
            namespace: text_at(node, &["namespace"]).or(placed.namespace.as_deref()),
            name: node.at_path(&["name"])?,
            port: node.at_path(&["port"]),
        })
    };
    backends.filter_map(backend).collect()
}

fn judge(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    world: &World<'_, '_>,
    placed: &Placed<'_>,
    backends: &[Backend<'_>],
) {
    let mut told: Vec<String> = Vec::new();
    for backend in backends {
        let Some(name) = text_of(backend.name).filter(|name| !name.is_empty()) else {
            continue;
        };
        let namespace = backend.namespace;
        let target = Target {
            group: "",
            kind: "Service",
            namespace,
            name,
        };
        let title = format!("Service {}/{name}", namespace.unwrap_or_default());
        let (key, node, message, service) = match context.index.find("", "Service", namespace, name) {
            None if world.has(target) || is_made(context, target) => continue,
            None => {
                let message = format!("{} leads to {title}, which nothing here makes", placed.title());
                (title, backend.name, message, None)
            }
            Some(service) => {
                let Some(port) = backend.port.filter(|port| !has_port(service, port)) else {
                    continue;
                };
                let text = port.text().unwrap_or_default();
                let message = format!(
                    "{} leads to port {text} of {title}, which has no such port",
                    placed.title()
                );
                (format!("{title} {text}"), port, message, Some(service))
            }
        };
        if told.contains(&key) {
            continue;
        }
        told.push(key.clone());
        let message = format!("{message}{}", in_cluster(context.index));
        let Some(mut finding) = world.finding(&RULE, (placed, node), ("Service", namespace), message) else {
            continue;
        };
        finding.key = Some(key);
        if let Some(service) = service {
            // The Service is there whatever else the namespace holds.
            finding.certainty = placed.certainty.min(service.certainty);
            let label = Label::new(declared_object(service).at, service.title());
            finding.related.push(label);
        } else if placed.facts.object.key.group == GATEWAY_API {
            finding
                .notes
                .push("the route gets the condition `ResolvedRefs: False`".to_owned());
        }
        if finding.certainty == Certainty::Witnessed {
            finding
                .notes
                .push("requests are answered with an error".to_owned());
        }
        finding.help = Some(
            "correct name or port, or add the Service; one that is made elsewhere goes under `external`"
                .to_owned(),
        );
        sink.report(finding);
    }
}

/// Services that Knative makes for its own.
fn is_made(context: &ClusterContext<'_>, target: Target<'_>) -> bool {
    context
        .index
        .find("serving.knative.dev", "Service", target.namespace, target.name)
        .is_some()
}

fn has_port(service: &Placed<'_>, port: &Node) -> bool {
    let body = &service.facts.object.body;
    let mut ports = items_at(body, &["spec", "ports"]).peekable();
    // A Service without ports, or one that stands for a host name, leaves that to the controller.
    if ports.peek().is_none() || text_at(body, &["spec", "type"]) == Some("ExternalName") {
        return true;
    }
    let name = port.text();
    ports.any(|entry| match int_of(port) {
        Some(number) => deconflict_kube::int_at(entry, &["port"]) == Some(number),
        None => text_at(entry, &["name"]) == name,
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn backends() {
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\nspec: {ports: [{name: http, port: 80}]}\n";
        let ingress = |backend: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: n}}\n\
                 spec: {{rules: [{{http: {{paths: [{{backend: {backend}}}]}}}}]}}\n"
            )
        };
        let route = |backend: &str| {
            format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: n}}\n\
                 spec: {{rules: [{{backendRefs: [{{{backend}}}]}}]}}\n"
            )
        };
        let openshift = |to: &str| {
            format!(
                "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {{name: r, namespace: n}}\nspec: {{to: {{{to}}}}}\n"
            )
        };
        for (text, expected) in [
            (
                ingress("{service: {name: x, port: {number: 80}}}"),
                "nothing here makes",
            ),
            (
                ingress("{service: {name: s, port: {number: 81}}}"),
                "no such port",
            ),
            (ingress("{service: {name: s, port: {name: web}}}"), "no such port"),
            (ingress("{serviceName: x, servicePort: 80}"), "nothing here makes"),
            (route("name: x, port: 80"), "nothing here makes"),
            (route("name: s, port: 81"), "no such port"),
            (route("name: s, namespace: m, port: 80"), "(possible)"),
            (openshift("kind: Service, name: x"), "nothing here makes"),
            (ingress("{service: {name: s, port: {number: 80}}}"), ""),
            (ingress("{service: {name: s, port: {name: http}}}"), ""),
            (
                ingress("{service: {name: act, port: {name: use-annotation}}}"),
                "",
            ),
            (ingress("{resource: {kind: Bucket, name: x}}"), ""),
            (route("name: s, port: 80"), ""),
            (route("group: example.com, kind: Bucket, name: x"), ""),
            (openshift("kind: Service, name: s"), ""),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n{text}{service}"
            );
            let got = run("ref-backend-missing", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.contains(expected), "{text}\n{got}");
        }
    }
}
