//! One container of a pod template.

use std::collections::BTreeMap;

use deconflict_kube::{Quantity, int_of, items_at, text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::Spot;

/// When a container runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContainerKind {
    /// As long as the pod.
    Regular,
    /// Once, before the regular ones, one after the other.
    Init,
    /// A native sidecar: an init container with `restartPolicy: Always`.
    Sidecar,
}

/// Who says an amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The container itself.
    Written,
    /// The API server, from the container's limit.
    Limit,
    /// A LimitRange of the namespace.
    LimitRange,
    /// The injector that adds the container.
    Injector,
}

/// An amount and where it is written.
#[derive(Clone, Debug)]
pub struct Amount {
    /// How much.
    pub quantity: Quantity,
    /// The text.
    pub spot: Spot,
    /// Who says so.
    pub source: Source,
}

/// Requests and limits by resource name.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// What the scheduler reserves.
    pub requests: BTreeMap<SmolStr, Amount>,
    /// What it may not go beyond.
    pub limits: BTreeMap<SmolStr, Amount>,
}

impl Resources {
    /// A `resources` map with the API server's default: a limit without request is the request too.
    pub fn of(node: Option<&Node>) -> Self {
        let list = |name: &str| amounts(node.and_then(|node| node.at_path(&[name])));
        let mut resources = Self {
            requests: list("requests"),
            limits: list("limits"),
        };
        resources.default_requests();
        resources
    }

    /// Missing requests become the limits.
    pub(crate) fn default_requests(&mut self) {
        for (name, limit) in &self.limits {
            let from_limit = || Amount {
                source: if limit.source == Source::Written {
                    Source::Limit
                } else {
                    limit.source
                },
                ..limit.clone()
            };
            self.requests.entry(name.clone()).or_insert_with(from_limit);
        }
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }
}

/// Quantities of a resource list; what is none is left out (the validator reports it).
pub(crate) fn amounts(node: Option<&Node>) -> BTreeMap<SmolStr, Amount> {
    let fields = node.map(Node::fields).unwrap_or_default().iter();
    fields
        .filter_map(|field| {
            let amount = Amount {
                quantity: Quantity::of(&field.value)?,
                spot: Spot::of(&field.value),
                source: Source::Written,
            };
            Some((SmolStr::from(field.name()), amount))
        })
        .collect()
}

/// A port that a container declares.
#[derive(Clone, Debug)]
pub struct Port {
    /// Number.
    pub number: i64,
    /// Name, may be empty.
    pub name: SmolStr,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: SmolStr,
    /// The number's text.
    pub spot: Spot,
}

/// A port that a probe asks by number.
#[derive(Clone, Debug)]
pub struct Probe {
    /// `livenessProbe`, `readinessProbe` or `startupProbe`.
    pub field: &'static str,
    /// Number.
    pub number: i64,
    /// The number's text.
    pub spot: Spot,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Name.
    pub name: SmolStr,
    /// When it runs.
    pub kind: ContainerKind,
    /// Image as written; empty without.
    pub image: SmolStr,
    /// Where the container stands: its name, else all of it.
    pub spot: Spot,
    /// Where resources would be added.
    pub resources_spot: Spot,
    /// Declared ports.
    pub ports: Vec<Port>,
    /// Ports that probes ask.
    pub probes: Vec<Probe>,
    /// Requests and limits.
    pub resources: Resources,
    /// `securityContext.runAsUser`.
    pub user: Option<(i64, Spot)>,
}

impl Container {
    /// A container of `containers` or, with `init`, of `initContainers`.
    pub(crate) fn of(node: &Node, init: bool) -> Self {
        let kind = match (init, text_at(node, &["restartPolicy"])) {
            (false, _) => ContainerKind::Regular,
            (true, Some("Always")) => ContainerKind::Sidecar,
            (true, _) => ContainerKind::Init,
        };
        let resources = node.at_path(&["resources"]);
        let spot = Spot::of(node.at_path(&["name"]).unwrap_or(node));
        Self {
            name: text_at(node, &["name"]).unwrap_or_default().into(),
            kind,
            image: text_at(node, &["image"]).unwrap_or_default().into(),
            resources_spot: resources.map_or_else(|| spot.clone(), Spot::of),
            spot,
            ports: items_at(node, &["ports"]).filter_map(port).collect(),
            probes: probes(node),
            resources: Resources::of(resources),
            user: user(node),
        }
    }

    /// A container that somebody else adds.
    pub(crate) fn added(name: &str, spot: &Spot, resources: Resources) -> Self {
        Self {
            name: name.into(),
            kind: ContainerKind::Regular,
            image: SmolStr::default(),
            spot: spot.clone(),
            resources_spot: spot.clone(),
            ports: Vec::new(),
            probes: Vec::new(),
            resources,
            user: None,
        }
    }
}

/// `securityContext.runAsUser` of a pod spec or container.
pub(crate) fn user(node: &Node) -> Option<(i64, Spot)> {
    let user = node.at_path(&["securityContext", "runAsUser"])?;
    Some((int_of(user)?, Spot::of(user)))
}

fn port(node: &Node) -> Option<Port> {
    let number = node.at_path(&["containerPort"])?;
    Some(Port {
        number: int_of(number)?,
        name: text_at(node, &["name"]).unwrap_or_default().into(),
        protocol: text_at(node, &["protocol"]).unwrap_or("TCP").into(),
        spot: Spot::of(number),
    })
}

fn probes(node: &Node) -> Vec<Probe> {
    let mut found = Vec::new();
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        for how in ["httpGet", "tcpSocket", "grpc"] {
            let port = node.at_path(&[field, how, "port"]);
            let number = port.and_then(|port| int_of(port).or_else(|| text_of(port)?.parse().ok()));
            if let (Some(port), Some(number)) = (port, number) {
                found.push(Probe {
                    field,
                    number,
                    spot: Spot::of(port),
                });
            }
        }
    }
    found
}
