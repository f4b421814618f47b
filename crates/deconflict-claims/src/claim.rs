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
}

impl Space {
    /// True when equal keys of two namespaces are different things.
    pub fn is_namespaced(self) -> bool {
        !matches!(self, Self::NodePort)
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
    /// A producer of a Secret.
    Producer,
    /// Writers of a volume: the parts of it that the containers mount writable.
    Writer {
        /// The sub-paths, sorted; the empty one is the whole volume. `None` when one is computed at run time.
        sub_paths: Option<Vec<SmolStr>>,
        /// The first container that writes.
        container: SmolStr,
    },
}
