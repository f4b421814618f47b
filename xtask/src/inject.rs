//! `cargo xtask inject`: put collisions into a real repository and count which are found. The injector is a program in
//! Python, so that it cannot share code with the rules.

use std::path::Path;
use std::process::Command;

/// Run `xtask/injector/inject.py` over the checkout's build of the program.
pub(crate) fn run(top: &Path, options: &[&str]) -> Result<(), String> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet"])
        .current_dir(top)
        .status();
    if !built.map_err(|error| format!("cargo: {error}"))?.success() {
        return Err("the program does not build".to_owned());
    }
    let script = top.join("xtask/injector/inject.py");
    let status = Command::new("python3")
        .arg(script)
        .args(options)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(top)
        .status()
        .map_err(|error| format!("python3: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("more than one collision in a hundred is missed, or a near-miss is reported".to_owned())
    }
}
