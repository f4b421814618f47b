//! Claims with a key: what only one object of a cluster or namespace can have.

use smol_str::SmolStr;

use crate::Spot;

/// What is claimed. Identity needs no claim: it is the object's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Space {
    /// A port number on every node of the cluster.
    NodePort,
    /// The right to be the content of a Secret; key: its name, in the object's namespace.
    Secret,
    /// A PersistentVolumeClaim that pods of the object may write to; key: its name, in the object's namespace.
    Volume,
    /// An address inside the cluster.
    ClusterIp,
    /// An address of a load balancer.
    LoadBalancerIp,
    /// A PersistentVolume; key: its name.
    PersistentVolume,
    /// Being the default of a kind; key: the kind, with the driver where each driver has one.
    Default,
    /// The record of a Helm release; key: storage namespace and release name.
    HelmRelease,
}

impl Space {
    /// True when equal keys of two namespaces are different things.
    pub fn is_namespaced(self) -> bool {
        matches!(self, Self::Secret | Self::Volume)
    }
}

/// One claim of one object.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What is claimed.
    pub space: Space,
    /// Which one.
    pub key: SmolStr,
    /// The text that claims it.
    pub spot: Spot,
    /// More about it.
    pub what: What,
}

/// What a claim of a space needs besides its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A node port of a Service.
    Port {
        /// `TCP`, `UDP` or `SCTP`.
        protocol: SmolStr,
        /// True for `healthCheckNodePort`.
        health_check: bool,
    },
    /// Nothing more.
    Whole,
    /// An address of a load balancer, which Services may share under conditions.
    Address {
        /// The sharing key, with the annotation's meaning to MetalLB and Cilium.
        sharing: Option<SmolStr>,
        /// Ports and protocols, sorted.
        ports: Vec<(i64, SmolStr)>,
    },
    /// A PersistentVolume that is kept for a claim: its namespace and name.
    KeptFor {
        /// Namespace.
        namespace: SmolStr,
        /// Name.
        name: SmolStr,
    },
    /// Writers of a volume: the parts of it that the containers mount writable.
    Writer {
        /// The sub-paths, sorted; the empty one is the whole volume. `None` when one is computed at run time.
        sub_paths: Option<Vec<SmolStr>>,
        /// The first container that writes.
        container: SmolStr,
    },
}
