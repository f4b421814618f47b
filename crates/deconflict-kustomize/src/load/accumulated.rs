//! What was gathered so far, and what may join it.

use std::sync::Arc;

use super::build::specs_of;
use super::generators;
use crate::Problem;
use crate::model::{Behavior, ResMap, Resource};
use crate::transform::FieldSpecs;
use crate::transform::vars::VarSet;

/// What was gathered so far (upstream's `ResAccumulator`).
#[derive(Clone, Debug, Default)]
pub(super) struct Accumulated {
    pub(super) set: ResMap,
    pub(super) specs: Option<Arc<FieldSpecs>>,
    pub(super) vars: VarSet,
}

impl Accumulated {
    /// Add a resource whose id is new.
    pub(super) fn append(&mut self, resource: Resource) -> Result<(), Problem> {
        if let Some(known) = self.set.first_with_id(resource.id()) {
            let id = resource.id();
            let message = format!("may not add resource with an already registered id: {id}");
            let mut problem = Problem::build(message).at(resource.declared_at);
            problem.related.push(known.declared_at);
            return Err(problem);
        }
        self.set.push(resource);
        Ok(())
    }

    /// Add field specs.
    pub(super) fn configure(&mut self, more: &Arc<FieldSpecs>) -> Result<(), Problem> {
        let merged = FieldSpecs::merged(&specs_of(self), more)?;
        self.specs = Some(merged);
        Ok(())
    }

    /// Add all of a base.
    pub(super) fn merge(&mut self, other: &Accumulated) -> Result<(), Problem> {
        if self.set.len() == 0 {
            self.set = other.set.clone();
        } else {
            for resource in other.set.iter() {
                self.append(resource.clone())?;
            }
        }
        if let Some(specs) = &other.specs {
            self.configure(specs)?;
        }
        self.vars.merge(&other.vars)
    }
}

/// Put a generated object where its behavior says.
pub(super) fn put(accumulated: &mut Accumulated, resource: Resource) -> Result<(), Problem> {
    let id = resource.id().clone();
    let shown = || {
        format!(
            "resid.ResId{{Gvk:resid.Gvk{{Group:{:?}, Version:{:?}, Kind:{:?}, isClusterScoped:{}}}, Name:{:?}, \
             Namespace:{:?}}}",
            id.gvk.group.as_str(),
            id.gvk.version.as_str(),
            id.gvk.kind.as_str(),
            id.is_cluster_scoped(),
            id.name.as_str(),
            id.namespace.as_str()
        )
    };
    let fail = |message: String| {
        let mut problem = Problem::build(message).within("merging from generator");
        problem.at = Some(resource.declared_at);
        problem
    };
    match (&accumulated.set.by_any_id(&id)[..], resource.behavior) {
        ([], Behavior::Create) => accumulated.append(resource),
        ([], _) => Err(fail(format!(
            "id {} does not exist; cannot merge or replace",
            shown()
        ))),
        ([position], Behavior::Create) => {
            let mut problem = fail(format!(
                "id {} exists; behavior must be merge or replace",
                shown()
            ));
            problem.related.push(accumulated.set.get(*position).declared_at);
            Err(problem)
        }
        ([position], _) => {
            let merged = generators::merged(accumulated.set.get(*position), &resource);
            accumulated.set.update(*position, |old| *old = merged);
            Ok(())
        }
        (several, _) => {
            let mut problem = fail(format!("found multiple objects that could accept merge of {id}"));
            problem.related = several
                .iter()
                .map(|position| accumulated.set.get(*position).declared_at)
                .collect();
            Err(problem)
        }
    }
}
