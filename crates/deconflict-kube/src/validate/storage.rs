//! Volumes and claims.

use super::cursor::Cursor;
use super::meta::selector;
use super::pod_parts::quantity;
use super::{Effect, Sink};
use crate::Quantity;

/// Fields of a PersistentVolume that are sources (`v1.PersistentVolumeSource`).
pub(crate) const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// The spec of a claim. `effect`: refused for a claim, later trouble for a claim template.
pub(super) fn claim(sink: &mut Sink<'_>, spec: &Cursor<'_>, effect: Effect) {
    if !spec.exists() {
        sink.missing(
            "pvc-spec",
            effect,
            spec,
            "accessModes",
            "a claim needs a `spec` with access modes and a storage request",
        );
        return;
    }
    access_modes(sink, "pvc-spec", spec, effect);
    selector(sink, &spec.get("selector"), effect);
    let storage = spec.path(&["resources", "requests", "storage"]);
    match quantity(&storage) {
        None if !storage.exists() => {
            sink.missing(
                "pvc-spec",
                effect,
                &storage,
                "",
                "a claim needs `resources.requests.storage`",
            )
            .path = storage.field_path();
        }
        Some(amount) if amount <= Quantity::default() => {
            sink.at(
                "pvc-spec",
                effect,
                &storage,
                "a claim must ask for more than nothing",
            );
        }
        _ => {}
    }
}

fn access_modes(sink: &mut Sink<'_>, row: &'static str, spec: &Cursor<'_>, effect: Effect) {
    let modes = spec.get("accessModes");
    if modes.is_empty() {
        sink.missing(
            row,
            effect,
            spec,
            "accessModes",
            "at least one access mode is needed, for example ReadWriteOnce",
        );
    }
    let exclusive = modes
        .items()
        .find(|mode| mode.str() == Some("ReadWriteOncePod"))
        .map(|mode| mode.at());
    if let Some(at) = exclusive
        && modes.items().len() > 1
    {
        sink.at(
            row,
            effect,
            &modes,
            "ReadWriteOncePod cannot be combined with other access modes",
        )
        .relate(at, "here");
    }
}

/// PersistentVolume.
pub(super) fn volume(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    if !spec.exists() {
        return;
    }
    access_modes(sink, "pv-spec", &spec, Effect::Refused);
    let capacity = spec.path(&["capacity", "storage"]);
    if !capacity.exists() {
        sink.refuse_missing("pv-spec", &spec, "capacity", "a volume needs `capacity.storage`");
    }
    let given: Vec<&str> = SOURCES
        .iter()
        .copied()
        .filter(|source| spec.get(source).exists())
        .collect();
    match given.as_slice() {
        [] => {
            sink.refuse(
                "pv-spec",
                &spec,
                "a volume needs a source, for example `csi` or `nfs`",
            );
        }
        [_] => {}
        [_, second, ..] => {
            sink.refuse(
                "pv-spec",
                &spec.get(second),
                format!(
                    "a volume has one source, here are {}: {}",
                    given.len(),
                    given.join(", ")
                ),
            );
        }
    }
    if given == ["local"] && !spec.path(&["nodeAffinity", "required"]).exists() {
        sink.refuse_missing(
            "pv-spec",
            &spec,
            "nodeAffinity",
            "a local volume needs `nodeAffinity` to say on which node it is",
        );
    }
}
