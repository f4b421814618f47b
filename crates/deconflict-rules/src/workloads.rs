//! What rules about pods ask of workloads.

use deconflict_claims::pods::Pod;
use deconflict_claims::{ClusterIndex, Placed, Spot};
use deconflict_files::Origin;
use deconflict_yaml::Node;

/// The text of a map selector: its only value, else all of it.
pub(crate) fn selected(selector: &Node) -> Spot {
    match selector.fields() {
        [only] => Spot::of(&only.value),
        _ => Spot::of(selector),
    }
}

/// The text of a label of a pod template, else where its pods are declared.
pub(crate) fn label_spot(pod: &Pod<'_>, key: &str) -> Spot {
    let metadata = pod.template.metadata.as_deref();
    let label = metadata.and_then(|metadata| metadata.at_path(&["labels", key]));
    label.map_or_else(|| pod.template.spot.clone(), Spot::of)
}

/// The PersistentVolumeClaim of that name in the pod's namespace, if only one node can attach it at a time.
pub(crate) fn single_node_claim<'i, 'a>(
    index: &'i ClusterIndex<'a>,
    pod: &Pod<'_>,
    claim: &str,
) -> Option<&'i Placed<'a>> {
    let placed = index.find("", "PersistentVolumeClaim", Some(&pod.namespace), claim)?;
    let modes = placed
        .facts
        .object
        .body
        .at_path(&["spec", "accessModes"])?
        .items();
    let is_single = |mode: &Node| matches!(mode.text(), Some("ReadWriteOnce" | "ReadWriteOncePod"));
    (!modes.is_empty() && modes.iter().all(|mode| is_single(mode))).then_some(placed)
}

/// Where a claim says how it can be attached.
pub(crate) fn access_modes_of(claim: &Placed<'_>) -> Origin {
    let object = &claim.facts.object;
    let modes = object.body.at_path(&["spec", "accessModes"]);
    modes.map_or(object.declared_at, |modes| modes.at)
}

/// True for a pod that can only run on one node.
pub(crate) fn is_pinned(pod: &Pod<'_>) -> bool {
    let at = |path: &[&str]| pod.template.spec.as_ref().and_then(|spec| spec.at_path(path));
    at(&["nodeName"]).is_some() || at(&["nodeSelector", "kubernetes.io/hostname"]).is_some()
}
