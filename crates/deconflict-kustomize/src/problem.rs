//! What goes wrong while building: the user's mistakes, never a failure of the run.

use deconflict_files::Origin;

/// Why a kustomization cannot be built, or what is odd about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// kustomize's own words for the innermost cause.
    pub message: String,
    /// Outer wrappings of the message in kustomize's words, innermost first; `render` prints them, findings do not.
    pub context: Vec<String>,
    /// What kustomize says inside `context`, where it hides the cause behind something else.
    pub(crate) wording: Option<String>,
    /// The text that causes it; `None` only until the caller that knows the place fills it in.
    pub at: Option<Origin>,
    /// Other texts that take part, such as the first of two equal objects.
    pub related: Vec<Origin>,
}

/// Kinds of problems that somebody treats differently.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProblemKind {
    /// The build fails.
    Build,
    /// A file, base or component that is not there.
    NotFound,
    /// A patch for an object that is not there, or a replacement from one.
    NoTarget,
    /// kustomize 5.5.0 itself crashes on this (trap 15).
    Crash,
    /// Needs the network: a remote base, component or file.
    Remote,
    /// Needs Helm.
    Helm,
    /// Needs an external plugin, function or executable.
    Plugin,
}

/// Something odd about a kustomization that can be built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// kustomize's line where it prints one, else ours.
    pub message: String,
    /// The text that it is about.
    pub at: Origin,
}

/// Kinds of warnings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WarningKind {
    /// A deprecated field, by its name; kustomize prints one line about it.
    Deprecated(&'static str),
    /// kustomize prints a line.
    Printed,
    /// The target of a patch or replacement names an object that is not there, which is no error.
    NoTarget,
    /// The target of a patch or replacement takes what fits, by labels or an expression, and nothing does.
    NoMatch,
    /// An entry of `images` whose name no image has.
    NoImage,
    /// kustomize does something else than the text says, and says nothing.
    Quirk(Quirk),
}

/// What kustomize 5.5.0 does without a word (kustomize.md section 1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Quirk {
    /// Keys whose order in the output differs between runs of kustomize (trap 3). At the first key of the map.
    UnstableKeyOrder,
    /// `$patch: replace` on a list element or a whole object, which does nothing (trap 9).
    ReplaceIgnored,
    /// A patch element without its merge key, which empties the list (trap 10).
    PatchEmptiesList,
    /// A directive of strategic merge that kustomize does not know and copies into the object. The catalogue has no rule
    /// of its own for it: `render` warns, and `check` refuses the field that is left (`api-unknown-field`).
    DirectiveCopied,
    /// The name of an image is a regular expression, and as such it matches other images than its text (trap 14).
    ImagePattern,
}

impl Problem {
    /// A build error without a place yet.
    pub fn build(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Build, message)
    }

    /// A problem without a place yet.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            context: Vec::new(),
            wording: None,
            at: None,
            related: Vec::new(),
        }
    }

    /// With its place, unless a caller further in already knew a better one.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.at.get_or_insert(origin);
        self
    }

    /// With one more wrapping: `context` then `: ` then what there was.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>) -> Self {
        self.context.push(context.into());
        self
    }

    /// The same cause, of which kustomize prints `wording` instead.
    #[must_use]
    pub(crate) fn reworded(mut self, wording: impl Into<String>) -> Self {
        self.wording = Some(wording.into());
        self.context.clear();
        self
    }

    /// The full message as kustomize prints it.
    pub fn full(&self) -> String {
        let mut text = String::new();
        for outer in self.context.iter().rev() {
            text.push_str(outer);
            text.push_str(": ");
        }
        text.push_str(self.wording.as_ref().unwrap_or(&self.message));
        text
    }
}
