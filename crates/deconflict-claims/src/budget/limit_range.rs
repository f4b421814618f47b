//! LimitRanges: defaults and bounds of a namespace (`plugin/pkg/admission/limitranger` of Kubernetes).

use std::collections::BTreeMap;

use deconflict_kube::{Object, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::pods::{Amount, Resources, Source, amounts};

/// What a limit speaks about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitKind {
    /// Each container.
    Container,
    /// The sum over a pod.
    Pod,
    /// Each PersistentVolumeClaim.
    Claim,
}

/// One entry of `spec.limits`.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What it speaks about.
    pub kind: LimitKind,
    /// Lower bounds.
    pub min: BTreeMap<SmolStr, Amount>,
    /// Upper bounds.
    pub max: BTreeMap<SmolStr, Amount>,
    /// Greatest limit as a multiple of the request.
    pub ratio: BTreeMap<SmolStr, Amount>,
    /// Limits of containers that set none, `max` standing in.
    pub default: BTreeMap<SmolStr, Amount>,
    /// Requests of containers that set none, default limit and `min` standing in.
    pub default_request: BTreeMap<SmolStr, Amount>,
}

/// A LimitRange.
#[derive(Clone, Debug, Default)]
pub struct LimitRange {
    /// Its entries.
    pub limits: Vec<Limit>,
}

impl LimitRange {
    /// The LimitRange that `object` is.
    pub(crate) fn of(object: &Object) -> Self {
        Self {
            limits: items_at(&object.body, &["spec", "limits"])
                .filter_map(limit)
                .collect(),
        }
    }

    /// Fill in what a container leaves open.
    pub(crate) fn default_container(&self, resources: &mut Resources) {
        for limit in self
            .limits
            .iter()
            .filter(|limit| limit.kind == LimitKind::Container)
        {
            fill(&mut resources.limits, &limit.default);
            fill(&mut resources.requests, &limit.default_request);
        }
    }
}

fn fill(amounts: &mut BTreeMap<SmolStr, Amount>, defaults: &BTreeMap<SmolStr, Amount>) {
    for (name, amount) in defaults {
        amounts.entry(name.clone()).or_insert_with(|| Amount {
            source: Source::LimitRange,
            ..amount.clone()
        });
    }
}

fn limit(node: &Node) -> Option<Limit> {
    let kind = match text_at(node, &["type"])? {
        "Container" => LimitKind::Container,
        "Pod" => LimitKind::Pod,
        "PersistentVolumeClaim" => LimitKind::Claim,
        _ => return None,
    };
    let list = |name: &str| amounts(node.at_path(&[name]));
    let mut limit = Limit {
        kind,
        min: list("min"),
        max: list("max"),
        ratio: list("maxLimitRequestRatio"),
        default: list("default"),
        default_request: list("defaultRequest"),
    };
    // SetDefaults_LimitRangeItem.
    if kind == LimitKind::Container {
        fill(&mut limit.default, &limit.max);
        fill(&mut limit.default_request, &limit.default);
        fill(&mut limit.default_request, &limit.min);
    }
    Some(limit)
}
