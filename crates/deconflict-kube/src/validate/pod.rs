//! Pods and pod templates.

use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::names::{is_dns_label, is_port_name};
use super::pod_parts::{affinity, dns, probes, resources, security, spread, tolerations};
use super::volumes::volumes;
use super::{Effect, Sink, meta};
use deconflict_files::Origin;

/// Which restart policies a pod may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    /// Any (bare pods, PodTemplate).
    Any,
    /// Only `Always` (Deployment and the like).
    Always,
    /// `OnFailure` or `Never`, and it must be written (Job).
    Finite,
}

/// A bare Pod.
pub(super) fn bare(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    spec(sink, &root.get("spec"), &[]);
    for field in ["containers", "initContainers"] {
        let spec = root.get("spec");
        let list = spec.get(field);
        for container in list.items() {
            let image = container.get("image");
            if image.text().trim() != image.text() {
                sink.refuse("image-required", &image, "the image has spaces around it")
                    .help("remove them");
            }
        }
    }
}

/// A pod template.
pub(super) fn template(sink: &mut Sink<'_>, template: &Cursor<'_>, restart: Restart) {
    with_claims(sink, template, restart, &[]);
}

/// A pod template whose volumes also come from claim templates of those names.
pub(super) fn with_claims(sink: &mut Sink<'_>, template: &Cursor<'_>, restart: Restart, claims: &[&str]) {
    let metadata = template.get("metadata");
    let effect = sink.pod_effect;
    meta::labels(sink, &metadata.get("labels"), effect);
    meta::annotations(sink, &metadata.get("annotations"), effect);
    let pod = template.get("spec");
    if !pod.exists() {
        return;
    }
    spec(sink, &pod, claims);
    let policy = pod.get("restartPolicy");
    match restart {
        Restart::Always if !matches!(policy.text(), "" | "Always") => {
            let kind = sink.subject.kind;
            sink.pod(
                "restart-policy",
                &policy,
                format!("a {kind} keeps its pods running: `restartPolicy` can only be `Always`"),
            )
            .help("remove `restartPolicy`");
        }
        Restart::Finite if !policy.exists() || policy.text().is_empty() => {
            sink.pod_missing(
                "restart-policy",
                &pod,
                "restartPolicy",
                "a Job must say `restartPolicy: OnFailure` or `Never`",
            )
            .help("add `restartPolicy: Never` to the pod template");
        }
        Restart::Finite if policy.text() == "Always" => {
            sink.pod(
                "restart-policy",
                &policy,
                "the pods of a Job end: `restartPolicy` can be `OnFailure` or `Never`, not `Always`",
            );
        }
        _ => {}
    }
    let deadline = pod.get("activeDeadlineSeconds");
    if restart == Restart::Always && deadline.exists() {
        let kind = sink.subject.kind;
        sink.pod(
            "active-deadline",
            &deadline,
            format!("`activeDeadlineSeconds` cannot be set in the template of a {kind}"),
        );
    }
}

fn spec(sink: &mut Sink<'_>, pod: &Cursor<'_>, claims: &[&str]) {
    let deadline = pod.get("activeDeadlineSeconds");
    if deadline.int().is_some_and(|seconds| seconds < 1) {
        sink.pod(
            "active-deadline",
            &deadline,
            "`activeDeadlineSeconds` must be at least 1",
        );
    }
    let containers = pod.get("containers");
    if containers.is_empty() && (containers.node().is_none_or(deconflict_yaml::Node::is_list)) {
        if containers.exists() {
            sink.pod(
                "containers-required",
                &containers,
                "a pod needs at least one container",
            );
        } else {
            sink.pod_missing(
                "containers-required",
                pod,
                "containers",
                "a pod needs at least one container",
            );
        }
    }
    let volume_names = volumes(sink, &pod.get("volumes"));
    let mut known: Vec<&str> = volume_names;
    known.extend_from_slice(claims);
    let host_network = pod.get("hostNetwork").bool() == Some(true);

    let mut names: FxHashMap<&str, Origin> = FxHashMap::default();
    let mut host_ports: FxHashMap<(i64, String, String), Origin> = FxHashMap::default();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let list_cursor = pod.get(list);
        for container in list_cursor.items() {
            container_name(sink, pod, list, &container, &mut names);
            one_container(sink, list, &container, &known);
            ports(
                sink,
                &container.get("ports"),
                host_network,
                list == "containers",
                &mut host_ports,
            );
        }
    }
    security(sink, pod);
    spread(sink, &pod.get("topologySpreadConstraints"));
    affinity(sink, &pod.get("affinity"));
    tolerations(sink, &pod.get("tolerations"));
    dns(sink, pod);
}

fn container_name<'n>(
    sink: &mut Sink<'_>,
    pod: &Cursor<'n>,
    list: &str,
    container: &Cursor<'_>,
    names: &mut FxHashMap<&'n str, Origin>,
) {
    let name = container.get("name");
    let Some(text) = name.str().filter(|text| !text.is_empty()) else {
        if !name.exists() || name.str().is_some() {
            sink.pod_missing("container-name", container, "name", "a container needs a name");
        }
        return;
    };
    if !is_dns_label(text) {
        sink.pod(
            "container-name",
            &name,
            format!("`{text}` is no container name: lower-case letters, digits and `-`, at most 63"),
        );
    }
    // The text lives as long as the pod's tree; find it there, because the cursor is a short-lived view.
    let items = pod
        .node()
        .and_then(|node| node.get(list))
        .map_or(&[][..], |list| list.items());
    let stored = items
        .iter()
        .filter_map(|item| item.get("name"))
        .find(|node| node.at == name.at())
        .and_then(|node| node.text());
    let Some(stored) = stored else { return };
    if let Some(first) = names.get(stored).copied() {
        sink.pod(
            "container-name",
            &name,
            format!("two containers of this pod are called `{text}`"),
        )
        .relate(first, "the first one");
    } else {
        names.insert(stored, name.at());
    }
}

fn one_container(sink: &mut Sink<'_>, list: &str, container: &Cursor<'_>, volumes: &[&str]) {
    let image = container.get("image");
    if image.text().is_empty() && (!image.exists() || image.str().is_some()) {
        sink.pod_missing("image-required", container, "image", "a container needs an image");
    }
    env(sink, container);
    mounts(sink, container, volumes);
    resources(sink, &container.get("resources"));
    probes(sink, container, list == "initContainers");
}

fn ports(
    sink: &mut Sink<'_>,
    ports: &Cursor<'_>,
    host_network: bool,
    main: bool,
    host_ports: &mut FxHashMap<(i64, String, String), Origin>,
) {
    let mut names: FxHashMap<String, Origin> = FxHashMap::default();
    let mut numbers: FxHashMap<(i64, String), Origin> = FxHashMap::default();
    for port in ports.items() {
        let name = port.get("name");
        if let Some(text) = name.str().filter(|text| !text.is_empty()) {
            if !is_port_name(text) {
                let why = if text.len() > 15 {
                    format!("{} characters, at most 15", text.len())
                } else {
                    "lower-case letters, digits and single `-`, with a letter".to_owned()
                };
                sink.pod("port-name", &name, format!("`{text}` is no port name: {why}"));
            } else if let Some(first) = names.insert(text.to_owned(), name.at()) {
                sink.pod(
                    "port-name",
                    &name,
                    format!("two ports of this container are called `{text}`"),
                )
                .relate(first, "the first one");
            }
        }
        let number = port.get("containerPort");
        if !number.exists() {
            sink.pod_missing(
                "port-range",
                &port,
                "containerPort",
                "a container port needs its number, `containerPort`",
            );
        }
        let protocol = match port.get("protocol").text() {
            "" => "TCP".to_owned(),
            text => text.to_owned(),
        };
        if let Some(value) = number.int() {
            if !(1..=65535).contains(&value) {
                sink.pod("port-range", &number, format!("{value} is no port: 1 to 65535"));
            } else if let Some(first) = numbers.insert((value, protocol.clone()), number.at()) {
                sink.at(
                    "port-duplicate",
                    Effect::Warned,
                    &number,
                    format!("this container declares port {value}/{protocol} twice"),
                )
                .relate(first, "the first one");
            }
        }
        let host = port.get("hostPort");
        if let Some(value) = host.int().filter(|value| *value != 0) {
            if !(1..=65535).contains(&value) {
                sink.pod("port-range", &host, format!("{value} is no port: 1 to 65535"));
            }
            if host_network && number.int().is_some_and(|port| port != value) {
                sink.pod("host-network-port", &host, "a pod on the host's network listens where its containers do: `hostPort` must equal `containerPort`");
            }
            let address = port.get("hostIP").text().to_owned();
            // Init containers run one after the other, so they do not compete.
            if main && let Some(first) = host_ports.insert((value, protocol.clone(), address), host.at()) {
                sink.pod(
                    "host-port-conflict",
                    &host,
                    format!("this pod takes host port {value}/{protocol} twice"),
                )
                .relate(first, "the first one");
            }
        }
    }
}

fn env(sink: &mut Sink<'_>, container: &Cursor<'_>) {
    let list = container.get("env");
    let mut names: FxHashMap<String, Origin> = FxHashMap::default();
    for variable in list.items() {
        let name = variable.get("name");
        match name.str() {
            Some("") => {
                sink.pod("env-name", &name, "an environment variable needs a name");
            }
            None if !name.exists() => {
                sink.pod_missing(
                    "env-name",
                    &variable,
                    "name",
                    "an environment variable needs a name",
                );
            }
            Some(text) => {
                env_name(sink, &name, text);
                if let Some(first) = names.insert(text.to_owned(), name.at()) {
                    sink.at(
                        "env-duplicate",
                        Effect::Warned,
                        &name,
                        format!("the variable `{text}` is set twice; the last one counts"),
                    )
                    .relate(first, "the first one");
                }
            }
            None => {}
        }
        let from = variable.get("valueFrom");
        if from.exists() {
            if !variable.get("value").text().is_empty() {
                sink.pod(
                    "env-value-and-source",
                    &from,
                    "a variable has `value` or `valueFrom`, not both",
                )
                .relate(variable.get("value").at(), "the value");
            }
            let sources = [
                "fieldRef",
                "resourceFieldRef",
                "configMapKeyRef",
                "secretKeyRef",
                "fileKeyRef",
            ];
            let given = sources.iter().filter(|source| from.get(source).exists()).count();
            if given != 1 {
                sink.pod(
                    "env-value-and-source",
                    &from,
                    format!("`valueFrom` names exactly one source, here are {given}"),
                );
            }
        }
    }
    let from = container.get("envFrom");
    for source in from.items() {
        let given = ["configMapRef", "secretRef"]
            .iter()
            .filter(|name| source.get(name).exists())
            .count();
        if given != 1 {
            sink.pod(
                "env-from-source",
                &source,
                format!(
                    "an `envFrom` entry names exactly one of `configMapRef` and `secretRef`, here are {given}"
                ),
            );
        }
    }
}

/// The strict grammar held until 1.31; from 1.32 on any printable ASCII but `=` (RelaxedEnvironmentVariableValidation).
fn env_name(sink: &mut Sink<'_>, name: &Cursor<'_>, text: &str) {
    if sink.subject.kubernetes.minor() >= 32 {
        if !text
            .bytes()
            .all(|byte| (0x20..0x7f).contains(&byte) && byte != b'=')
        {
            sink.pod(
                "env-name",
                name,
                format!("`{text}` is no variable name: printable ASCII without `=`"),
            );
        }
        return;
    }
    let first = text.as_bytes()[0];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !text.bytes().all(fits)
        || first.is_ascii_digit()
        || matches!(text, "." | "..")
        || text.starts_with("..")
    {
        sink.pod("env-name", name, format!("`{text}` is no variable name before Kubernetes 1.32: letters, digits, `-`, `_`, `.`, no digit first"));
    }
}

fn mounts(sink: &mut Sink<'_>, container: &Cursor<'_>, volumes: &[&str]) {
    let mut paths: FxHashMap<String, Origin> = FxHashMap::default();
    for (list, path_field) in [("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")] {
        let list_cursor = container.get(list);
        for mount in list_cursor.items() {
            let name = mount.get("name");
            if let Some(text) = name.str()
                && !volumes.contains(&text)
            {
                let found = sink.pod(
                    "volume-mount-unknown",
                    &name,
                    format!("this pod has no volume `{text}`"),
                );
                if let Some(near) = crate::schema::nearest(text, volumes.iter().copied()) {
                    found.help(format!("did you mean `{near}`?"));
                } else {
                    found.help("add it to `volumes`");
                }
            }
            let path = mount.get(path_field);
            match path.str() {
                Some("") => {
                    sink.pod("mount-path-duplicate", &path, format!("`{path_field}` is empty"));
                }
                None if !path.exists() => {
                    sink.pod_missing(
                        "mount-path-duplicate",
                        &mount,
                        path_field,
                        format!("a mount needs its `{path_field}`"),
                    );
                }
                Some(text) => {
                    if let Some(first) = paths.insert(text.to_owned(), path.at()) {
                        sink.pod(
                            "mount-path-duplicate",
                            &path,
                            format!("two volumes of this container are mounted at `{text}`"),
                        )
                        .relate(first, "the first one");
                    }
                }
                None => {}
            }
            let (sub, expression) = (mount.get("subPath"), mount.get("subPathExpr"));
            if !sub.text().is_empty() && !expression.text().is_empty() {
                sink.pod(
                    "sub-path",
                    &expression,
                    "a mount has `subPath` or `subPathExpr`, not both",
                );
            }
            for path in [sub, expression] {
                if path.text().starts_with('/') || path.text().split('/').any(|part| part == "..") {
                    sink.pod(
                        "sub-path",
                        &path,
                        format!("`{}` must be relative, without `..`", path.text()),
                    );
                }
            }
        }
    }
}
