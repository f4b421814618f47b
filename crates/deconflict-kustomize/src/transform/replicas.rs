//! `replicas`: kustomize's ReplicaCountTransformer.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Node, Scalar};
use smol_str::ToSmolStr;

use super::FieldSpecs;
use super::fieldspec::{Creation, FieldSpec, Prepared, read_specs};
use super::read::{Reader, Sourced};
use super::value::{scalar_of, set_from};
use crate::Problem;
use crate::model::{ResMap, Resource};

/// How many replicas objects of a name get.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    name: Sourced,
    count: i64,
    count_at: Origin,
    specs: Option<Vec<FieldSpec>>,
}

impl Config {
    /// From one item of `replicas`.
    pub(crate) fn from_field(item: &Node) -> Result<Self, Problem> {
        Self::read(item, None)
    }

    /// From a ReplicaCountTransformer.
    pub(crate) fn from_plugin(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "ReplicaCountTransformer")?;
        let specs = read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, false)?;
        match reader.value("replica") {
            Some(replica) => Self::read(replica, Some(specs)),
            None => Self::read(&Node::map(node.at), Some(specs)),
        }
    }

    fn read(item: &Node, specs: Option<Vec<FieldSpec>>) -> Result<Self, Problem> {
        let reader = Reader::new(item, "Replica")?;
        let name = reader.text("name")?.unwrap_or(Sourced {
            text: "".into(),
            at: item.at,
        });
        Ok(Self {
            count: reader.integer("count")?.unwrap_or(0),
            count_at: reader.value("count").map_or(name.at, |count| count.at),
            name,
            specs,
        })
    }
}

/// Set the counts.
///
/// # Errors
/// No object of that name and one of the kinds.
pub(crate) fn apply(set: &mut ResMap, config: &Config, specs: &FieldSpecs) -> Result<(), Problem> {
    let specs = config.specs.as_ref().unwrap_or(&specs.replicas);
    let name = config.name.text.as_str();
    let mut found = false;
    for spec in specs {
        let matches = |resource: &Resource| {
            let current = resource.id();
            (current.name == name && current.gvk.is_selected_by(&spec.gvk))
                || resource
                    .previous_ids()
                    .any(|previous| previous.name == name && previous.gvk.is_selected_by(&spec.gvk))
        };
        let positions: Vec<usize> = set.named(name).iter().map(|at| *at as usize).collect();
        let prepared = Prepared::new(spec);
        for position in positions {
            if !matches(set.get(position)) {
                continue;
            }
            found = true;
            set.update(position, |resource| change(resource, config, &prepared))?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = specs.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(Problem::build(format!(
        "resource with name {name} does not match a config with the following GVK [{}]",
        kinds.join(" ")
    ))
    .at(config.name.at))
}

fn change(resource: &mut Resource, config: &Config, prepared: &Prepared) -> Result<(), Problem> {
    if !resource.gvk().is_selected_by(&prepared.spec.gvk) {
        return Ok(());
    }
    let mut set = |node: &Arc<Node>| {
        // Quotes stay, and so a text stays one.
        let count = Scalar {
            text: config.count.to_smolstr(),
            style: scalar_of(node)?.style,
            tag: None,
        };
        Ok(Some(set_from(node, count, config.count_at, "replicas")))
    };
    let changed = prepared
        .rewrite(resource.body(), Creation::Scalar, config.count_at, &mut set)
        .map_err(|problem| prepared.explain(resource, problem).at(config.count_at))?;
    if let Some(body) = changed {
        resource.set_body(body);
    }
    Ok(())
}
