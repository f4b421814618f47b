//! Files and directories as a kustomization names them, under the load restrictor.

use std::cell::RefCell;
use std::sync::Arc;

use deconflict_files::{Kind, ReadError, Reads, RepoPath, Snapshot};
use deconflict_yaml::{Library, Loaded};

use super::remote::is_remote_file;
use crate::{LoadRestrictor, Problem, ProblemKind};

/// Access to the files of one build. Notes what it looked at.
pub(super) struct Paths<'s> {
    library: &'s Library,
    restrictor: LoadRestrictor,
    reads: RefCell<Reads>,
}

impl<'s> Paths<'s> {
    pub(super) fn new(library: &'s Library, restrictor: LoadRestrictor) -> Self {
        Self {
            library,
            restrictor,
            reads: RefCell::default(),
        }
    }

    pub(super) fn library(&self) -> &'s Library {
        self.library
    }

    fn snapshot(&self) -> &'s Snapshot {
        self.library.snapshot()
    }

    /// The path as kustomize's messages have it.
    pub(super) fn shown(&self, path: &RepoPath) -> String {
        self.snapshot().absolute(path)
    }

    /// What was looked at so far; nothing afterwards.
    pub(super) fn take_reads(&self) -> Reads {
        self.reads.take()
    }

    /// Take over what somebody else looked at.
    pub(super) fn extend(&self, reads: &Reads) {
        self.reads.borrow_mut().extend(reads);
    }

    /// The file at `path` as written in a kustomization in `directory` (`FileLoader.Load`).
    pub(super) fn file(&self, directory: &RepoPath, path: &str) -> Result<Arc<Loaded>, Problem> {
        if is_remote_file(path) {
            let message = format!("'{path}' is in the network, which is never asked");
            return Err(Problem::new(ProblemKind::Remote, message));
        }
        let named = self.join(directory, path)?;
        let shown = self.shown(&named);
        let (real, kind) = self.evaluate(&named, &shown)?;
        if kind == Kind::Directory {
            return Err(Problem::build(format!("'{shown}' must resolve to a file")));
        }
        if self.restrictor == LoadRestrictor::RootOnly && !real.is_within(directory) {
            let directory = self.shown(directory);
            let message = format!("security; file '{shown}' is not in or below '{directory}'");
            return Err(Problem::build(message));
        }
        self.library
            .load(&real)
            .map_err(|error| Problem::build(format!("open {shown}: {error}")))
    }

    /// The directory at `path` as written in a kustomization in `directory` (`FileLoader.New`, without cycles).
    pub(super) fn directory(&self, directory: &RepoPath, path: &str) -> Result<RepoPath, Problem> {
        if path.is_empty() {
            return Err(Problem::build("new root cannot be empty"));
        }
        if path.starts_with('/') {
            return Err(Problem::build(format!("new root '{path}' cannot be absolute")));
        }
        let named = self.join(directory, path)?;
        let shown = self.shown(&named);
        match self.evaluate(&named, &shown) {
            Ok((real, Kind::Directory)) => Ok(real),
            Ok((_, Kind::File)) => Err(Problem::build(format!("'{shown}': file is not directory"))),
            Err(problem) => Err(problem.within("not a valid directory")),
        }
        .map_err(|problem: Problem| problem.within("must build at directory"))
    }

    /// What the directory of the build really is.
    pub(super) fn root(&self, root: &RepoPath) -> Result<RepoPath, Problem> {
        let shown = self.shown(root);
        match self.evaluate(root, &shown)? {
            (real, Kind::Directory) => Ok(real),
            (_, Kind::File) => {
                Err(Problem::build(format!("'{shown}': file is not directory"))
                    .within("must build at directory"))
            }
        }
    }

    /// True when a file of that name is in `directory` and may be read.
    pub(super) fn has_file(&self, directory: &RepoPath, name: &str) -> bool {
        let Some(path) = directory.join(name) else {
            return false;
        };
        let found = self.snapshot().resolve(&path);
        self.reads.borrow_mut().note(&path, found.is_ok());
        found.is_ok_and(|(real, kind)| {
            kind == Kind::File && (self.restrictor == LoadRestrictor::None || real.is_within(directory))
        })
    }

    fn join(&self, directory: &RepoPath, path: &str) -> Result<RepoPath, Problem> {
        let joined = if path.starts_with('/') {
            // A path below the top may be written from the root of the file system.
            clean(path).and_then(|path| self.snapshot().relative(&path))
        } else {
            directory.join(path)
        };
        joined.ok_or_else(|| {
            let directory = self.shown(directory);
            let message = format!("'{path}' seen from '{directory}' lies outside the repository");
            Problem::build(message)
        })
    }

    fn evaluate(&self, path: &RepoPath, shown: &str) -> Result<(RepoPath, Kind), Problem> {
        let found = self.snapshot().resolve(path);
        self.reads.borrow_mut().note(path, found.is_ok());
        found.map_err(|error| match error {
            ReadError::NotFound => {
                let missing = self.first_missing(path);
                let message =
                    format!("evalsymlink failure on '{shown}' : lstat {missing}: no such file or directory");
                Problem::new(ProblemKind::NotFound, message)
            }
            ReadError::LinkLoop => Problem::build(format!(
                "evalsymlink failure on '{shown}' : EvalSymlinks: too many links"
            )),
            other => Problem::build(format!("'{shown}' {other}")),
        })
    }

    /// The first part of `path` that is not there, links followed before it.
    fn first_missing(&self, path: &RepoPath) -> String {
        let mut seen = RepoPath::top();
        for part in path.parts() {
            let Some(next) = seen.join(part) else { break };
            match self.snapshot().resolve(&next) {
                Ok((real, _)) => seen = real,
                Err(_) => return self.shown(&next),
            }
        }
        self.shown(path)
    }
}

/// An absolute path without `.` and `..`.
fn clean(path: &str) -> Option<String> {
    RepoPath::new(path).map(|path| format!("/{}", path.as_str()))
}
