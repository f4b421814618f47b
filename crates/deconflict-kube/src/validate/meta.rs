//! Names, labels and annotations of every object.

use super::cursor::Cursor;
use super::names::{
    is_dns_1035_label, is_dns_label, is_dns_subdomain, is_label_value, is_path_segment, is_qualified_name,
};
use super::{Effect, Sink};
use crate::Scope;
use crate::schema::Bundle;

/// Sum of the bytes of annotation keys and values (`TotalAnnotationSizeLimitB`).
const ANNOTATIONS_MAX: usize = 256 * 1024;

pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let metadata = root.get("metadata");
    name(sink, root, &metadata);
    labels(sink, &metadata.get("labels"), Effect::Refused);
    annotations(sink, &metadata.get("annotations"), Effect::Refused);
    let namespace = metadata.get("namespace");
    let (group, kind) = (sink.subject.group, sink.subject.kind);
    if let Some(text) = namespace.str().filter(|text| !text.is_empty()) {
        match Bundle::embedded().scope(group, kind) {
            Some(Scope::Cluster) => {
                sink.at(
                    "namespace-on-cluster-scoped",
                    Effect::Warned,
                    &namespace,
                    format!("a {kind} belongs to no namespace, so `{text}` is dropped"),
                )
                .help("remove `namespace`");
            }
            _ if !is_dns_label(text) => {
                sink.refuse(
                    "name-format",
                    &namespace,
                    format!("`{text}` is no namespace name: lower-case letters, digits and `-`, at most 63"),
                );
            }
            _ => {}
        }
    }
}

fn name(sink: &mut Sink<'_>, root: &Cursor<'_>, metadata: &Cursor<'_>) {
    let name = metadata.get("name");
    let kind = sink.subject.kind;
    let Some(text) = name.str().filter(|text| !text.is_empty()) else {
        if metadata.get("generateName").text().is_empty() {
            if !name.exists() || name.str().is_some() {
                let parent = if metadata.exists() { metadata } else { root };
                sink.refuse_missing(
                    "name-required",
                    parent,
                    "name",
                    format!("this {kind} has no name"),
                )
                .help("add `metadata.name`");
            }
        } else {
            let generated = metadata.get("generateName");
            sink.at("generate-name", Effect::Warned, &generated, "an object without a fixed name can be created, not applied: `kubectl apply` and Flux fail, Argo CD makes a new one each time")
                .help("give it a `name`");
        }
        return;
    };
    let version = sink.subject.kubernetes.minor();
    let (fits, rule) = match (sink.subject.group, kind) {
        ("", "Namespace") => (
            is_dns_label(text),
            "lower-case letters, digits and `-`, at most 63",
        ),
        ("", "Service") => (
            is_dns_1035_label(text),
            "a lower-case letter, then lower-case letters, digits and `-`, at most 63",
        ),
        ("rbac.authorization.k8s.io", _) => (is_path_segment(text), "no `/`, no `%`, not `.` or `..`"),
        ("apps", "StatefulSet") if version >= 34 => (
            is_dns_label(text),
            "lower-case letters, digits and `-`, at most 63",
        ),
        ("apiregistration.k8s.io", "APIService") | ("certificates.k8s.io", _) => {
            (is_path_segment(text), "no `/`, no `%`")
        }
        _ if Bundle::embedded().knows(sink.subject.group, kind) => (
            is_dns_subdomain(text),
            "lower-case letters, digits, `-` and `.`, a letter or digit at both ends, at most 253",
        ),
        _ => (is_dns_subdomain(text) || is_path_segment(text), "no `/`, no `%`"),
    };
    if !fits {
        let lower = text.to_lowercase().replace('_', "-");
        let violation = sink.refuse(
            "name-format",
            &name,
            format!("`{text}` is no name for a {kind}: {rule}"),
        );
        if is_dns_1035_label(&lower) && lower != text {
            violation.help(format!("for example `{lower}`"));
        }
        return;
    }
    match (sink.subject.group, kind) {
        ("batch", "CronJob") if text.len() > 52 => {
            sink.refuse(
                "name-length-cronjob",
                &name,
                format!(
                    "the name of a CronJob takes at most 52 characters, this has {}",
                    text.len()
                ),
            )
            .help("the controller appends 11 characters to name the Jobs");
        }
        ("batch", "Job") if text.len() > 63 => {
            sink.refuse(
                "name-length-job",
                &name,
                format!(
                    "the name of a Job takes at most 63 characters, this has {}",
                    text.len()
                ),
            );
        }
        ("apps", "StatefulSet") if text.len() > 52 => {
            sink.at(
                "name-length-statefulset",
                Effect::FailsLater,
                &name,
                format!(
                    "with a name of {} characters the pods' revision label is too long; 52 fit",
                    text.len()
                ),
            );
        }
        _ => {}
    }
}

/// Keys and values of a map of labels, wherever it stands.
pub(super) fn labels(sink: &mut Sink<'_>, labels: &Cursor<'_>, effect: Effect) {
    for (key, value) in labels.fields() {
        if !is_qualified_name(key) {
            let found = sink.at("label-key", effect, &value, format!("`{key}` is no label key: an optional DNS prefix with `/`, then at most 63 letters, digits, `-`, `_`, `.`"));
            found.at = value.key_at();
        }
        if let Some(text) = value.str()
            && !is_label_value(text)
        {
            let why = if text.len() > 63 {
                format!("{} characters, at most 63", text.len())
            } else {
                "letters, digits, `-`, `_`, `.`, a letter or digit at both ends".to_owned()
            };
            sink.at(
                "label-value",
                effect,
                &value,
                format!("`{}` is no label value: {why}", shorten(text)),
            );
        }
    }
}

/// Keys and the size of annotations.
pub(super) fn annotations(sink: &mut Sink<'_>, annotations: &Cursor<'_>, effect: Effect) {
    let mut size = 0;
    for (key, value) in annotations.fields() {
        size += key.len() + value.text().len();
        // Upstream lower-cases the key before it checks it.
        if !is_qualified_name(&key.to_lowercase()) {
            let found = sink.at("annotation-key", effect, &value, format!("`{key}` is no annotation key: an optional DNS prefix with `/`, then at most 63 letters, digits, `-`, `_`, `.`"));
            found.at = value.key_at();
        }
    }
    if size > ANNOTATIONS_MAX {
        sink.at(
            "annotation-size",
            effect,
            annotations,
            format!("annotations take {size} bytes together, at most {ANNOTATIONS_MAX}"),
        );
    }
}

/// A LabelSelector: keys, values, and operators with the right number of values.
pub(super) fn selector(sink: &mut Sink<'_>, selector: &Cursor<'_>, effect: Effect) {
    labels(sink, &selector.get("matchLabels"), effect);
    for requirement in selector.get("matchExpressions").items() {
        expression(sink, &requirement, effect);
    }
}

fn expression(sink: &mut Sink<'_>, requirement: &Cursor<'_>, effect: Effect) {
    let (operator, values, key) = (
        requirement.get("operator"),
        requirement.get("values"),
        requirement.get("key"),
    );
    if key.str().is_some_and(|key| !is_qualified_name(key)) {
        sink.at(
            "label-key",
            effect,
            &key,
            format!("`{}` is no label key", key.text()),
        );
    }
    match operator.text() {
        "In" | "NotIn" if values.is_empty() => {
            sink.at(
                "label-selector-arity",
                effect,
                &operator,
                format!("`{}` needs values", operator.text()),
            );
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            sink.at(
                "label-selector-arity",
                effect,
                &values,
                format!("`{}` takes no values", operator.text()),
            );
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        "" if !operator.exists() => {
            sink.missing(
                "label-selector-arity",
                effect,
                requirement,
                "operator",
                "a requirement needs an `operator`",
            );
        }
        other => {
            sink.at(
                "label-selector-arity",
                effect,
                &operator,
                format!("`{other}` is no selector operator: In, NotIn, Exists, DoesNotExist"),
            );
        }
    }
    for value in values.items() {
        if value.str().is_some_and(|text| !is_label_value(text)) {
            sink.at(
                "label-value",
                effect,
                &value,
                format!("`{}` is no label value", shorten(value.text())),
            );
        }
    }
}

/// The first 40 characters.
pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.to_owned()
    } else {
        text.chars().take(40).chain(['…']).collect()
    }
}
