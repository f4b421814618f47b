//! Where a claim stands and how it got there.

use std::sync::Arc;

use deconflict_files::{Origin, Step};
use deconflict_findings::TrailStep;
use deconflict_yaml::Node;

/// The text a person would edit, and the trail of the value there.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The text.
    pub at: Origin,
    /// Who moved the value here, newest first.
    pub via: Option<Arc<Step>>,
}

impl Spot {
    /// The place of a value.
    pub fn of(node: &Node) -> Self {
        Self {
            at: node.at,
            via: node.via.clone(),
        }
    }

    /// A place without a trail.
    pub fn at(at: Origin) -> Self {
        Self { at, via: None }
    }

    /// The trail for a finding, newest first.
    pub fn trail(&self) -> Vec<TrailStep> {
        let step = |step: &Step| TrailStep {
            action: step.action,
            at: step.at,
            detail: step.by.to_owned(),
        };
        self.via.iter().flat_map(Step::chain).map(step).collect()
    }
}
