//! The outside of the engine: build a root, sharing bases with every other root of the run.

use std::sync::Arc;

use deconflict_files::{Origin, Reads, RepoPath};
use deconflict_yaml::{Library, Node};

use crate::load::{self, Shared};
use crate::{Problem, Warning, emit};

/// Which files a kustomization may name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LoadRestrictor {
    /// Only files in or below its own directory (kustomize's default).
    #[default]
    RootOnly,
    /// Any file of the snapshot.
    None,
}

/// The order of the output when the kustomization has no `sortOptions`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Reorder {
    /// kustomize's order by kind (the default of its command line).
    #[default]
    Legacy,
    /// As loaded.
    None,
}

/// The flags of `kustomize build` that change its output.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Options {
    /// `--load-restrictor`.
    pub load_restrictor: LoadRestrictor,
    /// `--reorder`.
    pub reorder: Reorder,
    /// `--enable-managedby-label`.
    pub managed_by_label: bool,
}

/// What a build gives.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The objects in output order; when something failed, those that could be built without it.
    pub objects: Vec<Arc<Node>>,
    /// Why it, or a part of it, cannot be built; empty for a complete build.
    pub problems: Vec<Problem>,
    /// What kustomize would print on stderr, and what it does silently and should not.
    pub warnings: Vec<Warning>,
    /// Targets and entries of `images` that selected something here; where [`crate::WarningKind::NoTarget`] or
    /// [`crate::WarningKind::NoImage`] is said of one of them elsewhere, it is of use all the same.
    pub used: Vec<Origin>,
    /// What was read, and looked for in vain.
    pub reads: Reads,
}

/// All builds of one run. A base is built once per run and shared; use from any number of threads.
#[derive(Debug)]
pub struct Session {
    shared: Shared,
}

impl Session {
    /// Builds over the files of `library`.
    pub fn new(library: Arc<Library>) -> Self {
        Self {
            shared: Shared::new(library),
        }
    }

    /// The files.
    pub fn library(&self) -> &Arc<Library> {
        self.shared.library()
    }

    /// What `kustomize build` makes of the directory `root`.
    pub fn build(&self, root: &RepoPath, options: &Options) -> Rendered {
        load::run(&self.shared, root, None, *options)
    }

    /// What `kustomize build` makes of the directory `root` if its kustomization file held `content`, whether or not it
    /// has one: Argo CD and Flux edit the file before they build. Paths in it count from `root`. Its values may stand
    /// in other files (a patch in a Flux Kustomization), so the text of an inline patch is that of its own
    /// [`deconflict_files::Origin`]'s file. Such a root is a base of no other.
    pub fn build_edited(&self, root: &RepoPath, content: &Arc<Node>, options: &Options) -> Rendered {
        load::run(&self.shared, root, Some(content), *options)
    }
}

/// The bytes that `kustomize build` prints for `objects`.
///
/// # Errors
/// Objects that have no YAML form; those of a [`Rendered`] have one.
pub fn to_yaml(objects: &[Arc<Node>]) -> Result<String, Problem> {
    emit::emit(objects.iter())
}
