//! The table: which fields of which kind stay as they are. One row, one test that it fires and one that it nearly does.

use super::{Pair, kinds};
use crate::ObjectKey;
use crate::same::Difference;

/// Fields of some kinds that cannot change.
pub(super) struct Row {
    /// The row of the check table.
    pub(super) id: &'static str,
    group: &'static str,
    kinds: &'static [&'static str],
    pub(super) frozen: Frozen,
    /// What cannot change, for the message: starts a sentence's second half.
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

/// Which fields.
pub(super) enum Frozen {
    /// These and everything below them.
    Below(&'static [&'static [&'static str]]),
    /// What a function says of a difference.
    By(fn(Pair<'_>, &Difference<'_>) -> bool),
}

/// The rows of a kind.
pub(super) fn rows(key: &ObjectKey) -> impl Iterator<Item = &'static Row> {
    let (group, kind) = (key.group.clone(), key.kind.clone());
    ROWS.iter()
        .filter(move |row| row.group == group && row.kinds.contains(&kind.as_str()))
}

const RECREATE: &str = "give it another name, or delete the old one first";

static ROWS: &[Row] = &[
    Row {
        id: "immutable-selector",
        group: "apps",
        kinds: &["Deployment", "ReplicaSet", "DaemonSet"],
        frozen: Frozen::Below(&[&["spec", "selector"]]),
        what: "the selector",
        help: "keep the selector, or give the workload another name; a label for people belongs into the template's labels \
               alone",
    },
    Row {
        id: "immutable-statefulset",
        group: "apps",
        kinds: &["StatefulSet"],
        frozen: Frozen::By(kinds::stateful_set),
        what: "this part of the spec",
        help: "keep it, or delete the StatefulSet with `--cascade=orphan` first: its pods and claims stay, and the new one \
               takes them over; claims that exist keep their size",
    },
    Row {
        id: "immutable-job",
        group: "batch",
        kinds: &["Job"],
        frozen: Frozen::By(kinds::job),
        what: "the pods of a Job",
        help: "give the Job another name for every change (a hash or a version in it), or have its engine replace it",
    },
    Row {
        id: "immutable-service",
        group: "",
        kinds: &["Service"],
        frozen: Frozen::By(kinds::service),
        what: "what the address of a Service depends on",
        help: RECREATE,
    },
    Row {
        id: "immutable-pvc",
        group: "",
        kinds: &["PersistentVolumeClaim"],
        frozen: Frozen::By(kinds::claim),
        what: "the spec of a claim, except that its storage may grow,",
        help: "make a claim of another name and move the data",
    },
    Row {
        id: "immutable-config",
        group: "",
        kinds: &["ConfigMap", "Secret"],
        frozen: Frozen::By(kinds::config),
        what: "what `immutable: true` holds",
        help: "give it another name for every change (a generator's hash does that), or delete the old one first",
    },
    Row {
        id: "immutable-config",
        group: "",
        kinds: &["Secret"],
        frozen: Frozen::Below(&[&["type"]]),
        what: "the type",
        help: RECREATE,
    },
    Row {
        id: "immutable-role-ref",
        group: "rbac.authorization.k8s.io",
        kinds: &["RoleBinding", "ClusterRoleBinding"],
        frozen: Frozen::Below(&[&["roleRef"]]),
        what: "the role",
        help: "make a binding of another name",
    },
    Row {
        id: "immutable-storage-class",
        group: "storage.k8s.io",
        kinds: &["StorageClass"],
        frozen: Frozen::Below(&[
            &["provisioner"],
            &["parameters"],
            &["reclaimPolicy"],
            &["volumeBindingMode"],
        ]),
        what: "how volumes are made",
        help: "make a class of another name; volumes keep the class they were made with",
    },
    Row {
        id: "immutable-misc",
        group: "",
        kinds: &["PersistentVolume"],
        frozen: Frozen::By(kinds::volume),
        what: "where a volume is",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "",
        kinds: &["Pod"],
        frozen: Frozen::By(kinds::pod),
        what: "all of a pod but images and added tolerations",
        help: "delete the old pod first, or let a Deployment hold it",
    },
    Row {
        id: "immutable-misc",
        group: "",
        kinds: &["ResourceQuota"],
        frozen: Frozen::By(kinds::quota),
        what: "the scopes",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "scheduling.k8s.io",
        kinds: &["PriorityClass"],
        frozen: Frozen::Below(&[&["value"], &["preemptionPolicy"]]),
        what: "the priority",
        help: "make a class of another name; pods keep the priority they were made with",
    },
    Row {
        id: "immutable-misc",
        group: "networking.k8s.io",
        kinds: &["IngressClass"],
        frozen: Frozen::Below(&[&["spec", "controller"]]),
        what: "the controller",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "node.k8s.io",
        kinds: &["RuntimeClass"],
        frozen: Frozen::Below(&[&["handler"]]),
        what: "the handler",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "discovery.k8s.io",
        kinds: &["EndpointSlice"],
        frozen: Frozen::Below(&[&["addressType"]]),
        what: "the type of the addresses",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "apiextensions.k8s.io",
        kinds: &["CustomResourceDefinition"],
        frozen: Frozen::Below(&[
            &["spec", "group"],
            &["spec", "scope"],
            &["spec", "names", "kind"],
            &["spec", "names", "plural"],
        ]),
        what: "what identifies the kind",
        help: "deleting the definition deletes all its resources: make a new kind and move them",
    },
    Row {
        id: "immutable-misc",
        group: "storage.k8s.io",
        kinds: &["CSIDriver"],
        frozen: Frozen::By(kinds::csi_driver),
        what: "how volumes are attached",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "storage.k8s.io",
        kinds: &["VolumeAttributesClass"],
        frozen: Frozen::Below(&[&["driverName"], &["parameters"]]),
        what: "the parameters",
        help: "make a class of another name and let the claims name it",
    },
    Row {
        id: "immutable-misc",
        group: "resource.k8s.io",
        kinds: &["ResourceClaim", "ResourceClaimTemplate"],
        frozen: Frozen::Below(&[&["spec"]]),
        what: "the spec",
        help: RECREATE,
    },
    Row {
        id: "immutable-misc",
        group: "apps",
        kinds: &["ControllerRevision"],
        frozen: Frozen::Below(&[&["data"]]),
        what: "the data",
        help: RECREATE,
    },
];
