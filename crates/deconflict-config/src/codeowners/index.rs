//! Which rules can match a path at all, by the names they start with.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::OwnerRule;

/// A tree of names; at each node the rules whose literal prefix ends there.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    rules: Vec<u32>,
    below: FxHashMap<SmolStr, u32>,
}

impl Index {
    pub(super) fn new(rules: &[OwnerRule]) -> Self {
        let mut nodes = vec![Node::default()];
        for (index, rule) in rules.iter().enumerate() {
            let mut at = 0;
            for name in rule.matcher.literal_prefix() {
                let new = nodes.len() as u32;
                let next = *nodes[at].below.entry(name.clone()).or_insert(new);
                if next == new {
                    nodes.push(Node::default());
                }
                at = next as usize;
            }
            nodes[at].rules.push(index as u32);
        }
        Self { nodes }
    }

    /// Rules that may match, in no order.
    pub(super) fn candidates(&self, path: &[&str]) -> Vec<u32> {
        let mut found = Vec::new();
        let mut node = self.nodes.first();
        let mut names = path.iter();
        while let Some(at) = node {
            found.extend_from_slice(&at.rules);
            node = names
                .next()
                .and_then(|name| at.below.get(*name))
                .and_then(|next| self.nodes.get(*next as usize));
        }
        found
    }
}
