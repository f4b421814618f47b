//! What a cluster has once: defaults of a kind, volumes, Helm releases.

use deconflict_kube::{Object, bool_at, text_at};
use deconflict_yaml::Node;
use smol_str::{SmolStr, format_smolstr};

use crate::{Claim, Space, Spot, What};

/// Being the default of its kind: the annotations and fields that the API references name.
pub(super) fn defaults(object: &Object, claims: &mut Vec<Claim>) {
    let body = &object.body;
    let annotated = |names: &[&str]| {
        let annotations = body.at_path(&["metadata", "annotations"])?;
        let values = names.iter().filter_map(|name| annotations.get(name));
        values
            .map(|node| &**node)
            .find(|node| node.text() == Some("true"))
    };
    let kind = &object.key.kind;
    let (key, node): (SmolStr, Option<&Node>) = match (object.key.group.as_str(), kind.as_str()) {
        ("networking.k8s.io", "IngressClass") => (
            kind.clone(),
            annotated(&["ingressclass.kubernetes.io/is-default-class"]),
        ),
        ("storage.k8s.io", "StorageClass") => (
            kind.clone(),
            annotated(&[
                "storageclass.kubernetes.io/is-default-class",
                "storageclass.beta.kubernetes.io/is-default-class",
            ]),
        ),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass") => (
            format_smolstr!("{kind} of {}", text_at(body, &["driver"]).unwrap_or_default()),
            annotated(&["snapshot.storage.kubernetes.io/is-default-class"]),
        ),
        ("scheduling.k8s.io", "PriorityClass") => (
            kind.clone(),
            body.at_path(&["globalDefault"])
                .filter(|node| bool_at(node, &[]) == Some(true)),
        ),
        _ => return,
    };
    claims.extend(node.map(|node| claim(Space::Default, key, node, What::Whole)));
}

/// PersistentVolumes that a claim names, and the claim that a volume is kept for.
pub(super) fn volumes(object: &Object, claims: &mut Vec<Claim>) {
    let body = &object.body;
    if object.key.is("", "PersistentVolumeClaim") {
        let volume = body.at_path(&["spec", "volumeName"]);
        let named = volume.and_then(|node| Some((node, node.text().filter(|text| !text.is_empty())?)));
        claims
            .extend(named.map(|(node, name)| claim(Space::PersistentVolume, name.into(), node, What::Whole)));
    } else if object.key.is("", "PersistentVolume")
        && let Some(reference) = body.at_path(&["spec", "claimRef"])
        && let (Some(namespace), Some(name)) =
            (text_at(reference, &["namespace"]), reference.at_path(&["name"]))
    {
        let what = What::KeptFor {
            namespace: namespace.into(),
            name: name.text().unwrap_or_default().into(),
        };
        claims.push(claim(
            Space::PersistentVolume,
            object.key.name.clone(),
            name,
            what,
        ));
    }
}

/// The release of a Flux HelmRelease: `storageNamespace` and `releaseName` with their defaults (the API reference of
/// helm.toolkit.fluxcd.io). One for another cluster is not this cluster's.
pub(super) fn helm_release(object: &Object, namespace: &str, claims: &mut Vec<Claim>) {
    let body = &object.body;
    if !object.key.is("helm.toolkit.fluxcd.io", "HelmRelease")
        || body.at_path(&["spec", "kubeConfig"]).is_some()
    {
        return;
    }
    let text = |field: &str| text_at(body, &["spec", field]).filter(|text| !text.is_empty());
    let storage = text("storageNamespace").unwrap_or(namespace);
    let name: SmolStr = match (text("releaseName"), text("targetNamespace")) {
        (Some(name), _) => name.into(),
        (None, Some(target)) => format_smolstr!("{target}-{}", object.key.name),
        (None, None) => object.key.name.clone(),
    };
    let spot = body
        .at_path(&["spec", "releaseName"])
        .or_else(|| body.at_path(&["metadata", "name"]));
    claims.extend(spot.map(|node| {
        claim(
            Space::HelmRelease,
            format_smolstr!("{storage}/{name}"),
            node,
            What::Whole,
        )
    }));
}

fn claim(space: Space, key: SmolStr, node: &Node, what: What) -> Claim {
    Claim {
        space,
        key,
        spot: Spot::of(node),
        what,
    }
}
