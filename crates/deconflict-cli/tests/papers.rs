//! Completions, the manual page, `--timing`, and what is never written where nobody looks.

use std::path::Path;
use std::process::Command;

use crate::sandbox::Sandbox;

const COMMANDS: [&str; 11] = [
    "check",
    "render",
    "map",
    "diff",
    "explain",
    "rules",
    "init",
    "baseline",
    "hook",
    "completions",
    "man",
];

#[test]
fn every_shell_has_a_script_that_knows_every_command() {
    let sandbox = Sandbox::new("");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = sandbox.run(&format!("completions {shell}"));
        assert_eq!((ran.exit, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in COMMANDS.iter().chain(&["fail-on", "staged"]) {
            assert!(ran.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(sandbox.run("completions tcsh").exit, Some(2));
}

#[test]
fn bash_completes_commands_and_values() {
    if Command::new("bash").arg("--version").output().is_err() {
        println!("skipped: no bash");
        return;
    }
    let sandbox = Sandbox::new("");
    sandbox.write("script", sandbox.run("completions bash").stdout);
    let check = |words: &str, want: &str| {
        let script = format!(
            "source ./script; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _deconflict deconflict \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &script])
            .current_dir(sandbox.path(""))
            .output()
            .expect("bash starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), want, "{words}");
    };
    check("deconflict che", "check");
    check("deconflict check --fail-on w", "warning");
    check("deconflict baseline p", "prune");
}

#[test]
fn the_manual_names_every_command_and_flag() {
    let sandbox = Sandbox::new("");
    let ran = sandbox.run("man");
    assert_eq!((ran.exit, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains(".TH deconflict 1"), "{}", ran.stdout);
    let page = ran.stdout.replace("\\-", "-");
    for command in COMMANDS {
        assert!(
            page.contains(&format!("DECONFLICT {}", command.to_uppercase())),
            "{command}"
        );
    }
    let help = sandbox.run("check --help").stdout;
    let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
    for flag in flags.map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric())) {
        assert!(page.contains(&format!("--{flag}")), "{flag}");
    }
}

#[test]
fn timing_goes_to_standard_error_and_changes_no_report() {
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    let plain = sandbox.run("check . --format json -q");
    let timed = sandbox.run("check . --format json -q --timing");
    assert_eq!((plain.stdout, plain.exit), (timed.stdout, timed.exit));
    assert_eq!(plain.stderr, "");
    let steps = timed.stderr.strip_prefix("time: ").expect("a line").trim_end();
    let steps: Vec<&str> = steps.split(", ").collect();
    let names = ["read configuration ", "check ", "report "];
    assert_eq!(steps.len(), names.len(), "{steps:?}");
    for (step, name) in steps.iter().zip(names) {
        let time = step.strip_prefix(name).and_then(|time| time.strip_suffix(" ms"));
        assert!(time.is_some_and(|time| time.parse::<f64>().is_ok()), "{step}");
    }
}

/// Whatever the environment promises, a pipe is no terminal: no progress, and links only where somebody can follow them.
#[test]
fn a_pipe_gets_neither_links_nor_progress() {
    let sandbox = Sandbox::new("");
    sandbox.copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storefront"),
        "",
    );
    let output = sandbox
        .command("", &["check", ".", "--color", "always"])
        .env("TERM", "xterm-kitty")
        .env("FORCE_HYPERLINK", "1")
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("\u{1b}[31;1merror[") && !text.contains("\u{1b}]8"),
        "{text:?}"
    );
    assert!(output.stderr.is_empty());
}
