//! What the README shows is what the program prints.

use std::path::Path;

use crate::sandbox::Sandbox;

/// Regenerate with `UPDATE_README=1 cargo test --test cli readme`.
#[test]
fn the_output_in_the_readme_is_real() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(top.join("README.md")).expect("a README");
    let sandbox = Sandbox::new("").in_git();
    std::fs::create_dir_all(sandbox.path("examples/storefront")).expect("a directory");
    sandbox.copy(&top.join("examples/storefront"), "examples/storefront");
    let real = sandbox.run("check examples/storefront").stdout;

    const START: &str = "$ cargo run --release -- check examples/storefront\n";
    let (before, rest) = readme
        .split_once(START)
        .expect("the command stands in the README");
    let (shown, after) = rest.split_once("```").expect("a closing fence");
    if std::env::var_os("UPDATE_README").is_some() {
        let text = format!("{before}{START}{real}```{after}");
        std::fs::write(top.join("README.md"), text).expect("the README can be written");
        return;
    }
    assert_eq!(
        shown, real,
        "UPDATE_README=1 cargo test --test cli readme writes it anew"
    );
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
