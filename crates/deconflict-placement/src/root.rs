//! Render roots: what is built as one.

use deconflict_files::RepoPath;

use crate::Build;

/// How a root becomes objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RootKind {
    /// A directory with a kustomization file.
    Kustomize,
    /// A directory with a `Chart.yaml`.
    Helm,
    /// Manifests applied as they stand.
    Directory,
    /// Jsonnet.
    Jsonnet,
    /// A config management plugin.
    Plugin,
}

impl RootKind {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
            Self::Directory => "directory",
            Self::Jsonnet => "jsonnet",
            Self::Plugin => "plugin",
        }
    }
}

/// One thing to render. Equal roots are rendered once, however many placements they have. [`Root::render`] does it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Root {
    /// The directory.
    pub path: RepoPath,
    /// How it becomes objects.
    pub kind: RootKind,
    /// For [`RootKind::Directory`] the files with manifests, sorted; empty for the other kinds.
    pub files: Vec<RepoPath>,
    /// What the engine that deploys it changes before it builds. Two roots of one directory that differ in it are two.
    pub build: Build,
}

impl Root {
    /// The directory at `path`, built as it stands.
    pub fn new(path: RepoPath, kind: RootKind) -> Self {
        Self {
            path,
            kind,
            files: Vec::new(),
            build: Build::default(),
        }
    }

    /// True when `other`, which is equal, takes its values from the same places: what it makes has the same trails.
    pub fn stands_as(&self, other: &Root) -> bool {
        match (&self.build.kustomization, &other.build.kustomization) {
            (Some(a), Some(b)) => a.content.stands_as(&b.content),
            (None, None) => true,
            _ => false,
        }
    }

    /// The manifests in `files`, which lie in or below `path`.
    pub fn directory(path: RepoPath, mut files: Vec<RepoPath>) -> Self {
        files.sort();
        Self {
            files,
            ..Self::new(path, RootKind::Directory)
        }
    }
}
