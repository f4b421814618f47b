//! Fields in which variables (`vars`) are replaced.

use smol_str::format_smolstr;

use super::super::fieldspec::FieldSpec;
use super::{Row, spec};

/// The specs of all such fields.
pub(super) fn specs() -> Vec<FieldSpec> {
    let mut found = Vec::new();
    for (kind, pod) in PODS_WITH_VARIABLES {
        let path = |below: &&str| format_smolstr!("{pod}/{below}");
        found.extend(
            VARIABLES_IN_POD
                .iter()
                .map(|below| spec("", "", kind, path(below), false)),
        );
    }
    found.extend(super::specs(VARIABLES));
    found
}

/// Kinds whose pods get variables replaced, with the path of the pod spec.
const PODS_WITH_VARIABLES: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("Pod", "spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
];

/// Paths below a pod spec.
const VARIABLES_IN_POD: &[&str] = &[
    "containers/args",
    "containers/command",
    "containers/env/value",
    "containers/volumeMounts/mountPath",
    "initContainers/args",
    "initContainers/command",
    "initContainers/env/value",
    "initContainers/volumeMounts/mountPath",
];

const VARIABLES: &[Row] = &[
    // Not below the pod spec upstream either.
    (
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/volumes/nfs/server",
        false,
    ),
    (
        "",
        "",
        "DaemonSet",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    (
        "",
        "",
        "Deployment",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    ("", "", "Deployment", "spec/template/metadata/annotations", false),
    ("", "", "Ingress", "spec/rules/host", false),
    ("", "", "Ingress", "spec/tls/hosts", false),
    ("", "", "Ingress", "spec/tls/secretName", false),
    ("", "", "Job", "spec/template/spec/volumes/nfs/server", false),
    ("", "", "Pod", "spec/volumes/nfs/server", false),
    (
        "",
        "",
        "ReplicaSet",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    ("", "", "Service", "spec/ports/port", false),
    ("", "", "Service", "spec/ports/targetPort", false),
    (
        "",
        "",
        "StatefulSet",
        "spec/volumeClaimTemplates/spec/nfs/server",
        false,
    ),
    ("", "", "PersistentVolume", "spec/nfs/server", false),
    ("", "", "", "metadata/labels", false),
    ("", "", "", "metadata/annotations", false),
];
