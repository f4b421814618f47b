//! `cargo xtask bench`: CPU seconds and memory side by side with `kubectl kustomize`, in the same run, because clocks on
//! shared machines lie and ratios do not.

mod claims;
mod fixpoint;
mod fleet;
mod git;
mod hook;
mod inputs;
mod measure;
mod validation;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Spent, cpu_of, instructions};

const BEGIN: &str = "<!-- bench: written by `cargo xtask bench --write` -->\n";
const END: &str = "<!-- end of bench -->\n";

/// The repository of row (c): the one of the shared data whose kustomizations build offline.
const REPOSITORY: &str = "corpus/redhat-appstudio__infra-deployments";

/// Measure and print the table; `--write` puts it into docs/performance.md, `--quick` leaves out the slow rows;
/// `--validation` measures what the API server would say and nothing else, `--git` what reading from Git costs, `--hook`
/// what a hook costs, `--claims` what claims and joins cost, `--fixpoint` what finding who deploys what costs.
pub(crate) fn run(top: &Path, options: &[&str]) -> Result<(), String> {
    let (mut write, mut quick) = (false, false);
    for option in options {
        match *option {
            "--write" => write = true,
            "--quick" => quick = true,
            "--validation" => {
                println!("{}", validation::table(top, &build(top)?, 10_000)?);
                return Ok(());
            }
            "--git" => {
                println!("{}", git::table(top, &build(top)?)?);
                return Ok(());
            }
            "--hook" => {
                println!("{}", hooks(top, &build(top)?)?);
                return Ok(());
            }
            "--claims" => {
                println!("{}", joins(&build(top)?, &top.join("target/bench"))?);
                return Ok(());
            }
            "--fixpoint" => {
                println!("{}", fixpoint_table(top, &build(top)?)?);
                return Ok(());
            }
            other => return Err(format!("bench: no option {other}")),
        }
    }
    let program = build(top)?;
    let kubectl = which("kubectl");
    if kubectl.is_none() {
        println!("bench: kubectl is not installed, so there is nothing to compare with");
    }
    let mut rows = vec![
        "| what | deconflict, CPU s | kubectl kustomize, CPU s | times less | peak memory |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    // Before kubectl runs: the peak of children is the largest one so far.
    let shared = shared(top);
    let whole = shared
        .as_ref()
        .map(|shared| repository(&program, &shared.join(REPOSITORY)))
        .transpose()?;
    if whole.is_none() {
        println!("bench: no shared directory, so no row for a whole repository");
    }
    let work = top.join("target/bench");
    rows.push(overlay(
        "`render` of a tiny overlay (3 objects)",
        &program,
        kubectl.as_deref(),
        &work,
        1,
        20,
    )?);
    if !quick {
        rows.push(overlay(
            "`render` of 2,000 objects with an overlay",
            &program,
            kubectl.as_deref(),
            &work,
            2000,
            1,
        )?);
    }
    if let (Some(shared), Some(whole)) = (&shared, whole) {
        let against = match (&kubectl, quick) {
            (Some(kubectl), false) => Some(every_root(kubectl, &shared.join(REPOSITORY))?),
            _ => None,
        };
        for (name, spent) in whole {
            rows.push(row(&name, &spent, against.as_ref()));
        }
    }
    let mut text = rows.join("\n") + "\n";
    if !quick {
        text.push_str(&validation::table(top, &program, 10_000)?);
        text.push_str(&git::table(top, &program)?);
        text.push_str(&hooks(top, &program)?);
        text.push_str(&fixpoint_table(top, &program)?);
        text.push_str(&doublings(&program, &work)?);
        text.push_str(&joins(&program, &work)?);
    }
    println!("{text}");
    if write {
        put(&top.join("docs/performance.md"), &text)
    } else {
        Ok(())
    }
}

/// Nothing without the shared directory.
fn hooks(top: &Path, program: &Path) -> Result<String, String> {
    let Some(shared) = shared(top) else {
        return Ok(String::new());
    };
    let name = REPOSITORY.rsplit('/').next().unwrap_or_default();
    let config = shared.join(format!("corpus/configs/{name}.yaml"));
    hook::table(
        program,
        &shared.join(REPOSITORY),
        &config,
        &top.join("target/bench/hook"),
    )
}

fn build(top: &Path) -> Result<PathBuf, String> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet"])
        .current_dir(top)
        .status();
    if !status.map_err(|error| format!("cargo build: {error}"))?.success() {
        return Err("cargo build --release failed".to_owned());
    }
    Ok(target(top).join("release/deconflict"))
}

/// Where cargo builds.
fn target(top: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from)
}

fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

fn shared(top: &Path) -> Option<PathBuf> {
    let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(|| top.join("../shared"), PathBuf::from);
    let shared = shared.canonicalize().ok()?;
    shared.join(REPOSITORY).is_dir().then_some(shared)
}

fn overlay(
    name: &str,
    program: &Path,
    kubectl: Option<&Path>,
    work: &Path,
    objects: usize,
    times: u32,
) -> Result<String, String> {
    let overlay = inputs::overlay(&work.join(objects.to_string()), objects)?;
    let (mut ours, mut theirs) = (Spent::default(), Spent::default());
    for _ in 0..times {
        ours += cpu_of(Command::new(program).arg("render").arg(&overlay), &[0])?;
        if let Some(kubectl) = kubectl {
            theirs += cpu_of(Command::new(kubectl).arg("kustomize").arg(&overlay), &[0])?;
        }
    }
    Ok(row(
        name,
        &ours.over(times),
        kubectl.map(|_| theirs.over(times)).as_ref(),
    ))
}

/// One whole check, all rules, and one with rendering errors only.
fn repository(program: &Path, repository: &Path) -> Result<Vec<(String, Spent)>, String> {
    let mut rows = Vec::new();
    for (name, options) in [
        ("`check` of infra-deployments", &[][..]),
        (
            "the same, `--only kus-build-error`",
            &["--only", "kus-build-error"],
        ),
    ] {
        let mut best: Option<Spent> = None;
        for _ in 0..3 {
            let mut command = Command::new(program);
            command
                .arg("check")
                .arg(repository)
                .args(["--format", "concise"])
                .args(options);
            command.env(
                "GIT_CEILING_DIRECTORIES",
                repository.parent().unwrap_or(repository),
            );
            let spent = cpu_of(&mut command, &[0, 1])?;
            if best.as_ref().is_none_or(|best| spent.cpu < best.cpu) {
                best = Some(spent);
            }
        }
        rows.extend(best.map(|best| (name.to_owned(), best)));
    }
    Ok(rows)
}

/// `kubectl kustomize` once for every root that builds.
fn every_root(kubectl: &Path, repository: &Path) -> Result<Spent, String> {
    let goldens = crate::read(&repository.join("goldens.tsv"))?;
    let mut spent = Spent::default();
    for line in goldens.lines() {
        let mut cells = line.split('\t');
        if let (Some(root), Some("ok")) = (cells.next(), cells.next()) {
            spent += cpu_of(
                Command::new(kubectl)
                    .args(["kustomize", root])
                    .current_dir(repository),
                &[0, 1],
            )?;
        }
    }
    Ok(spent)
}

/// Instructions of `render` while the number of objects doubles; a growth above 2.2 is more than linear.
fn doublings(program: &Path, work: &Path) -> Result<String, String> {
    let Some(valgrind) = which("valgrind") else {
        return Ok("\nvalgrind is not installed, so instructions were not counted.\n".to_owned());
    };
    let mut text = "\n| objects | instructions of `render` | growth |\n|---|---|---|\n".to_owned();
    let mut before: Option<f64> = None;
    for objects in [1250, 2500, 5000, 10_000, 20_000] {
        let overlay = inputs::overlay(&work.join(objects.to_string()), objects)?;
        let count = instructions(&valgrind, &[], Command::new(program).arg("render").arg(&overlay))?;
        let growth = before.map_or_else(|| "–".to_owned(), |before| format!("{:.2}", count / before));
        let _ = writeln!(text, "| {objects} | {:.2} billion | {growth} |", count / 1e9);
        before = Some(count);
    }
    Ok(text)
}

/// Instructions of claims and joins while the number of objects doubles.
fn joins(program: &Path, work: &Path) -> Result<String, String> {
    match which("valgrind") {
        Some(valgrind) => claims::table(&valgrind, program, work, 100_000),
        None => Ok("\nvalgrind is not installed, so instructions were not counted.\n".to_owned()),
    }
}

fn fixpoint_table(top: &Path, program: &Path) -> Result<String, String> {
    let (Some(valgrind), Some(shared)) = (which("valgrind"), shared(top)) else {
        return Ok(
            "\nvalgrind or the shared directory is missing, so the fixpoint was not measured.\n".to_owned(),
        );
    };
    fixpoint::table(&valgrind, program, &shared)
}

fn row(name: &str, ours: &Spent, theirs: Option<&Spent>) -> String {
    let (cpu, ratio) = theirs.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |theirs| {
            (
                format!("{:.3}", theirs.cpu),
                format!("{:.0}", theirs.cpu / ours.cpu.max(1e-6)),
            )
        },
    );
    let memory = ours
        .peak
        .map_or_else(|| "–".to_owned(), |peak| format!("{} MB", peak / 1_000_000));
    format!("| {name} | {:.4} | {cpu} | {ratio} | {memory} |", ours.cpu)
}

fn put(path: &Path, table: &str) -> Result<(), String> {
    let text = crate::read(path)?;
    let (head, rest) = text
        .split_once(BEGIN)
        .ok_or("docs/performance.md: the place for the table is missing")?;
    let (_, tail) = rest
        .split_once(END)
        .ok_or("docs/performance.md: the end of the table is missing")?;
    let text = format!("{head}{BEGIN}\n{table}\n{END}{tail}");
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
