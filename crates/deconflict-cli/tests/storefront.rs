//! The example in every format, as it is in `storefront/`: what a reader meets is read before it changes.

use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Regenerate with `UPDATE_STOREFRONT=1 cargo test --test cli storefront`, and read the difference.
#[test]
fn the_example_in_every_format() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sandbox = Sandbox::new("");
    sandbox.copy(&top.join("examples/storefront"), "");
    let check = |file: &str, text: &str| {
        let path = top.join("crates/deconflict-cli/tests/storefront").join(file);
        if std::env::var_os("UPDATE_STOREFRONT").is_some() {
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(&path, text).expect("it can be written");
        }
        let have = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            have, text,
            "{file}: UPDATE_STOREFRONT=1 cargo test --test cli storefront writes it anew"
        );
    };
    let report = |format: &str| sandbox.run(&format!("check . --format {format}")).stdout;
    check("human.txt", &report("human"));
    check("concise.txt", &report("concise"));
    check("report.json", &report("json"));
    check("github.txt", &report("github"));
    check("gitlab.json", &report("gitlab"));
    check("junit.xml", &report("junit"));
    check("comment.md", &report("markdown"));

    // Without the rules' pages, which lie in docs/rules.
    let mut log: Value = serde_json::from_str(&report("sarif")).expect("JSON");
    for rule in log["runs"][0]["tool"]["driver"]["rules"]
        .as_array_mut()
        .expect("rules")
    {
        let rule = rule.as_object_mut().expect("a rule");
        for page in ["shortDescription", "fullDescription", "help"] {
            assert!(rule.remove(page).is_some(), "{page}");
        }
    }
    let log = serde_json::to_string_pretty(&log).expect("memory");
    check("report.sarif", &format!("{log}\n"));

    let ascii = sandbox.command("", &["check", "."]).env("TERM", "dumb").output();
    check(
        "ascii.txt",
        &String::from_utf8_lossy(&ascii.expect("the program starts").stdout),
    );
}
