//! What a hook costs, against checking everything: at most the share of the clusters that the change reaches, and a tenth.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::inputs::write;
use super::measure::{Spent, cpu_of, mean};

const TIMES: u32 = 3;

/// About how many kustomizations are changed, one after the other.
const PICKS: usize = 10;

/// A table: changes of single overlays of `source` (with its configuration), each judged as the pre-commit hook does.
pub(super) fn table(program: &Path, source: &Path, config: &Path, work: &Path) -> Result<String, String> {
    let repository = repository(source, config, work)?;
    let here = |words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).current_dir(&repository);
        command
    };
    let map = here(&["map", "--format", "json"]).output();
    let map = map.map_err(|error| format!("map: {error}"))?;
    let map: serde_json::Value =
        serde_json::from_slice(&map.stdout).map_err(|error| format!("map: {error}"))?;
    let objects: BTreeMap<&str, f64> = array(&map["clusters"])
        .filter_map(|cluster| Some((cluster["name"].as_str()?, cluster["objects"].as_f64()?)))
        .collect();
    let all: f64 = objects.values().sum();
    let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for placement in array(&map["placements"]) {
        let (Some(root), Some(cluster)) = (placement["root"].as_str(), placement["cluster"].as_str()) else {
            continue;
        };
        let clusters = seen.entry(root).or_default();
        if !clusters.contains(&cluster) && repository.join(root).join("kustomization.yaml").is_file() {
            clusters.push(cluster);
            *shares.entry(root).or_default() += objects.get(cluster).copied().unwrap_or_default() / all;
        }
    }
    let whole = mean(&mut here(&["check", "--staged"]), &[0, 1], TIMES)?.cpu;
    let mut text = format!(
        "\n| a kustomization of | clusters it reaches: share of all objects | `hook run pre-commit`: share of `check --staged` \
         ({whole:.2} CPU s) | more |\n|---|---|---|---|\n"
    );
    let step = (shares.len() / PICKS).max(1);
    for (root, share) in shares.iter().step_by(step) {
        let file = repository.join(root).join("kustomization.yaml");
        let before = crate::read(&file)?;
        write(&file, &format!("{before}\n# A comment.\n"))?;
        git(&repository, &["add", "--all"])?;
        // One that finds something says so, which costs more and is the point of a hook.
        let spent = mean(&mut here(&["hook", "run", "pre-commit"]), &[0], TIMES)?.cpu / whole;
        let _ = writeln!(
            text,
            "| `{root}` | {share:.2} | {spent:.2} | {:.2} |",
            spent - share
        );
        write(&file, &before)?;
        git(&repository, &["add", "--all"])?;
    }
    Ok(text)
}

fn array(value: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    value.as_array().into_iter().flatten()
}

fn git(repository: &Path, words: &[&str]) -> Result<Spent, String> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=bench", "-c", "user.email=bench@example.com"]);
    cpu_of(command.args(words).current_dir(repository), &[0])
}

/// A copy of `source` with its configuration, committed and packed, as a clone is.
fn repository(source: &Path, config: &Path, work: &Path) -> Result<PathBuf, String> {
    if work.exists() {
        std::fs::remove_dir_all(work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    let copied = Command::new("cp").arg("-r").arg(source).arg(work).status();
    if !copied.is_ok_and(|status| status.success()) {
        return Err(format!("{} cannot be copied", source.display()));
    }
    write(&work.join("deconflict.yaml"), &crate::read(config)?)?;
    git(work, &["init", "--quiet", "--initial-branch", "main", "."])?;
    git(work, &["add", "--all"])?;
    git(work, &["commit", "--quiet", "-m", "start"])?;
    git(work, &["repack", "-a", "-d", "--quiet"])?;
    Ok(work.to_owned())
}
