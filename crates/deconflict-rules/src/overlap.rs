//! What the rules about selectors and volumes ask of pods.

use deconflict_claims::pods::{Pod, ScalerKind};
use deconflict_claims::{ClusterIndex, Detail, Placed, Spot};
use deconflict_kube::{items_at, text_of};

/// True when a HorizontalPodAutoscaler or ScaledObject scales it.
pub(crate) fn is_scaled(index: &ClusterIndex<'_>, pod: &Pod<'_>) -> bool {
    pod.scalers.iter().any(|scaler| {
        let detail = &index.objects[*scaler as usize].facts.detail;
        matches!(detail, Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical)
    })
}

/// True when the pod may run on one named node only.
pub(crate) fn is_pinned(pod: &Pod<'_>) -> bool {
    const HOSTNAME: &str = "kubernetes.io/hostname";
    let Some(spec) = &pod.template.spec else {
        return false;
    };
    let required = [
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    let is_hostname = |term: &deconflict_yaml::Node| {
        items_at(term, &["matchExpressions"]).any(|expression| {
            expression.at_path(&["key"]).and_then(text_of) == Some(HOSTNAME)
                && expression.at_path(&["operator"]).and_then(text_of) == Some("In")
                && items_at(expression, &["values"]).count() == 1
        })
    };
    spec.get("nodeName").is_some()
        || spec.at_path(&["nodeSelector", HOSTNAME]).is_some()
        || items_at(spec, &required).any(is_hostname)
}

/// The PersistentVolumeClaim of that name if its only access mode is ReadWriteOnce, and where that stands.
pub(crate) fn attached_once<'i, 'a>(
    index: &'i ClusterIndex<'a>,
    namespace: &str,
    name: &str,
) -> Option<(&'i Placed<'a>, Spot)> {
    let claim = index.find("", "PersistentVolumeClaim", Some(namespace), name)?;
    let modes: Vec<_> = items_at(&claim.facts.object.body, &["spec", "accessModes"]).collect();
    match modes.as_slice() {
        [only] if text_of(only) == Some("ReadWriteOnce") => Some((claim, Spot::of(only))),
        _ => None,
    }
}
