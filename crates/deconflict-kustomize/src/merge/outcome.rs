//! What applying patches tells besides the result.

use deconflict_files::Origin;

/// Facts gathered while patches are applied, for lints.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Set by the caller: a patch whose object is not there is no error, because a part of the set could not be
    /// loaded (remote bases).
    pub(crate) tolerate_missing: bool,
    /// How many objects each patch changed, in order.
    pub(crate) matches: Vec<PatchMatch>,
    /// Patches that do not do what they say.
    pub(crate) quirks: Vec<PatchQuirk>,
}

/// How many objects a patch matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PatchMatch {
    /// The entry: its target, or the patch's own name where it has none.
    pub(crate) at: Origin,
    /// The number of objects.
    pub(crate) objects: usize,
    /// True when a target selects; without one, no object is an error.
    pub(crate) has_target: bool,
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
