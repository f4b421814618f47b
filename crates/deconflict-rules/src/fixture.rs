//! A small repository for tests of rules that see one cluster: manifests in the standard layout, placed without the
//! planner and not rendered. The whole way is tested in `deconflict-check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Footprint, Site};
use deconflict_config::Config;
use deconflict_files::{Files, MemoryTree, Origin, RepoPath};
use deconflict_findings::{Finding, Place, PlacementStatus, Source};
use deconflict_kube::{Object, Scopes, expand_list};
use deconflict_placement::{Cluster, Engine, Owners, Placement, PlacementId, RootKind, Upkeep};
use deconflict_yaml::Library;

use crate::{ALL, Check, ClusterContext, FileContext, Sink};

/// `apps/<team>/<app>/overlays/<cluster>/…`: who deploys the directory where. `clusters/<cluster>/<app>/…` has no team.
fn layout(path: &RepoPath) -> (String, Option<String>, Option<String>) {
    let parts: Vec<&str> = path.parts().collect();
    match parts.as_slice() {
        ["apps", team, app, "overlays", cluster, ..] => (
            format!("{team}/{app}"),
            Some((*team).to_owned()),
            Some((*cluster).to_owned()),
        ),
        ["infra", app, "overlays", cluster, ..] => (
            format!("infra/{app}"),
            Some("platform".to_owned()),
            Some((*cluster).to_owned()),
        ),
        ["clusters", cluster, app, ..] => ((*app).to_owned(), None, Some((*cluster).to_owned())),
        _ => (
            path.parent()
                .map_or_else(String::new, |parent| parent.display().to_owned()),
            None,
            None,
        ),
    }
}

/// Cluster and directory.
type Where = (Option<String>, String);

/// What the rule of that id, or every rule when it is empty, finds in `text` (`//- path` starts a file).
pub(crate) fn run(rule: &str, text: &str) -> String {
    run_with(rule, text, &Config::default(), Engine::Plain)
}

/// A configuration from its text.
pub(crate) fn config(text: &str) -> Config {
    let snapshot = Arc::new(MemoryTree::new().file("deconflict.yaml", text).snapshot());
    let found = deconflict_config::find(&Library::new(snapshot, Arc::default()), &RepoPath::top(), &[]);
    assert!(found.problems.is_empty(), "{text}\n{:?}", found.problems);
    found.config
}

/// The same with a configuration and an engine.
pub(crate) fn run_with(rule: &str, text: &str, config: &Config, engine: Engine) -> String {
    let snapshot = MemoryTree::fixture(text).snapshot();
    let paths = snapshot.files();
    let files = Arc::new(Files::new());
    let library = Library::new(Arc::new(snapshot), Arc::clone(&files));
    let mut sink = Sink::new();
    let wanted = |id: &str| rule.is_empty() || rule == id;
    let mut roots: BTreeMap<Where, (Placement, Vec<Object>)> = BTreeMap::new();
    for path in &paths {
        let loaded = library.load(path).expect("the file is in memory");
        let context = FileContext {
            path,
            loaded: &loaded,
            config,
            files: &files,
        };
        for rule in ALL.iter().filter(|rule| wanted(rule.meta.id)) {
            if let Check::File(check) = rule.check {
                check(&context, &mut sink);
            }
        }
        let (app, owner, cluster) = layout(path);
        let entry = roots.entry((cluster.clone(), app.clone())).or_insert_with(|| {
            let placement = Placement {
                id: PlacementId(0),
                engine,
                app: Some(app.into()),
                declared_app: false,
                root: path.parent(),
                render: None,
                root_kind: RootKind::Directory,
                cluster: cluster.map(Into::into),
                unnamed: None,
                namespace: None,
                project: None,
                environment: None,
                owner: owner.map(Into::into),
                declared_at: None,
                status: PlacementStatus::Rendered,
                reason: None,
                source: Source {
                    repo: "self".to_owned(),
                    revision: None,
                    deployed_by_merge: true,
                },
                project_owner: None,
                request: None,
                upkeep: Upkeep::default(),
            };
            (placement, Vec::new())
        });
        for document in &loaded.parsed().documents {
            let bodies = document.root.iter().flat_map(expand_list);
            entry
                .1
                .extend(bodies.filter_map(|body| Object::new(body, None).ok()));
        }
    }
    let roots: Vec<_> = roots
        .into_iter()
        .map(|(key, (placement, objects))| (key, (placement, Footprint::new(objects))))
        .collect();
    let mut scopes = Scopes::new();
    for (_, (_, footprint)) in &roots {
        footprint.define_scopes(&mut scopes);
    }
    for sites in roots.chunk_by(|a, b| a.0.0.is_some() && a.0.0 == b.0.0) {
        let cluster = sites[0].0.0.as_ref().map(|name| Cluster {
            name: name.as_str().into(),
            class: None,
            kubernetes: "1.34".into(),
            labels: BTreeMap::new(),
            nodes: config
                .cluster(name)
                .map(|cluster| cluster.nodes.clone())
                .unwrap_or_default(),
            declared_at: None,
        });
        let sites: Vec<Site<'_>> = sites
            .iter()
            .map(|(_, (placement, footprint))| Site { placement, footprint })
            .collect();
        let index = ClusterIndex::new(cluster.as_ref(), &sites, &Owners::default(), &scopes);
        let context = ClusterContext {
            index: &index,
            config,
            files: &files,
        };
        for rule in ALL.iter().filter(|rule| wanted(rule.meta.id)) {
            if let Check::Cluster(check) = rule.check {
                check(&context, &mut sink);
            }
        }
    }
    print(&files, &sink.into_findings())
}

/// One paragraph per finding: headline, then every place with its label, notes and help.
fn print(files: &Files, findings: &[Finding]) -> String {
    let mut out = String::new();
    let place = |at: Origin| {
        let file = files.get(at.file);
        let place = Place::of(&file, at.span);
        let text = file.text.get(at.span.range()).unwrap_or_default();
        format!("{}:{} `{text}`", place.path, place.line)
    };
    for finding in findings {
        let certainty = match finding.certainty {
            deconflict_findings::Certainty::Witnessed => "",
            deconflict_findings::Certainty::Possible => " (possible)",
        };
        let _ = writeln!(
            out,
            "{}[{}]{certainty}: {}",
            finding.severity.word(),
            finding.rule,
            finding.message
        );
        for label in std::iter::once(&finding.primary).chain(&finding.related) {
            let _ = writeln!(out, "  {} {}", place(label.at), label.text);
        }
        for note in &finding.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

/// Run one rule; the expectation is what [`run`] prints, indentation aside.
pub(crate) fn check(rule: &str, text: &str, expected: &str) {
    let lines = |text: &str| -> String {
        let trimmed = text.lines().map(str::trim).filter(|line| !line.is_empty());
        trimmed.collect::<Vec<_>>().join("\n")
    };
    let got = run(rule, text);
    assert_eq!(lines(&got), lines(expected), "\n{got}");
}
