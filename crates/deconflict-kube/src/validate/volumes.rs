//! Volumes of pods.

use deconflict_files::Origin;
use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::names::is_dns_label;
use super::{Effect, Sink};

/// Fields of a volume that are sources (`v1.VolumeSource`).
const VOLUME_SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// Check volumes; returns their names.
pub(super) fn volumes<'n>(sink: &mut Sink<'_>, volumes: &Cursor<'n>) -> Vec<&'n str> {
    let mut names: FxHashMap<&str, Origin> = FxHashMap::default();
    let all = volumes.node().map_or(&[][..], |node| node.items());
    let list: Vec<&'n str> = all
        .iter()
        .filter_map(|volume| volume.get("name")?.text())
        .collect();
    for (volume, node) in volumes.items().zip(all) {
        let name = volume.get("name");
        match name.str() {
            Some(text) if !is_dns_label(text) => {
                sink.pod(
                    "volume-name",
                    &name,
                    format!("`{text}` is no volume name: lower-case letters, digits and `-`, at most 63"),
                );
            }
            Some(_) => {
                let text = node.get("name").and_then(|name| name.text()).unwrap_or_default();
                if let Some(first) = names.insert(text, name.at()) {
                    sink.pod(
                        "volume-name",
                        &name,
                        format!("two volumes of this pod are called `{text}`"),
                    )
                    .relate(first, "the first one");
                }
            }
            None if !name.exists() => {
                sink.pod_missing("volume-name", &volume, "name", "a volume needs a name");
            }
            None => {}
        }
        let given: Vec<&str> = VOLUME_SOURCES
            .iter()
            .copied()
            .filter(|source| volume.get(source).exists())
            .collect();
        match given.as_slice() {
            [] => {
                sink.at(
                    "volume-source",
                    Effect::Warned,
                    &volume,
                    "a volume without source becomes an empty directory",
                );
            }
            [_] => {}
            [_, second, ..] => {
                sink.pod(
                    "volume-source",
                    &volume.get(second),
                    format!(
                        "a volume has one source, here are {}: {}",
                        given.len(),
                        given.join(", ")
                    ),
                );
            }
        }
        for source in ["configMap", "secret", "downwardAPI", "projected"] {
            projection(sink, &volume.get(source));
        }
        let projected = volume.get("projected");
        let sources = projected.get("sources");
        for source in sources.items() {
            for kind in ["configMap", "secret", "downwardAPI"] {
                projection(sink, &source.get(kind));
            }
        }
    }
    list
}

/// Items and modes of a ConfigMap, Secret or downward API source.
fn projection(sink: &mut Sink<'_>, source: &Cursor<'_>) {
    mode(sink, &source.get("defaultMode"));
    let items = source.get("items");
    for item in items.items() {
        mode(sink, &item.get("mode"));
        let path = item.get("path");
        let text = path.text();
        if text.is_empty() && (path.str().is_some() || !path.exists()) {
            sink.pod_missing(
                "projection-path",
                &item,
                "path",
                "a projected item needs a `path`",
            );
        } else if text.starts_with('/') || text.split('/').any(|part| part == "..") || text.starts_with("..")
        {
            sink.pod(
                "projection-path",
                &path,
                format!("`{text}` must be relative, without `..`"),
            );
        }
        let key = item.get("key");
        if key.str() == Some("") {
            sink.pod("projection-path", &key, "`key` is empty");
        }
    }
}

/// File modes are decimal in JSON: `0644` in YAML is 420, `644` is not.
fn mode(sink: &mut Sink<'_>, mode: &Cursor<'_>) {
    if let Some(value) = mode.int().filter(|value| !(0..=0o777).contains(value)) {
        let raw = mode.raw().unwrap_or_default().to_owned();
        let octal = !raw.is_empty() && raw.len() == 3 && raw.bytes().all(|byte| (b'0'..b'8').contains(&byte));
        let found = sink.pod(
            "file-mode",
            mode,
            format!("{value} is no file mode: 0 to 511, which is octal 0777"),
        );
        if octal {
            found
                .help(format!("write `0{raw}`"))
                .repair(&raw, format!("0{raw}"));
        }
    }
}
