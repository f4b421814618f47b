//! `cargo xtask fuzz TARGET`: random changes of known inputs, on the stable compiler. What panics, hangs or breaks an
//! invariant is kept under `target/fuzz/` as a fixture, to become a test.

mod mutate;
mod patches;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mutate::Dice;
use seeds::Tree;

/// A case that takes longer is a hang.
const HANG: Duration = Duration::from_secs(120);
/// A case that takes longer is kept as slow; an unoptimised build takes some 30 times longer than the program.
const SLOW: Duration = Duration::from_secs(20);

/// The case that runs, for whoever notices that it never ends.
type Current = Arc<Mutex<(Instant, String)>>;

/// Run for some minutes, by default one. The seed makes a run repeatable; it is printed.
pub(crate) fn run(top: &Path, words: &[&str]) -> Result<(), String> {
    let (target, minutes, seed) = arguments(words)?;
    let trees = seeds::collect(top, target)?;
    let mut dice = Dice::new(seed);
    let dictionary = seeds::dictionary(&trees);
    let kept = top.join("target/fuzz");
    std::fs::create_dir_all(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    let current: Current = Arc::new(Mutex::new((Instant::now(), String::new())));
    watch(Arc::clone(&current), kept.clone());
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "fuzz {target}: {} seeds, {minutes} minutes, --seed {seed}",
        trees.len()
    );
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let (mut cases, mut found) = (0_u64, 0);
    while Instant::now() < until {
        let mut tree: Tree = dice.choose(&trees).clone();
        for _ in 0..=dice.below(4) {
            mutate::change(&mut tree, &trees, &dictionary, &mut dice);
        }
        let started = Instant::now();
        *current.lock().unwrap_or_else(PoisonError::into_inner) = (started, tree.fixture());
        let outcome = catch_unwind(AssertUnwindSafe(|| targets::run(target, &tree)));
        cases += 1;
        let trouble = match outcome {
            Err(panic) => Some(format!("panic: {}", words_of(panic.as_ref()))),
            Ok(Err(broken)) => Some(broken),
            Ok(Ok(())) if started.elapsed() > SLOW => Some(format!("slow: {:?}", started.elapsed())),
            Ok(Ok(())) => None,
        };
        if let Some(trouble) = trouble {
            found += 1;
            println!(
                "{trouble}\n  kept as {}",
                keep(&kept, target, seed, cases, &tree.fixture()).display()
            );
        }
    }
    println!("fuzz {target}: {cases} cases, {found} finds");
    if found > 0 {
        Err(format!("fuzz {target}: {found} finds"))
    } else {
        Ok(())
    }
}

fn arguments<'w>(words: &[&'w str]) -> Result<(&'w str, u64, u64), String> {
    let usage = || {
        format!(
            "usage: cargo xtask fuzz {} [--minutes N] [--seed N]",
            targets::NAMES.join("|")
        )
    };
    let (target, mut rest) = words.split_first().ok_or_else(usage)?;
    if !targets::NAMES.contains(target) {
        return Err(usage());
    }
    let (mut minutes, mut seed) = (1, u64::from(std::process::id()));
    while let [name, value, tail @ ..] = rest {
        let number = value.parse().map_err(|_| usage())?;
        match *name {
            "--minutes" => minutes = number,
            "--seed" => seed = number,
            _ => return Err(usage()),
        }
        rest = tail;
    }
    if rest.is_empty() {
        Ok((target, minutes, seed))
    } else {
        Err(usage())
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

fn keep(directory: &Path, target: &str, seed: u64, case: u64, fixture: &str) -> PathBuf {
    let path = directory.join(format!("{target}-{seed}-{case}.txt"));
    if let Err(error) = std::fs::write(&path, fixture) {
        println!("{}: {error}", path.display());
    }
    path
}

/// End the run when one case never ends.
#[expect(clippy::exit, reason = "the thread that hangs cannot be ended otherwise")]
fn watch(current: Current, kept: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (started, fixture) = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if started.elapsed() > HANG {
                let path = keep(&kept, "hang", u64::from(std::process::id()), 0, &fixture);
                println!("hang\n  kept as {}", path.display());
                std::process::exit(1);
            }
        }
    });
}
