//! `cargo xtask tidy`: what the compiler cannot check. Every failure is one line with its reason.

mod floors;
mod manifest;
mod paths;
mod sizes;
mod versions;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Run all checks; all failures at once.
pub(crate) fn run(top: &Path) -> Result<(), String> {
    let files = tracked(top)?;
    let mut failures = Vec::new();
    failures.extend(floors::check(top)?);
    failures.extend(paths::check(top, &files)?);
    failures.extend(versions::check(top)?);
    failures.extend(crate::generate::stale(top));
    for warning in sizes::warnings(top, &files)? {
        println!("note: {warning}");
    }
    if failures.is_empty() {
        println!("tidy: {} files in order", files.len());
        return Ok(());
    }
    Err(format!(
        "{}\ntidy: {} failures",
        failures.join("\n"),
        failures.len()
    ))
}

/// The files that Git tracks, relative to the top. Without Git (a source archive) there is nothing to compare with.
fn tracked(top: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(top)
        .output();
    let output = output.map_err(|error| format!("git ls-files: {error}"))?;
    let names = String::from_utf8_lossy(&output.stdout);
    let files = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    Ok(files.filter(|file| top.join(file).is_file()).collect())
}
