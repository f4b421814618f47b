//! What applying patches tells besides the result.

use deconflict_files::Origin;

/// Facts gathered while patches are applied, for lints.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Set by the caller: a patch whose object is not there is no error, because a part of the set could not be
    /// loaded (remote bases).
    pub(crate) tolerate_missing: bool,
    /// What targets selected, in order.
    pub(crate) matches: Vec<Selected>,
    /// Patches that do not do what they say.
    pub(crate) quirks: Vec<PatchQuirk>,
}

/// How many objects a target selected, where none is no error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Selected {
    /// The target.
    pub(crate) at: Origin,
    /// What it asks for, on one line.
    pub(crate) selector: String,
    /// True when it names one object that must be there for it; else it takes what there is.
    pub(crate) is_named: bool,
    /// The number of objects.
    pub(crate) objects: usize,
}

/// A patch that does something else than it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PatchQuirk {
    /// What.
    pub(crate) kind: PatchQuirkKind,
    /// The text in the patch.
    pub(crate) at: Origin,
}

/// The ways (kustomize.md section 1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum PatchQuirkKind {
    /// `$patch: replace` on a list element or a whole object, which does nothing (trap 9).
    ReplaceIgnored,
    /// A list element without its merge key, which empties the list (trap 10).
    EmptiesList,
    /// A directive that kustomize does not know and copies into the object (`$setElementOrder/…`, `$retainKeys`, …).
    DirectiveCopied,
}
