//! How many pods a template becomes, and how many more while it is rolled out.

use deconflict_kube::{int_at, int_of, text_at, text_of};
use deconflict_yaml::{Dialect, Node};

use crate::Spot;

use super::template::Controller;

/// How many pods, as the workload itself says.
#[derive(Clone, Debug)]
pub enum Count {
    /// That many.
    Fixed {
        /// Pods.
        pods: u64,
        /// The text that says so; `None` where a default does.
        spot: Option<Spot>,
    },
    /// One for each node that matches.
    PerNode,
    /// Between two bounds that the workload itself has, as a Knative Service; no upper one when it is `None`.
    Between {
        /// At least.
        min: u64,
        /// At most.
        max: Option<u64>,
        /// The text of the lower bound, if there is one.
        spot: Option<Spot>,
        /// The text of the upper bound, if there is one.
        max_spot: Option<Spot>,
    },
}

/// How many pods a rollout adds.
#[derive(Clone, Debug, Default)]
pub enum Surge {
    /// None.
    #[default]
    None,
    /// That many, whatever the replicas.
    Pods(u64, Option<Spot>),
    /// That share of the replicas, in hundredths, rounded up.
    Percent(u64, Option<Spot>),
}

impl Surge {
    /// Pods on top of `replicas` (`GetScaledValueFromIntOrPercent`, rounded up).
    pub fn of(&self, replicas: u64) -> u64 {
        match self {
            Self::None => 0,
            // Nothing surges where nothing runs.
            Self::Pods(..) if replicas == 0 => 0,
            Self::Pods(pods, _) => *pods,
            Self::Percent(percent, _) => replicas.saturating_mul(*percent).div_ceil(100),
        }
    }

    /// The text that says so.
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            Self::None => None,
            Self::Pods(_, spot) | Self::Percent(_, spot) => spot.as_ref(),
        }
    }
}

/// `count` and where it stands, or the default.
pub(crate) fn fixed(body: &Node, path: &[&str], default: u64) -> Count {
    let node = body.at_path(path).filter(|node| int_of(node).is_some());
    Count::Fixed {
        pods: node.and_then(int_of).map_or(default, natural),
        spot: node.map(Spot::of),
    }
}

/// Below zero counts as none; the validator reports it.
pub(crate) fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A Job runs `parallelism` pods, but never more than are left to complete.
pub(crate) fn job(spec: &Node) -> Count {
    let parallelism = spec
        .at_path(&["parallelism"])
        .filter(|node| int_of(node).is_some());
    let completions = spec
        .at_path(&["completions"])
        .filter(|node| int_of(node).is_some());
    let suspended = spec.at_path(&["suspend"]).filter(|node| {
        node.as_scalar()
            .is_some_and(|scalar| Dialect::Kubernetes.read(scalar) == deconflict_yaml::Value::Bool(true))
    });
    if let Some(suspended) = suspended {
        return Count::Fixed {
            pods: 0,
            spot: Some(Spot::of(suspended)),
        };
    }
    let width = parallelism.and_then(int_of).map_or(1, natural);
    match completions.and_then(int_of).map(natural) {
        Some(completions) if completions < width => Count::Fixed {
            pods: completions,
            spot: completions_spot(spec),
        },
        _ => Count::Fixed {
            pods: width,
            spot: parallelism.map(Spot::of),
        },
    }
}

fn completions_spot(spec: &Node) -> Option<Spot> {
    spec.at_path(&["completions"]).map(Spot::of)
}

/// What a rollout of that kind adds: a quarter of a Deployment's replicas unless it says otherwise; a StatefulSet
/// replaces in place; a DaemonSet too unless it says otherwise.
pub(crate) fn surge(controller: Controller, spec: &Node) -> Surge {
    let percent = |percent| Surge::Percent(percent, None);
    match controller {
        Controller::Deployment if text_at(spec, &["strategy", "type"]) == Some("Recreate") => Surge::None,
        Controller::Deployment => {
            int_or_percent(spec, &["strategy", "rollingUpdate", "maxSurge"], percent(25))
        }
        Controller::DaemonSet if text_at(spec, &["updateStrategy", "type"]) == Some("OnDelete") => {
            Surge::None
        }
        Controller::DaemonSet => int_or_percent(
            spec,
            &["updateStrategy", "rollingUpdate", "maxSurge"],
            Surge::None,
        ),
        Controller::Rollout => match spec.at_path(&["strategy", "blueGreen"]) {
            // The new stack stands beside the old one until it is promoted.
            Some(blue_green) => match int_at(blue_green, &["previewReplicaCount"]) {
                Some(count) => Surge::Pods(natural(count), spot_at(blue_green, &["previewReplicaCount"])),
                None => percent(100),
            },
            None => int_or_percent(spec, &["strategy", "canary", "maxSurge"], percent(25)),
        },
        _ => Surge::None,
    }
}

/// How many pods a rollout may take away first: rounded down.
pub(crate) fn unavailable(spec: &Node, replicas: u64) -> u64 {
    match int_or_percent(
        spec,
        &["strategy", "rollingUpdate", "maxUnavailable"],
        Surge::Percent(25, None),
    ) {
        Surge::None => 0,
        Surge::Pods(pods, _) => pods,
        Surge::Percent(percent, _) => replicas.saturating_mul(percent) / 100,
    }
}

fn spot_at(node: &Node, path: &[&str]) -> Option<Spot> {
    node.at_path(path).map(Spot::of)
}

fn int_or_percent(spec: &Node, path: &[&str], default: Surge) -> Surge {
    let Some(node) = spec.at_path(path) else {
        return default;
    };
    if let Some(count) = int_of(node) {
        return Surge::Pods(natural(count), Some(Spot::of(node)));
    }
    let percent = text_of(node).and_then(|text| text.strip_suffix('%')?.parse().ok());
    percent.map_or(default, |percent| Surge::Percent(percent, Some(Spot::of(node))))
}
