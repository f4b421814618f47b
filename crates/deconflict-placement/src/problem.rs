//! What is wrong with a layout. Wording for people belongs to the rules.

use deconflict_files::{Origin, RepoPath};
use smol_str::SmolStr;

use crate::Engine;

/// Something about where things are deployed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The text that shows it, if one does.
    pub at: Option<Origin>,
}

/// What is wrong. `app` is always `namespace/name`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A root listed in the configuration that is no directory.
    ListedRootMissing {
        /// The cluster whose `roots` list it.
        cluster: SmolStr,
        /// The path as resolved.
        path: RepoPath,
    },
    /// A glob of roots in the configuration that matches nothing deployable.
    ListedGlobEmpty {
        /// The cluster whose `roots` list it.
        cluster: SmolStr,
        /// The glob.
        glob: SmolStr,
    },
    /// A file that looks like a manifest and cannot be read: the system or a limit refuses. (Files that can be read
    /// but not parsed are in the library's problems.)
    Unreadable {
        /// The file.
        path: RepoPath,
        /// Why.
        why: deconflict_files::ReadError,
    },
    /// An Application's destination is no cluster that the inventory knows.
    DestinationUnknown {
        /// The Application.
        app: SmolStr,
        /// Server or name as written.
        destination: SmolStr,
    },
    /// An Application's destination has both `server` and `name`.
    DestinationBoth {
        /// The Application.
        app: SmolStr,
    },
    /// An Application's destination has neither `server` nor `name`.
    DestinationNeither {
        /// The Application.
        app: SmolStr,
    },
    /// The path of an Application's source in this repository does not exist.
    PathMissing {
        /// The Application.
        app: SmolStr,
        /// The path as resolved.
        path: RepoPath,
    },
    /// A path that leads outside the repository.
    PathOutside {
        /// The Application or Flux Kustomization.
        app: SmolStr,
        /// The path as written.
        path: SmolStr,
    },
    /// A source with more than one of `kustomize`, `helm`, `directory`, `plugin`.
    SourceAmbiguous {
        /// The Application.
        app: SmolStr,
    },
    /// Two Applications of one Argo CD have the same name.
    ApplicationTwice {
        /// The Application.
        app: SmolStr,
        /// Where the other is declared.
        first: Origin,
    },
    /// Two Applications deploy the same source to the same place.
    SourceTwice {
        /// The Application.
        app: SmolStr,
        /// The other.
        other: SmolStr,
        /// Where the other is declared.
        first: Origin,
    },
    /// A generator of an ApplicationSet that only a running Argo CD can answer, or a ResourceSet of the Flux operator.
    GeneratorNotEvaluated {
        /// The ApplicationSet or ResourceSet.
        app: SmolStr,
        /// `pullRequest`, `scmProvider`, `plugin`, …; `ResourceSet`.
        generator: SmolStr,
    },
    /// An ApplicationSet that Argo CD refuses.
    SetInvalid {
        /// The ApplicationSet.
        app: SmolStr,
        /// Why.
        why: String,
    },
    /// An ApplicationSet that makes no Application.
    SetEmpty {
        /// The ApplicationSet.
        app: SmolStr,
    },
    /// An engine's object that nothing applies: the tree declares entry points of that engine, and none reaches it.
    Orphan {
        /// The engine.
        engine: Engine,
        /// Its `namespace/name`.
        app: SmolStr,
        /// The root that holds it.
        root: RepoPath,
    },
    /// Engine objects that make each other without end, or deeper than anybody means to.
    TooDeep {
        /// The object at which the search stopped.
        app: SmolStr,
    },
    /// The source of a Flux object is not in the tree.
    SourceMissing {
        /// The Kustomization or HelmRelease.
        app: SmolStr,
        /// Kind of the source.
        kind: SmolStr,
        /// `namespace/name` of the source.
        source: SmolStr,
    },
    /// Two Flux Kustomizations of a cluster build the same directory, or one inside the other's.
    PathTwice {
        /// The Kustomization.
        app: SmolStr,
        /// The other.
        other: SmolStr,
        /// The path that both build.
        path: RepoPath,
        /// The other's path.
        first: Origin,
    },
    /// `dependsOn` of a Flux object names one that is not there.
    DependencyMissing {
        /// The object.
        app: SmolStr,
        /// What it waits for.
        dependency: SmolStr,
    },
    /// Flux objects that wait for each other.
    DependencyCycle {
        /// The objects in order; the first waits for the second.
        apps: Vec<SmolStr>,
    },
}
