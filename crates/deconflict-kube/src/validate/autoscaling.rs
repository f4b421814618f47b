//! HorizontalPodAutoscalers.

use super::Sink;
use super::cursor::Cursor;

/// HorizontalPodAutoscaler.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    if !spec.exists() {
        return;
    }
    bounds(sink, &spec);
    let target = spec.get("scaleTargetRef");
    for field in ["kind", "name"] {
        if target.get(field).text().is_empty() && target.exists() {
            sink.refuse_missing(
                "hpa-bounds",
                &target,
                field,
                format!("the target needs a `{field}`"),
            );
        }
    }
    let metrics = spec.get("metrics");
    for metric in metrics.items() {
        one_metric(sink, &metric);
    }
    let behavior = spec.get("behavior");
    for direction in ["scaleUp", "scaleDown"] {
        let rules = behavior.get(direction);
        let window = rules.get("stabilizationWindowSeconds");
        if window.int().is_some_and(|seconds| !(0..=3600).contains(&seconds)) {
            sink.refuse(
                "hpa-metric",
                &window,
                "the stabilisation window takes 0 to 3600 seconds",
            );
        }
        let policies = rules.get("policies");
        for policy in policies.items() {
            let period = policy.get("periodSeconds");
            if period.int().is_some_and(|seconds| !(1..=1800).contains(&seconds)) {
                sink.refuse("hpa-metric", &period, "a period takes 1 to 1800 seconds");
            }
            let value = policy.get("value");
            if value.int().is_some_and(|value| value < 1) {
                sink.refuse("hpa-metric", &value, "a policy's value must be at least 1");
            }
        }
    }
}

fn bounds(sink: &mut Sink<'_>, spec: &Cursor<'_>) {
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    if let Some(number) = min.int().filter(|number| *number < 1) {
        let found = sink.refuse(
            "hpa-bounds",
            &min,
            format!("`minReplicas` must be at least 1, not {number}"),
        );
        if number == 0 {
            found.help("scaling to zero needs the alpha feature gate HPAScaleToZero");
        }
    }
    let Some(most) = max.int() else { return };
    if most < 1 {
        sink.refuse(
            "hpa-bounds",
            &max,
            format!("`maxReplicas` must be at least 1, not {most}"),
        );
    } else if most < min.int().unwrap_or(1) {
        sink.refuse(
            "hpa-bounds",
            &max,
            format!(
                "`maxReplicas` ({most}) is less than `minReplicas` ({})",
                min.int().unwrap_or(1)
            ),
        )
        .relate(min.at(), "minReplicas");
    }
}

fn one_metric(sink: &mut Sink<'_>, metric: &Cursor<'_>) {
    const SOURCES: [(&str, &str); 5] = [
        ("Object", "object"),
        ("Pods", "pods"),
        ("Resource", "resource"),
        ("ContainerResource", "containerResource"),
        ("External", "external"),
    ];
    let kind = metric.get("type");
    for (name, field) in SOURCES {
        let source = metric.get(field);
        if name == kind.text() {
            if !source.exists() {
                sink.refuse_missing(
                    "hpa-metric",
                    metric,
                    field,
                    format!("a metric of type {name} needs `{field}`"),
                )
                .relate(kind.at(), "the type");
                continue;
            }
            target(sink, &source.get("target"), name);
        } else if source.exists() && !kind.text().is_empty() {
            sink.refuse(
                "hpa-metric",
                &source,
                format!("`{field}` does not belong to a metric of type {}", kind.text()),
            )
            .relate(kind.at(), "the type");
        }
    }
}

fn target(sink: &mut Sink<'_>, target: &Cursor<'_>, kind: &str) {
    if !target.exists() {
        return;
    }
    let utilization = target.get("averageUtilization");
    let (value, average) = (target.get("value"), target.get("averageValue"));
    if utilization.int().is_some_and(|percent| percent < 1) {
        sink.refuse(
            "hpa-metric",
            &utilization,
            "`averageUtilization` must be at least 1",
        );
    }
    match kind {
        "Resource" | "ContainerResource" => match (utilization.exists(), average.exists()) {
            (true, true) => {
                sink.refuse(
                    "hpa-metric",
                    &average,
                    "a target has `averageUtilization` or `averageValue`, not both",
                )
                .relate(utilization.at(), "the utilization");
            }
            (false, false) => {
                sink.refuse_missing(
                    "hpa-metric",
                    target,
                    "averageUtilization",
                    "a resource metric needs `averageUtilization` or `averageValue`",
                );
            }
            _ => {}
        },
        "Pods" if !average.exists() => {
            sink.refuse_missing(
                "hpa-metric",
                target,
                "averageValue",
                "a pods metric needs `averageValue`",
            );
        }
        "Object" | "External" => match (value.exists(), average.exists()) {
            (true, true) => {
                sink.refuse(
                    "hpa-metric",
                    &average,
                    "a target has `value` or `averageValue`, not both",
                )
                .relate(value.at(), "the value");
            }
            (false, false) => {
                sink.refuse_missing(
                    "hpa-metric",
                    target,
                    "value",
                    "the target needs `value` or `averageValue`",
                );
            }
            _ => {}
        },
        _ => {}
    }
}
