//! Parts of a pod: resources, probes, security, scheduling, DNS.

use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::meta::selector;
use super::names::is_qualified_name;
use super::{Effect, Sink};
use crate::Quantity;
use deconflict_files::Origin;

/// Requests and limits.
pub(super) fn resources(sink: &mut Sink<'_>, resources: &Cursor<'_>) {
    let (requests, limits) = (resources.get("requests"), resources.get("limits"));
    for list in [&requests, &limits] {
        for (name, value) in list.fields() {
            resource_name(sink, name, &value);
            amount(sink, name, &value);
        }
    }
    for (name, request) in requests.fields() {
        let limit = limits.get(name);
        let (Some(asked), Some(allowed)) = (quantity(&request), quantity(&limit)) else {
            continue;
        };
        let whole =
            name.contains('/') && !name.starts_with("kubernetes.io/") || name.starts_with("hugepages-");
        if asked > allowed {
            sink.pod(
                "requests-exceed-limits",
                &request,
                format!(
                    "asks for {} {name}, above its limit of {}",
                    request.raw().unwrap_or_default(),
                    limit.raw().unwrap_or_default()
                ),
            )
            .relate(limit.at(), "the limit");
        } else if whole && asked != allowed {
            sink.pod(
                "requests-exceed-limits",
                &request,
                format!("`{name}` cannot be overcommitted: request and limit must be equal"),
            )
            .relate(limit.at(), "the limit");
        }
    }
}

fn resource_name(sink: &mut Sink<'_>, name: &str, value: &Cursor<'_>) {
    let plain = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if plain || name.contains('/') && is_qualified_name(name) {
        return;
    }
    let at = value.key_at();
    let found = sink.pod("resource-name", value, format!("a container cannot ask for `{name}`: cpu, memory, ephemeral-storage, hugepages-<size>, or a name with a domain"));
    found.at = at;
    if let Some(near) = crate::schema::nearest(name, ["cpu", "memory", "ephemeral-storage"]) {
        found.help(format!("did you mean `{near}`?"));
    }
}

/// Negative amounts, and milli-bytes.
pub(super) fn amount(sink: &mut Sink<'_>, name: &str, value: &Cursor<'_>) {
    let Some(amount) = quantity(value) else { return };
    if amount < Quantity::default() {
        sink.pod(
            "quantity-format",
            value,
            format!("{} {name} is less than nothing", value.raw().unwrap_or_default()),
        );
        return;
    }
    let bytes = matches!(name, "memory" | "ephemeral-storage" | "storage");
    if bytes && let Some(digits) = value.raw().and_then(|text| text.strip_suffix('m')) {
        sink.at(
            "quantity-milli-bytes",
            Effect::Warned,
            value,
            format!("`{digits}m` is {digits} thousandths of a byte"),
        )
        .help(format!("for mebibytes write `{digits}Mi`"));
    }
}

/// A quantity as the server reads it: a string or a number.
pub(super) fn quantity(value: &Cursor<'_>) -> Option<Quantity> {
    Quantity::parse(value.raw()?)
}

const HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];

/// Probes and lifecycle hooks of a container.
pub(super) fn probes(sink: &mut Sink<'_>, container: &Cursor<'_>, init: bool) {
    let ports = container.get("ports");
    let names: Vec<&str> = ports
        .node()
        .map_or(&[][..], |node| node.items())
        .iter()
        .filter_map(|port| port.get("name")?.text())
        .collect();
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get(kind);
        if !probe.exists() {
            continue;
        }
        // A sidecar is an init container that keeps running; only those have probes.
        if init && container.get("restartPolicy").text() != "Always" {
            sink.pod(
                "probe-handler",
                &probe,
                format!("an init container that ends has no `{kind}`"),
            );
            continue;
        }
        handler(sink, &probe, HANDLERS, "a probe", &names);
        let success = probe.get("successThreshold");
        if kind != "readinessProbe" && success.int().is_some_and(|number| number != 1 && number != 0) {
            sink.pod(
                "probe-success-threshold",
                &success,
                format!("`successThreshold` of a {kind} can only be 1"),
            );
        }
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            let value = probe.get(field);
            if value.int().is_some_and(|number| number < 0) {
                sink.pod(
                    "probe-success-threshold",
                    &value,
                    format!("`{field}` is negative"),
                );
            }
        }
    }
    let lifecycle = container.get("lifecycle");
    for hook in ["postStart", "preStop"] {
        let hook = lifecycle.get(hook);
        if hook.exists() {
            handler(
                sink,
                &hook,
                &["exec", "httpGet", "tcpSocket", "sleep"],
                "a hook",
                &names,
            );
        }
    }
}

fn handler(sink: &mut Sink<'_>, place: &Cursor<'_>, kinds: &[&str], what: &str, ports: &[&str]) {
    let given: Vec<&str> = kinds
        .iter()
        .copied()
        .filter(|kind| place.get(kind).exists())
        .collect();
    if given.len() != 1 {
        let names = if given.is_empty() {
            "none".to_owned()
        } else {
            given.join(" and ")
        };
        let at = given
            .get(1)
            .map_or(place.at(), |second| place.get(second).key_at());
        let found = sink.pod(
            "probe-handler",
            place,
            format!("{what} has exactly one of {}, here: {names}", kinds.join(", ")),
        );
        found.at = at;
    }
    for kind in ["httpGet", "tcpSocket", "grpc"] {
        let action = place.get(kind);
        let port = action.get("port");
        if let Some(number) = port.int() {
            if !(1..=65535).contains(&number) {
                sink.pod("port-range", &port, format!("{number} is no port: 1 to 65535"));
            }
        } else if let Some(name) = port.str()
            && !ports.contains(&name)
        {
            let found = sink.at(
                "probe-port-unknown",
                Effect::FailsLater,
                &port,
                format!("this container declares no port `{name}`"),
            );
            if let Some(near) = crate::schema::nearest(name, ports.iter().copied()) {
                found.help(format!("did you mean `{near}`?"));
            }
        } else if action.exists() && !port.exists() {
            sink.pod_missing("port-range", &action, "port", "a port is needed");
        }
    }
}

/// Contradictions between privileges.
pub(super) fn security(sink: &mut Sink<'_>, pod: &Cursor<'_>) {
    let pod_context = pod.get("securityContext");
    let pod_non_root = pod_context.get("runAsNonRoot").bool();
    let pod_user = pod_context.get("runAsUser").int();
    for list in ["initContainers", "containers"] {
        let list = pod.get(list);
        for container in list.items() {
            let context = container.get("securityContext");
            let escalation = context.get("allowPrivilegeEscalation");
            if escalation.bool() == Some(false) {
                let capabilities = context.get("capabilities");
                let added = capabilities.get("add");
                let admin = added
                    .items()
                    .any(|capability| capability.str() == Some("CAP_SYS_ADMIN"));
                if context.get("privileged").bool() == Some(true) {
                    sink.pod("privilege-conflict", &escalation, "a privileged container can always escalate: `allowPrivilegeEscalation: false` contradicts `privileged: true`")
                        .relate(context.get("privileged").at(), "privileged");
                } else if admin {
                    sink.pod(
                        "privilege-conflict",
                        &escalation,
                        "`allowPrivilegeEscalation: false` contradicts the capability CAP_SYS_ADMIN",
                    )
                    .relate(added.at(), "capabilities");
                }
            }
            let non_root = context.get("runAsNonRoot").bool().or(pod_non_root) == Some(true);
            let user = context.get("runAsUser");
            if non_root && user.int().or(pod_user) == Some(0) {
                let place = if user.exists() { user } else { context };
                sink.at(
                    "run-as-root-conflict",
                    Effect::FailsLater,
                    &place,
                    "runs as user 0 although `runAsNonRoot` is true: the kubelet refuses to start it",
                );
            }
        }
    }
}

/// Topology spread constraints.
pub(super) fn spread(sink: &mut Sink<'_>, constraints: &Cursor<'_>) {
    let mut seen: FxHashMap<(String, String), Origin> = FxHashMap::default();
    for constraint in constraints.items() {
        let skew = constraint.get("maxSkew");
        if skew.int().is_some_and(|skew| skew < 1) {
            sink.pod("topology-spread", &skew, "`maxSkew` must be at least 1");
        }
        let when = constraint.get("whenUnsatisfiable");
        let key = constraint.get("topologyKey");
        if key.str() == Some("") || !key.exists() {
            sink.pod_missing(
                "topology-spread",
                &constraint,
                "topologyKey",
                "a spread constraint needs a `topologyKey`",
            );
        }
        let domains = constraint.get("minDomains");
        if domains.exists() && when.text() != "DoNotSchedule" {
            sink.pod(
                "topology-spread",
                &domains,
                "`minDomains` works with `whenUnsatisfiable: DoNotSchedule` only",
            );
        }
        if domains.int().is_some_and(|domains| domains < 1) {
            sink.pod("topology-spread", &domains, "`minDomains` must be at least 1");
        }
        if let Some(first) = seen.insert((key.text().to_owned(), when.text().to_owned()), key.at()) {
            sink.pod(
                "topology-spread",
                &key,
                format!("two constraints for `{}` with `{}`", key.text(), when.text()),
            )
            .relate(first, "the first one");
        }
        let effect = sink.pod_effect;
        selector(sink, &constraint.get("labelSelector"), effect);
    }
}

/// Node and pod affinity.
pub(super) fn affinity(sink: &mut Sink<'_>, affinity: &Cursor<'_>) {
    let node = affinity.get("nodeAffinity");
    let required = node.get("requiredDuringSchedulingIgnoredDuringExecution");
    if required.exists() {
        let terms = required.get("nodeSelectorTerms");
        if terms.is_empty() {
            sink.pod_missing(
                "affinity-term",
                &required,
                "nodeSelectorTerms",
                "required node affinity needs at least one term",
            );
        }
        for term in terms.items() {
            node_term(sink, &term);
        }
    }
    let preferred = node.get("preferredDuringSchedulingIgnoredDuringExecution");
    for item in preferred.items() {
        weight(sink, &item);
        node_term(sink, &item.get("preference"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let rules = affinity.get(kind);
        let required = rules.get("requiredDuringSchedulingIgnoredDuringExecution");
        for term in required.items() {
            pod_term(sink, &term);
        }
        let preferred = rules.get("preferredDuringSchedulingIgnoredDuringExecution");
        for item in preferred.items() {
            weight(sink, &item);
            pod_term(sink, &item.get("podAffinityTerm"));
        }
    }
}

fn weight(sink: &mut Sink<'_>, item: &Cursor<'_>) {
    let weight = item.get("weight");
    if weight.int().is_none_or(|weight| !(1..=100).contains(&weight)) {
        if weight.exists() {
            sink.pod("affinity-term", &weight, "`weight` must be 1 to 100");
        } else {
            sink.pod_missing(
                "affinity-term",
                item,
                "weight",
                "a preference needs a `weight` of 1 to 100",
            );
        }
    }
}

fn pod_term(sink: &mut Sink<'_>, term: &Cursor<'_>) {
    let key = term.get("topologyKey");
    if key.text().is_empty() && (key.str().is_some() || !key.exists()) {
        sink.pod_missing(
            "affinity-term",
            term,
            "topologyKey",
            "a pod affinity term needs a `topologyKey`",
        );
    }
    let effect = sink.pod_effect;
    selector(sink, &term.get("labelSelector"), effect);
    selector(sink, &term.get("namespaceSelector"), effect);
}

fn node_term(sink: &mut Sink<'_>, term: &Cursor<'_>) {
    for field in ["matchExpressions", "matchFields"] {
        let list = term.get(field);
        for requirement in list.items() {
            let (operator, values) = (requirement.get("operator"), requirement.get("values"));
            let count = values.items().len();
            match operator.text() {
                "In" | "NotIn" if count == 0 => {
                    sink.pod(
                        "affinity-term",
                        &operator,
                        format!("`{}` needs values", operator.text()),
                    );
                }
                "Exists" | "DoesNotExist" if count > 0 => {
                    sink.pod(
                        "affinity-term",
                        &values,
                        format!("`{}` takes no values", operator.text()),
                    );
                }
                "Gt" | "Lt"
                    if count != 1 || values.items().any(|value| value.text().parse::<i64>().is_err()) =>
                {
                    sink.pod(
                        "affinity-term",
                        &operator,
                        format!("`{}` takes exactly one whole number", operator.text()),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Tolerations.
pub(super) fn tolerations(sink: &mut Sink<'_>, tolerations: &Cursor<'_>) {
    for toleration in tolerations.items() {
        let (key, operator, value) = (
            toleration.get("key"),
            toleration.get("operator"),
            toleration.get("value"),
        );
        if key.text().is_empty() && operator.text() != "Exists" {
            sink.pod(
                "toleration",
                &toleration,
                "a toleration without `key` needs `operator: Exists`",
            );
        }
        if operator.text() == "Exists" && !value.text().is_empty() {
            sink.pod("toleration", &value, "`Exists` takes no value");
        }
        let seconds = toleration.get("tolerationSeconds");
        if seconds.exists() && toleration.get("effect").text() != "NoExecute" {
            sink.pod(
                "toleration",
                &seconds,
                "`tolerationSeconds` works with `effect: NoExecute` only",
            );
        }
    }
}

/// DNS settings.
pub(super) fn dns(sink: &mut Sink<'_>, pod: &Cursor<'_>) {
    let config = pod.get("dnsConfig");
    let servers = config.get("nameservers");
    let policy = pod.get("dnsPolicy");
    if policy.text() == "None" && servers.is_empty() {
        sink.pod(
            "dns-config",
            &policy,
            "`dnsPolicy: None` needs at least one name server in `dnsConfig`",
        );
    }
    if servers.items().len() > 3 {
        sink.pod("dns-config", &servers, "at most 3 name servers");
    }
    let searches = config.get("searches");
    if searches.items().len() > 32 {
        sink.pod("dns-config", &searches, "at most 32 search domains");
    }
}
