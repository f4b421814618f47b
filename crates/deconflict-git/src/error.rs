//! Trouble with the machine or the arguments; what is wrong with a single file is a value in the snapshot.

use std::path::PathBuf;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory is missing.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// It is a file or something else.
    #[error("`{}` is not a directory", path.display())]
    NotADirectory {
        /// As given.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot open `{}`: {source}", path.display())]
    Io {
        /// As given.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The directory is part of Git's own data.
    #[error("`{}` lies inside a Git directory, not in a working tree", path.display())]
    InsideGit {
        /// As given.
        path: PathBuf,
    },
    /// The repository has no working tree.
    #[error("the Git repository `{}` is bare: it has no working tree, so name a revision", path.display())]
    Bare {
        /// The Git directory.
        path: PathBuf,
    },
    /// The path is not UTF-8.
    #[error("the path `{}` is not UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// There is no repository, so no index, revisions or merges.
    #[error("`{}` lies in no Git repository", path.display())]
    NoRepository {
        /// The directory.
        path: PathBuf,
    },
    /// A revision that cannot be used.
    #[error("revision `{revision}`: {why}")]
    Revision {
        /// As given.
        revision: String,
        /// The reason, and what to do.
        why: String,
    },
    /// There is no index: a bare repository has none.
    #[error("the Git repository `{}` is bare: nothing is staged there, so name a revision", path.display())]
    NoIndex {
        /// The Git directory.
        path: PathBuf,
    },
    /// A clone that leaves out what is needed.
    #[error(
        "the clone at `{}` was made with a filter and lacks {what}; `git fetch --refetch --no-filter` brings everything",
        path.display()
    )]
    Filtered {
        /// The Git directory.
        path: PathBuf,
        /// What is missing.
        what: String,
    },
    /// Git's data cannot be read.
    #[error("cannot open the Git repository at `{}`: {message}", path.display())]
    Git {
        /// The Git directory, or the directory it was looked for from.
        path: PathBuf,
        /// gix's words.
        message: String,
    },
}

impl Error {
    /// gix's `error` about the objects of `git`.
    pub(crate) fn objects(git: &gix::Repository, error: impl std::fmt::Display) -> Self {
        if !is_filtered(git) {
            return Self::git(git.git_dir(), error);
        }
        Self::Filtered {
            path: git.git_dir().to_owned(),
            what: format!("what is needed ({error})"),
        }
    }

    pub(crate) fn git(path: impl Into<PathBuf>, error: impl std::fmt::Display) -> Self {
        Self::Git {
            path: path.into(),
            message: error.to_string(),
        }
    }
}

/// True for a partial clone (git-clone(1), `--filter`): it lacks objects that others promised to give.
pub(crate) fn is_filtered(git: &gix::Repository) -> bool {
    let config = git.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || git.remote_names().iter().any(|name| {
            let key = format!("remote.{name}.promisor");
            config.boolean(key.as_str()).unwrap_or(false)
        })
}
