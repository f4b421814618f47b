//! An object in one place.

use deconflict_findings::{Certainty, ObjectRef, PlacementStatus};
use deconflict_kube::{Scope, Scopes};
use deconflict_placement::{Asked, Owners, Placement};
use smol_str::{SmolStr, ToSmolStr};

use crate::{Facts, Footprint};

/// The objects of a root in one of its placements.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Who puts them where.
    pub placement: &'a Placement,
    /// The objects.
    pub footprint: &'a Footprint,
}

/// An object as it ends up in a cluster.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    /// The object and what it claims.
    pub facts: &'a Facts,
    /// Who puts it there.
    pub placement: &'a Placement,
    /// The application: what the placement says, else its root.
    pub app: SmolStr,
    /// The namespace it ends up in; `None` for kinds without one.
    pub namespace: Option<SmolStr>,
    /// The owning team, if known.
    pub owner: Option<SmolStr>,
    /// `Possible` when nothing says which namespace it goes to, or whether it has one, and for objects of a root that
    /// could not be built in full.
    pub certainty: Certainty,
}

impl<'a> Placed<'a> {
    pub(crate) fn new(facts: &'a Facts, placement: &'a Placement, owners: &Owners, scopes: &Scopes) -> Self {
        let key = &facts.object.key;
        let given = key.namespace.as_ref().or(placement.namespace.as_ref());
        let (namespace, certainty) = match (scopes.of(&key.group, &key.kind), given) {
            (Scope::Cluster, _) => (None, Certainty::Witnessed),
            (Scope::Namespaced, Some(namespace)) => (Some(namespace.clone()), Certainty::Witnessed),
            (Scope::Unknown, _) if key.namespace.is_some() => (key.namespace.clone(), Certainty::Witnessed),
            // Without an engine, `kubectl -n` may say anything (CONTRACT.md, placement without an engine).
            (Scope::Namespaced, None) => (Some("default".into()), Certainty::Possible),
            (Scope::Unknown, given) => (given.cloned(), Certainty::Possible),
        };
        // Of a root that could not be built in full nobody knows what its objects would become.
        let certainty = match placement.status {
            PlacementStatus::Rendered => certainty,
            _ => Certainty::Possible,
        };
        let path = placement.root.as_ref();
        let owner = owners.owner(&Asked {
            root: path,
            body: Some(&facts.object.body),
            project: placement.project_owner.as_ref(),
            cluster: placement.cluster.as_deref(),
            namespace: namespace.as_deref(),
            layout: placement.owner.as_ref(),
        });
        let app = placement.app.clone().unwrap_or_else(|| match path {
            Some(root) => root.display().to_smolstr(),
            None => SmolStr::default(),
        });
        Self {
            facts,
            placement,
            app,
            namespace,
            owner,
            certainty,
        }
    }

    /// Group, kind, effective namespace and name: equal for two objects that are one in the cluster.
    pub fn identity(&self) -> (&str, &str, Option<&str>, &str) {
        let key = &self.facts.object.key;
        (&key.group, &key.kind, self.namespace.as_deref(), &key.name)
    }

    /// For a finding.
    pub fn reference(&self) -> ObjectRef {
        let object = &self.facts.object;
        ObjectRef {
            cluster: self.placement.cluster.as_ref().map(ToString::to_string),
            group: object.key.group.to_string(),
            version: object.version.to_string(),
            kind: object.key.kind.to_string(),
            namespace: self.namespace.as_ref().map(ToString::to_string),
            name: object.key.name.to_string(),
            root: self.placement.root.as_ref().map(|root| root.display().to_owned()),
            app: Some(self.app.to_string()).filter(|app| !app.is_empty()),
            engine: Some(self.placement.engine.word()),
            owner: self.owner.as_ref().map(ToString::to_string),
        }
    }

    /// Who: the team, else the application.
    pub fn who(&self) -> &str {
        self.owner.as_deref().unwrap_or(&self.app)
    }

    /// `Kind namespace/name`, as messages print it.
    pub fn title(&self) -> String {
        let key = &self.facts.object.key;
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{}", key.kind, key.name),
            None => format!("{} {}", key.kind, key.name),
        }
    }
}
