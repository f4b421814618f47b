//! What happens only at the root of a build, after everything else (kustomize.md section 3).

use std::sync::Arc;

use deconflict_yaml::{Dialect, Node, Scalar};

use super::accumulated::Accumulated;
use super::build::{Build, specs_of};
use super::documents::validate;
use super::kustomization::Kustomization;
use super::origin::{self, ORIGIN, TRANSFORMATIONS};
use super::sort::sort;
use super::steps::add_hashes;
use crate::emit;
use crate::model::ResMap;
use crate::transform::{references, vars};
use crate::{Problem, Quirk, WarningKind};

/// Objects with this annotation are for tools, not for the cluster.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const VERSION: &str = "kustomize-v5.5.0";

/// The objects as they are printed.
pub(super) fn finish(
    build: &mut Build<'_>,
    root: &Kustomization,
    accumulated: Accumulated,
) -> Result<Vec<Arc<Node>>, Problem> {
    let specs = specs_of(&accumulated);
    let Accumulated {
        mut set, vars: known, ..
    } = accumulated;
    let is_partial = build.said.is_partial;
    // What could not be loaded may be what they are about.
    let tolerate = |result: Result<(), Problem>| match result {
        Err(_) if is_partial => Ok(()),
        result => result,
    };
    add_hashes(&mut set)?;
    tolerate(references::apply(&mut set, &specs))?;
    tolerate(vars::apply(&mut set, &known, &specs).map(|outcome| {
        let mut unused: Vec<&str> = outcome.unused.iter().map(|(name, _)| name.as_str()).collect();
        unused.sort_unstable();
        if let Some((_, at)) = outcome.unused.first() {
            let message = format!("well-defined vars that were never replaced: {}", unused.join(","));
            build.warn(WarningKind::Printed, message, *at);
        }
    }))?;
    for resource in set.iter() {
        validate(resource.body()).map_err(|problem| problem.at(resource.declared_at))?;
    }
    set.retain(|resource| !is_local(resource.body()));
    tolerate(sort(&mut set, root, build.options.reorder))?;
    if build.options.managed_by_label || root.has_build_metadata("managedByLabel") {
        label(&mut set, root);
    }
    for (option, annotation) in [
        ("originAnnotations", ORIGIN),
        ("transformerAnnotations", TRANSFORMATIONS),
    ] {
        if build.origin.is_some() && !root.has_build_metadata(option) {
            origin::remove(&mut set, annotation);
        }
    }
    let mut bodies = Vec::with_capacity(set.len());
    for resource in set.iter() {
        let body = emit::annotations_as_strings(resource.body())
            .map_err(|problem| problem.at(resource.declared_at))?;
        emit::check_json(&body).map_err(|problem| problem.at(resource.declared_at))?;
        if let Some(at) = emit::unstable_keys(&body) {
            let message = "kustomize prints these keys in an order that differs between runs";
            build.warn(WarningKind::Quirk(Quirk::UnstableKeyOrder), message, at);
        }
        bodies.push(body);
    }
    Ok(bodies)
}

fn is_local(body: &Node) -> bool {
    let annotation = body.at_path(&["metadata", "annotations", LOCAL_CONFIG]);
    annotation.is_some_and(|value| value.text() != Some("false"))
}

/// Say who made the objects.
fn label(set: &mut ResMap, root: &Kustomization) {
    let at = root.start();
    for position in 0..set.len() {
        set.update(position, |resource| {
            let mut body = Arc::clone(resource.body());
            let top = Arc::make_mut(&mut body);
            if top
                .get("metadata")
                .is_none_or(|metadata| metadata.is_null(Dialect::Resource))
            {
                top.set("metadata", at, Node::map(at));
            }
            if let Some(metadata) = top.get_mut("metadata") {
                if metadata
                    .get("labels")
                    .is_none_or(|labels| labels.is_null(Dialect::Resource))
                {
                    metadata.set("labels", at, Node::map(at));
                }
                if let Some(labels) = metadata.get_mut("labels") {
                    labels.set(MANAGED_BY, at, Node::scalar(Scalar::string(VERSION), at));
                }
            }
            resource.set_body(body);
        });
    }
}
