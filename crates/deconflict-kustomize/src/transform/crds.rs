//! Field specs from `crds` files (upstream's loadconfigfromcrds).

use std::sync::Arc;

use deconflict_yaml::{Dialect, Node};
use smol_str::SmolStr;

use super::fieldspec::{FieldSpec, merge_one};
use super::specs::{BackReferences, FieldSpecs};
use crate::Problem;
use crate::model::Gvk;

/// So many properties are looked at: definitions may refer to themselves, where upstream never ends.
const MAX_PROPERTIES: usize = 100_000;

/// References between types are followed this deep.
const MAX_DEPTH: usize = 64;

/// Read definitions by type name.
pub(super) fn read(root: &Node) -> Result<FieldSpecs, Problem> {
    let mut specs = FieldSpecs::default();
    let mut budget = MAX_PROPERTIES;
    for field in root.fields() {
        let Some(properties) = properties(&field.value) else {
            continue;
        };
        // Only what looks like a Kubernetes type.
        if ["kind", "apiVersion", "metadata"]
            .iter()
            .any(|name| properties.get(name).is_none())
        {
            continue;
        }
        let kind = field.name().rsplit('.').next().unwrap_or_default().into();
        let gvk = Gvk {
            kind,
            ..Gvk::default()
        };
        add_type(&mut specs, root, &gvk, field.name(), &mut Vec::new(), &mut budget)?;
    }
    specs.sort();
    Ok(specs)
}

fn add_type(
    specs: &mut FieldSpecs,
    root: &Node,
    gvk: &Gvk,
    type_name: &str,
    path: &mut Vec<SmolStr>,
    budget: &mut usize,
) -> Result<(), Problem> {
    let Some(properties) = root.get(type_name).and_then(|api| properties(api)) else {
        return Ok(());
    };
    for field in properties.fields() {
        let property = &field.value;
        let Some(left) = budget.checked_sub(1).filter(|_| path.len() < MAX_DEPTH) else {
            return Ok(());
        };
        *budget = left;
        path.push(field.name().into());
        let spec = |last: Option<&str>| {
            let mut parts: Vec<&str> = path.iter().map(SmolStr::as_str).collect();
            parts.extend(last);
            FieldSpec {
                gvk: gvk.clone(),
                path: parts.join("/").into(),
                create: false,
            }
        };
        if extension(property, "x-kubernetes-annotation").is_some() {
            merge_one(&mut specs.common_annotations, &spec(None))?;
        }
        if extension(property, "x-kubernetes-label-selector").is_some() {
            merge_one(&mut specs.common_labels, &spec(None))?;
        }
        if extension(property, "x-kubernetes-identity").is_some() {
            merge_one(&mut specs.name_prefix, &spec(None))?;
        }
        let version = extension(property, "x-kubernetes-object-ref-api-version");
        let kind = extension(property, "x-kubernetes-object-ref-kind");
        if let (Some(version), Some(kind)) = (version, kind) {
            let name = extension(property, "x-kubernetes-object-ref-name-key").unwrap_or("name");
            let gvk = Gvk {
                group: SmolStr::default(),
                version: version.into(),
                kind: kind.into(),
            };
            specs.add_reference(&BackReferences {
                gvk,
                referrers: vec![spec(Some(name))],
            })?;
        }
        if let Some(reference) = property
            .get("$ref")
            .and_then(|reference| reference.as_str(Dialect::Kustomization))
        {
            add_type(specs, root, gvk, reference, path, budget)?;
        }
        path.pop();
    }
    Ok(())
}

/// `Schema.properties` of a definition.
fn properties(api: &Node) -> Option<&Arc<Node>> {
    let fields = api.fields().iter();
    let schema = fields
        .rev()
        .find(|field| field.name().eq_ignore_ascii_case("schema"))?;
    schema.value.get("properties")
}

/// A text extension; upstream compares their names in lower case.
fn extension<'n>(property: &'n Node, name: &str) -> Option<&'n str> {
    let field = property
        .fields()
        .iter()
        .find(|field| field.name().eq_ignore_ascii_case(name))?;
    field.value.as_str(Dialect::Kustomization)
}
