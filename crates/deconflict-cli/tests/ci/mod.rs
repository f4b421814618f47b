//! The shell parts of `action.yml` and of the template for GitLab, run here as a runner would, against a local release.

mod action;
mod gitlab;
mod workflows;

use std::path::Path;
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

use crate::sandbox::Sandbox;

const ARCHIVE: &str = "deconflict-v0.1.0-x86_64-unknown-linux-musl.tar.gz";

/// The checkout.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents of a YAML file of the checkout.
fn yaml(path: &str) -> Vec<Yaml> {
    let text = std::fs::read_to_string(top().join(path)).expect(path);
    YamlLoader::load_from_str(&text).expect(path)
}

/// A workspace `repo/` with the example that collides, and a release in `releases/` whose program is ours.
fn workspace(program: &str) -> Sandbox {
    let sandbox = Sandbox::new("");
    std::fs::create_dir_all(sandbox.path("repo")).expect("a directory");
    sandbox.copy(&top().join("examples/storefront"), "repo");
    sandbox.write("program/deconflict", format!("#!/bin/sh\n{program}\n"));
    let script = format!(
        "chmod +x program/deconflict && mkdir -p releases/v0.1.0 && cd releases/v0.1.0 \
         && tar -czf {ARCHIVE} -C ../../program deconflict && sha256sum {ARCHIVE} > SHA256SUMS"
    );
    bash(&sandbox, "", &script, &[]);
    sandbox
}

/// The program under test.
fn ours() -> String {
    format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_deconflict"))
}

/// Run a script in a clean environment; it must succeed.
fn bash(sandbox: &Sandbox, directory: &str, script: &str, variables: &[(&str, String)]) -> String {
    let output = shell("bash", sandbox, directory, script, variables);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn shell(
    shell: &str,
    sandbox: &Sandbox,
    directory: &str,
    script: &str,
    variables: &[(&str, String)],
) -> Output {
    let mut command = Command::new(shell);
    command
        .args(["-e", "-c", script])
        .current_dir(sandbox.path(directory))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", sandbox.path(""))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", sandbox.path(""));
    for name in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{name}_NAME"), "a");
        command.env(format!("GIT_{name}_EMAIL"), "a@example.com");
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    command.output().expect("a shell")
}
