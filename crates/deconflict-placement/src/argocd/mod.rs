//! Argo CD: what its objects deploy where.

mod directory;
mod gotemplate;
mod kustomize;
mod set;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{PlacementStatus, Source};
use deconflict_kube::{bool_at, items_at, text_at, text_of};
use deconflict_yaml::{Dialect, Node, to_json};
use smol_str::{SmolStr, format_smolstr};

use crate::entry::{full_name, sources};
use crate::inventory::{Destination, Registration};
use crate::plan::{Plan, Site, SiteId};
use crate::{Drift, Engine, Placement, PlacementId, ProblemKind, ProjectRequest, Root, RootKind, Upkeep};

use kustomize::Variables;
use source::Found;

/// The namespace of an Application that names none and whose root sets none: that of Argo CD's own install manifests.
const DEFAULT_NAMESPACE: &str = "argocd";

/// One Application, ready to be placed.
struct Application<'a> {
    site: SiteId,
    app: SmolStr,
    namespace: SmolStr,
    name: SmolStr,
    at: Origin,
    spec: &'a Node,
    /// It comes from an ApplicationSet whose clusters are only guessed, so a path may be missing for good reason.
    is_guess: bool,
}

/// Where it goes.
#[derive(Clone)]
struct Target {
    cluster: Option<SmolStr>,
    unnamed: Option<SmolStr>,
    namespace: Option<SmolStr>,
    /// Servers and names that the project's patterns may use.
    known_as: (Vec<SmolStr>, Vec<SmolStr>),
}

impl Plan {
    /// Place what an Application deploys; `site` is where it was found.
    pub(crate) fn application(&mut self, site: SiteId, object: &Arc<Node>, is_guess: bool) {
        let Some(spec) = object.get("spec").filter(|spec| spec.is_map()) else {
            return;
        };
        let namespace = self.site(site).placement.namespace.clone();
        let Some((namespace, name)) = full_name(object, namespace.as_deref()) else {
            return;
        };
        let namespace = if namespace.is_empty() {
            DEFAULT_NAMESPACE.into()
        } else {
            namespace
        };
        let name_at = object
            .at_path(&["metadata", "name"])
            .map_or(object.at, |name| name.at);
        let application = Application {
            site,
            app: format_smolstr!("{namespace}/{name}"),
            namespace,
            name,
            at: name_at,
            spec,
            is_guess,
        };
        let target = self.target(&application);
        self.note_application(&application, &target);
        let sources = sources(spec);
        let is_multi = sources.len() > 1;
        for (number, source) in sources.iter().enumerate() {
            let only_ref = source::text(source, "path").is_none() && source::text(source, "chart").is_none();
            if only_ref && (is_multi || source.get("ref").is_some()) {
                continue;
            }
            self.source(&application, number, source, target.clone());
        }
    }

    fn target(&mut self, application: &Application<'_>) -> Target {
        let destination = application.spec.get("destination");
        let text = |name: &str| {
            destination
                .and_then(|destination| text_at(destination, &[name]))
                .filter(|text| !text.is_empty())
                .map(SmolStr::from)
        };
        let (server, name) = (text("server"), text("name"));
        let holder = &self.site(application.site).placement;
        let (holder, holder_unnamed) = (holder.cluster.clone(), holder.unnamed.clone());
        let resolved = self
            .inventory
            .resolve(holder.as_ref(), server.as_deref(), name.as_deref());
        let at = |name: &str| {
            let field = destination.and_then(|destination| destination.get(name));
            field.or(destination).map_or(application.at, |node| node.at)
        };
        let app = application.app.clone();
        let (cluster, unnamed) = match resolved {
            Destination::Cluster(Some(cluster)) => (Some(cluster), None),
            Destination::Cluster(None) => (None, holder_unnamed),
            Destination::Unknown(text) => {
                if self.inventory.declared && !application.is_guess {
                    let place = at(if server.is_some() { "server" } else { "name" });
                    let destination = text.clone();
                    self.problem(ProblemKind::DestinationUnknown { app, destination }, Some(place));
                    (None, None)
                } else if application.is_guess {
                    (None, None)
                } else {
                    (None, Some(text))
                }
            }
            Destination::Both => {
                self.problem(ProblemKind::DestinationBoth { app }, Some(at("name")));
                (None, None)
            }
            Destination::Neither => {
                self.problem(ProblemKind::DestinationNeither { app }, Some(at("destination")));
                (None, None)
            }
        };
        Target {
            known_as: self
                .inventory
                .known_as(cluster.as_ref(), server.as_deref(), name.as_deref()),
            cluster,
            unnamed,
            namespace: text("namespace"),
        }
    }

    fn source(&mut self, application: &Application<'_>, number: usize, source: &Arc<Node>, target: Target) {
        let repo = source::text(source, "repoURL").unwrap_or_default();
        let revision = source::text(source, "targetRevision");
        let holder = &self.site(application.site).placement;
        let mut placement = Placement {
            id: PlacementId(0),
            engine: Engine::ArgoCd,
            app: Some(application.app.clone()),
            declared_app: true,
            root: None,
            render: None,
            root_kind: source::kind_elsewhere(source),
            cluster: target.cluster,
            unnamed: target.unnamed,
            namespace: target.namespace,
            project: text_at(application.spec, &["project"])
                .filter(|project| !project.is_empty())
                .or(Some("default"))
                .map(SmolStr::from),
            environment: None,
            owner: None,
            declared_at: Some(application.at),
            status: PlacementStatus::Skipped,
            reason: Some("remote".into()),
            source: Source {
                repo: repo.to_string(),
                revision: revision.as_ref().map(ToString::to_string),
                deployed_by_merge: false,
            },
            project_owner: None,
            request: Some(Arc::new(ProjectRequest {
                holder: holder.cluster.clone().or_else(|| holder.unnamed.clone()),
                repo: repo.clone(),
                servers: target.known_as.0,
                names: target.known_as.1,
            })),
            upkeep: upkeep(application.spec),
        };
        let path = source::text(source, "path").unwrap_or_default();
        let own = self
            .own
            .find(&repo)
            .filter(|_| source::text(source, "chart").is_none())
            .cloned();
        // An address that is only guessed is right where its path is here.
        let is_here = |path: Option<RepoPath>| path.is_some_and(|path| self.survey.is_directory(&path));
        let is_elsewhere = own
            .as_ref()
            .is_some_and(|own| own.is_guess && !is_here(own.base.join(&path)));
        if is_elsewhere && application.is_guess {
            return;
        }
        let own = own.filter(|_| !is_elsewhere);
        if let Some(own) = own {
            placement.source.repo = "self".to_owned();
            placement.source.deployed_by_merge = own.follows(revision.as_deref());
            let Some(path) = own.base.join(&path) else {
                let kind = ProblemKind::PathOutside {
                    app: application.app.clone(),
                    path,
                };
                self.problem(kind, Some(place_of(source, "path")));
                return;
            };
            let source = source::overridden(&self.survey, &self.library, &path, &application.name, source);
            let variables = variables(application, &source, placement.project.as_deref());
            match source::find(&self.survey, &self.library, &path, &source, &variables) {
                Found::Root(root) => self.take_root(&mut placement, root),
                Found::Missing if application.is_guess => return,
                Found::Missing => {
                    placement.root_kind = RootKind::Directory;
                    placement.status = PlacementStatus::Failed;
                    placement.reason = Some("not-found".into());
                    let kind = ProblemKind::PathMissing {
                        app: application.app.clone(),
                        path: path.clone(),
                    };
                    self.problem(kind, Some(place_of(&source, "path")));
                }
                Found::Ambiguous => {
                    placement.status = PlacementStatus::Failed;
                    placement.reason = Some("more than one source type".into());
                    let kind = ProblemKind::SourceAmbiguous {
                        app: application.app.clone(),
                    };
                    self.problem(kind, Some(source.at));
                }
            }
            placement.root = Some(path);
        }
        if placement.cluster.is_none()
            && let Some(path) = &placement.root
            && let Some(listed) = self.listed_cluster(path)
        {
            placement.cluster = Some(listed);
            placement.unnamed = None;
        }
        let distinct = format_smolstr!("{number} {}", source::text(source, "chart").unwrap_or_default());
        self.add(Site::within(application.site, placement), distinct);
    }

    fn take_root(&mut self, placement: &mut Placement, root: Root) {
        placement.root_kind = root.kind;
        (placement.status, placement.reason) = match root.kind {
            RootKind::Kustomize | RootKind::Directory => (PlacementStatus::Rendered, None),
            RootKind::Helm => (PlacementStatus::Skipped, Some("helm".into())),
            RootKind::Jsonnet => {
                self.survey
                    .skip(&root.path, "unsupported", "Jsonnet is not evaluated");
                (PlacementStatus::Skipped, Some("unsupported".into()))
            }
            RootKind::Plugin => {
                self.survey
                    .skip(&root.path, "plugin", "config management plugins are not run");
                (PlacementStatus::Skipped, Some("plugin".into()))
            }
        };
        placement.render = Some(Arc::new(root));
    }

    /// Two Applications of one name, or of one source and destination.
    fn note_application(&mut self, application: &Application<'_>, target: &Target) {
        if application.is_guess {
            return;
        }
        let holder = &self.site(application.site).placement;
        let holder = holder.cluster.clone().or_else(|| holder.unnamed.clone());
        let Some(holder) = holder else { return };
        let app = application.app.clone();
        let named = (holder, app.clone());
        match self.applications.get(&named) {
            Some(first) if *first != application.at => {
                let first = *first;
                self.problem(ProblemKind::ApplicationTwice { app, first }, Some(application.at));
                return;
            }
            Some(_) => return,
            None => self.applications.insert(named, application.at),
        };
        let Some(cluster) = target.cluster.clone().or_else(|| target.unnamed.clone()) else {
            return;
        };
        let canonical = |name: &str| {
            application
                .spec
                .get(name)
                .and_then(|node| to_json(node, Dialect::Kubernetes).ok())
                .unwrap_or_default()
        };
        let what = format_smolstr!(
            "{cluster} {} {} {}",
            target.namespace.as_deref().unwrap_or_default(),
            canonical("source"),
            canonical("sources")
        );
        match self.deployed.get(&what) {
            Some((other, first)) => {
                let kind = ProblemKind::SourceTwice {
                    app,
                    other: other.clone(),
                    first: *first,
                };
                self.problem(kind, Some(application.at));
            }
            None => {
                self.deployed.insert(what, (app, application.at));
            }
        }
    }

    /// A Secret that registers a cluster in an Argo CD; `site` is where it was found.
    pub(crate) fn cluster_secret(&mut self, site: SiteId, object: &Node) {
        let labels = texts(object.at_path(&["metadata", "labels"]));
        let is_cluster = labels
            .iter()
            .any(|(key, value)| key == "argocd.argoproj.io/secret-type" && value == "cluster");
        if !is_cluster {
            return;
        }
        let Some(server) = crate::fact::secret_text(object, "server") else {
            return;
        };
        let registration = Registration {
            name: crate::fact::secret_text(object, "name").unwrap_or_else(|| server.clone()),
            server,
            project: crate::fact::secret_text(object, "project").unwrap_or_default(),
            annotations: texts(object.at_path(&["metadata", "annotations"]))
                .into_iter()
                .collect(),
            labels: labels.into_iter().collect(),
        };
        let holder = self.site(site).placement.cluster.clone();
        let config = Arc::clone(&self.config);
        if holder.is_none() {
            // It may be the Argo CD's own cluster, of which this is the only name.
            self.hints.insert(registration.name.to_string());
        }
        self.inventory.register(holder.as_ref(), registration, &config);
    }
}

/// The fields of a map that are texts.
pub(crate) fn texts(map: Option<&Node>) -> Vec<(SmolStr, SmolStr)> {
    let fields = map.map(Node::fields).unwrap_or_default();
    let text = |field: &deconflict_yaml::Field| {
        Some((SmolStr::from(field.name()), SmolStr::from(text_of(&field.value)?)))
    };
    fields.iter().filter_map(text).collect()
}

fn place_of(node: &Node, name: &str) -> Origin {
    node.get(name).map_or(node.at, |value| value.at)
}

fn variables(application: &Application<'_>, source: &Node, project: Option<&str>) -> Variables {
    let text = |name: &str| source::text(source, name).unwrap_or_default();
    // REVISION and its short forms are known only after fetching.
    Variables(vec![
        ("ARGOCD_APP_NAMESPACE", application.namespace.clone()),
        ("ARGOCD_APP_NAME", application.name.clone()),
        ("ARGOCD_APP_PROJECT_NAME", project.unwrap_or_default().into()),
        ("ARGOCD_APP_SOURCE_REPO_URL", text("repoURL")),
        ("ARGOCD_APP_SOURCE_PATH", text("path")),
        ("ARGOCD_APP_SOURCE_TARGET_REVISION", text("targetRevision")),
    ])
}

/// What `spec.syncPolicy` says (Argo CD documentation, "Automated Sync Policy" and "Sync Options").
fn upkeep(spec: &Node) -> Upkeep {
    let option = |wanted: &str| {
        let mut options = items_at(spec, &["syncPolicy", "syncOptions"]);
        options.any(|option| text_of(option) == Some(wanted))
    };
    let prunes = bool_at(spec, &["syncPolicy", "automated", "prune"]);
    let drift = Drift::of(spec);
    Upkeep {
        prunes: Some(prunes == Some(true)),
        recreates: option("Replace=true") && option("Force=true"),
        drift: (!drift.is_nothing()).then(|| Arc::new(drift)),
    }
}
