//! `namespace`: kustomize's NamespaceTransformer.

use std::sync::Arc;

use deconflict_yaml::{Dialect, Kind, Node};
use smol_str::SmolStr;

use super::fieldspec::{Creation, FieldSpec, Grouped, Prepared, read_specs, with_kind};
use super::read::{Reader, Sourced};
use super::value::{scalar_of, set_from, text_scalar, wrong_kind};
use super::{FieldSpecs, entries};
use crate::Problem;
use crate::model::{Gvk, ResMap, Resource};

const BY: &str = "namespace";

/// What to set.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The namespace; empty does nothing.
    namespace: Sourced,
    /// Leave what is set already.
    unset_only: bool,
    /// Which subjects of role bindings get it.
    subjects: Subjects,
    /// The plugin's own field specs.
    specs: Option<Vec<FieldSpec>>,
}

/// Which subjects of a role binding get the namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Subjects {
    /// Those named `default`.
    Default,
    /// All of kind ServiceAccount.
    ServiceAccounts,
    /// None.
    None,
}

impl Config {
    /// From the kustomization's field.
    pub(crate) fn from_field(namespace: Sourced) -> Self {
        Self {
            namespace,
            unset_only: false,
            subjects: Subjects::Default,
            specs: None,
        }
    }

    /// From a NamespaceTransformer.
    pub(crate) fn from_plugin(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "NamespaceTransformer")?;
        let metadata = reader.value("metadata").map_or(node, |metadata| metadata);
        let namespace = Reader::new(metadata, "ObjectMeta")?.text("namespace")?;
        let mode = reader.text("setRoleBindingSubjects")?;
        let subjects = match mode.as_ref().map_or("", |mode| mode.text.as_str()) {
            "" | "defaultOnly" => Subjects::Default,
            "allServiceAccounts" => Subjects::ServiceAccounts,
            "none" => Subjects::None,
            other => {
                return Err(Problem::build(format!(
                    "invalid value \"{other}\" for setRoleBindingSubjects: must be one of \"allServiceAccounts\", \
                     \"defaultOnly\" or \"none\""
                ))
                .at(mode.map_or(node.at, |mode| mode.at)));
            }
        };
        Ok(Self {
            namespace: namespace.unwrap_or(Sourced {
                text: SmolStr::default(),
                at: node.at,
            }),
            unset_only: reader.flag("unsetOnly")?,
            subjects,
            specs: Some(read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, false)?),
        })
    }

    fn set(&self, node: &Arc<Node>) -> Result<Option<Arc<Node>>, Problem> {
        let scalar = scalar_of(node)?;
        if self.unset_only && !scalar.text.is_empty() && !node.is_null(Dialect::Resource) {
            return Ok(None);
        }
        Ok(Some(set_from(
            node,
            text_scalar(self.namespace.text.clone()),
            self.namespace.at,
            BY,
        )))
    }
}

/// Set the namespace of every object.
///
/// # Errors
/// Two objects that become equal, and fields that are no scalars.
pub(crate) fn apply(set: &mut ResMap, config: &Config, specs: &FieldSpecs) -> Result<(), Problem> {
    if config.namespace.text.is_empty() {
        return Ok(());
    }
    let grouped = Grouped::new(config.specs.as_ref().unwrap_or(&specs.namespace));
    let metadata = FieldSpec {
        gvk: Gvk::default(),
        path: SmolStr::new_static("metadata/namespace"),
        create: true,
    };
    let metadata = Prepared::new(&metadata);
    for position in 0..set.len() {
        set.update(position, |resource| {
            resource.remember_id();
            change(resource, config, &grouped, &metadata)
        })
        .map_err(|problem| problem.at(config.namespace.at))?;
        let resource = set.get(position);
        let same = set.by_current_id(resource.id());
        if same.len() != 1 {
            let ids: Vec<String> = same
                .iter()
                .map(|position| set.get(*position).id().to_string())
                .collect();
            let mut problem = Problem::build(format!(
                "namespace transformation produces ID conflict: [{}]",
                ids.join(" ")
            ))
            .at(config.namespace.at);
            problem
                .related
                .extend(same.iter().map(|position| set.get(*position).declared_at));
            return Err(problem);
        }
    }
    Ok(())
}

fn change(
    resource: &mut Resource,
    config: &Config,
    grouped: &Grouped,
    metadata: &Prepared,
) -> Result<(), Problem> {
    let at = config.namespace.at;
    let mut set = |node: &Arc<Node>| config.set(node);
    if !resource.id().is_cluster_scoped() {
        let changed = metadata
            .rewrite(resource.body(), Creation::Scalar, at, &mut set)
            .map_err(|problem| metadata.explain(resource, problem))?;
        if let Some(body) = changed {
            resource.set_body(body);
        }
    }
    let is_binding = is_role_binding(&resource.gvk().kind);
    if is_binding && config.subjects != Subjects::None {
        let changed = bind(resource.body(), config)?;
        if let Some(body) = changed {
            resource.set_body(body);
        }
    }
    // Names of namespaces change only in core.
    let is_core = resource.gvk().group.is_empty() && resource.gvk().version == "v1";
    let wanted = |spec: &FieldSpec| {
        spec.path != "metadata/namespace"
            && (is_core || spec.path != "metadata/name")
            && !(is_binding && is_role_binding(&spec.gvk.kind) && spec.path == "subjects/namespace")
    };
    grouped
        .apply_some(resource, Creation::Scalar, at, wanted, &mut set)
        .map_err(|problem| {
            let is_shape = problem.message.starts_with("wrong node kind");
            problem.within(if is_shape {
                "namespace field specs must target scalar nodes"
            } else {
                "namespace transformation failed"
            })
        })
}

fn is_role_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

/// Set the namespace in the subjects that the mode selects.
fn bind(body: &Arc<Node>, config: &Config) -> Result<Option<Arc<Node>>, Problem> {
    let Some(subjects) = body
        .get("subjects")
        .filter(|subjects| !subjects.is_null(Dialect::Resource))
    else {
        return Ok(None);
    };
    let wrap = |problem: Problem| problem.within("setting namespace on (cluster)role binding subjects");
    let Kind::List(items) = &subjects.kind else {
        return Err(wrap(wrong_kind("SequenceNode", subjects)));
    };
    let (field, wanted) = match config.subjects {
        Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        Subjects::Default | Subjects::None => ("name", "default"),
    };
    let mut changed: Option<Vec<Arc<Node>>> = None;
    for (index, item) in items.iter().enumerate() {
        if !item.is_map() && !item.is_null(Dialect::Resource) {
            return Err(wrap(wrong_kind("MappingNode", item)));
        }
        if item.get(field).and_then(|value| value.text()) != Some(wanted) {
            continue;
        }
        let old = item.get("namespace").cloned();
        let old = old.unwrap_or_else(|| entries::empty_scalar(config.namespace.at));
        if let Some(new) = config.set(&old).map_err(wrap)? {
            let subject = entries::with_entry(item, "namespace", config.namespace.at, new);
            changed.get_or_insert_with(|| items.clone())[index] = subject;
        }
    }
    Ok(changed.map(|items| {
        let subjects = with_kind(subjects, Kind::List(items));
        entries::with_entry(body, "subjects", config.namespace.at, subjects)
    }))
}
