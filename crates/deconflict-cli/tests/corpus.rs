//! Real repositories: what is found in them, and that a collision put into one is found at its lines. A new count is read
//! by a person before it is accepted: `UPDATE_CORPUS=1 cargo test --test cli corpus` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

pub(crate) const REPOSITORIES: [&str; 5] = [
    "alphagov__govuk-helm-charts",
    "fluxcd__flux2-kustomize-helm-example",
    "redhat-appstudio__infra-deployments",
    "tektoncd__plumbing",
    "wahooli__gitops-repo",
];

/// Where the repositories lie; `None`, said aloud, when they are not here.
pub(crate) fn shared() -> Option<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(|| top.join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus").canonicalize().ok();
    if corpus.is_none() {
        println!("skipped: no corpus at {}", shared.display());
    }
    corpus
}

pub(crate) fn check(sandbox: &Sandbox, corpus: &Path, repository: &str, directory: &str) -> Value {
    let config = corpus
        .join(format!("configs/{repository}.yaml"))
        .display()
        .to_string();
    let output = sandbox
        .command(
            directory,
            &["check", ".", "--config", &config, "--format", "json"],
        )
        .output()
        .expect("the program starts");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A commit over itself changes nothing: no rule about a change speaks, and everything else is old.
#[test]
fn nothing_is_new_where_nothing_changed() {
    let Some(corpus) = shared() else { return };
    let mut objects = 0;
    for repository in REPOSITORIES {
        let sandbox = Sandbox::new("");
        sandbox.copy(&corpus.join(repository), "");
        if !sandbox.init_git() {
            return;
        }
        sandbox.git("add --all --force");
        sandbox.commit("all");
        let config = corpus.join(format!("configs/{repository}.yaml"));
        let config = config.display().to_string();
        let line = format!("check . --rev HEAD --base HEAD --format json --config {config}");
        let ran = sandbox.run(&line);
        let report: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
        assert_eq!(report["findings"], Value::Array(Vec::new()), "{repository}");
        objects += report["summary"]["objects"].as_u64().unwrap_or_default();
        assert_eq!(ran.exit, Some(0), "{repository}: {}", ran.stderr);
    }
    assert!(objects > 1000, "{objects}");
}

#[test]
fn counts_per_rule() {
    let Some(corpus) = shared() else { return };
    let mut counts = String::new();
    for repository in REPOSITORIES {
        let sandbox = Sandbox::new("");
        sandbox.copy(&corpus.join(repository), "");
        let report = check(&sandbox, &corpus, repository, "");
        let _ = writeln!(
            counts,
            "{repository}: {} rendered",
            report["coverage"]["rendered"]
        );
        let mut by_rule: BTreeMap<(String, String), usize> = BTreeMap::new();
        for finding in report["findings"].as_array().expect("findings") {
            let (rule, severity) = (text(&finding["rule"]), text(&finding["severity"]));
            *by_rule.entry((rule.to_owned(), severity.to_owned())).or_default() += 1;
            // One repository has one object in two applications, and it is true.
            let known =
                repository == "wahooli__gitops-repo" && text(&finding["message"]).contains("external-dns");
            let collides = ["own-", "net-", "sto-"]
                .iter()
                .any(|family| rule.starts_with(family));
            assert!(
                severity != "error" || !collides || known,
                "{repository}: {finding:#}"
            );
        }
        for ((rule, severity), number) in by_rule {
            let _ = writeln!(counts, "  {rule} {severity} {number}");
        }
        assert_eq!(
            report["unfinished"].as_array().map(Vec::len),
            Some(0),
            "{repository}"
        );
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/deconflict-cli/tests/corpus/counts.txt");
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        std::fs::write(&file, counts).expect("the counts can be written");
        return;
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), counts);
}

/// Line of the first line of `text` that starts with `start`.
fn line_of(text: &str, start: &str) -> u64 {
    let at = text.lines().position(|line| line.starts_with(start));
    at.expect("the line is there") as u64 + 1
}

/// Copy the object in `object` into `root`, give both directories a Service with one node port, and expect both collisions
/// at their lines.
fn copied(repository: &str, object: &str, root: &str) {
    let Some(corpus) = shared() else { return };
    let sandbox = Sandbox::new("");
    sandbox.copy(&corpus.join(repository), "");
    let manifest = std::fs::read_to_string(sandbox.path(object)).expect("the object");
    let from = object.rsplit_once('/').expect("a directory").0;
    sandbox.write(&format!("{root}/copied.yaml"), &manifest);
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {name}\nspec:\n  type: NodePort\n  ports:\n    \
             - port: 80\n      nodePort: 31999\n"
        )
    };
    for (directory, name, files) in [
        (from, "one", &["port.yaml"][..]),
        (root, "two", &["port.yaml", "copied.yaml"][..]),
    ] {
        sandbox.write(&format!("{directory}/port.yaml"), service(name));
        let path = format!("{directory}/kustomization.yaml");
        let old = std::fs::read_to_string(sandbox.path(&path)).expect("a kustomization");
        // Both list styles of YAML: with and without indent.
        let (before, after) = old.split_once("resources:\n").expect("resources");
        let indent: String = after.chars().take_while(|c| *c == ' ').collect();
        let mut list = String::new();
        for file in files {
            let _ = writeln!(list, "{indent}- {file}");
        }
        sandbox.write(&path, format!("{before}resources:\n{list}{after}"));
    }
    let report = check(&sandbox, &corpus, repository, "");
    let at = |rule: &str, places: [(String, u64); 2]| {
        let findings = report["findings"].as_array().expect("findings");
        let place = |location: &Value| {
            (
                text(&location["path"]).to_owned(),
                location["line"].as_u64().unwrap_or_default(),
            )
        };
        let has = |finding: &&Value| {
            let related = finding["related"].as_array().into_iter().flatten();
            let mut all: Vec<(String, u64)> = related.map(|side| place(&side["location"])).collect();
            all.push(place(&finding["location"]));
            text(&finding["rule"]).starts_with(rule) && places.iter().all(|place| all.contains(place))
        };
        let found = findings.iter().find(has);
        assert!(found.is_some(), "{repository}: no {rule} at {places:?}");
    };
    let name = line_of(&manifest, "  name:");
    at(
        "own-object-",
        [(object.to_owned(), name), (format!("{root}/copied.yaml"), name)],
    );
    at(
        "net-nodeport-taken",
        [
            (format!("{from}/port.yaml"), 10),
            (format!("{root}/port.yaml"), 10),
        ],
    );
}

#[test]
fn a_copied_object_and_node_port_are_found() {
    copied(
        "redhat-appstudio__infra-deployments",
        "components/monitoring/prometheus/development/cluster-monitoring-config.yaml",
        "components/monitoring/tracing/tempo/development",
    );
    copied(
        "wahooli__gitops-repo",
        "infrastructure/kube-dns/nas/kube-dns-tpi.yaml",
        "infrastructure/logging/nas",
    );
    copied(
        "fluxcd__flux2-kustomize-helm-example",
        "infrastructure/configs/cluster-issuers.yaml",
        "apps/production",
    );
}
