//! Group, version, kind.

use std::fmt;

use smol_str::SmolStr;

/// Group, version and kind of an object. Empty parts match anything where a selector is meant.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Gvk {
    pub(crate) group: SmolStr,
    pub(crate) version: SmolStr,
    pub(crate) kind: SmolStr,
}

/// A group, version and kind to select by; empty parts match anything (kustomize's `IsSelected`).
pub(crate) type Selector = Gvk;

impl Gvk {
    /// From `apiVersion` and `kind` as they stand in an object.
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// `apiVersion` as it stands in an object.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// True when every non-empty part of `selector` equals ours.
    pub(crate) fn is_selected_by(&self, selector: &Selector) -> bool {
        (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
            && (selector.kind.is_empty() || selector.kind == self.kind)
    }

    /// True for the built-in kinds of Kubernetes v1.21.2 that have no namespace; unknown kinds are namespaced
    /// (kustomize.md section 4). See [`super::ResId::is_cluster_scoped`].
    pub(super) fn is_cluster_scoped(&self) -> bool {
        super::scope::is_cluster_scoped(self)
    }
}

/// `Kind.version.group` with kustomize's words for what is missing, as its messages print it.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &SmolStr, none: &str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_string()
            }
        };
        write!(
            f,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}
