//! What reading from Git costs, against Git itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::inputs::write;
use super::measure::{cpu_of, mean};

const FILES: usize = 20_000;
const TIMES: u32 = 5;

/// A table: every file of a commit, and a hook for a commit without YAML, on a repository of 20,000 manifests.
pub(super) fn table(top: &Path, program: &Path) -> Result<String, String> {
    let reader = reader(top)?;
    let repository = repository(&top.join("target/bench/git"))?;
    let here = |name: &Path, words: &[&str]| {
        let mut command = Command::new(name);
        command.args(words).current_dir(&repository);
        command
    };
    let pipe = "git ls-tree -r --format='%(objectname)' HEAD | git cat-file --batch";
    let mut text = format!("\n| on {FILES} files | CPU s | Git, CPU s | times Git |\n|---|---|---|---|\n");
    let rows = [
        (
            "a revision read, against `git ls-tree -r \\| git cat-file --batch`",
            here(&reader, &[".", "HEAD"]),
            here(Path::new("sh"), &["-c", pipe]),
        ),
        (
            "`hook run pre-commit` without YAML, against `git status`",
            here(program, &["hook", "run", "pre-commit"]),
            here(Path::new("git"), &["status"]),
        ),
    ];
    for (name, mut ours, mut theirs) in rows {
        let (ours, theirs) = (mean(&mut ours, &[0], TIMES)?, mean(&mut theirs, &[0], TIMES)?);
        let _ = writeln!(
            text,
            "| {name} | {:.3} | {:.3} | {:.2} |",
            ours.cpu,
            theirs.cpu,
            ours.cpu / theirs.cpu
        );
    }
    Ok(text)
}

/// The example that reads a commit and does nothing with it.
fn reader(top: &Path) -> Result<PathBuf, String> {
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "deconflict-git"])
        .args(["--example", "read_revision"])
        .current_dir(top)
        .status();
    if !built.map_err(|error| format!("cargo build: {error}"))?.success() {
        return Err("the example read_revision does not build".to_owned());
    }
    Ok(super::target(top).join("release/examples/read_revision"))
}

/// Manifests in 400 directories, all committed, and a text file that is staged.
fn repository(work: &Path) -> Result<PathBuf, String> {
    if work.exists() {
        std::fs::remove_dir_all(work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    for number in 0..FILES {
        let path = format!("apps/app-{}/file-{number}.yaml", number % 400);
        let name = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{number}\n  namespace: app-{}\n",
            number % 400
        );
        let data = "data:\n  LEVEL: info\n  FORMAT: json\n  PORT: \"8080\"\n";
        write(&work.join(path), &(name + data))?;
    }
    write(&work.join("README.md"), "one\n")?;
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=bench", "-c", "user.email=bench@example.com"]);
        cpu_of(command.args(words).current_dir(work), &[0])
    };
    git(&["init", "--quiet", "--initial-branch", "main", "."])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "-m", "start"])?;
    // Packed, as a clone is.
    git(&["repack", "-a", "-d", "--quiet"])?;
    write(&work.join("README.md"), "two\n")?;
    git(&["add", "--all"])?;
    git(&["status"])?;
    Ok(work.to_owned())
}
