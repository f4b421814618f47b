//! What `map --format json` prints.

use deconflict_files::Files;
use deconflict_findings::{PlacementRow, Report};
use serde::Serialize;

use super::{Location, SCHEMA};
#[cfg(feature = "schema")]
use crate::schema::words;

/// What `deconflict map --format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct WireMap<'r> {
    /// Version of this form. Additions do not change it.
    schema: u32,
    clusters: Vec<Cluster<'r>>,
    placements: Vec<Placement<'r>>,
}

/// One cluster.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Cluster<'r> {
    name: &'r str,
    /// `production`, `staging`, `development`, or a word of the configuration.
    class: Option<&'r str>,
    /// `major.minor`.
    kubernetes: Option<&'r str>,
    placements: usize,
    objects: usize,
}

/// Who deploys what where.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Placement<'r> {
    #[cfg_attr(feature = "schema", schemars(with = "words::Engine"))]
    engine: &'static str,
    /// `namespace/name` of the application.
    app: Option<&'r str>,
    /// Directory in the repository.
    root: Option<&'r str>,
    #[cfg_attr(feature = "schema", schemars(with = "words::PlacementKind"))]
    kind: &'static str,
    cluster: Option<&'r str>,
    /// The namespace that the engine sets.
    namespace: Option<&'r str>,
    /// Argo CD project.
    project: Option<&'r str>,
    owner: Option<&'r str>,
    source: Source<'r>,
    /// The line that declares it.
    declared_at: Option<Location>,
    #[cfg_attr(feature = "schema", schemars(with = "words::Status"))]
    status: &'static str,
    /// Why it is not rendered.
    reason: Option<&'r str>,
    objects: usize,
}

/// Where a placement's files come from.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Source<'r> {
    /// `self`, or a URL.
    repo: &'r str,
    revision: Option<&'r str>,
    /// True when a merge to the judged branch changes what is deployed.
    deployed_by_merge: bool,
}

impl<'r> WireMap<'r> {
    pub(crate) fn new(report: &'r Report) -> Self {
        Self {
            schema: SCHEMA,
            clusters: report
                .clusters
                .iter()
                .map(|row| Cluster {
                    name: &row.name,
                    class: row.class.as_deref(),
                    kubernetes: row.kubernetes.as_deref(),
                    placements: row.placements,
                    objects: row.objects,
                })
                .collect(),
            placements: report
                .placements
                .iter()
                .map(|row| Placement::new(row, &report.files))
                .collect(),
        }
    }
}

impl<'r> Placement<'r> {
    fn new(row: &'r PlacementRow, files: &Files) -> Self {
        Self {
            engine: row.engine,
            app: row.app.as_deref(),
            root: row.root.as_deref(),
            kind: row.kind,
            cluster: row.cluster.as_deref(),
            namespace: row.namespace.as_deref(),
            project: row.project.as_deref(),
            owner: row.owner.as_deref(),
            source: Source {
                repo: &row.source.repo,
                revision: row.source.revision.as_deref(),
                deployed_by_merge: row.source.deployed_by_merge,
            },
            declared_at: row.declared_at.map(|at| Location::new(files, at)),
            status: row.status.word(),
            reason: row.reason.as_deref(),
            objects: row.objects,
        }
    }
}
