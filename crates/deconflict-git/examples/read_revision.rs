//! `read_revision DIR REV` reads every file of a commit and does nothing with it: what `cargo xtask bench --git` holds
//! against `git cat-file --batch`.

use std::error::Error;
use std::path::Path;

use deconflict_git::{Environment, Source, discover, open};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [directory, revision] = words.as_slice() else {
        return Err("read_revision DIR REV".into());
    };
    let location = discover(Path::new(directory), &Environment::of_process())?;
    let snapshot = open(&location, &Source::Revision(revision.clone()))?.snapshot;
    for path in snapshot.files() {
        snapshot.read(&path).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}
