//! Who deploys what where in real repositories: the join over all applications of a cluster finds what was looked at by
//! hand, and neither the place of the repository nor a missing configuration changes what is there.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::corpus::{REPOSITORIES, check, shared, text};
use crate::sandbox::Sandbox;

const INFRA: &str = "redhat-appstudio__infra-deployments";

/// Cluster, group, kind, namespace, name.
type Key = [String; 5];

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

fn key(cluster: &Value, object: &Value) -> Key {
    let part = |name: &str| text(&object[name]).to_owned();
    [
        text(cluster).to_owned(),
        part("group"),
        part("kind"),
        part("namespace"),
        part("name"),
    ]
}

/// Objects that two applications deploy into one cluster, with those applications, as far as `certainty` goes.
fn joined(report: &Value, certainty: &str) -> BTreeSet<(Key, BTreeSet<String>)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let doubles = findings.filter(|finding| {
        let rule = text(&finding["rule"]);
        matches!(
            rule,
            "own-object-conflict"
                | "own-object-duplicate"
                | "own-object-alias"
                | "own-namespace-conflict"
                | "crd-owned-twice"
        ) && text(&finding["certainty"]) == certainty
    });
    let mut found = BTreeSet::new();
    for finding in doubles {
        let objects = finding["objects"].as_array().expect("objects");
        let apps: BTreeSet<String> = objects
            .iter()
            .map(|object| text(&object["app"]).to_owned())
            .collect();
        for seen in finding["seen_in"].as_array().expect("seen") {
            found.insert((key(&seen["cluster"], &objects[0]), apps.clone()));
        }
    }
    found
}

fn report(corpus: &Path, repository: &str) -> Value {
    let sandbox = Sandbox::new("");
    sandbox.copy(&corpus.join(repository), "");
    check(&sandbox, corpus, repository, "")
}

#[test]
fn the_join_finds_the_known_duplicates_and_nothing_else() {
    let Some(corpus) = shared() else { return };
    for repository in REPOSITORIES {
        let report = report(&corpus, repository);
        let known = read(&corpus.join(format!("placements/{repository}.duplicates.json")));
        let mut want = BTreeSet::new();
        for double in known["duplicates"].as_array().expect("duplicates") {
            let owners = double["owners"].as_array().expect("owners").iter();
            let apps = owners.map(|owner| text(&owner["app"]).to_owned()).collect();
            want.insert((key(&double["cluster"], double), apps));
        }
        assert_eq!(joined(&report, "witnessed"), want, "{repository}");
        let possible = joined(&report, "possible").into_iter().map(|(key, _)| key);
        let mut hidden = BTreeSet::new();
        if repository == INFRA {
            let known = read(&corpus.join(format!("placements/{repository}.partial.json")));
            for hit in known["hits"].as_array().expect("hits") {
                for cluster in hit["clusters"].as_array().expect("clusters") {
                    // Equal Namespaces of two applications collide with nothing (`own-namespace-conflict`).
                    if text(&hit["kind"]) != "Namespace" {
                        hidden.insert(key(cluster, hit));
                    }
                }
            }
            assert!(hidden.len() > 200, "{} hidden doubles", hidden.len());
        }
        assert_eq!(possible.collect::<BTreeSet<Key>>(), hidden, "{repository}");
    }
}

/// What the program prints as JSON, with paths from `moved` on.
fn printed(sandbox: &Sandbox, directory: &str, words: &[&str]) -> Value {
    let output = sandbox
        .command(directory, words)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let text = if directory.is_empty() {
        text.into_owned()
    } else {
        text.replace(&format!("{directory}/"), "").replace(directory, ".")
    };
    let mut value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    drop_fingerprints(&mut value);
    value
}

/// A fingerprint names the application, and that of a plain root is its path.
fn drop_fingerprints(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("fingerprint");
            fields.values_mut().for_each(drop_fingerprints);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_fingerprints),
        _ => {}
    }
}

#[test]
fn a_repository_below_a_directory_differs_in_paths_only() {
    let Some(corpus) = shared() else { return };
    let config = std::fs::read(corpus.join(format!("configs/{INFRA}.yaml"))).expect("a configuration");
    let at = |directory: &str| {
        let sandbox = Sandbox::new("").in_git();
        sandbox.copy(&corpus.join(INFRA), directory);
        let prefix = if directory.is_empty() { "" } else { "/" };
        sandbox.write(&format!("{directory}{prefix}deconflict.yaml"), &config);
        ["map", "check"].map(|command| printed(&sandbox, directory, &[command, ".", "--format", "json"]))
    };
    let [map, check] = at("");
    let [moved_map, moved_check] = at("moved-elsewhere");
    assert!(map == moved_map, "the placements differ");
    let list = |report: &Value| report["findings"].as_array().cloned().unwrap_or_default();
    for (one, other) in list(&check).iter().zip(&list(&moved_check)) {
        assert_eq!(one, other);
    }
    assert!(check == moved_check, "the reports differ");
}

#[test]
fn without_a_configuration_every_root_is_there() {
    let Some(corpus) = shared() else { return };
    for repository in REPOSITORIES {
        let sandbox = Sandbox::new("");
        sandbox.copy(&corpus.join(repository), "");
        let map = printed(&sandbox, "", &["map", ".", "--isolated", "--format", "json"]);
        let placements = map["placements"].as_array().expect("placements");
        let root = |row: &Value| (text(&row["engine"]).to_owned(), text(&row["root"]).to_owned());
        let found: BTreeSet<(String, String)> = placements.iter().map(root).collect();
        let rows = std::fs::read_to_string(corpus.join(format!("placements/{repository}.jsonl")));
        for row in rows.expect("rows").lines() {
            let row: Value = serde_json::from_str(row).expect("JSON");
            // The Applications of one repository stand in templates of a chart.
            let is_here = row["sure"] == true && row["repo"] == "self" && !row["root"].is_null();
            if is_here && !repository.starts_with("alphagov") {
                assert!(found.contains(&root(&row)), "{repository}: {row}");
            }
        }
        // Every cluster generator is evaluated for the clusters that its own lists name, and once for the others.
        let copies = placements
            .iter()
            .filter(|row| text(&row["app"]).starts_with("openshift-gitops/disable-csvcopy"));
        assert!(copies.count() <= 1, "{repository}");
        if repository == INFRA {
            assert!(placements.iter().all(|row| row["cluster"].is_null()));
        }
    }
}
