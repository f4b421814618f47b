use std::path::PathBuf;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_yaml::Library;

use super::read::problems;
use crate::find;
use crate::schema::{Key, Shape, TOP};

/// Rules that the documentation's examples name.
const RULES: [&str; 4] = [
    "cap-quota-exceeded",
    "lay-unknown-layout",
    "net-nodeport-taken",
    "sto-pvc-shared",
];

#[expect(clippy::disallowed_methods, reason = "the page lies in the checkout")]
fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    std::fs::read_to_string(path).unwrap()
}

/// The YAML examples of the page.
fn examples(page: &str) -> Vec<&str> {
    let fenced = page.split("```yaml\n").skip(1);
    fenced
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect()
}

#[test]
fn examples_of_the_documentation_are_read() {
    let page = page();
    let whole: Vec<&str> = examples(&page)
        .into_iter()
        .filter(|example| example.contains("version: 1"))
        .collect();
    assert_eq!(whole.len(), 2);
    for example in whole {
        let snapshot = Arc::new(MemoryTree::new().file("deconflict.yaml", example).snapshot());
        let files = Arc::new(Files::new());
        let library = Library::new(snapshot, Arc::clone(&files));
        let found = find(&library, &RepoPath::top(), &RULES);
        assert_eq!(problems(&found, &files), "");
    }
}

/// All keys, however deep.
fn keys(keys: &'static [Key], into: &mut Vec<&'static str>) {
    for key in keys {
        into.push(key.name);
        shape(&key.shape, into);
    }
}

fn shape(of: &'static Shape, into: &mut Vec<&'static str>) {
    match of {
        Shape::Map(below) | Shape::TextOrMap(_, below) => keys(below, into),
        Shape::List(item) | Shape::Table(item) => shape(item, into),
        Shape::Text(_) | Shape::Count | Shape::FormVersion | Shape::Rules | Shape::Any => {}
    }
}

#[test]
fn every_key_is_documented_and_shown() {
    let page = page();
    let table = crate::reference();
    let shown = examples(&page).concat();
    let mut names = Vec::new();
    keys(TOP, &mut names);
    assert!(names.len() > 30);
    for name in names {
        let is_documented = [format!("`{name}`"), format!(".{name}`")]
            .iter()
            .any(|text| table.contains(text));
        assert!(is_documented, "{name} is not in the table");
        assert!(shown.contains(&format!("{name}:")), "{name} is in no example");
    }
}
