//! The documentation leads nowhere that is not there, and every rule has its page in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file that a reader meets.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for directory in ["", "docs", "docs/rules"] {
        for entry in std::fs::read_dir(top().join(directory)).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// The lines outside code blocks, code spans blanked.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks.len() >= open.len() => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                for (index, part) in line.split('`').enumerate() {
                    if index % 2 == 0 {
                        out.push_str(part);
                    } else {
                        out.push_str(&"_".repeat(part.len()));
                    }
                }
                out.push('\n');
            }
        }
    }
    out
}

/// The targets of links `[…](TARGET)` and pictures.
fn links(text: &str) -> Vec<String> {
    let targets = prose(text);
    let targets = targets
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of the headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if !fenced && title.len() < line.len() && title.starts_with(' ') {
            let kept = title.trim().to_lowercase().replace(' ', "-");
            anchors.insert(
                kept.chars()
                    .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
                    .collect(),
            );
        }
    }
    anchors
}

#[test]
fn no_link_is_dead() {
    let mut dead = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for link in links(&text) {
            seen += 1;
            // What is ours on the web is a file of this checkout.
            let ours = [
                "https://github.com/deconflict/deconflict/blob/main/",
                "https://raw.githubusercontent.com/deconflict/deconflict/main/",
            ];
            let local = ours
                .iter()
                .find_map(|address| link.strip_prefix(address))
                .map(|path| top().join(path));
            if local.is_none() && (link.starts_with("https://") || link.starts_with("http://")) {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = match local {
                Some(local) => local,
                None if path.is_empty() => page.clone(),
                None => page.parent().expect("a directory").join(path),
            };
            // A page of the book leads to pages of the book: what lies beside it is not published with it.
            let leaves = page.starts_with(top().join("docs"))
                && link.starts_with("../")
                && !page.starts_with(top().join("docs/rules"));
            let found = match std::fs::read_to_string(&file) {
                Ok(text) => anchor.is_empty() || anchors(&text).contains(anchor),
                Err(_) => file.exists() && anchor.is_empty(),
            };
            if !found || leaves {
                dead.push(format!(
                    "{}: {link}",
                    page.strip_prefix(top()).unwrap_or(&page).display()
                ));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
    assert!(seen > 250, "{seen}");
}

#[test]
fn every_rule_has_a_page_and_every_page_is_in_the_book() {
    let catalogue: Value =
        serde_json::from_str(&Sandbox::new("").run("rules --format json").stdout).expect("JSON");
    let rules = catalogue["rules"].as_array().expect("rules").iter();
    let mut want: BTreeSet<PathBuf> = rules
        .map(|rule| PathBuf::from(format!("rules/{}.md", rule["id"].as_str().expect("an id"))))
        .collect();
    assert!(want.len() > 100);
    let docs = top().join("docs");
    for page in pages() {
        if let Ok(page) = page.strip_prefix(&docs) {
            want.insert(page.to_path_buf());
        }
    }
    want.remove(Path::new("SUMMARY.md"));
    let summary = std::fs::read_to_string(docs.join("SUMMARY.md")).expect("a summary");
    let have: BTreeSet<PathBuf> = links(&summary).into_iter().map(PathBuf::from).collect();
    assert_eq!(have, want);
}
