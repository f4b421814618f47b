//! Rows whose condition is more than a list of fields.

use std::collections::BTreeSet;

use deconflict_yaml::Node;

use super::Pair;
use crate::same::Difference;
use crate::schema::KubernetesVersion;
use crate::{Object, Quantity, bool_at, int_at, items_at, text_at, text_of};

/// True when only one of the sides has the field.
fn is_one_sided(difference: &Difference<'_>) -> bool {
    difference.left.is_some() != difference.right.is_some()
}

/// The text that the only side with the field has.
fn only_text<'n>(difference: &Difference<'n>) -> Option<&'n str> {
    difference.left.xor(difference.right).and_then(text_of)
}

/// `ValidateStatefulSetUpdate`.
pub(super) fn stateful_set(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    match difference.names.as_slice() {
        [
            "spec",
            "replicas"
            | "ordinals"
            | "template"
            | "updateStrategy"
            | "persistentVolumeClaimRetentionPolicy"
            | "minReadySeconds",
            ..,
        ]
        | [
            "spec",
            "volumeClaimTemplates",
            "apiVersion" | "kind" | "status",
            ..,
        ] => false,
        // kubernetes/kubernetes#129017.
        ["spec", "revisionHistoryLimit"] => pair.kubernetes < KubernetesVersion::new(33),
        ["spec", ..] => true,
        _ => false,
    }
}

/// `ValidateJobSpecUpdate`.
pub(super) fn job(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    match difference.names.as_slice() {
        [
            "spec",
            "selector"
            | "completionMode"
            | "podFailurePolicy"
            | "backoffLimitPerIndex"
            | "managedBy"
            | "successPolicy",
            ..,
        ] => true,
        ["spec", "completions"] => !is_elastic(pair),
        ["spec", "template", within @ ..] => {
            !(is_filled_in(difference) || is_suspended(pair.old) && is_scheduling(pair, within))
        }
        _ => false,
    }
}

/// An Indexed Job may change its completions together with its parallelism.
fn is_elastic(pair: Pair<'_>) -> bool {
    let new = &pair.new.body;
    let completions = int_at(new, &["spec", "completions"]);
    pair.kubernetes >= KubernetesVersion::new(27)
        && text_at(new, &["spec", "completionMode"]) == Some("Indexed")
        && completions == Some(int_at(new, &["spec", "parallelism"]).unwrap_or(1))
}

fn is_suspended(object: &Object) -> bool {
    bool_at(&object.body, &["spec", "suspend"]) == Some(true)
}

/// What may change as long as a suspended Job has not started.
fn is_scheduling(pair: Pair<'_>, within: &[&str]) -> bool {
    match within {
        ["metadata", "labels" | "annotations", ..]
        | ["spec", "nodeSelector" | "tolerations" | "schedulingGates", ..]
        | ["spec", "affinity", "nodeAffinity", ..] => true,
        ["spec", "containers" | "initContainers", "resources", ..] => {
            pair.kubernetes >= KubernetesVersion::new(36)
        }
        _ => false,
    }
}

/// A value that depends on others and that the server fills in: whether spelling it out changes something cannot be told.
fn is_filled_in(difference: &Difference<'_>) -> bool {
    is_one_sided(difference)
        && matches!(
            difference.names.as_slice(),
            [.., "imagePullPolicy"] | [.., "requests", _]
        )
}

/// `ValidateServiceUpdate`.
pub(super) fn service(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    let (old, new) = (&pair.old.body, &pair.new.body);
    let kind = |object| text_at(object, &["spec", "type"]).unwrap_or("ClusterIP");
    if kind(old) == "ExternalName" || kind(new) == "ExternalName" {
        return false;
    }
    let given = |side: Option<&Node>| side.and_then(text_of).map(str::to_owned);
    let (before, after) = (given(difference.left), given(difference.right));
    let balanced = kind(old) == "LoadBalancer" && kind(new) == "LoadBalancer";
    match difference.names.as_slice() {
        // Where nothing is given the server has chosen an address, so a Service cannot become headless.
        ["spec", "clusterIP"] => match (before.as_deref(), after.as_deref()) {
            (None | Some(""), Some("None")) => true,
            (None | Some(""), _) | (_, None | Some("")) => false,
            (before, after) => before != after,
        },
        // Only the first counts: a second family may come and go.
        ["spec", list @ ("clusterIPs" | "ipFamilies")] => {
            let first = |object: &Node| {
                items_at(object, &["spec", list])
                    .next()
                    .and_then(text_of)
                    .map(str::to_owned)
            };
            matches!((first(old), first(new)), (Some(old), Some(new)) if old != new)
        }
        ["spec", "loadBalancerClass"] => balanced,
        ["spec", "healthCheckNodePort"] => balanced && before.is_some() && after.is_some(),
        _ => false,
    }
}

/// `ValidatePersistentVolumeClaimUpdate`.
pub(super) fn claim(_: Pair<'_>, difference: &Difference<'_>) -> bool {
    match difference.names.as_slice() {
        ["spec", "resources", "requests", "storage"] => {
            let (before, after) = (
                difference.left.and_then(Quantity::of),
                difference.right.and_then(Quantity::of),
            );
            matches!((before, after), (Some(before), Some(after)) if after < before)
        }
        ["spec", "volumeAttributesClassName"] => false,
        // The binder fills the one in, the default class may come later.
        ["spec", "volumeName" | "storageClassName"] => difference.left.is_some(),
        // Each fills the other in.
        ["spec", "dataSource" | "dataSourceRef", ..] => {
            difference.left.is_some() && difference.right.is_some()
        }
        ["spec", ..] => true,
        _ => false,
    }
}

/// `ValidateConfigMapUpdate`, `ValidateSecretUpdate`.
pub(super) fn config(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    let frozen = bool_at(&pair.old.body, &["immutable"]) == Some(true);
    frozen
        && matches!(
            difference.names[0],
            "data" | "binaryData" | "stringData" | "immutable"
        )
}

/// `ValidatePersistentVolumeUpdate`.
pub(super) fn volume(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    let was_there = |path: &[&str]| pair.old.body.at_path(path).is_some();
    match difference.names.as_slice() {
        ["spec", "volumeMode"] => true,
        // These may be added.
        ["spec", "csi", "controllerExpandSecretRef", ..] => {
            was_there(&["spec", "csi", "controllerExpandSecretRef"])
        }
        ["spec", "nodeAffinity", ..] => was_there(&["spec", "nodeAffinity"]),
        ["spec", source, ..] => crate::validate::VOLUME_SOURCES.contains(source),
        _ => false,
    }
}

/// `ValidatePodUpdate`.
pub(super) fn pod(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    let count = |object: &Object, list| items_at(&object.body, &["spec", list]).count();
    let fewer = |list| count(pair.new, list) < count(pair.old, list);
    let gated = count(pair.old, "schedulingGates") > 0;
    match difference.names.as_slice() {
        ["spec", "containers" | "initContainers", "image"] | ["spec", "activeDeadlineSeconds"] => false,
        ["spec", "tolerations", ..] => fewer("tolerations"),
        ["spec", "schedulingGates", ..] => !fewer("schedulingGates"),
        ["spec", "nodeSelector" | "affinity", ..] => !gated,
        // Admission fills these in.
        ["spec", "serviceAccountName" | "serviceAccount"] => only_text(difference) != Some("default"),
        ["spec", "priority" | "preemptionPolicy"] => !is_one_sided(difference),
        ["spec", ..] => !is_filled_in(difference),
        _ => false,
    }
}

/// `ValidateResourceQuotaUpdate`: the scopes as a set.
pub(super) fn quota(pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    let scopes = |object: &Object| {
        let items = items_at(&object.body, &["spec", "scopes"]);
        items
            .filter_map(text_of)
            .map(str::to_owned)
            .collect::<BTreeSet<String>>()
    };
    difference.names.starts_with(&["spec", "scopes"]) && scopes(pair.old) != scopes(pair.new)
}

/// `ValidateCSIDriverUpdate`.
pub(super) fn csi_driver(_: Pair<'_>, difference: &Difference<'_>) -> bool {
    match difference.names.as_slice() {
        ["spec", "attachRequired"] => only_text(difference) != Some("true"),
        ["spec", "volumeLifecycleModes"] => {
            let only = difference.left.xor(difference.right);
            let default = |list: &Node| matches!(list.items(), [one] if text_of(one) == Some("Persistent"));
            !only.is_some_and(default)
        }
        _ => false,
    }
}
