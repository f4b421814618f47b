//! Which PersistentVolumeClaims the pods of a workload may write to.

use deconflict_kube::{Object, bool_at, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::{Claim, Space, Spot, What};

/// One claim per PersistentVolumeClaim that a container mounts writable, by name in the object's namespace.
pub(super) fn writers(object: &Object, claims: &mut Vec<Claim>) {
    let Some(path) = pod_spec_path(&object.key.group, &object.key.kind) else {
        return;
    };
    let Some(spec) = object.body.at_path(path) else {
        return;
    };
    for volume in items_at(spec, &["volumes"]) {
        let Some(source) = volume.at_path(&["persistentVolumeClaim"]) else {
            continue;
        };
        let (Some(volume), Some(name)) = (text_at(volume, &["name"]), source.get("claimName")) else {
            continue;
        };
        let Some(key) = name.text().filter(|key| !key.is_empty()) else {
            continue;
        };
        if bool_at(source, &["readOnly"]) == Some(true) {
            continue;
        }
        let Some(what) = writer(spec, volume) else {
            continue;
        };
        claims.push(Claim {
            space: Space::Volume,
            key: key.into(),
            spot: Spot::of(name),
            what,
        });
    }
}

/// What the containers of `spec` write of its volume of that name; `None` when all of them only read.
fn writer(spec: &Node, volume: &str) -> Option<What> {
    let mut container: Option<&str> = None;
    let mut sub_paths: Option<Vec<SmolStr>> = Some(Vec::new());
    for kind in ["containers", "initContainers"] {
        for candidate in items_at(spec, &[kind]) {
            let name = text_at(candidate, &["name"]).unwrap_or_default();
            let mounts = items_at(candidate, &["volumeMounts"]).filter(|mount| {
                text_at(mount, &["name"]) == Some(volume) && bool_at(mount, &["readOnly"]) != Some(true)
            });
            for mount in mounts {
                container.get_or_insert(name);
                if mount.get("subPathExpr").is_some() {
                    sub_paths = None;
                } else if let Some(sub_paths) = &mut sub_paths {
                    let path = text_at(mount, &["subPath"]).unwrap_or_default();
                    sub_paths.push(path.trim_matches('/').into());
                }
            }
            let devices = items_at(candidate, &["volumeDevices"]);
            if devices
                .filter(|device| text_at(device, &["name"]) == Some(volume))
                .count()
                > 0
            {
                container.get_or_insert(name);
                if let Some(sub_paths) = &mut sub_paths {
                    sub_paths.push(SmolStr::default());
                }
            }
        }
    }
    let container = container?.into();
    if let Some(sub_paths) = &mut sub_paths {
        sub_paths.sort_unstable();
        sub_paths.dedup();
    }
    Some(What::Writer { sub_paths, container })
}

/// Where kinds that run pods have the pod's spec.
pub fn pod_spec_path(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    Some(match (group, kind) {
        ("", "Pod") => &["spec"],
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout")
        | ("serving.knative.dev", "Service") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    })
}
