//! A directory of its own to run the program in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::fingerprint::unchanged;

/// Files in a temporary directory, removed in the end.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// What a run said.
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// The files of `text`: lines `//- path` start one.
    pub(crate) fn new(text: &str) -> Self {
        let sandbox = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        for part in text.split("//- ").skip(1) {
            let (path, content) = part.split_once('\n').unwrap_or((part, ""));
            sandbox.write(path.trim(), content);
        }
        sandbox
    }

    /// As a Git repository without commits: as much of it as Git itself asks for.
    pub(crate) fn in_git(self) -> Self {
        for directory in [".git/objects", ".git/refs"] {
            std::fs::create_dir_all(self.path(directory)).expect("a directory");
        }
        self.write(".git/HEAD", "ref: refs/heads/main\n");
        self.write(
            ".git/config",
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        );
        self
    }

    /// Make it a repository with a branch `main`; false, with a line that says so, when there is no `git`.
    pub(crate) fn init_git(&self) -> bool {
        if Command::new("git").arg("--version").output().is_err() {
            println!("skipped: no git");
            return false;
        }
        self.git("init --quiet --initial-branch main .");
        true
    }

    /// Run `git` with these words.
    pub(crate) fn git(&self, words: &str) {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(words.split(' '))
            .current_dir(self.path(""))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("git starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words}: {said}");
    }

    /// Commit everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --allow-empty -m {message}"));
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }

    /// Everything below `from`, links as they are.
    pub(crate) fn copy(&self, from: &Path, to: &str) {
        for entry in std::fs::read_dir(from).expect("a directory") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("its type");
            let name = entry.file_name().into_string().expect("UTF-8");
            let target = if to.is_empty() {
                name
            } else {
                format!("{to}/{name}")
            };
            if kind.is_dir() {
                std::fs::create_dir_all(self.path(&target)).expect("a directory");
                self.copy(&entry.path(), &target);
            } else if kind.is_symlink() {
                let link = std::fs::read_link(entry.path()).expect("a link");
                std::os::unix::fs::symlink(link, self.path(&target)).expect("a link");
            } else {
                self.write(&target, std::fs::read(entry.path()).expect("a file"));
            }
        }
    }

    /// The program, not started yet, in `directory`.
    pub(crate) fn command(&self, directory: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deconflict"));
        command
            .args(arguments)
            .current_dir(self.path(directory))
            .stdin(Stdio::null())
            .env_clear()
            .env(
                "GIT_CEILING_DIRECTORIES",
                self.directory.path().parent().expect("a parent"),
            );
        command
    }

    /// Run `deconflict` with the words of `line` at the top.
    pub(crate) fn run(&self, line: &str) -> Ran {
        let words: Vec<&str> = line.split_whitespace().collect();
        let output = self.command("", &words).output().expect("the program starts");
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.replace(&self.directory.path().display().to_string(), "[TOP]")
        };
        Ran {
            exit: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// As [`Sandbox::run`], sure that no file changed meanwhile, `.git` included.
    pub(crate) fn look(&self, line: &str) -> Ran {
        unchanged(self.directory.path(), || self.run(line))
    }

    /// Both streams and the exit code of a run, as a transcript.
    pub(crate) fn transcript(&self, line: &str) -> String {
        let ran = self.run(line);
        let mut out = ran.stdout;
        if !ran.stderr.is_empty() {
            let _ = write!(out, "--- stderr\n{}", ran.stderr);
        }
        match ran.exit {
            Some(code) => writeln!(out, "--- exit {code}").expect("memory"),
            None => out.push_str("--- killed\n"),
        }
        out
    }
}
