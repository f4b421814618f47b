//! Clusters: declared in the configuration, or named by the layout.

use std::collections::BTreeMap;

use deconflict_config::NodePool;
use deconflict_files::Origin;
use smol_str::SmolStr;

/// A cluster that something is placed in, or that the configuration lists.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Name; unique.
    pub name: SmolStr,
    /// `production`, `staging`, `development`, …
    pub class: Option<SmolStr>,
    /// Kubernetes version, `major.minor`, defaults applied.
    pub kubernetes: SmolStr,
    /// Labels that cluster generators select on.
    pub labels: BTreeMap<SmolStr, SmolStr>,
    /// Node pools, if the configuration lists any.
    pub nodes: Vec<NodePool>,
    /// Its entry in the configuration; `None` for a cluster that only the layout names.
    pub declared_at: Option<Origin>,
}

impl Cluster {
    /// True for a cluster whose class is `production`.
    pub fn is_production(&self) -> bool {
        self.class.as_deref() == Some("production")
    }
}
