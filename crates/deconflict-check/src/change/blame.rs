//! The side that the change touched comes first.

use deconflict_files::Origin;
use deconflict_findings::{Finding, Label, TrailStep};
use rustc_hash::FxHashSet;

use super::{Inputs, Moved};
use crate::build::Deployed;
use crate::sides;

/// What the change touched.
pub(crate) struct Blame<'c> {
    moved: &'c Moved<'c>,
    /// Render roots that read something else than before, or are deployed by other lines.
    roots: FxHashSet<String>,
}

impl<'c> Blame<'c> {
    pub(crate) fn new(moved: &'c Moved<'c>, inputs: &Inputs<'_>, deployed: &Deployed) -> Self {
        let mut roots = FxHashSet::default();
        for built in &deployed.roots {
            if !inputs.are_same(&built.reads) {
                roots.insert(built.root.path.display().to_owned());
            }
        }
        for placement in &deployed.placements.all {
            if let (Some(root), Some(at)) = (&placement.root, placement.declared_at)
                && moved.is_in_touched_file(at)
            {
                roots.insert(root.display().to_owned());
            }
        }
        Self { moved, roots }
    }

    /// Put the side first that the change touched most nearly; of equals the one that was first.
    pub(crate) fn turn(&self, finding: &mut Finding) {
        let count = sides::labels(finding).count();
        let near: Vec<Nearness> = (0..count).map(|side| self.nearness(finding, side)).collect();
        let first = (0..count).max_by(|a, b| near[*a].cmp(&near[*b]).then(b.cmp(a)));
        if let Some(first) = first.filter(|first| *first > 0) {
            bring_forward(finding, first);
        }
    }

    fn nearness(&self, finding: &Finding, side: usize) -> Nearness {
        let (label, trail) = match side.checked_sub(1) {
            None => (&finding.primary, &finding.trail),
            Some(other) => (&finding.related[other], &finding.related[other].trail),
        };
        let root = finding.objects.get(side).and_then(|object| object.root.as_ref());
        let touched = |at: Origin| self.moved.is_touched(at);
        if touched(label.at) {
            Nearness::Line
        } else if trail.iter().any(|step| touched(step.at)) {
            Nearness::Trail
        } else if self.moved.is_in_touched_file(label.at) {
            Nearness::File
        } else if root.is_some_and(|root| self.roots.contains(root)) {
            Nearness::Root
        } else {
            Nearness::None
        }
    }
}

/// How near a change came to a side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Nearness {
    /// It touched nothing of it.
    None,
    /// Something that its render root reads, or that deploys the root.
    Root,
    /// Other lines of the file.
    File,
    /// A step on the value's way.
    Trail,
    /// The very line.
    Line,
}

/// Exchange the primary side with another, object and trail included.
fn bring_forward(finding: &mut Finding, side: usize) {
    let other: &mut Label = &mut finding.related[side - 1];
    std::mem::swap(&mut finding.primary, other);
    let of_other: Vec<TrailStep> = std::mem::take(&mut finding.primary.trail);
    other.trail = std::mem::replace(&mut finding.trail, of_other);
    if side < finding.objects.len() {
        finding.objects.swap(0, side);
    }
}
