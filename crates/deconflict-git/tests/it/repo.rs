//! A repository in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use deconflict_files::{RepoPath, Snapshot};
use deconflict_git::{Environment, Error, Location, discover, worktree};

pub(crate) struct Repo {
    directory: tempfile::TempDir,
    /// Links resolved.
    pub(crate) top: PathBuf,
}

impl Repo {
    /// An empty directory; `None`, with a line that says so, when there is no `git` to make repositories with.
    pub(crate) fn empty() -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            println!("skipped: no git");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().canonicalize().unwrap().join("top");
        std::fs::create_dir(&top).unwrap();
        Some(Self { directory, top })
    }

    /// With a repository at its top.
    pub(crate) fn init() -> Option<Self> {
        let repo = Self::empty()?;
        repo.git("init --quiet --initial-branch main .");
        Some(repo)
    }

    /// Beside the repository.
    pub(crate) fn outside(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// Run git with these words at `directory`.
    pub(crate) fn try_git_at(&self, directory: &Path, words: &str) -> Output {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "protocol.file.allow=always",
        ]);
        command.args(words.split(' ')).current_dir(directory);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CEILING_DIRECTORIES", self.outside());
        command.output().unwrap()
    }

    pub(crate) fn git_at(&self, directory: &Path, words: &str) -> String {
        let output = self.try_git_at(directory, words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words}: {said}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn git(&self, words: &str) -> String {
        self.git_at(&self.top, words)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Add everything and commit it.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git("add --all");
        self.git(&format!("commit --quiet --allow-empty -m {message}"));
        self.git("rev-parse HEAD")
    }

    pub(crate) fn environment(&self) -> Environment {
        Environment {
            ceilings: Some(self.outside().into()),
            ..Environment::default()
        }
    }

    pub(crate) fn at(&self, root: &str) -> Result<Location, Error> {
        discover(&self.top.join(root), &self.environment())
    }

    /// The working tree as a check of its top sees it.
    pub(crate) fn worktree(&self) -> Snapshot {
        worktree(&self.at("").unwrap()).unwrap()
    }
}

/// All paths, separated by spaces.
pub(crate) fn paths(snapshot: &Snapshot) -> String {
    let paths: Vec<String> = snapshot
        .files()
        .iter()
        .map(|path| path.as_str().to_owned())
        .collect();
    paths.join(" ")
}

/// The text of a file, or why there is none.
pub(crate) fn read(snapshot: &Snapshot, path: &str) -> String {
    match snapshot.read(&RepoPath::new(path).unwrap()) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    }
}
