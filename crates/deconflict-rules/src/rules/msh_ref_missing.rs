use deconflict_claims::{ClusterIndex, HostDialect, HostRelation, Placed, relate_hosts};
use deconflict_findings::Certainty;
use deconflict_kube::{Labels, Selector, int_at, items_at, text_at, text_of};
use deconflict_yaml::Node;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::collision::in_cluster;
use crate::istio::{NETWORKING, full_host, objects};
use crate::refs::{Target, World, selected};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds gateways, hosts, ports and subsets that a VirtualService of Istio names, hosts of DestinationRules, and
    /// labels of subsets, that match nothing in the cluster's part of the tree.
    ///
    /// ## Why it matters
    /// The proxies answer such requests with 503 (`NR`, `NC` or `UH`); a route bound to a missing gateway is served by
    /// nobody.
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
    ///   labels: {app: web, version: v1}
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
    ///   selector: {app: web}
    ///   ports:
    ///     - {name: http, port: 80, targetPort: http}
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   host: web
    ///   subsets:
    ///     - name: v1
    ///       labels: {version: v1}
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   hosts: [web]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: web
    ///             subset: v2
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
    ///   labels: {app: web, version: v1}
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
    ///   selector: {app: web}
    ///   ports:
    ///     - {name: http, port: 80, targetPort: http}
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   host: web
    ///   subsets:
    ///     - name: v1
    ///       labels: {version: v1}
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   hosts: [web]
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: web
    ///             subset: v1
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the target's namespace; otherwise it is information. Hosts outside
    /// of the cluster are known by ServiceEntries; a host with dots that is no Service's and no ServiceEntry's may be
    /// one that the mesh lets through and is information. Hosts with wildcards are not looked at. Subsets are looked
    /// for in DestinationRules of any namespace.
    "msh-ref-missing", "a VirtualService or DestinationRule names what is not there",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

/// What is missing: where it is named, its text, the namespace that would have it, and what kind of thing it is.
struct Missing<'n> {
    node: &'n Node,
    text: String,
    kind: &'static str,
    namespace: Option<String>,
    sure: bool,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(world) = World::new(context) else { return };
    let mesh = Mesh::of(context.index);
    for (placed, namespace) in objects(context.index, "VirtualService") {
        let mut found = gateways(&world, placed, namespace);
        for node in destinations(placed) {
            found.extend(mesh.destination(&world, node, namespace));
        }
        report(context, sink, &world, placed, found);
    }
    for (placed, namespace) in objects(context.index, "DestinationRule") {
        let body = &placed.facts.object.body;
        let Some(host) = body.at_path(&["spec", "host"]) else {
            continue;
        };
        let found = match mesh.host(&world, host, namespace) {
            Some(missing) => vec![missing],
            None => subsets(context.index, &world, placed, namespace),
        };
        report(context, sink, &world, placed, found);
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    world: &World<'_, '_>,
    placed: &Placed<'_>,
    found: Vec<Missing<'_>>,
) {
    let mut told: Vec<String> = Vec::new();
    for missing in found {
        let key = format!("{} {}", missing.kind, missing.text);
        if told.contains(&key) {
            continue;
        }
        let message = format!(
            "{} names {key}, which nothing here makes{}",
            placed.title(),
            in_cluster(context.index)
        );
        let target = (missing.kind, missing.namespace.as_deref());
        let Some(mut finding) = world.finding(&RULE, (placed, missing.node), target, message) else {
            continue;
        };
        if !missing.sure {
            finding.certainty = Certainty::Possible;
        }
        finding.key = Some(key.clone());
        told.push(key);
        finding.notes.push(match missing.kind {
            "Gateway" => "no proxy serves the routes there".to_owned(),
            _ => "the proxies answer with 503".to_owned(),
        });
        finding.help = Some("correct the name, or add what it stands for".to_owned());
        sink.report(finding);
    }
}

/// `namespace/name`, the own namespace without one; `mesh` is every proxy.
fn gateways<'n>(world: &World<'_, '_>, placed: &'n Placed<'_>, own: &str) -> Vec<Missing<'n>> {
    let nodes = items_at(&placed.facts.object.body, &["spec", "gateways"]);
    let missing = |node: &'n Node| {
        let text = text_of(node).filter(|text| *text != "mesh")?;
        let (namespace, name) = text.split_once('/').unwrap_or((own, text));
        let target = Target {
            group: NETWORKING,
            kind: "Gateway",
            namespace: Some(namespace),
            name,
        };
        (!world.has(target)).then(|| Missing {
            node,
            text: format!("{namespace}/{name}"),
            kind: "Gateway",
            namespace: Some(namespace.to_owned()),
            sure: true,
        })
    };
    nodes.filter_map(missing).collect()
}

fn destinations<'n>(placed: &'n Placed<'_>) -> Vec<&'n Node> {
    let body = &placed.facts.object.body;
    let protocols = ["http", "tls", "tcp"].into_iter();
    let routes = protocols.flat_map(|protocol| items_at(body, &["spec", protocol]));
    let destinations = routes.flat_map(|route| {
        let weighted = items_at(route, &["route"]).chain(items_at(route, &["mirrors"]));
        let weighted = weighted.filter_map(|entry| entry.at_path(&["destination"]));
        weighted.chain(route.at_path(&["mirror"]))
    });
    destinations.collect()
}

/// Labels of a subset that no pod of the Service has.
fn subsets<'n>(
    index: &ClusterIndex<'_>,
    world: &World<'_, '_>,
    placed: &'n Placed<'_>,
    own: &str,
) -> Vec<Missing<'n>> {
    let body = &placed.facts.object.body;
    let host = full_host(text_at(body, &["spec", "host"]).unwrap_or_default(), own);
    let Some((name, namespace)) = service_of(&host) else {
        return Vec::new();
    };
    let service = index.find("", "Service", Some(namespace), name);
    let Some(service) = service.and_then(|service| service.facts.object.body.at_path(&["spec", "selector"]))
    else {
        return Vec::new();
    };
    let service = Selector::of_map(service);
    if selected(index, namespace, &service).pods.is_empty() || world.has_operated_pods(namespace) {
        return Vec::new();
    }
    let missing = |subset: &'n Node| {
        let labels = subset
            .at_path(&["labels"])
            .filter(|labels| !labels.fields().is_empty())?;
        let mut both = service.clone();
        both.requirements.extend(Selector::of_map(labels).requirements);
        let found = selected(index, namespace, &both);
        let pairs: Vec<String> = Labels::of(Some(labels))
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        found.pods.is_empty().then(|| Missing {
            node: labels.fields().first().map_or(labels, |field| &*field.value),
            text: format!("{} of {host}", pairs.join(",")),
            kind: "pods with",
            namespace: Some(namespace.to_owned()),
            sure: !found.without_own_labels,
        })
    };
    items_at(body, &["spec", "subsets"]).filter_map(missing).collect()
}

/// Name and namespace of a Service's full host name.
fn service_of(host: &str) -> Option<(&str, &str)> {
    let stem = host
        .strip_suffix(".svc.cluster.local")
        .or_else(|| host.strip_suffix(".svc"))?;
    stem.split_once('.')
        .filter(|(_, namespace)| !namespace.contains('.'))
}

/// Hosts and subsets that the mesh knows beside Services.
#[derive(Default)]
struct Mesh {
    /// Hosts of ServiceEntries.
    entries: FxHashSet<String>,
    /// Those of them that stand for many.
    wildcards: Vec<String>,
    /// Subsets by host.
    subsets: FxHashMap<String, FxHashSet<String>>,
}

impl Mesh {
    fn of(index: &ClusterIndex<'_>) -> Self {
        let mut mesh = Self::default();
        for (placed, namespace) in objects(index, "ServiceEntry") {
            let hosts = items_at(&placed.facts.object.body, &["spec", "hosts"]).filter_map(text_of);
            for host in hosts.map(|host| full_host(host, namespace)) {
                if host.contains('*') {
                    mesh.wildcards.push(host.clone());
                }
                mesh.entries.insert(host);
            }
        }
        for (placed, namespace) in objects(index, "DestinationRule") {
            let body = &placed.facts.object.body;
            let host = full_host(text_at(body, &["spec", "host"]).unwrap_or_default(), namespace);
            let names = items_at(body, &["spec", "subsets"]).filter_map(|subset| text_at(subset, &["name"]));
            mesh.subsets
                .entry(host)
                .or_default()
                .extend(names.map(str::to_owned));
        }
        mesh
    }

    /// The host, when nothing has it.
    fn host<'n>(&self, world: &World<'_, '_>, node: &'n Node, own: &str) -> Option<Missing<'n>> {
        let host = full_host(text_of(node)?, own);
        let covers = |entry: &String| {
            matches!(
                relate_hosts(&host, entry, HostDialect::Istio),
                HostRelation::Equal | HostRelation::Within
            )
        };
        let is_known = || self.entries.contains(&host) || self.wildcards.iter().any(covers);
        if host.is_empty() || host.contains('*') || is_known() {
            return None;
        }
        let service = service_of(&host);
        let is_there = service.is_some_and(|(name, namespace)| {
            world.has(Target {
                group: "",
                kind: "Service",
                namespace: Some(namespace),
                name,
            })
        });
        (!is_there).then(|| Missing {
            node,
            text: host.clone(),
            kind: "host",
            namespace: service.map(|(_, namespace)| namespace.to_owned()),
            sure: service.is_some(),
        })
    }

    /// Host, port or subset of a destination, whichever is missing.
    fn destination<'n>(&self, world: &World<'_, '_>, node: &'n Node, own: &str) -> Option<Missing<'n>> {
        let named = node.at_path(&["host"])?;
        if let Some(missing) = self.host(world, named, own) {
            return Some(missing);
        }
        let host = full_host(text_of(named)?, own);
        let namespace = service_of(&host).map(|(_, namespace)| namespace.to_owned());
        let port = node.at_path(&["port", "number"]);
        if let (Some(port), Some(number)) = (port, int_at(node, &["port", "number"]))
            && let Some((name, namespace)) = service_of(&host)
            && let Some(service) = world.service(namespace, name)
        {
            let mut ports = items_at(&service.facts.object.body, &["spec", "ports"]).peekable();
            if ports.peek().is_some() && ports.all(|entry| int_at(entry, &["port"]) != Some(number)) {
                return Some(Missing {
                    node: port,
                    text: format!("{number} of {host}"),
                    kind: "port",
                    namespace: Some(namespace.to_owned()),
                    sure: true,
                });
            }
        }
        let subset = node.at_path(&["subset"])?;
        let name = text_of(subset).filter(|name| !name.is_empty())?;
        let known = self.subsets.get(&host).is_some_and(|known| known.contains(name));
        (!known).then(|| Missing {
            node: subset,
            text: format!("{name} of {host}"),
            kind: "subset",
            namespace: namespace.or_else(|| Some(own.to_owned())),
            sure: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn references() {
        let base = "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\n\
            apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n, labels: {app: s, version: v1}}\nspec: {containers: []}\n---\n\
            apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\nspec: {selector: {app: s}, ports: [{port: 80}]}\n---\n\
            apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d, namespace: n}\nspec: {host: s, subsets: [{name: v1, labels: {version: v1}}]}\n---\n\
            apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e, namespace: n}\nspec: {hosts: ['*.ext.example', 'one.example']}\n---\n\
            apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: n}\nspec: {selector: {a: b}}\n---\n";
        let service = |spec: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: n}}\nspec: {{{spec}}}\n"
            )
        };
        let to = |destination: &str| {
            service(&format!(
                "http: [{{route: [{{destination: {{{destination}}}}}]}}]"
            ))
        };
        let rule = |spec: &str| {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: r, namespace: n}}\nspec: {{{spec}}}\n"
            )
        };
        for (text, expected) in [
            (
                service("gateways: [x]"),
                "error[msh-ref-missing]: VirtualService n/v names Gateway n/x",
            ),
            (service("gateways: [m/g]"), "(possible)"),
            (to("host: x"), "host x.n.svc.cluster.local"),
            (to("host: x.n.svc.cluster.local"), "error["),
            (to("host: other.example"), "(possible)"),
            (to("host: s, port: {number: 81}"), "port 81"),
            (to("host: s, subset: v2"), "subset v2"),
            (service("http: [{mirror: {host: x}}]"), "host x.n"),
            (service("tcp: [{route: [{destination: {host: x}}]}]"), "host x.n"),
            (rule("host: x"), "host x.n"),
            (
                rule("host: s, subsets: [{name: v2, labels: {version: v2}}]"),
                "pods with version=v2",
            ),
            (service("gateways: [g, mesh, n/g]"), ""),
            (to("host: s, port: {number: 80}, subset: v1"), ""),
            (to("host: s.n.svc.cluster.local"), ""),
            (to("host: a.ext.example"), ""),
            (to("host: one.example"), ""),
            (rule("host: '*.local'"), ""),
            (rule("host: s, subsets: [{name: all}]"), ""),
        ] {
            let got = run("msh-ref-missing", &(base.to_owned() + &text));
            assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
            assert!(got.contains(expected), "{text}\n{got}");
        }
    }
}
