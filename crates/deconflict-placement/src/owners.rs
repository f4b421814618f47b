//! Which team owns a path, a namespace, an object.

use std::sync::{Arc, PoisonError, RwLock};

use deconflict_config::{Codeowners, Config, team_key, team_name};
use deconflict_files::RepoPath;
use deconflict_yaml::{Dialect, Node};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Labels and annotations that name the owning team, ours first; of one key the label comes before the annotation.
///
/// Kubernetes recommends none (its `app.kubernetes.io/` labels end at `managed-by`). `team` and `owner` are the label
/// names that Kubecost maps to its team and owner by default, and that kube-linter's `required-label-owner` asks for;
/// `a8r.io/owner` is the annotation convention at <https://ambassadorlabs.github.io/k8s-for-humans/>;
/// `tags.datadoghq.com/team` is Datadog's team tag.
pub const TEAM_KEYS: [&str; 9] = [
    "deconflict.dev/team",
    "deconflict.dev/owner",
    "team",
    "app.kubernetes.io/team",
    "tags.datadoghq.com/team",
    "owner",
    "app.kubernetes.io/owner",
    "a8r.io/owner",
    "owned-by",
];

/// Answers who owns what, from the configuration and CODEOWNERS. Names that differ only by `@org/` or case are one team:
/// the configuration's spelling counts, else CODEOWNERS' first, else the name in lower case.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    config: Arc<Config>,
    codeowners: Arc<Codeowners>,
    /// The spelling of each team that is known, by [`team_key`].
    spellings: Arc<FxHashMap<SmolStr, SmolStr>>,
    /// Owners of directories that were asked for: the same root is asked for once per object and cluster.
    directories: Arc<RwLock<FxHashMap<RepoPath, Option<SmolStr>>>>,
}

/// What may say who owns something.
#[derive(Clone, Copy, Default, Debug)]
pub struct Asked<'a> {
    /// The directory that is deployed.
    pub root: Option<&'a RepoPath>,
    /// The object.
    pub body: Option<&'a Node>,
    /// The team of the Argo CD project.
    pub project: Option<&'a SmolStr>,
    /// The cluster.
    pub cluster: Option<&'a str>,
    /// The namespace that it ends up in.
    pub namespace: Option<&'a str>,
    /// The team directory of the layout.
    pub layout: Option<&'a SmolStr>,
}

impl Owners {
    /// Owners as `config` and `codeowners` declare them.
    pub fn new(config: Arc<Config>, codeowners: Arc<Codeowners>) -> Self {
        let mut spellings = FxHashMap::default();
        let declared = config.teams.iter().map(|team| &team.name);
        let listed = codeowners.rules.iter().flat_map(|rule| &rule.owners);
        for name in declared.chain(listed) {
            spellings
                .entry(team_key(name))
                .or_insert_with(|| team_name(name).into());
        }
        Self {
            config,
            codeowners,
            spellings: Arc::new(spellings),
            directories: Arc::default(),
        }
    }

    /// Who owns which paths.
    pub fn codeowners(&self) -> &Codeowners {
        &self.codeowners
    }

    /// The one spelling of a team.
    pub fn team(&self, name: &str) -> SmolStr {
        let key = team_key(name);
        self.spellings.get(&key).cloned().unwrap_or(key)
    }

    /// The team of that name, if the configuration or CODEOWNERS knows it.
    pub fn known(&self, name: &str) -> Option<SmolStr> {
        self.spellings.get(&team_key(name)).cloned()
    }

    /// The owner of a placed object, the first that answers of (rules.md section 3): globs of the configuration,
    /// CODEOWNERS, the object's own label or annotation, the Argo CD project, the owner of its namespace if there is
    /// exactly one, the team directory of the layout.
    pub fn owner(&self, asked: &Asked<'_>) -> Option<SmolStr> {
        asked
            .root
            .and_then(|root| self.of_directory(root))
            .or_else(|| asked.body.and_then(|body| self.of_object(body)))
            .or_else(|| asked.project.cloned())
            .or_else(
                || match self.of_namespace(asked.cluster, asked.namespace?).as_slice() {
                    [only] => Some(only.clone()),
                    _ => None,
                },
            )
            .or_else(|| asked.layout.map(|name| self.team(name)))
    }

    /// The owner of the file at `path`: the team whose `paths` globs match most specifically, else the first owner that
    /// CODEOWNERS names.
    pub fn of_path(&self, path: &RepoPath) -> Option<SmolStr> {
        let team = self.config.team_of_path(path).cloned();
        team.or_else(|| self.codeowners.team_of(path))
            .map(|name| self.team(&name))
    }

    /// All owners of the file at `path`: the team whose `paths` globs match most specifically, else everybody that
    /// CODEOWNERS names.
    pub fn all_of_path(&self, path: &RepoPath) -> Vec<SmolStr> {
        if let Some(team) = self.config.team_of_path(path) {
            return vec![self.team(team)];
        }
        let named = self.codeowners.owners_of(path).iter();
        named.map(|name| self.team(name)).collect()
    }

    /// The owner of what lies in the directory at `path`.
    pub fn of_directory(&self, path: &RepoPath) -> Option<SmolStr> {
        let known = self.directories.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(team) = known.get(path) {
            return team.clone();
        }
        drop(known);
        let team = self.config.team_of_directory(path).cloned();
        let team = team
            .or_else(|| self.codeowners.team_of_directory(path))
            .map(|name| self.team(&name));
        let mut known = self.directories.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(path.clone(), team.clone());
        team
    }

    /// The teams whose `namespaces` list it; several share it.
    pub fn of_namespace(&self, _cluster: Option<&str>, namespace: &str) -> Vec<SmolStr> {
        let teams = self.config.teams_of_namespace(namespace);
        teams.map(|name| self.team(name)).collect()
    }

    /// The team that the object names itself, in a label or annotation of [`TEAM_KEYS`].
    pub fn of_object(&self, body: &Node) -> Option<SmolStr> {
        let metadata = body.get("metadata")?;
        let maps = [metadata.get("labels"), metadata.get("annotations")];
        let named = TEAM_KEYS.iter().find_map(|key| {
            let values = maps.iter().flatten().filter_map(|map| map.get(key));
            values
                .filter_map(|value| value.as_str(Dialect::Kubernetes))
                .map(str::trim)
                .find(|name| !name.is_empty())
        })?;
        Some(self.team(named))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_config::{Codeowners, find};
    use deconflict_files::{MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use super::{Asked, Owners};

    /// Where an object is deployed and what it says.
    #[derive(Default)]
    struct Case {
        root: &'static str,
        metadata: &'static str,
        project: &'static str,
        namespace: &'static str,
        layout: &'static str,
    }

    const CONFIG: &str = "
teams:
- {name: Payments, paths: ['apps/payments/**'], namespaces: ['payments', 'pay-*', shared]}
- {name: billing, paths: ['apps/payments/billing'], namespaces: [billing, shared]}
";
    const CODEOWNERS: &str =
        "/apps/ @acme/Everyone\n/infra/ @acme/Platform @acme/payments\n/free/\n/pay/ @acme/payments\n";

    fn check(case: &Case, want: Option<&str>) {
        let object = format!("metadata: {}\n", case.metadata);
        let tree = MemoryTree::new()
            .file("deconflict.yaml", CONFIG)
            .file("CODEOWNERS", CODEOWNERS)
            .file("object.yaml", &object);
        let library = Library::new(Arc::new(tree.snapshot()), Arc::default());
        let top = RepoPath::top();
        let found = find(&library, &top, &[]);
        assert_eq!(found.problems, []);
        let codeowners = Codeowners::find(&library, &top);
        let owners = Owners::new(Arc::new(found.config), Arc::new(codeowners));
        let loaded = library.load(&RepoPath::new("object.yaml").unwrap()).unwrap();
        let body = loaded.parsed().documents[0].root.clone().unwrap();
        let some = |text: &'static str| (!text.is_empty()).then_some(text);
        let got = owners.owner(&Asked {
            root: some(case.root).and_then(RepoPath::new).as_ref(),
            body: Some(&body),
            project: some(case.project).map(Into::into).as_ref(),
            cluster: None,
            namespace: some(case.namespace),
            layout: some(case.layout).map(Into::into).as_ref(),
        });
        let shown = (case.root, case.metadata, case.namespace, case.layout);
        assert_eq!(got.as_deref(), want, "{shown:?}");
    }

    #[test]
    fn the_first_that_answers() {
        let all = || Case {
            metadata: "{labels: {team: labelled}}",
            namespace: "billing",
            layout: "directory",
            ..Case::default()
        };
        check(
            &Case {
                root: "apps/payments/web/base",
                ..all()
            },
            Some("Payments"),
        );
        check(
            &Case {
                root: "apps/payments",
                ..all()
            },
            Some("Payments"),
        );
        check(
            &Case {
                root: "apps/payments/billing/base",
                ..all()
            },
            Some("billing"),
        );
        check(
            &Case {
                root: "apps/search",
                ..all()
            },
            Some("Everyone"),
        );
        check(
            &Case {
                root: "apps",
                ..all()
            },
            Some("Everyone"),
        );
        check(
            &Case {
                root: "infra",
                ..all()
            },
            Some("Platform"),
        );
        check(
            &Case {
                root: "free/x",
                ..all()
            },
            Some("labelled"),
        );
        check(
            &Case {
                metadata: "{}",
                ..all()
            },
            Some("billing"),
        );
        check(
            &Case {
                metadata: "{}",
                project: "search",
                ..all()
            },
            Some("search"),
        );
        check(
            &Case {
                metadata: "{}",
                namespace: "shared",
                ..all()
            },
            Some("directory"),
        );
        check(
            &Case {
                metadata: "{}",
                namespace: "other",
                ..all()
            },
            Some("directory"),
        );
        check(
            &Case {
                metadata: "{}",
                namespace: "pay-eu",
                ..all()
            },
            Some("Payments"),
        );
        check(
            &Case {
                metadata: "{}",
                ..Case::default()
            },
            None,
        );
    }

    #[test]
    fn one_team_has_one_spelling() {
        check(
            &Case {
                root: "pay",
                ..Case::default()
            },
            Some("Payments"),
        );
        check(
            &Case {
                metadata: "{labels: {team: platform}}",
                ..Case::default()
            },
            Some("Platform"),
        );
        check(
            &Case {
                metadata: "{annotations: {owner: '@acme/PAYMENTS'}}",
                ..Case::default()
            },
            Some("Payments"),
        );
        check(
            &Case {
                metadata: "{labels: {team: Unknown}}",
                ..Case::default()
            },
            Some("unknown"),
        );
        check(
            &Case {
                metadata: "{}",
                layout: "PAYMENTS",
                ..Case::default()
            },
            Some("Payments"),
        );
    }

    #[test]
    fn labels_and_annotations() {
        let label = |metadata, want| {
            let case = Case {
                metadata,
                ..Case::default()
            };
            check(&case, want);
        };
        label("{labels: {owner: a, team: b}}", Some("b"));
        label("{labels: {owner: a}, annotations: {owner: b}}", Some("a"));
        label(
            "{labels: {owner: a}, annotations: {deconflict.dev/team: b}}",
            Some("b"),
        );
        label(
            "{labels: {team: ''}, annotations: {a8r.io/owner: ' c '}}",
            Some("c"),
        );
        label("{labels: {team: 7}}", None);
        label("{labels: [team]}", None);
        label("7", None);
    }
}
