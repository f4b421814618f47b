//! What a change does to rendered objects, as plain data.

use std::sync::Arc;

use deconflict_files::{Files, Origin};

use crate::{Coverage, Judged, ObjectRef, Skipped};

/// What a change does to everything that is deployed.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What was compared with which base.
    pub judged: Judged,
    /// Changes, each with all objects that have it; sorted by their first object.
    pub changes: Vec<Change>,
    /// What could be rendered before the change.
    pub before: Coverage,
    /// What could be rendered after it.
    pub after: Coverage,
    /// Changed files of what is not rendered, with the reason: what they do is not known.
    pub unseen: Vec<Skipped>,
    /// Paths that Git cannot merge; the base's text stands for the result.
    pub conflicts: Vec<String>,
    /// How many objects there are before and after.
    pub objects: [usize; 2],
    /// What the tool itself could not finish, a sentence each. Not empty: exit code 3.
    pub unfinished: Vec<String>,
    /// The texts that places refer to.
    pub files: Arc<Files>,
}

/// What happens to objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// They are new.
    Added,
    /// Their content changes.
    Changed,
    /// Another application, namespace or name has them, with the same content.
    Moved,
    /// They are gone.
    Removed,
}

impl Effect {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Removed => "removed",
        }
    }
}

/// One change and every object that has it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens.
    pub effect: Effect,
    /// The objects, sorted by cluster, application and identity.
    pub objects: Vec<Pair>,
    /// The lines that differ, with lines around them; of an object that comes or goes the whole. The first object's,
    /// where names in them differ.
    pub hunks: Vec<Hunk>,
    /// Why there are no lines, if there should be.
    pub note: Option<String>,
}

/// One object before and after; at least one of both is there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    /// Before the change.
    pub before: Option<ObjectRef>,
    /// After it.
    pub after: Option<ObjectRef>,
}

impl Pair {
    /// The object after the change; one that is gone as it was.
    pub fn shown(&self) -> Option<&ObjectRef> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// Lines that differ, near each other.
#[derive(Clone, Debug)]
pub struct Hunk {
    /// The field that holds them all; empty when they have nothing in common, and for whole objects.
    pub field: Vec<FieldPart>,
    /// The first line in the object before the change, from 1.
    pub before: usize,
    /// The first line in the object after it, from 1.
    pub after: usize,
    /// Lines.
    pub lines: Vec<DiffLine>,
    /// The text that a person would edit, of all objects that have the change: that of the lines which come, or where
    /// lines only go, of these. Sorted by path and line, each line once.
    pub at: Vec<Origin>,
}

/// One part of a path to a field.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum FieldPart {
    /// A key.
    Key(String),
    /// An item of a list, with its name if it has one.
    Item(usize, Option<String>),
}

/// Whose line it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LineSide {
    /// It stays.
    Both,
    /// It goes.
    Before,
    /// It comes.
    After,
}

/// One line of a rendered object. Secret values are masked.
#[derive(Clone, Debug)]
pub struct DiffLine {
    /// Whose it is.
    pub side: LineSide,
    /// The line without its end. Hostile, as all text of the repository.
    pub text: String,
    /// The text that a person would edit; of lines that come or go, where it is known.
    pub at: Option<Origin>,
}
