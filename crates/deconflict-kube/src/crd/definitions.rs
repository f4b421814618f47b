//! The definitions that hold in one cluster.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Definition;
use crate::GroupKind;

/// CustomResourceDefinitions that are placed in one cluster, or that belong to a root that nothing places. They beat the
/// bundle.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    by_kind: FxHashMap<GroupKind, Vec<Arc<Definition>>>,
}

impl Definitions {
    /// None: the bundle decides.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more. Several definitions of one kind stay side by side: which of them the cluster ends up with is another
    /// rule's question, so a resource is only refused when all of them refuse it.
    pub fn add(&mut self, definition: Arc<Definition>) {
        let kind = GroupKind::new(definition.group.clone(), definition.kind.clone());
        self.by_kind.entry(kind).or_default().push(definition);
    }

    /// Several more.
    pub fn extend(&mut self, definitions: impl IntoIterator<Item = Arc<Definition>>) {
        definitions
            .into_iter()
            .for_each(|definition| self.add(definition));
    }

    /// The definitions of a kind, in the order of adding.
    pub fn of(&self, group: &str, kind: &str) -> &[Arc<Definition>] {
        if self.by_kind.is_empty() {
            return &[];
        }
        self.by_kind
            .get(&GroupKind::new(group, kind))
            .map_or(&[], Vec::as_slice)
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }
}
