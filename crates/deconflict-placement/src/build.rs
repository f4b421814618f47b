//! What an engine changes about a directory before it builds it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use deconflict_yaml::{Node, to_json};
use smol_str::SmolStr;

/// How an engine builds a directory, when that differs from `kustomize build` or `kubectl apply` alone. The default
/// is no difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Build {
    /// Files outside the directory may be named (Flux builds with `LoadRestrictionsNone`).
    pub unrestricted: bool,
    /// The kustomization that is built instead of the directory's own file: Argo CD and Flux edit that file, they do
    /// not lay another on top; for a directory without one Flux generates it.
    pub kustomization: Option<Edited>,
    /// Variables that are replaced in the output (Flux `postBuild`).
    pub substitution: Option<Arc<Substitution>>,
}

/// The content of a kustomization file as an engine changed it. Equal when the content is, whatever the places.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The content; values keep the places where a person would edit them.
    pub content: Arc<Node>,
    canonical: Arc<str>,
}

impl Edited {
    /// The content of a kustomization file. `None` for one that has no JSON form, which no engine accepts.
    pub fn new(content: Arc<Node>) -> Option<Self> {
        let canonical = to_json(&content, deconflict_yaml::Dialect::Kustomization)
            .ok()?
            .into();
        Some(Self { content, canonical })
    }

    /// The content as JSON.
    pub(crate) fn json(&self) -> &str {
        &self.canonical
    }
}

impl PartialEq for Edited {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Edited {}

impl PartialOrd for Edited {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Edited {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl Hash for Edited {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

/// Variables of a Flux Kustomization (`spec.postBuild`), sorted by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Substitution {
    /// Variables and their values; `None` for one that exists but whose value is not in the repository (encrypted).
    pub variables: Vec<(SmolStr, Option<SmolStr>)>,
    /// True when a source of variables is not in the repository: variables that are not listed may exist too, and
    /// stay as written.
    pub open: bool,
    /// Substitute even when no variable is known (`substituteStrategy: Always`).
    pub always: bool,
}
