//! Trees in, reports out.

use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Report};
use deconflict_report::{Style, concise};
use deconflict_yaml::Library;

use crate::{Input, Options};

mod argocd;
mod changes;
mod engines;
mod gone;
mod hive;
mod incidents;
mod kustomize;
mod mechanisms;
mod shared;

fn input(text: &str) -> Input {
    let snapshot = Arc::new(MemoryTree::fixture(text).snapshot());
    let library = Arc::new(Library::new(snapshot, Arc::new(Files::new())));
    let ids: Vec<&str> = crate::rules().iter().map(|rule| rule.id).collect();
    let found = deconflict_config::find(&library, &RepoPath::top(), &ids);
    assert_eq!(found.problems, [], "{text}");
    Input {
        codeowners: Arc::new(Codeowners::find(&library, &RepoPath::top())),
        library,
        config: Arc::new(found.config),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: None,
            merged: false,
        },
    }
}

fn run(text: &str, options: &Options) -> Report {
    crate::check(&input(text), options)
}

/// Findings one per line, then where each was seen.
fn text(report: &Report) -> String {
    let mut out = concise(report, Style::default());
    for finding in &report.findings {
        let seen = finding.seen_in.iter();
        let seen: Vec<String> = seen
            .map(|seen| format!("{}:{}", seen.cluster.as_deref().unwrap_or("-"), seen.root))
            .collect();
        let _ = writeln!(out, "{} in {}", finding.rule, seen.join(" "));
    }
    if report.summary.suppressed > 0 {
        let _ = writeln!(out, "suppressed {}", report.summary.suppressed);
    }
    for lost in &report.unfinished {
        let _ = writeln!(out, "lost: {lost}");
    }
    out
}

fn check(tree: &str, want: &str) {
    check_with(tree, &Options::default(), want);
}

fn check_with(tree: &str, options: &Options, want: &str) {
    assert_eq!(text(&run(tree, options)), want, "{tree}");
}

fn service(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {name}}}\nspec:\n  type: NodePort\n  \
         ports:\n    - port: 80\n      nodePort: 30080{rest}\n"
    )
}

const CONFIG: &str = "//- deconflict.yaml
version: 1
clusters: [{name: prod, class: production}, {name: test}]
teams:
  - {name: red, paths: [apps/red/**]}
  - {name: blue, paths: [apps/blue/**]}
";

/// Two applications in each of `clusters` claim one node port.
fn ports(config: &str, clusters: &[&str], teams: [&str; 2], rests: [&str; 2]) -> String {
    let mut tree = config.to_owned();
    for cluster in clusters {
        for (app, (team, rest)) in ["a", "b"].iter().zip(teams.iter().zip(rests)) {
            let _ = write!(
                tree,
                "//- apps/{team}/{app}/overlays/{cluster}/service.yaml\n{}",
                service(app, rest)
            );
        }
    }
    tree
}

#[test]
fn relation_and_class_move_the_severity() {
    let severity = |clusters: &[&str], teams: [&str; 2], config: &str| {
        let report = run(&ports(config, clusters, teams, ["", ""]), &Options::default());
        let found = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "net-nodeport-taken");
        found.map(|finding| finding.severity.word()).collect::<Vec<_>>()
    };
    assert_eq!(severity(&["test"], ["red", "blue"], CONFIG), ["error"]);
    assert_eq!(severity(&["test"], ["red", "red"], CONFIG), ["warning"]);
    assert_eq!(severity(&["prod"], ["red", "red"], CONFIG), ["warning"]);
    assert_eq!(severity(&["prod", "test"], ["red", "blue"], CONFIG), ["error"]);
    let set = format!("{CONFIG}rules: {{net-nodeport-taken: info}}\n");
    assert_eq!(severity(&["prod"], ["red", "blue"], &set), ["info"]);
    let off = format!("{CONFIG}rules: {{net-nodeport-taken: \"off\"}}\n");
    assert_eq!(severity(&["prod"], ["red", "blue"], &off), [""; 0]);
}

#[test]
fn what_nothing_shows_to_be_applied_is_only_possible() {
    let of = |rule: &'static str| {
        move |tree: &str| {
            let report = run(tree, &Options::default());
            let found = report.findings.iter().filter(|finding| finding.rule == rule);
            found.map(|finding| finding.severity.word()).collect::<Vec<_>>()
        }
    };
    let placed = format!("//- apps/x/overlays/prod/c.yaml\n{}", service("c", ""));
    let severities = of("own-object-repeated");
    let twice = format!(
        "//- stuff/a.yaml\n{}//- stuff/b.yaml\n{}",
        service("a", ""),
        service("a", "")
    );
    assert_eq!(severities(&twice), ["error"]);
    assert_eq!(severities(&format!("{twice}{placed}")), ["info"]);

    let severities = of("kus-build-error");
    let base = "//- stuff/base/kustomization.yaml\nresources: [gone.yaml]\n";
    assert_eq!(severities(base), ["error"]);
    assert_eq!(severities(&format!("{base}{placed}")), ["info"]);

    let severities = of("api-unknown-field");
    let misspelt = format!(
        "//- stuff/a.yaml\n{}",
        service("a", "").replace("spec:", "specs:")
    );
    assert_eq!(severities(&misspelt), ["error"]);
    assert_eq!(severities(&format!("{misspelt}{placed}")), ["info"]);
}

#[test]
fn a_side_that_is_built_in_part_is_only_possible() {
    let tree = |more: &str| {
        let mut tree = CONFIG.to_owned();
        for (team, app, resources) in [("red", "a", more), ("blue", "b", "")] {
            let at = format!("apps/{team}/{app}/overlays/test");
            let _ = write!(
                tree,
                "//- {at}/kustomization.yaml\nresources: [service.yaml{resources}]\n//- {at}/service.yaml\n{}",
                service(app, "")
            );
        }
        tree
    };
    let severities = |tree: &str| {
        let report = run(tree, &Options::default());
        let found = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "net-nodeport-taken");
        found.map(|finding| finding.severity.word()).collect::<Vec<_>>()
    };
    assert_eq!(severities(&tree("")), ["error"]);
    assert_eq!(severities(&tree(", \"https://example.com/x?ref=v1\"")), ["info"]);
}

#[test]
fn a_finding_between_teams_needs_a_comment_on_every_side() {
    const IGNORE: &str = "  # deconflict: ignore[net-nodeport-taken] agreed";
    let one = run(
        &ports(CONFIG, &["test"], ["red", "blue"], [IGNORE, ""]),
        &Options::default(),
    );
    assert_eq!(
        (one.findings.len(), one.summary.suppressed),
        (1, 0),
        "{}",
        text(&one)
    );
    assert!(
        one.findings[0]
            .notes
            .iter()
            .any(|note| note.contains("apps/red/a/overlays/test/service.yaml:8 alone")),
        "{:?}",
        one.findings[0].notes
    );
    let both = run(
        &ports(CONFIG, &["test"], ["red", "blue"], [IGNORE, IGNORE]),
        &Options::default(),
    );
    assert_eq!(
        (both.findings.len(), both.summary.suppressed),
        (0, 1),
        "{}",
        text(&both)
    );
    let within = run(
        &ports(CONFIG, &["test"], ["red", "red"], [IGNORE, ""]),
        &Options::default(),
    );
    assert_eq!(
        (within.findings.len(), within.summary.suppressed),
        (0, 1),
        "{}",
        text(&within)
    );
}

#[test]
fn contracts_allow_teams_until_their_day() {
    let contract = |allow: &str, more: &str| {
        format!(
            "{CONFIG}contracts:\n  - {{rule: net-nodeport-taken, object: Service/b/b, allow: [{allow}], reason: x{more}}}\n"
        )
    };
    let rules = |config: &str, today: Option<&str>| {
        let options = Options {
            today: today.map(str::to_owned),
            ..Options::default()
        };
        let report = run(&ports(config, &["test"], ["red", "blue"], ["", ""]), &options);
        report
            .findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>()
    };
    const TAKEN: &str = "net-nodeport-taken";
    const UNUSED: &str = "lint-unused-contract";
    assert_eq!(rules(&contract("red, blue", ""), None), [""; 0]);
    assert_eq!(rules(&contract("red", ""), None), [TAKEN, UNUSED]);
    let until = contract("red, blue", ", expires: 2026-01-31");
    assert_eq!(rules(&until, Some("2026-01-31")), [""; 0]);
    assert_eq!(rules(&until, Some("2026-02-01")), [TAKEN, UNUSED]);
}

#[test]
fn comments_that_silence_nothing_are_reported() {
    let tree = |id: &str| {
        format!(
            "//- apps/red/a/overlays/test/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x  # deconflict: \
             ignore[{id}] why\n  namespace: x\n"
        )
    };
    let at = "apps/red/a/overlays/test/x.yaml:4:33: warning[lint-unused-ignore]";
    check(
        &tree("net-nodeport-taken"),
        &format!(
            "{at} this comment silences nothing: `net-nodeport-taken` finds nothing here\nlint-unused-ignore in \n"
        ),
    );
    check(
        &tree("net-nodport"),
        &format!("{at} this comment names no rule: there is no `net-nodport`\nlint-unused-ignore in \n"),
    );
    // A rule that does not run says nothing about its comments.
    let options = Options {
        skip: vec!["net".to_owned()],
        ..Options::default()
    };
    check_with(&tree("net-nodeport-taken"), &options, "");
}

#[test]
fn clusters_fold_and_the_root_narrows() {
    let tree = ports(CONFIG, &["prod", "test"], ["red", "blue"], ["", ""]);
    let report = run(&tree, &Options::default());
    assert_eq!(report.findings.len(), 1, "{}", text(&report));
    let seen = &report.findings[0].seen_in;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(report.findings[0].related.len(), 3);
    let below = |path: &str| {
        let options = Options {
            below: RepoPath::new(path).expect("a path inside"),
            ..Options::default()
        };
        run(&tree, &options).findings.len()
    };
    assert_eq!(below("apps/blue"), 1);
    assert_eq!(below("apps/red/a/overlays/prod"), 1);
    assert_eq!(below("apps/green"), 0);
}

#[test]
fn threads_and_order_change_nothing() {
    let whole = |tree: &str, threads: usize| {
        let options = Options {
            threads,
            ..Options::default()
        };
        let report = run(tree, &options);
        deconflict_report::json(&report) + &deconflict_report::human(&report, Style::default())
    };
    let tree = ports(CONFIG, &["prod", "test"], ["red", "blue"], ["", ""]);
    let one = whole(&tree, 1);
    assert!(one.contains("net-nodeport-taken"));
    assert_eq!(one, whole(&tree, 8));
    assert_eq!(one, whole(&tree, 0));
    // The same files, found in another order.
    let mut parts: Vec<&str> = tree.split("//- ").skip(1).collect();
    parts.reverse();
    let turned: String = parts.iter().map(|part| format!("//- {part}")).collect();
    assert_eq!(one, whole(&turned, 8));
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let tree = format!(
        "{CONFIG}secret_fields: [\"*.spec.password\"]
//- apps/red/a/overlays/test/s.yaml
apiVersion: v1
kind: Secret
metadata: {{name: s, namespace: x}}
data: {{key: aHVudGVyMg==}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {{name: t, namespace: x}}
spec: {{password: hunter2}}
"
    );
    let input = input(&tree);
    let report = crate::check(&input, &Options::default());
    let path = RepoPath::new("apps/red/a/overlays/test/s.yaml").expect("a path inside");
    let loaded = input.library.load(&path).expect("a file");
    let all = report
        .secrets
        .within(loaded.file, deconflict_files::Span::new(0, loaded.text.len()));
    let texts: Vec<&str> = all.iter().map(|span| &loaded.text[span.range()]).collect();
    assert_eq!(texts, ["aHVudGVyMg==", "hunter2"]);
}
