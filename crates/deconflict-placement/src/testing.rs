//! From files to placements, for tests.

use std::sync::Arc;

use deconflict_config::{ClusterConfig, Codeowners, Config, Glob, ListedRoot, SourceConfig};
use deconflict_files::{Files, MemoryTree, Origin, RepoPath};
use deconflict_findings::PlacementStatus;
use deconflict_kustomize::Session;
use deconflict_yaml::Library;

use crate::{Feed, Placements, Plan};

/// A configuration in which every place is the start of a file.
pub(crate) struct Setup {
    library: Arc<Library>,
    pub(crate) config: Config,
    at: Origin,
    origin: Option<&'static str>,
}

impl Setup {
    pub(crate) fn new(fixture: &str) -> Self {
        let files = Arc::new(Files::new());
        let at = Origin::start_of(files.intern(&RepoPath::new("deconflict.yaml").unwrap(), &Arc::from("")));
        let snapshot = Arc::new(MemoryTree::fixture(fixture).snapshot());
        Self {
            library: Arc::new(Library::new(snapshot, files)),
            config: Config::default(),
            at,
            origin: None,
        }
    }

    /// A cluster to which `roots` are applied.
    pub(crate) fn cluster(mut self, name: &str, roots: &[&str]) -> Self {
        let root = |path: &&str| ListedRoot {
            path: Glob::new(path).unwrap(),
            namespace: None,
            engine: None,
            app: None,
            values: Vec::new(),
            set: Vec::new(),
            at: self.at,
        };
        self.config.clusters.push(ClusterConfig {
            name: name.into(),
            class: None,
            kubernetes: None,
            servers: vec![format!("https://{name}.example:6443").into()],
            labels: [("name".into(), name.into())].into(),
            manages: None,
            roots: roots.iter().map(root).collect(),
            nodes: Vec::new(),
            at: self.at,
        });
        self
    }

    /// This repository, called `name`.
    pub(crate) fn source(mut self, name: &str, path: &str) -> Self {
        self.config.sources.push(SourceConfig {
            name: name.into(),
            path: RepoPath::new(path).unwrap(),
            branch: "main".into(),
            at: self.at,
        });
        self
    }

    /// The Git repository's remote `origin`.
    pub(crate) fn origin(mut self, url: &'static str) -> Self {
        self.origin = Some(url);
        self
    }

    pub(crate) fn run(self) -> Placements {
        self.plan().finish()
    }

    /// The plan when it has nothing left to hand out.
    pub(crate) fn plan(self) -> Plan {
        let session = Session::new(Arc::clone(&self.library));
        let mut plan = Plan::new(
            self.library,
            Arc::new(self.config),
            Arc::new(Codeowners::default()),
        )
        .with_origin(self.origin);
        loop {
            let wave = plan.next();
            if wave.is_empty() {
                return plan;
            }
            for root in &wave {
                let rendered = root.render(&session);
                let first = rendered.problems.first();
                plan.feed(
                    root,
                    &Feed {
                        objects: &rendered.objects,
                        reads: &rendered.reads,
                        status: first.map_or(PlacementStatus::Rendered, |_| PlacementStatus::Failed),
                        reason: first.map(|problem| problem.message.clone()),
                    },
                );
            }
        }
    }

    /// One line a placement: engine, application, root, kind, cluster, namespace, source.
    pub(crate) fn check(self, expected: &str) {
        let files = Arc::clone(self.library.files());
        let placements = self.run();
        let mut got = String::new();
        for placement in &placements.all {
            let row = placement.row(0);
            let or = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            got += &format!(
                "{} {} {} {} {} {}",
                row.engine,
                or(placement.app.as_ref().map(ToString::to_string)),
                or(row.root),
                row.kind,
                or(row.cluster),
                or(row.namespace),
            );
            if row.source.repo != "self" {
                got += &format!(" from {}", row.source.repo);
            }
            if !row.source.deployed_by_merge {
                got += " not-by-merge";
            }
            if row.status != PlacementStatus::Rendered {
                got += &format!(" {}: {}", row.status.word(), or(row.reason));
            }
            got.push('\n');
        }
        for problem in &placements.problems {
            let place = problem.at.filter(|at| at.span.end > 0).map(|at| {
                let file = files.get(at.file);
                format!(" at {:?}", &file.text[at.span.range()])
            });
            let kind = without_places(&format!("{:?}", problem.kind));
            got += &format!("problem: {kind}{}\n", place.unwrap_or_default());
        }
        let expected: String = expected
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        assert_eq!(got, expected, "\n{got}");
    }
}

/// Ids of files depend on the order of reading.
fn without_places(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(from) = out.find("Origin {") {
        let to = out[from..].find("} }").map_or(out.len(), |to| from + to + 3);
        out.replace_range(from..to, "…");
    }
    out
}
