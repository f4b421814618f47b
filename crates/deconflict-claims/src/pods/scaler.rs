//! Who changes how many pods run: HorizontalPodAutoscaler, KEDA's ScaledObject, VerticalPodAutoscaler.

use deconflict_kube::{Object, int_at, int_of, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::Spot;

use super::count::natural;

/// The kind of a scaler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScalerKind {
    /// HorizontalPodAutoscaler.
    Horizontal,
    /// KEDA's ScaledObject, which makes a HorizontalPodAutoscaler.
    Keda,
    /// VerticalPodAutoscaler that changes pods (any mode but `Off`).
    Vertical,
}

/// A scaler and its target.
#[derive(Clone, Debug)]
pub struct Scaler {
    /// Its kind.
    pub kind: ScalerKind,
    /// API group of the target; empty when not said.
    pub group: SmolStr,
    /// Kind of the target.
    pub target: SmolStr,
    /// Name of the target, in the scaler's namespace.
    pub name: SmolStr,
    /// The text that names the target.
    pub spot: Spot,
    /// At least that many pods.
    pub min: u64,
    /// At most that many pods; none for a vertical one.
    pub max: Option<u64>,
    /// The text of the lower bound.
    pub min_spot: Option<Spot>,
    /// The text of the upper bound.
    pub max_spot: Option<Spot>,
}

impl Scaler {
    /// The scaler that `object` is. Defaults: HPA `minReplicas` 1; KEDA `minReplicaCount` 0 and `maxReplicaCount` 100
    /// (keda.sh, ScaledObject specification), target kind Deployment.
    pub fn of(object: &Object) -> Option<Self> {
        let (kind, target, min, max) = match (object.key.group.as_str(), object.key.kind.as_str()) {
            ("autoscaling", "HorizontalPodAutoscaler") => (
                ScalerKind::Horizontal,
                "scaleTargetRef",
                ("minReplicas", 1),
                ("maxReplicas", None),
            ),
            ("keda.sh", "ScaledObject") => (
                ScalerKind::Keda,
                "scaleTargetRef",
                ("minReplicaCount", 0),
                ("maxReplicaCount", Some(100)),
            ),
            ("autoscaling.k8s.io", "VerticalPodAutoscaler") => {
                (ScalerKind::Vertical, "targetRef", ("", 0), ("", None))
            }
            _ => return None,
        };
        let spec = object.body.at_path(&["spec"])?;
        let mode = ["updatePolicy", "updateMode"];
        if kind == ScalerKind::Vertical && text_at(spec, &mode) == Some("Off") {
            return None;
        }
        let target = spec.at_path(&[target])?;
        let name = target.at_path(&["name"])?;
        let api = text_at(target, &["apiVersion"]).unwrap_or_default();
        let group = api.split_once('/').map_or("", |(group, _)| group);
        let default = if kind == ScalerKind::Keda {
            Some("Deployment")
        } else {
            None
        };
        let kind_text = text_at(target, &["kind"]).or(default)?;
        let is_default = kind == ScalerKind::Keda && target.at_path(&["kind"]).is_none();
        let number = |field: &str| int_at(spec, &[field]).map(natural);
        let spot = |field: &str| {
            let is_number = |node: &&Node| int_of(node).is_some();
            spec.at_path(&[field]).filter(is_number).map(Spot::of)
        };
        Some(Self {
            kind,
            group: if is_default { "apps".into() } else { group.into() },
            target: kind_text.into(),
            name: text_at(target, &["name"])?.into(),
            spot: Spot::of(name),
            min: number(min.0).unwrap_or(min.1),
            max: number(max.0).or(max.1),
            min_spot: spot(min.0),
            max_spot: spot(max.0),
        })
    }
}
