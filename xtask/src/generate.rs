//! `cargo xtask generate`: the rule table and a page per rule, from the rules' own words, and the JSON
//! schemas of the configuration and of what programs read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use deconflict_findings::RuleMeta;

const NOTICE: &str =
    "<!-- Written by `cargo xtask generate` from the rules' doc comments; do not edit. -->\n\n";

/// Write every generated file and remove pages of rules that are gone.
pub(crate) fn write(top: &Path) -> Result<(), String> {
    let wanted = wanted();
    for (path, text) in &wanted {
        let path = top.join(path);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    for path in left_over(top, &wanted) {
        std::fs::remove_file(top.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("generate: {} files", wanted.len());
    Ok(())
}

/// Generated files that are not what the code would write.
pub(crate) fn stale(top: &Path) -> Vec<String> {
    let wanted = wanted();
    let mut failures: Vec<String> = wanted
        .iter()
        .filter(|(path, text)| std::fs::read_to_string(top.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| format!("{}: out of date; run `cargo xtask generate`", path.display()))
        .collect();
    let gone = left_over(top, &wanted);
    failures.extend(
        gone.iter()
            .map(|path| format!("{}: no rule has this page", path.display())),
    );
    failures
}

fn left_over(top: &Path, wanted: &BTreeMap<PathBuf, String>) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(top.join("docs/rules"))
        .into_iter()
        .flatten()
        .flatten();
    let mut paths: Vec<PathBuf> = listed
        .map(|entry| Path::new("docs/rules").join(entry.file_name()))
        .collect();
    paths.retain(|path| !wanted.contains_key(path));
    paths.sort();
    paths
}

fn wanted() -> BTreeMap<PathBuf, String> {
    let mut rules: Vec<&'static RuleMeta> = deconflict_check::rules();
    rules.sort_by_key(|rule| rule.id);
    let mut files: BTreeMap<PathBuf, String> = rules
        .iter()
        .map(|rule| {
            let page = format!("{NOTICE}{}", deconflict_report::rule_page(rule));
            (PathBuf::from(format!("docs/rules/{}.md", rule.id)), page)
        })
        .collect();
    files.insert(PathBuf::from("docs/rules.md"), table(&rules));
    files.insert(PathBuf::from("docs/SUMMARY.md"), summary(&rules));
    let keys = deconflict_config::reference();
    files.insert(
        PathBuf::from("docs/configuration-keys.md"),
        format!("{NOTICE}{keys}"),
    );
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    let schema = deconflict_config::json_schema(&ids);
    files.insert(PathBuf::from("schemas/deconflict.schema.json"), schema);
    for (name, text) in deconflict_report::schemas() {
        files.insert(Path::new("schemas").join(name), text);
    }
    files
}

/// The book's table of contents. mdBook reads nothing else than a list, so the notice stands in no comment.
fn summary(rules: &[&RuleMeta]) -> String {
    let mut text = "# Summary\n\n".to_owned();
    for (title, page) in [
        ("deconflict", "README"),
        ("Start in five minutes", "start"),
        ("Concepts", "concepts"),
    ] {
        let _ = writeln!(text, "- [{title}]({page}.md)");
    }
    text.push_str("- [Rules](rules.md)\n");
    for rule in rules {
        let _ = writeln!(text, "  - [{id}](rules/{id}.md)", id = rule.id);
    }
    for (title, page) in [
        ("Configuration", "configuration"),
        ("Every key", "configuration-keys"),
        ("Command line", "command-line"),
        ("What a change does", "diff"),
        ("In CI and in hooks", "ci"),
        ("Hooks", "hooks"),
        ("Beside other tools", "comparison"),
        ("What is not checked", "limits"),
        ("Claims as a file", "claims"),
        ("Performance", "performance"),
        ("Accuracy", "accuracy"),
        ("Security", "security"),
    ] {
        let _ = writeln!(text, "- [{title}]({page}.md)");
    }
    text
}

fn table(rules: &[&RuleMeta]) -> String {
    let mut text = format!(
        "{NOTICE}# Rules\n\nSeverities are for two sides of different teams; within one team a rule \
         about two applications is one step lower, and what is only possible is `info`.\n\
         `deconflict explain RULE` shows a page in the terminal.\n"
    );
    let mut family = "";
    for rule in rules {
        if rule.family() != family {
            family = rule.family();
            let _ = write!(
                text,
                "\n## {family}\n\n| rule | severity | fires when |\n|---|---|---|\n"
            );
        }
        let off = if rule.default_on { "" } else { " (off)" };
        let summary = rule.summary.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| [`{id}`](rules/{id}.md) | {}{off} | {summary} |",
            rule.severity.word(),
            id = rule.id
        );
    }
    text
}
