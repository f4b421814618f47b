//! Deployments and their kin, and disruption budgets.

use super::cursor::Cursor;
use super::meta::selector;
use super::pod::{Restart, with_claims};
use super::{Effect, Sink, storage};
use crate::labels::{Labels, Selector};

/// The version from which the server checks the pod template of a StatefulSet (kubernetes/kubernetes#131790).
const STATEFUL_SET_TEMPLATES: u16 = 34;

/// ReplicationController, Deployment, ReplicaSet, DaemonSet, StatefulSet.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    let kind = sink.subject.kind;
    for field in ["replicas", "minReadySeconds", "revisionHistoryLimit"] {
        not_negative(sink, &spec.get(field));
    }
    if kind != "ReplicationController" {
        selects_own_pods(sink, &spec);
    }
    strategy(sink, kind, &spec);
    progress_deadline(sink, &spec);

    let mut claims: Vec<&str> = Vec::new();
    let templates = spec.get("volumeClaimTemplates");
    if kind == "StatefulSet" {
        if sink.subject.kubernetes.minor() < STATEFUL_SET_TEMPLATES {
            sink.pod_effect = Effect::FailsLater;
        }
        for claim in templates.items() {
            // When the server began to check claim templates is unsettled, so this warns.
            storage::claim(sink, &claim.get("spec"), Effect::FailsLater);
        }
        let nodes = templates.node().map_or(&[][..], |node| node.items());
        claims = nodes
            .iter()
            .filter_map(|claim| claim.at_path(&["metadata", "name"])?.text())
            .collect();
    }
    with_claims(sink, &spec.get("template"), Restart::Always, &claims);
    sink.pod_effect = Effect::Refused;
}

/// A number of things is never negative.
pub(super) fn not_negative(sink: &mut Sink<'_>, field: &Cursor<'_>) {
    if let Some(number) = field.int().filter(|number| *number < 0) {
        sink.refuse("negative-count", field, format!("{number} is less than nothing"));
    }
}

fn selects_own_pods(sink: &mut Sink<'_>, spec: &Cursor<'_>) {
    let chosen = spec.get("selector");
    if !chosen.exists() {
        if spec.exists() {
            let kind = sink.subject.kind;
            sink.refuse_missing(
                "selector-empty",
                spec,
                "selector",
                format!("a {kind} needs a `selector` that matches the labels of its template"),
            );
        }
        return;
    }
    selector(sink, &chosen, Effect::Refused);
    let (labels, expressions) = (chosen.get("matchLabels"), chosen.get("matchExpressions"));
    if labels.is_empty() && expressions.is_empty() {
        if chosen.node().is_some_and(deconflict_yaml::Node::is_map) {
            sink.refuse(
                "selector-empty",
                &chosen,
                "the selector matches every pod; it must name labels",
            );
        }
        return;
    }
    let template = spec.path(&["template", "metadata", "labels"]);
    if !spec.get("template").exists() {
        return;
    }
    let empty = deconflict_yaml::Node::map(chosen.at());
    let pod_labels = template.node().unwrap_or(&empty);
    let Some(node) = chosen.node() else { return };
    if Selector::of_label_selector(node)
        .is_some_and(|selector| !selector.matches(&Labels::of(Some(pod_labels))))
    {
        // Point at the one label that differs, where there is one.
        let wrong = labels.fields().find(|(key, value)| {
            pod_labels
                .get(key)
                .and_then(|label| label.text().map(str::to_owned))
                != value.raw().map(str::to_owned)
        });
        match wrong {
            Some((key, value)) => {
                let has = pod_labels.get(key).and_then(|label| label.text());
                let said = has.map_or_else(
                    || format!("the template has no label `{key}`"),
                    |has| format!("the template says `{key}: {has}`"),
                );
                let found = sink.refuse(
                    "selector-template-mismatch",
                    &value,
                    format!(
                        "the selector wants `{key}: {}`, {said}",
                        value.raw().unwrap_or_default()
                    ),
                );
                found
                    .relate(template.at(), "the template's labels")
                    .help("make both equal; the selector of an existing object cannot be changed");
            }
            None => {
                sink.refuse(
                    "selector-template-mismatch",
                    &chosen,
                    "the selector does not match the labels of its own template",
                )
                .relate(template.at(), "the template's labels");
            }
        }
    }
}

/// A percentage or count: (value, is percentage).
fn amount(field: &Cursor<'_>) -> Option<(i64, bool)> {
    match field.int() {
        Some(number) => Some((number, false)),
        None => field
            .str()?
            .strip_suffix('%')?
            .parse()
            .ok()
            .map(|number| (number, true)),
    }
}

/// A string must be a percentage.
fn percentage(sink: &mut Sink<'_>, row: &'static str, field: &Cursor<'_>) {
    if let Some(text) = field.str()
        && text
            .strip_suffix('%')
            .is_none_or(|digits| digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()))
    {
        sink.refuse(
            row,
            field,
            format!("`{text}` is no percentage: a whole number and `%`, for example `25%`"),
        );
    } else if field.int().is_some_and(|number| number < 0) {
        sink.refuse(row, field, "less than nothing");
    }
}

fn strategy(sink: &mut Sink<'_>, kind: &str, spec: &Cursor<'_>) {
    let field = if kind == "Deployment" {
        "strategy"
    } else {
        "updateStrategy"
    };
    let strategy = spec.get(field);
    let rolling = strategy.get("rollingUpdate");
    let (surge, unavailable) = (rolling.get("maxSurge"), rolling.get("maxUnavailable"));
    percentage(sink, "rolling-update", &surge);
    percentage(sink, "rolling-update", &unavailable);
    let zero = |field: &Cursor<'_>| amount(field).is_some_and(|(number, _)| number == 0);
    let over = |field: &Cursor<'_>| amount(field).is_some_and(|(number, percent)| percent && number > 100);
    match (kind, strategy.get("type").text()) {
        ("Deployment", "Recreate") if rolling.exists() => {
            sink.refuse(
                "rolling-update",
                &rolling,
                "`Recreate` stops all pods first, so there is no `rollingUpdate` to set",
            )
            .relate(strategy.get("type").at(), "the type")
            .help("remove `rollingUpdate`; in an overlay set it to null");
        }
        ("StatefulSet", "OnDelete") if rolling.exists() => {
            sink.refuse(
                "rolling-update",
                &rolling,
                "`OnDelete` waits for somebody to delete pods, so there is no `rollingUpdate` to set",
            );
        }
        ("Deployment", _) => {
            if zero(&surge) && zero(&unavailable) {
                sink.refuse(
                    "rolling-update",
                    &unavailable,
                    "with `maxSurge` and `maxUnavailable` both 0 no pod can ever be replaced",
                )
                .relate(surge.at(), "maxSurge");
            }
            if over(&unavailable) {
                sink.refuse("rolling-update", &unavailable, "more than 100%");
            }
        }
        ("DaemonSet", _) if rolling.exists() => {
            let some =
                |field: &Cursor<'_>, default: i64| amount(field).map_or(default, |(number, _)| number) > 0;
            match (some(&surge, 0), some(&unavailable, 1)) {
                (false, false) => {
                    sink.refuse(
                        "rolling-update",
                        &unavailable,
                        "`maxSurge` and `maxUnavailable` cannot both be 0",
                    );
                }
                (true, true) => {
                    let found = sink.refuse(
                        "rolling-update",
                        &surge,
                        "a DaemonSet has `maxSurge` or `maxUnavailable`, not both",
                    );
                    if !unavailable.exists() {
                        found.help("`maxUnavailable` is 1 unless it says otherwise: add `maxUnavailable: 0`");
                    }
                }
                _ => {}
            }
            if over(&surge) || over(&unavailable) {
                sink.refuse("rolling-update", &rolling, "more than 100%");
            }
        }
        _ => {}
    }
}

fn progress_deadline(sink: &mut Sink<'_>, spec: &Cursor<'_>) {
    let deadline = spec.get("progressDeadlineSeconds");
    let ready = spec.get("minReadySeconds").int().unwrap_or(0);
    // Unset, the server takes 600 seconds.
    let seconds = deadline.int().unwrap_or(600);
    if sink.subject.kind == "Deployment" && seconds <= ready && seconds != i64::from(i32::MAX) {
        let place = if deadline.exists() {
            deadline
        } else {
            spec.get("minReadySeconds")
        };
        sink.refuse(
            "progress-deadline",
            &place,
            format!("`progressDeadlineSeconds` ({seconds}) must be greater than `minReadySeconds` ({ready})"),
        );
    }
}

/// PodDisruptionBudget.
pub(super) fn disruption_budget(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    let (available, unavailable) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if available.exists() && unavailable.exists() {
        sink.refuse(
            "pdb-exclusive",
            &unavailable,
            "a budget has `minAvailable` or `maxUnavailable`, not both",
        )
        .relate(available.at(), "minAvailable");
    }
    for field in [&available, &unavailable] {
        percentage(sink, "pdb-exclusive", field);
        if amount(field).is_some_and(|(number, percent)| percent && number > 100) {
            sink.refuse("pdb-exclusive", field, "more than 100%");
        }
    }
    if amount(&unavailable).is_some_and(|(number, _)| number == 0) || amount(&available) == Some((100, true))
    {
        let place = if unavailable.exists() {
            unavailable
        } else {
            available
        };
        sink.at(
            "pdb-exclusive",
            Effect::Warned,
            &place,
            "no pod may ever be evicted: a node with one of these pods cannot be drained",
        );
    }
    selector(sink, &spec.get("selector"), Effect::Refused);
}
