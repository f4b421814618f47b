//! What ConfigMaps and Secrets hold, and what pods take from them.

use std::collections::BTreeMap;

use deconflict_claims::Placed;
use deconflict_kube::{bool_at, items_at, text_at, text_of};
use deconflict_yaml::{Node, binary_text};

/// One entry of a ConfigMap or Secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'n> {
    pub(crate) value: &'n Node,
    /// The value is base64 of what a program gets.
    encoded: bool,
}

/// The entries by key; of a SealedSecret those of the Secret that it becomes.
pub(crate) fn entries(body: &Node) -> BTreeMap<&str, Entry<'_>> {
    let is_secret = text_at(body, &["kind"]) == Some("Secret");
    let maps: [(&[&str], bool); 5] = [
        (&["data"], is_secret),
        (&["binaryData"], true),
        (&["stringData"], false),
        (&["spec", "template", "data"], false),
        (&["spec", "encryptedData"], false),
    ];
    let mut found = BTreeMap::new();
    for (path, encoded) in maps {
        let fields = body.at_path(path).map(Node::fields).unwrap_or_default();
        found.extend(fields.iter().map(|field| {
            let value = &*field.value;
            (field.name(), Entry { value, encoded })
        }));
    }
    found
}

/// True when something in the cluster fills the object, so that it holds more than it says.
pub(crate) fn is_filled(body: &Node) -> bool {
    let metadata = ["annotations", "labels"]
        .into_iter()
        .filter_map(|name| body.at_path(&["metadata", name]));
    text_at(body, &["type"]) == Some("kubernetes.io/service-account-token")
        || metadata
            .flat_map(Node::fields)
            .any(|field| field.name().contains("inject") || field.name().contains("cert-manager.io/"))
}

/// ConfigMap or Secret, as pods ask for what `placed` is or becomes.
pub(crate) fn asked_as(placed: &Placed<'_>) -> Option<&'static str> {
    let key = &placed.facts.object.key;
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "ConfigMap") => Some("ConfigMap"),
        ("", "Secret") | ("bitnami.com", "SealedSecret") => Some("Secret"),
        _ => None,
    }
}

/// Keys of `new` whose value is another in `old` or not there, with the value's node.
pub(crate) fn changed<'n>(old: &Node, new: &'n Node) -> Vec<(&'n str, &'n Node)> {
    let was = entries(old);
    let differs = |(key, entry): &(&'n str, Entry<'n>)| was.get(key).is_none_or(|was| !is_same(was, entry));
    let all = entries(new).into_iter().filter(differs);
    all.map(|(key, entry)| (key, entry.value)).collect()
}

/// Keys of `old` that `new` has not, with the value's node.
pub(crate) fn removed<'n>(old: &'n Node, new: &Node) -> Vec<(&'n str, &'n Node)> {
    let is = entries(new);
    let all = entries(old).into_iter().filter(|(key, _)| !is.contains_key(key));
    all.map(|(key, entry)| (key, entry.value)).collect()
}

/// True when programs get the same of both.
fn is_same(one: &Entry<'_>, other: &Entry<'_>) -> bool {
    let text = |entry: &Entry<'_>| entry.value.text().unwrap_or_default().to_owned();
    // Bytes that are no text were replaced, and may differ.
    let decoded = |entry: &Entry<'_>| binary_text(&text(entry)).filter(|text| !text.contains('\u{fffd}'));
    let meant = |entry: &Entry<'_>| {
        let decoded = entry.encoded.then(|| decoded(entry)).flatten();
        decoded.unwrap_or_else(|| text(entry))
    };
    one.encoded == other.encoded && text(one) == text(other) || meant(one) == meant(other)
}

/// How a container gets at data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum How {
    /// Environment variables, set when it starts.
    Variable,
    /// A part of a volume that is mounted alone, which nobody updates.
    Part,
    /// Files of a volume, which the kubelet updates.
    Files,
}

/// A pod takes data of a ConfigMap or Secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'n> {
    pub(crate) kind: &'static str,
    /// The node that names it.
    pub(crate) name: &'n Node,
    /// The one key; `None` for all.
    pub(crate) key: Option<&'n Node>,
    pub(crate) how: How,
    pub(crate) optional: bool,
}

/// What the pods of `spec` take, optional references too: one entry per key, and one for a whole.
pub(crate) fn taken(spec: &Node) -> Vec<Taken<'_>> {
    let mut found = Vec::new();
    for volume in items_at(spec, &["volumes"]) {
        let mounts = mounts(spec, text_at(volume, &["name"]).unwrap_or_default());
        for (kind, source, name) in sources(volume) {
            from_volume(&mut found, kind, (source, name), &mounts);
        }
    }
    for container in containers(spec) {
        let mut push = |kind, source, key| {
            if let Some(name) = Node::at_path(source, &["name"]) {
                found.push(Taken {
                    kind,
                    name,
                    key,
                    how: How::Variable,
                    optional: bool_at(source, &["optional"]) == Some(true),
                });
            }
        };
        for from in items_at(container, &["envFrom"]) {
            for (kind, field) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                if let Some(source) = from.at_path(&[field]) {
                    push(kind, source, None);
                }
            }
        }
        for variable in items_at(container, &["env"]) {
            for (kind, field) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                let source = variable.at_path(&["valueFrom", field]);
                if let Some((source, key)) =
                    source.and_then(|source| Some((source, source.at_path(&["key"])?)))
                {
                    push(kind, source, Some(key));
                }
            }
        }
    }
    found
}

fn containers(spec: &Node) -> impl Iterator<Item = &Node> {
    let kinds = ["initContainers", "containers"].into_iter();
    kinds.flat_map(|kind| items_at(spec, &[kind]))
}

fn mounts<'n>(spec: &'n Node, volume: &str) -> Vec<&'n Node> {
    containers(spec)
        .flat_map(|container| items_at(container, &["volumeMounts"]))
        .filter(|mount| text_at(mount, &["name"]) == Some(volume))
        .collect()
}

/// The ConfigMaps and Secrets of a volume: what names one, and the node of its name.
fn sources(volume: &Node) -> Vec<(&'static str, &Node, &Node)> {
    let direct = [
        ("ConfigMap", "configMap", "name"),
        ("Secret", "secret", "secretName"),
    ];
    let projected = [("ConfigMap", "configMap", "name"), ("Secret", "secret", "name")];
    let mut found = Vec::new();
    let mut add = |parent, fields: [(&'static str, &str, &str); 2]| {
        for (kind, field, name) in fields {
            let source = Node::at_path(parent, &[field]);
            if let Some((source, name)) = source.and_then(|source| Some((source, source.at_path(&[name])?))) {
                found.push((kind, source, name));
            }
        }
    };
    add(volume, direct);
    for source in items_at(volume, &["projected", "sources"]) {
        add(source, projected);
    }
    found
}

fn from_volume<'n>(
    found: &mut Vec<Taken<'n>>,
    kind: &'static str,
    (source, name): (&'n Node, &'n Node),
    mounts: &[&'n Node],
) {
    let optional = bool_at(source, &["optional"]) == Some(true);
    let part = |mount: &'n Node| mount.at_path(&["subPath"]);
    let is_part =
        |mount: &&&Node| mount.at_path(&["subPath"]).is_some() || mount.at_path(&["subPathExpr"]).is_some();
    let in_parts = mounts.iter().filter(is_part).count();
    let how = if in_parts > 0 && in_parts == mounts.len() {
        How::Part
    } else {
        How::Files
    };
    let taken = |key, how| Taken {
        kind,
        name,
        key,
        how,
        optional,
    };
    let items: Vec<&Node> = items_at(source, &["items"]).collect();
    if !items.is_empty() {
        found.extend(items.into_iter().map(|item| taken(item.at_path(&["key"]), how)));
        return;
    }
    let known = |mount: &&&'n Node| {
        part(mount)
            .and_then(text_of)
            .is_some_and(|path| !path.contains('/'))
    };
    if how == How::Files || mounts.iter().any(|mount| !known(&mount)) {
        found.push(taken(None, how));
    }
    let alone = mounts.iter().filter(known).filter_map(|mount| part(mount));
    found.extend(alone.map(|key| taken(Some(key), How::Part)));
}
