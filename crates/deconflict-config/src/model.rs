//! What `deconflict.yaml` says, typed. Every entry keeps its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::Severity;
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::{ANY_FILE, Baseline, Glob};

/// The Kubernetes version of clusters that name none, when nobody says otherwise (CONTRACT.md, Configuration).
pub const DEFAULT_KUBERNETES: &str = "1.34";

/// The configuration, defaults applied. [`Config::default`] is that of a repository without a file, at the top.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory that globs and CODEOWNERS count from, seen from the top of the snapshot.
    pub top: RepoPath,
    /// The file it was read from.
    pub file: Option<RepoPath>,
    /// Version of Kubernetes for clusters that name none, `major.minor`.
    pub kubernetes: SmolStr,
    /// Which directories mean what.
    pub layout: Layout,
    /// Declared clusters, in the order of the file; names are unique.
    pub clusters: Vec<ClusterConfig>,
    /// Repository paths for what an engine names otherwise.
    pub sources: Vec<SourceConfig>,
    /// Declared teams; names are unique.
    pub teams: Vec<Team>,
    /// Declared sharing.
    pub contracts: Vec<Contract>,
    /// What exists in the cluster and is made elsewhere.
    pub external: Vec<External>,
    /// Field paths that are secret, for example `*.spec.password`.
    pub secret_fields: Vec<SmolStr>,
    /// JSON schemas for files and kinds.
    pub schemas: Vec<SchemaConfig>,
    /// Settings of rules, by id.
    pub rules: BTreeMap<SmolStr, RuleSetting>,
    /// What is not looked at.
    pub exclude: Vec<Glob>,
    /// Findings that are accepted as they are.
    pub baseline: Baseline,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            top: RepoPath::top(),
            file: None,
            kubernetes: DEFAULT_KUBERNETES.into(),
            layout: Layout::default(),
            clusters: Vec::new(),
            sources: Vec::new(),
            teams: Vec::new(),
            contracts: Vec::new(),
            external: Vec::new(),
            secret_fields: Vec::new(),
            schemas: Vec::new(),
            rules: BTreeMap::new(),
            exclude: Vec::new(),
            baseline: Baseline::default(),
        }
    }
}

impl Config {
    /// The team whose `paths` hold `path` (of the snapshot); of several the one whose matching glob has the longest
    /// text before its first wildcard, then the one listed last.
    pub fn team_of_path(&self, path: &RepoPath) -> Option<&SmolStr> {
        let path = path.below(&self.top)?;
        let mut best: Option<(usize, &SmolStr)> = None;
        for team in &self.teams {
            for glob in team.paths.iter().filter(|glob| glob.covers(&path)) {
                if best.is_none_or(|(length, _)| glob.literal_prefix().len() >= length) {
                    best = Some((glob.literal_prefix().len(), &team.name));
                }
            }
        }
        best.map(|(_, name)| name)
    }

    /// The team that owns what lies in the directory at `path`: as [`Config::team_of_path`] for a file with a name that
    /// no glob spells.
    pub fn team_of_directory(&self, path: &RepoPath) -> Option<&SmolStr> {
        self.team_of_path(&path.join(ANY_FILE)?)
    }

    /// The teams whose `namespaces` match; several share it. In the order of the file.
    pub fn teams_of_namespace<'c>(&'c self, namespace: &'c str) -> impl Iterator<Item = &'c SmolStr> {
        let lists = |team: &&Team| team.namespaces.iter().any(|glob| glob.is_match(namespace));
        self.teams.iter().filter(lists).map(|team| &team.name)
    }

    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Option<&ClusterConfig> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// True when `exclude` matches the path (of the snapshot) or a directory above it.
    pub fn is_excluded(&self, path: &RepoPath) -> bool {
        !self.exclude.is_empty()
            && path
                .below(&self.top)
                .is_some_and(|path| self.exclude.iter().any(|glob| glob.covers(&path)))
    }
}

/// An entry of `schemas`.
#[derive(Clone, Debug)]
pub struct SchemaConfig {
    /// The schema's file, from Top.
    pub schema: RepoPath,
    /// Which files it describes, from Top.
    pub files: Vec<Glob>,
    /// Which kinds it describes: `Kind`, or `group/Kind`.
    pub kinds: Vec<SmolStr>,
    /// The text of the schema's path.
    pub at: Origin,
}

/// Globs of directories with a meaning, from Top.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Applications.
    pub apps: Vec<Glob>,
    /// Shared middleware; its owner is the platform.
    pub infra: Vec<Glob>,
    /// Policies.
    pub policies: Vec<Glob>,
}

impl Default for Layout {
    fn default() -> Self {
        let globs = |texts: &[&str]| texts.iter().filter_map(|text| Glob::new(text).ok()).collect();
        Self {
            apps: globs(&["apps/**"]),
            infra: globs(&["infra/**", "infrastructure/**"]),
            policies: globs(&["policies/**"]),
        }
    }
}

/// An entry of `clusters`.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Name.
    pub name: SmolStr,
    /// `production`, `staging`, `development`, …
    pub class: Option<SmolStr>,
    /// Its own version, if it names one.
    pub kubernetes: Option<SmolStr>,
    /// Every spelling of this one cluster.
    pub servers: Vec<SmolStr>,
    /// Labels that cluster generators select on.
    pub labels: BTreeMap<SmolStr, SmolStr>,
    /// Clusters registered in this one's Argo CD; `None` for all.
    pub manages: Option<Vec<Glob>>,
    /// What is applied to it by hand.
    pub roots: Vec<ListedRoot>,
    /// Node pools.
    pub nodes: Vec<NodePool>,
    /// The text of its name.
    pub at: Origin,
}

/// An entry of `clusters[].roots`.
#[derive(Clone, Debug)]
pub struct ListedRoot {
    /// A glob of directories from Top; without wildcard exactly one directory.
    pub path: Glob,
    /// Namespace of objects that name none.
    pub namespace: Option<SmolStr>,
    /// `argocd`, `flux` or `plain`.
    pub engine: Option<SmolStr>,
    /// The application's name.
    pub app: Option<SmolStr>,
    /// For a chart: values files below the path.
    pub values: Vec<SmolStr>,
    /// For a chart: single values.
    pub set: Vec<(SmolStr, Arc<Node>)>,
    /// The text of the path.
    pub at: Origin,
}

/// An entry of `clusters[].nodes`: equal nodes.
#[derive(Clone, PartialEq, Debug)]
pub struct NodePool {
    /// Name.
    pub name: SmolStr,
    /// How many nodes.
    pub count: u32,
    /// Allocatable CPU of one, a Kubernetes quantity as written.
    pub cpu: Option<SmolStr>,
    /// Allocatable memory of one, a Kubernetes quantity as written.
    pub memory: Option<SmolStr>,
    /// Node labels.
    pub labels: BTreeMap<SmolStr, SmolStr>,
    /// Taints.
    pub taints: Vec<Taint>,
    /// The entry.
    pub at: Origin,
}

/// A taint of a node pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taint {
    /// Key.
    pub key: SmolStr,
    /// Value, may be empty.
    pub value: SmolStr,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: SmolStr,
}

/// An entry of `sources`.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// A Flux source object (`namespace/name`), or a URL: then it says "this is me".
    pub name: SmolStr,
    /// Path from Top.
    pub path: RepoPath,
    /// The branch that merges reach.
    pub branch: SmolStr,
    /// The text of its name.
    pub at: Origin,
}

/// An entry of `teams`.
#[derive(Clone, Debug)]
pub struct Team {
    /// Name.
    pub name: SmolStr,
    /// Globs of paths from Top.
    pub paths: Vec<Glob>,
    /// Globs of namespace names.
    pub namespaces: Vec<Glob>,
    /// The text of its name.
    pub at: Origin,
}

/// An entry of `contracts`: declared sharing.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The rule it speaks about.
    pub rule: SmolStr,
    /// `Kind/name` or `Kind/namespace/name`; `*` within a part stands for anything.
    pub object: Option<SmolStr>,
    /// The teams that may.
    pub allow: Vec<SmolStr>,
    /// Who agreed.
    pub approved_by: Option<SmolStr>,
    /// Why.
    pub reason: SmolStr,
    /// Last day it holds, `YYYY-MM-DD`.
    pub expires: Option<SmolStr>,
    /// The entry.
    pub at: Origin,
}

/// An entry of `external`.
#[derive(Clone, Debug)]
pub struct External {
    /// Kind.
    pub kind: SmolStr,
    /// Namespace, if it has one.
    pub namespace: Option<SmolStr>,
    /// Name or glob.
    pub name: Glob,
    /// The entry.
    pub at: Origin,
}

/// An entry of `rules`.
#[derive(Clone, Debug)]
pub struct RuleSetting {
    /// `"off"`.
    pub off: bool,
    /// The severity it asks for.
    pub severity: Option<Severity>,
    /// The options as written (a map), `severity` among them; a rule reads its own.
    pub options: Option<Arc<Node>>,
    /// The rule's id.
    pub at: Origin,
}
