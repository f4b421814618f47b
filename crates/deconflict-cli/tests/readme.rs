//! What the README shows is what the program prints.

use std::path::Path;

use crate::sandbox::Sandbox;

const COMMAND: &str = "check --only net-nodeport-taken,own-object-conflict";

/// Regenerate with `UPDATE_README=1 cargo test --test cli readme`.
#[test]
fn the_output_in_the_readme_is_real() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sandbox = Sandbox::new("").in_git();
    sandbox.copy(&top.join("examples/storefront"), "");
    let is_current = |path: &str, want: &str| {
        if std::env::var_os("UPDATE_README").is_some() {
            std::fs::write(top.join(path), want).expect("it can be written");
        }
        let have = std::fs::read_to_string(top.join(path)).unwrap_or_default();
        assert_eq!(
            have, want,
            "{path}: UPDATE_README=1 cargo test --test cli readme writes it anew"
        );
    };

    let readme = std::fs::read_to_string(top.join("README.md")).expect("a README");
    let start = format!("$ deconflict {COMMAND}\n");
    let (before, rest) = readme
        .split_once(&start)
        .expect("the command stands in the README");
    let (_, after) = rest.split_once("```").expect("a closing fence");
    let real = sandbox.run(COMMAND).stdout;
    is_current("README.md", &format!("{before}{start}{real}```{after}"));

    let colored = sandbox.run(&format!("{COMMAND} --color always")).stdout;
    let picture = anstyle_svg::Term::new()
        .palette(anstyle_svg::WIN10_CONSOLE)
        .render_svg(&format!("{start}{colored}"));
    is_current("docs/picture.svg", &picture);
}

#[test]
fn the_examples_are_what_they_say() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = |example: &str| {
        let sandbox = Sandbox::new("");
        sandbox.copy(&top.join("examples").join(example), "");
        let ran = sandbox.run("check . --format concise");
        let rule =
            |line: &str| -> Option<String> { Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()) };
        let mut rules: Vec<String> = ran.stdout.lines().filter_map(rule).collect();
        rules.sort();
        (ran.exit, rules)
    };
    let six = [
        "cap-quota-exceeded",
        "crd-owned-twice",
        "net-nodeport-taken",
        "own-object-conflict",
        "sid-port-reserved",
        "sto-pvc-shared",
    ];
    assert_eq!(rules("storefront"), (Some(1), six.map(str::to_owned).to_vec()));
    assert_eq!(rules("storefront-fixed"), (Some(0), Vec::new()));
}
