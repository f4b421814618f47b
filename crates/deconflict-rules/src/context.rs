//! What each kind of rule sees.

use std::sync::Arc;

use deconflict_claims::ClusterIndex;
use deconflict_config::Config;
use deconflict_files::{Files, Origin, RepoPath};
use deconflict_findings::Finding;
use deconflict_kube::{Definitions, KubernetesVersion, Memo, Object};
use deconflict_placement::{Placement, Placements, Root};
use deconflict_yaml::{Library, Loaded, Node};
use rustc_hash::FxHashSet;

/// One file that holds a manifest, or looks as if it should.
#[derive(Clone, Copy, Debug)]
pub struct FileContext<'a> {
    /// Its path.
    pub path: &'a RepoPath,
    /// Its text and documents.
    pub loaded: &'a Loaded,
    /// The configuration.
    pub config: &'a Config,
    /// For lines of places.
    pub files: &'a Files,
}

/// One object as it is rendered, or as it stands in a plain manifest that no root reaches.
#[derive(Clone, Copy, Debug)]
pub struct ObjectContext<'a> {
    /// The object.
    pub object: &'a Object,
    /// The root it comes from.
    pub root: &'a Root,
    /// The configuration.
    pub config: &'a Config,
    /// For lines of places.
    pub files: &'a Files,
}

/// One object as the API server of one cluster sees it.
#[derive(Clone, Copy, Debug)]
pub struct ServerContext<'a> {
    /// The object.
    pub object: &'a Object,
    /// The cluster's version.
    pub kubernetes: KubernetesVersion,
    /// The CustomResourceDefinitions placed in the cluster, or of the root that nothing places.
    pub definitions: &'a Definitions,
    /// What was found right before, of parts that objects share.
    pub memo: &'a Memo,
    /// The configuration.
    pub config: &'a Config,
    /// For the text at places.
    pub files: &'a Files,
}

/// One render root and what went wrong while building it.
#[derive(Clone, Copy, Debug)]
pub struct RootContext<'a> {
    /// The root.
    pub root: &'a Root,
    /// Why it, or a part of it, cannot be built.
    pub problems: &'a [deconflict_kustomize::Problem],
    /// What is odd about it although it builds. What a base says is told of the first root that builds on it.
    pub warnings: &'a [&'a deconflict_kustomize::Warning],
    /// Targets and entries of `images` that select something in any root of the run.
    pub used: &'a FxHashSet<Origin>,
    /// Where it goes; may be empty.
    pub placements: &'a [&'a Placement],
    /// The configuration.
    pub config: &'a Config,
    /// Files and their trees.
    pub library: &'a Arc<Library>,
    /// Paths that the change touches; `None` without one. Edits are proved by building, which is not worth it for what is
    /// not shown.
    pub changed: Option<&'a [RepoPath]>,
}

/// Everything in one cluster, or in one root that nothing places.
#[derive(Clone, Copy, Debug)]
pub struct ClusterContext<'a> {
    /// Objects and claims.
    pub index: &'a ClusterIndex<'a>,
    /// The configuration.
    pub config: &'a Config,
    /// For lines of places.
    pub files: &'a Files,
}

/// All clusters and placements.
#[derive(Clone, Copy, Debug)]
pub struct FleetContext<'a> {
    /// Clusters that have objects, sorted by name, then the roots that nothing places.
    pub clusters: &'a [ClusterIndex<'a>],
    /// Who deploys what where.
    pub placements: &'a Placements,
    /// The configuration.
    pub config: &'a Config,
    /// Files and their trees.
    pub library: &'a Library,
}

/// Where findings go.
#[derive(Debug, Default)]
pub struct Sink {
    findings: Vec<Finding>,
    left: Vec<String>,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more finding. Its severity is the rule's declared one unless the rule knows better; the pipeline applies
    /// relation, certainty, class and configuration. The first labels (primary, then related) belong to the first
    /// objects, one each; further labels and objects explain.
    pub fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Something that could not be checked: a sentence for the coverage.
    pub fn leave(&mut self, what: String) {
        self.left.push(what);
    }

    /// What could not be checked, taken out.
    pub fn take_left(&mut self) -> Vec<String> {
        std::mem::take(&mut self.left)
    }

    /// All findings, in the order of reporting.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// The options of a rule in the configuration.
pub(crate) fn options<'c>(config: &'c Config, rule: &str) -> Option<&'c Arc<Node>> {
    config.rules.get(rule)?.options.as_ref()
}
