//! Where a value stands in the text, and how it got from there to where it is used.

use std::sync::Arc;

use crate::FileId;

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// As a range that slices text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The text that a person would edit to change a value: a file and a range in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
}

impl Origin {
    /// `span` in `file`.
    pub fn new(file: FileId, span: Span) -> Self {
        Self { file, span }
    }

    /// The start of `file`, for what concerns the file as a whole.
    pub fn start_of(file: FileId) -> Self {
        Self {
            file,
            span: Span::default(),
        }
    }
}

/// What moved a value. The names are those of the JSON report (`trail[].action`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// A strategic merge or JSON 6902 patch set it.
    Patched,
    /// A transformer (namespace, images, labels, name prefix, hash suffix, reference) rewrote it.
    Transformed,
    /// A generator made it.
    Generated,
    /// A values file of a chart gave it.
    Values,
    /// A template expression produced it.
    Template,
    /// A variable was substituted (Flux post-build, Argo CD parameters, kustomize vars).
    Substituted,
}

impl Action {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Patched => "patched",
            Self::Transformed => "transformed",
            Self::Generated => "generated",
            Self::Values => "values",
            Self::Template => "template",
            Self::Substituted => "substituted",
        }
    }
}

/// One step of a value's trail, newest first. Shared: a subtree moved as a whole has one chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What happened.
    pub action: Action,
    /// The mechanism in the field's words, for example `images`, `namePrefix` or `replacements`.
    pub by: &'static str,
    /// Where the mechanism is written, or, for `Patched` in an older step, where the replaced value stood.
    pub at: Origin,
    /// What happened before.
    pub before: Option<Arc<Step>>,
}

impl Step {
    /// A step on top of `before`.
    pub fn new(action: Action, by: &'static str, at: Origin, before: Option<&Arc<Step>>) -> Arc<Self> {
        Arc::new(Self {
            action,
            by,
            at,
            before: before.cloned(),
        })
    }

    /// This step and all before it, newest first.
    pub fn chain(self: &Arc<Self>) -> impl Iterator<Item = &Step> {
        std::iter::successors(Some(&**self), |step| step.before.as_deref())
    }
}
