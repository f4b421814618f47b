//! Ingresses.

use super::Sink;
use super::cursor::Cursor;
use super::names::{is_dns_1035_label, is_dns_subdomain, is_port_name, is_wildcard_subdomain};

/// Sequences that must not stand in an absolute path (`invalidPathSequences`).
const PATH_SEQUENCES: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const PATH_SUFFIXES: &[&str] = &["/..", "/."];

/// Ingress, `networking.k8s.io/v1`.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    if sink.subject.version != "v1" {
        return;
    }
    let spec = root.get("spec");
    let class = spec.get("ingressClassName");
    let annotation = root.path(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    if class.exists() && annotation.exists() {
        sink.refuse(
            "ingress-class-both",
            &annotation,
            "the class stands in the annotation and in `ingressClassName`: on creation only one may be set",
        )
        .relate(class.at(), "the field")
        .help("remove the annotation");
    }
    if !spec.exists() {
        return;
    }
    let (rules, default) = (spec.get("rules"), spec.get("defaultBackend"));
    if rules.is_empty() && !default.exists() {
        sink.refuse_missing(
            "ingress-rules",
            &spec,
            "rules",
            "an Ingress needs `rules` or a `defaultBackend`",
        );
    }
    if default.exists() {
        backend(sink, &default);
    }
    for rule in rules.items() {
        host(sink, &rule.get("host"));
        let http = rule.get("http");
        let paths = http.get("paths");
        for entry in paths.items() {
            path(sink, &entry);
            let target = entry.get("backend");
            if target.exists() {
                backend(sink, &target);
            } else {
                sink.refuse_missing("ingress-rules", &entry, "backend", "a path needs a `backend`");
            }
        }
    }
    let tls = spec.get("tls");
    for entry in tls.items() {
        let hosts = entry.get("hosts");
        for name in hosts.items() {
            host(sink, &name);
        }
    }
}

fn host(sink: &mut Sink<'_>, host: &Cursor<'_>) {
    let Some(text) = host.str().filter(|text| !text.is_empty()) else {
        return;
    };
    if text.parse::<std::net::IpAddr>().is_ok() {
        sink.refuse(
            "ingress-host",
            host,
            format!("`{text}` is an address; an Ingress matches host names"),
        );
    } else if text.contains('*') && !is_wildcard_subdomain(text) {
        sink.refuse(
            "ingress-host",
            host,
            format!("`{text}`: `*` can only stand alone as the first part, as in `*.example.org`"),
        );
    } else if !text.contains('*') && !is_dns_subdomain(text) {
        let lower = text.to_lowercase();
        let found = sink.refuse(
            "ingress-host",
            host,
            format!("`{text}` is no host name in lower case"),
        );
        if is_dns_subdomain(&lower) {
            found.help(format!("write `{lower}`")).repair(text, lower);
        }
    }
}

fn path(sink: &mut Sink<'_>, entry: &Cursor<'_>) {
    let (kind, path) = (entry.get("pathType"), entry.get("path"));
    if !kind.exists() {
        sink.refuse_missing(
            "ingress-path",
            entry,
            "pathType",
            "a path needs its `pathType`: Prefix, Exact or ImplementationSpecific",
        );
    }
    let text = path.text();
    match kind.text() {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                if path.exists() {
                    sink.refuse("ingress-path", &path, format!("`{text}` must start with `/`"));
                } else {
                    sink.refuse_missing(
                        "ingress-path",
                        entry,
                        "path",
                        format!("`pathType: {}` needs a `path`", kind.text()),
                    );
                }
                return;
            }
            let bad = PATH_SEQUENCES
                .iter()
                .find(|part| text.contains(**part))
                .or_else(|| PATH_SUFFIXES.iter().find(|part| text.ends_with(**part)));
            if let Some(part) = bad {
                sink.refuse("ingress-path", &path, format!("`{part}` cannot stand in a path"));
            }
        }
        "ImplementationSpecific" if !text.is_empty() && !text.starts_with('/') => {
            sink.refuse("ingress-path", &path, format!("`{text}` must start with `/`"));
        }
        _ => {}
    }
}

fn backend(sink: &mut Sink<'_>, backend: &Cursor<'_>) {
    let (service, resource) = (backend.get("service"), backend.get("resource"));
    match (service.exists(), resource.exists()) {
        (true, true) => {
            sink.refuse(
                "ingress-rules",
                &resource,
                "a backend is a `service` or a `resource`, not both",
            )
            .relate(service.at(), "the service");
        }
        (false, false) => {
            sink.refuse_missing(
                "ingress-rules",
                backend,
                "service",
                "a backend names a `service` or a `resource`",
            );
        }
        _ => {}
    }
    if !service.exists() {
        return;
    }
    let name = service.get("name");
    if name.text().is_empty() {
        sink.refuse_missing(
            "ingress-rules",
            &service,
            "name",
            "a backend service needs a name",
        );
    } else if !is_dns_1035_label(name.text()) {
        sink.refuse(
            "ingress-rules",
            &name,
            format!("`{}` is no name of a Service", name.text()),
        );
    }
    let port = service.get("port");
    let (number, label) = (port.get("number"), port.get("name"));
    let numbered = number.int().is_some_and(|value| value != 0);
    match (numbered, !label.text().is_empty()) {
        (true, true) => {
            sink.refuse(
                "ingress-rules",
                &label,
                "a backend port has `number` or `name`, not both",
            )
            .relate(number.at(), "the number");
        }
        (false, false) if number.exists() => {
            sink.refuse(
                "port-range",
                &number,
                format!("{} is no port: 1 to 65535", number.raw().unwrap_or_default()),
            );
        }
        (false, false) => {
            let parent = if port.exists() { port } else { service };
            sink.refuse_missing(
                "ingress-rules",
                &parent,
                "port",
                "a backend service needs `port.number` or `port.name`",
            );
        }
        (true, false) => {
            if number.int().is_some_and(|value| !(1..=65535).contains(&value)) {
                sink.refuse(
                    "port-range",
                    &number,
                    format!("{} is no port: 1 to 65535", number.raw().unwrap_or_default()),
                );
            }
        }
        (false, true) => {
            if !is_port_name(label.text()) {
                sink.refuse("port-name", &label, format!("`{}` is no port name: at most 15 lower-case letters, digits and single `-`, with a letter", label.text()));
            }
        }
    }
}
