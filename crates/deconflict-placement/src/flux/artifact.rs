//! Which files of this repository a Flux source holds, and under which paths.

use deconflict_files::RepoPath;
use deconflict_kube::{items_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

/// A source, as far as it can be told offline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Artifact {
    /// This repository, from a directory on.
    Directory {
        base: RepoPath,
        /// A merge changes it.
        follows: bool,
        revision: Option<SmolStr>,
        /// `spec.ignore` of the source.
        ignore: Option<SmolStr>,
    },
    /// Parts of this repository that an `ArtifactGenerator` copies together.
    Copies { copies: Vec<Copy>, follows: bool },
    /// Something else.
    Elsewhere { url: SmolStr, revision: Option<SmolStr> },
}

/// `copy` of an `ArtifactGenerator` whose source is this repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Copy {
    /// The directory that is copied.
    from: RepoPath,
    /// Where it lies in the artifact.
    to: RepoPath,
}

impl Artifact {
    /// The directory of the repository that `path` of the artifact is. `None` when it leads outside, or is put
    /// together from several.
    pub(crate) fn resolve(&self, path: &str) -> Option<RepoPath> {
        match self {
            Self::Directory { base, .. } => {
                // Joined safely: a path never leaves the artifact.
                let inside = RepoPath::new(path)?;
                base.join(inside.as_str())
            }
            Self::Copies { copies, .. } => {
                let path = RepoPath::new(path)?;
                // Later rules overwrite what earlier ones brought.
                let copy = copies.iter().rev().find(|copy| path.is_within(&copy.to))?;
                copy.from.join(path.below(&copy.to)?.as_str())
            }
            Self::Elsewhere { .. } => None,
        }
    }

    pub(crate) fn follows(&self) -> bool {
        match self {
            Self::Directory { follows, .. } | Self::Copies { follows, .. } => *follows,
            Self::Elsewhere { .. } => false,
        }
    }
}

/// The artifact `name` of an `ArtifactGenerator`; `source` finds the directory of a source by kind and name, in the
/// generator's namespace unless it says another.
pub(crate) fn generated_artifact(
    generator: &Node,
    name: &str,
    mut source: impl FnMut(&Node) -> Option<Artifact>,
) -> Option<Artifact> {
    let artifact = items_at(generator, &["spec", "artifacts"])
        .find(|artifact| text_at(artifact, &["name"]) == Some(name))?;
    let mut copies = Vec::new();
    let mut follows = true;
    for copy in items_at(artifact, &["copy"]) {
        let (alias, from) = aliased(text_at(copy, &["from"])?)?;
        let (_, to) = aliased(text_at(copy, &["to"])?)?;
        let named = items_at(generator, &["spec", "sources"])
            .find(|source| text_at(source, &["alias"]) == Some(alias))?;
        let Artifact::Directory {
            base,
            follows: source_follows,
            ..
        } = source(named)?
        else {
            return None;
        };
        follows &= source_follows;
        // `from` is a file, a directory or a glob; a glob copies what follows its first wildcard.
        let literal = from.find(['*', '?', '[', '{']).map_or(from, |at| {
            let before = &from[..at];
            before.rfind('/').map_or("", |slash| &before[..slash])
        });
        copies.push(Copy {
            from: base.join(literal)?,
            to: RepoPath::new(to)?,
        });
    }
    Some(Artifact::Copies { copies, follows })
}

/// `@alias/path` as alias and path.
fn aliased(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('@')?;
    Some(text.split_once('/').unwrap_or((text, "")))
}
