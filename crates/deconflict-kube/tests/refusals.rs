//! One-mutation manifests with the API server's verdict: what it refuses is refused here, at the line to edit, and what
//! it accepts is accepted. The data lies outside of the repository; without it the test says so and passes.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "reads test data, and says when there is none"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deconflict_files::{Files, Origin, RepoPath};
use deconflict_kube::{
    Bundle, Definitions, Effect, KubernetesVersion, Object, Violation, expand_list, validate,
};
use deconflict_yaml::{Dialect, Problem, ProblemKind, parse};
use serde_json::Value;

/// Where the shared test data is, if it is here.
fn shared(part: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = std::env::var_os("DECONFLICT_SHARED")
        .map_or(here, PathBuf::from)
        .join(part);
    if !path.exists() {
        println!("skipped: no {part}");
        return None;
    }
    Some(path)
}

/// What is wrong with the text of a file, as (line, field, row, repair).
struct Fault {
    at: Origin,
    line: u32,
    field: String,
    row: String,
    violation: Option<Violation>,
}

/// Everything refused in `text` at that version; warnings are left out.
fn refusals(text: &str, kubernetes: KubernetesVersion) -> Vec<Fault> {
    let files = Files::new();
    let file = files.intern(&RepoPath::new("case.yaml").expect("a path"), &Arc::from(text));
    let parsed = parse(file, text);
    let line = |at: Origin| text[..at.span.start as usize].matches('\n').count() as u32 + 1;
    let other = |at: Origin, row: String| Fault {
        at,
        line: line(at),
        field: String::new(),
        row,
        violation: None,
    };
    let refused = |problem: &&Problem| {
        problem.is_fatal_for_server() || matches!(problem.kind, ProblemKind::DuplicateKey { .. })
    };
    let mut found: Vec<Fault> = parsed
        .problems
        .iter()
        .filter(refused)
        .map(|problem| other(problem.at, format!("{:?}", problem.kind)))
        .collect();
    for root in parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
    {
        if root.is_null(Dialect::Kubernetes) {
            continue;
        }
        for body in expand_list(root) {
            match Object::new(body, None) {
                Err(problem) => found.push(other(problem.at, format!("{:?}", problem.kind))),
                Ok(object) => {
                    let all = validate(&object, kubernetes, &Definitions::new());
                    found.extend(
                        all.into_iter()
                            .filter(|fault| fault.effect == Effect::Refused)
                            .map(|violation| Fault {
                                at: violation.at,
                                line: line(violation.at),
                                field: violation.path.clone(),
                                row: violation.row.to_owned(),
                                violation: Some(violation),
                            }),
                    );
                }
            }
        }
    }
    found
}

trait Server {
    fn is_fatal_for_server(&self) -> bool;
}

impl Server for Problem {
    fn is_fatal_for_server(&self) -> bool {
        self.kind.is_refused_by(Dialect::Kubernetes)
    }
}

/// The complaint about one case, if there is one.
fn check(case: &Value, manifests: &Path) -> Option<String> {
    let name = case["case"].as_str()?;
    let text = std::fs::read_to_string(manifests.join(format!("{name}.yaml"))).expect("a manifest");
    let kubernetes = case["kubernetes"]
        .as_str()
        .unwrap_or("1.34")
        .parse()
        .expect("a version");
    let found = refusals(&text, kubernetes);
    let shown = || {
        let all: Vec<String> = found
            .iter()
            .map(|fault| format!("{} {} line {}", fault.row, fault.field, fault.line))
            .collect();
        all.join("; ")
    };
    let refused = case["apiserver_expected"]
        .as_str()
        .is_some_and(|verdict| verdict.contains("reject"));
    match (refused, found.is_empty()) {
        (true, true) => Some(format!("{name}: missed")),
        (false, false) => Some(format!("{name}: false alarm: {}", shown())),
        (false, true) => None,
        (true, false) => {
            let lines = case["expected_lines"].as_array().expect("lines of a refusal");
            let right = |fault: &Fault| {
                lines.iter().any(|line| line.as_u64() == Some(fault.line.into()))
                    || case["expected_path"]
                        .as_str()
                        .is_some_and(|path| path == fault.field)
            };
            (!found.iter().any(right)).then(|| format!("{name}: at another place: {}", shown()))
        }
    }
}

#[test]
fn manifests_are_judged_as_the_server_judges_them() {
    let Some(directory) = shared("conformance/schema") else {
        return;
    };
    let text = std::fs::read_to_string(directory.join("verdicts.json")).expect("verdicts.json");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("a list of cases");
    let manifests = directory.join("manifests");
    // A ServiceAccount without namespace in a RoleBinding: the verdict was derived by hand, and `ValidateRoleBindingSubject`
    // asks for the namespace in ClusterRoleBindings only. Knative's release, for one, is applied everywhere without it.
    let disputed = |case: &&Value| case["case"] != "rb-subject-sa-no-namespace";
    let complaints: Vec<String> = cases
        .iter()
        .filter(disputed)
        .filter_map(|case| check(case, &manifests))
        .collect();
    assert!(cases.len() >= 148, "only {} cases", cases.len());
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

/// Where exactly one text is right, writing it makes the manifest clean.
#[test]
fn mechanical_repairs_make_manifests_clean() {
    let Some(directory) = shared("conformance/schema/manifests") else {
        return;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory)
        .expect("a directory")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let kubernetes = KubernetesVersion::DEFAULT;
    let (mut repaired, mut left) = (0, Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let found = refusals(&text, kubernetes);
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        for fault in &found {
            if let Some(repair) = fault
                .violation
                .as_ref()
                .and_then(|violation| violation.repair.as_ref())
            {
                let (start, end) = (fault.at.span.start as usize, fault.at.span.end as usize);
                assert!(
                    text[start..end].contains(&repair.was),
                    "{}: {}",
                    path.display(),
                    repair.was
                );
                edits.push((start, end, repair.with.clone()));
            }
        }
        if edits.is_empty() || edits.len() != found.len() {
            continue;
        }
        let mut fixed = text.clone();
        edits.sort();
        for (start, end, with) in edits.into_iter().rev() {
            fixed.replace_range(start..end, &with);
        }
        let after = refusals(&fixed, kubernetes);
        repaired += 1;
        left.extend(
            after
                .iter()
                .map(|fault| format!("{}: {}", path.display(), fault.row)),
        );
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
    assert!(repaired >= 10, "only {repaired} repairs");
}

/// Which Kubernetes versions serve which kind, against the published lists.
#[test]
fn kinds_are_served_where_kubernetes_serves_them() {
    let Some(path) = shared("conformance/schema/gvk_versions_1.23-1.37.json") else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("a file");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("a list of kinds");
    let bundle = Bundle::embedded();
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in &rows {
        let field = |name: &str| row[name].as_str().unwrap_or_default();
        let Some(kind) = bundle.kind(field("group"), field("version"), field("kind")) else {
            continue;
        };
        // `Status` and the like are answers, not objects.
        if bundle.scope(field("group"), field("kind")).is_none() {
            continue;
        }
        compared += 1;
        let served = |version: KubernetesVersion| {
            let text = version.to_string();
            let listed = row["in_versions"].as_array().into_iter().flatten();
            listed.into_iter().any(|known| known.as_str() == Some(&text))
        };
        for version in KubernetesVersion::all() {
            if bundle.is_served(kind, version) != served(version) {
                wrong.push(format!(
                    "{}/{} {} at {version}",
                    field("group"),
                    field("version"),
                    field("kind")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "only {compared} kinds");
}
