//! Finding roots, wave by wave.

use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::Reads;
use deconflict_findings::PlacementStatus;
use deconflict_yaml::{Library, Node};

use crate::{Placement, Placements, Root};

/// What came out of a root.
#[derive(Debug)]
pub struct Feed<'a> {
    /// Its objects; what could be built of them, when it was not everything.
    pub objects: &'a [Arc<Node>],
    /// What was read on the way.
    pub reads: &'a Reads,
    /// Whether its objects are known.
    pub status: PlacementStatus,
    /// Why not: a word of the contract (`remote`, `helm`, `plugin`, …) or the error.
    pub reason: Option<String>,
}

/// Hands out roots until nothing new appears. Deterministic: roots of a wave are sorted by path.
#[derive(Debug)]
pub struct Plan {
    result: Placements,
}

impl Plan {
    /// A plan for everything below the configuration's Top.
    pub fn new(library: Arc<Library>, config: Arc<Config>, codeowners: Arc<Codeowners>) -> Self {
        let _ = (library, config, codeowners);
        Self {
            result: Placements::default(),
        }
    }

    /// The next wave of roots to render; empty when there are no more. Every root of the wave must be fed back first.
    pub fn next(&mut self) -> Vec<Root> {
        Vec::new()
    }

    /// What is known so far about where `root` goes. Roots that no engine deploys get their placements in
    /// [`Plan::finish`], so ask [`Placements::of_root`] in the end.
    pub fn placements_of<'p>(&'p self, root: &'p Root) -> impl Iterator<Item = &'p Placement> {
        self.result.of_root(root)
    }

    /// Tell what came out of a root.
    pub fn feed(&mut self, root: &Root, feed: &Feed<'_>) {
        let _ = (root, feed);
    }

    /// The result.
    pub fn finish(self) -> Placements {
        self.result
    }
}
