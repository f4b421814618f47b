//! What extends the cluster: custom resource definitions, webhooks, priority classes.

use super::cursor::Cursor;
use super::names::is_dns_subdomain;
use super::{Sink, structural};

/// The highest priority a user may give (`HighestUserDefinablePriority`).
const PRIORITY_MAX: i64 = 1_000_000_000;

/// PriorityClass.
pub(super) fn priority_class(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let name = root.path(&["metadata", "name"]);
    let value = root.get("value");
    let system = matches!(name.text(), "system-cluster-critical" | "system-node-critical");
    if name.text().starts_with("system-") && !system {
        sink.refuse(
            "priority-class",
            &name,
            "names that start with `system-` are reserved",
        );
    } else if !system && value.int().is_some_and(|value| value > PRIORITY_MAX) {
        sink.refuse("priority-class", &value, format!("at most {PRIORITY_MAX}"));
    }
}

/// CustomResourceDefinition, `apiextensions.k8s.io/v1`.
pub(super) fn custom_resource(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    if sink.subject.version != "v1" {
        return;
    }
    let spec = root.get("spec");
    let name = root.path(&["metadata", "name"]);
    let (plural, group) = (spec.path(&["names", "plural"]), spec.get("group"));
    if let (Some(plural_text), Some(group_text)) = (plural.str(), group.str()) {
        let expected = format!("{plural_text}.{group_text}");
        if name.exists() && name.text() != expected {
            sink.refuse(
                "crd-shape",
                &name,
                format!("the name must be plural and group: `{expected}`"),
            )
            .relate(plural.at(), "the plural");
        }
    }
    let versions = spec.get("versions");
    let stored = versions
        .items()
        .filter(|version| version.get("storage").bool() == Some(true))
        .count();
    if versions.exists() && stored != 1 {
        sink.refuse(
            "crd-shape",
            &versions,
            format!("exactly one version is stored (`storage: true`), here are {stored}"),
        );
    }
    for version in versions.items() {
        let schema = version.path(&["schema", "openAPIV3Schema"]);
        if schema.exists() {
            structural::check(sink, &schema);
        } else {
            sink.refuse_missing(
                "crd-shape",
                &version,
                "schema",
                "every version needs `schema.openAPIV3Schema`",
            );
        }
    }
    let preserve = spec.get("preserveUnknownFields");
    if preserve.bool() == Some(true) {
        sink.refuse(
            "crd-shape",
            &preserve,
            "`preserveUnknownFields: true` went with v1beta1; say `x-kubernetes-preserve-unknown-fields: true` in the schema",
        );
    }
}

/// Validating and mutating webhook configurations.
pub(super) fn webhooks(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let webhooks = root.get("webhooks");
    for webhook in webhooks.items() {
        let name = webhook.get("name");
        if name
            .str()
            .is_some_and(|text| text.split('.').count() < 3 || !is_dns_subdomain(text))
        {
            sink.refuse(
                "webhook-shape",
                &name,
                format!(
                    "`{}`: a webhook's name is a domain name of at least three parts",
                    name.text()
                ),
            );
        }
        let effects = webhook.get("sideEffects");
        if !effects.exists() {
            sink.refuse_missing(
                "webhook-shape",
                &webhook,
                "sideEffects",
                "a webhook must say `sideEffects: None` or `NoneOnDryRun`",
            );
        }
        let reviews = webhook.get("admissionReviewVersions");
        if reviews.is_empty() {
            sink.refuse_missing(
                "webhook-shape",
                &webhook,
                "admissionReviewVersions",
                "a webhook must list `admissionReviewVersions`",
            )
            .help("add `admissionReviewVersions: [v1]`");
        }
        let timeout = webhook.get("timeoutSeconds");
        if timeout.int().is_some_and(|seconds| !(1..=30).contains(&seconds)) {
            sink.refuse(
                "webhook-shape",
                &timeout,
                "a webhook's timeout is 1 to 30 seconds",
            );
        }
        let client = webhook.get("clientConfig");
        let (url, service) = (client.get("url"), client.get("service"));
        match (url.exists(), service.exists()) {
            (true, true) => {
                sink.refuse(
                    "webhook-shape",
                    &url,
                    "a webhook has a `url` or a `service`, not both",
                )
                .relate(service.at(), "the service");
            }
            (false, false) if client.exists() => {
                sink.refuse_missing(
                    "webhook-shape",
                    &client,
                    "service",
                    "a webhook needs a `service` or a `url`",
                );
            }
            (true, false) if !url.text().starts_with("https://") => {
                sink.refuse("webhook-shape", &url, "a webhook's url starts with `https://`");
            }
            _ => {}
        }
    }
}
