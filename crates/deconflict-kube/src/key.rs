//! Names of objects.

use std::fmt;

use smol_str::SmolStr;

/// API group and kind. Versions of a kind are views of the same objects, so they are no part of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct GroupKind {
    /// API group, empty for core.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
}

impl GroupKind {
    /// `kind` of `group`.
    pub fn new(group: impl Into<SmolStr>, kind: impl Into<SmolStr>) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
        }
    }

    /// True for exactly this kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group
    }
}

/// What makes an object one: group, kind, namespace and name. Two versions of one kind are one object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct ObjectKey {
    /// API group, empty for core.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// Namespace as written; `None` when none is.
    pub namespace: Option<SmolStr>,
    /// Name; empty for an object that only has `generateName`.
    pub name: SmolStr,
}

impl ObjectKey {
    /// True for exactly this kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group
    }

    /// Group and kind alone.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group.clone(),
            kind: self.kind.clone(),
        }
    }
}

/// `Kind namespace/name`, as messages print it.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
