//! What was found right once: overlays share what they do not change with their base, so most of what they bring has been
//! looked at.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use deconflict_yaml::Node;
use rustc_hash::FxHashMap;

/// Subtrees without a fault, by identity, type and version. One for a run; shared by all threads.
#[derive(Default)]
pub struct Memo {
    /// The nodes are held, so that no other can take the place of one that is gone.
    right: RwLock<FxHashMap<Key, Arc<Node>>>,
}

/// Address, type and version.
type Key = (usize, u32, u16);

fn key(node: &Arc<Node>, ty: u32, version: u16) -> Key {
    (Arc::as_ptr(node).addr(), ty, version)
}

impl Memo {
    /// Nothing was looked at.
    pub fn new() -> Self {
        Self::default()
    }

    /// True when somebody else holds the node too, so that remembering it may pay.
    pub(super) fn is_shared(node: &Arc<Node>) -> bool {
        Arc::strong_count(node) > 1
    }

    pub(super) fn is_right(&self, node: &Arc<Node>, ty: u32, version: u16) -> bool {
        let right = self.right.read().unwrap_or_else(PoisonError::into_inner);
        right.contains_key(&key(node, ty, version))
    }

    pub(super) fn remember(&self, node: &Arc<Node>, ty: u32, version: u16) {
        let mut right = self.right.write().unwrap_or_else(PoisonError::into_inner);
        right.insert(key(node, ty, version), Arc::clone(node));
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = self.right.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Memo of {} subtrees", right.len())
    }
}
