//! What finding who deploys what costs, against rendering it: instructions of one thread, because both are parts of one run
//! and a clock cannot tell them apart.

use std::path::Path;
use std::process::Command;

use super::REPOSITORY;
use super::measure::instructions;

/// Following engine objects until nothing new appears, and putting the placements together at the end. Reading the files
/// is not part of it.
const FIXPOINT: [&str; 3] = [
    "deconflict_placement::plan::Plan::next*",
    "deconflict_placement::plan::Plan::feed*",
    "*deconflict_placement::plan::Plan>::finish*",
];
const RENDERING: [&str; 1] = ["*deconflict_placement::root::Root>::render*"];

/// Measure `map` of the repository with 138 ApplicationSets, its clusters configured, and give the table.
pub(super) fn table(valgrind: &Path, program: &Path, shared: &Path) -> Result<String, String> {
    let repository = shared.join(REPOSITORY);
    let name = repository.file_name().unwrap_or_default().to_string_lossy();
    let config = shared.join(format!("corpus/configs/{name}.yaml"));
    let count = |functions: &[&str]| {
        let mut command = Command::new(program);
        command.arg("map").arg(&repository).arg("--config").arg(&config);
        command.args(["--threads", "1", "--format", "json"]);
        command.env(
            "GIT_CEILING_DIRECTORIES",
            repository.parent().unwrap_or(&repository),
        );
        instructions(valgrind, functions, &mut command)
    };
    let (fixpoint, rendering) = (count(&FIXPOINT)?, count(&RENDERING)?);
    Ok(format!(
        "\n| `map` of infra-deployments, one thread | instructions | of rendering |\n|---|---|---|\n| rendering every root | {:.2} \
         billion | 1.00 |\n| finding who deploys what, 138 ApplicationSets | {:.2} billion | {:.2} |\n",
        rendering / 1e9,
        fixpoint / 1e9,
        fixpoint / rendering.max(1.0)
    ))
}
