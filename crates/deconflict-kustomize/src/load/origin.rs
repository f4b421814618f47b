//! `buildMetadata`: annotations that say where an object is from and which transformers it met.

use std::sync::Arc;

use deconflict_yaml::{Node, Scalar};

use super::build::Build;
use super::generators::Generated;
use super::kustomization::Kustomization;
use crate::model::{ResMap, Resource};

/// Where the object is from.
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// Which transformers it met.
pub(super) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

impl Build<'_> {
    /// Go into a directory as the kustomization names it; returns the way so far, to be put back afterwards.
    pub(super) fn enter(&mut self, path: &str) -> Option<String> {
        let outer = self.origin.clone();
        self.origin = outer.as_deref().map(|outer| join(outer, path));
        outer
    }

    /// Note the file that a resource is from.
    pub(super) fn stamp_path(&self, resource: &mut Resource, path: &str) {
        if let Some(origin) = &self.origin {
            set_origin(resource, &format!("path: {}\n", join(origin, path)));
        }
    }

    /// What is noted on objects of a generator field.
    pub(super) fn generator_stamp(&self, kustomization: &Kustomization, what: Generated) -> Option<String> {
        self.stamp(kustomization, what.transformer())
    }

    /// What is noted about a built-in generator or transformer of `kustomization`.
    pub(super) fn stamp(&self, kustomization: &Kustomization, kind: &str) -> Option<String> {
        let origin = self.origin.as_deref()?;
        let file = join(origin, kustomization.file_name);
        Some(format!(
            "configuredIn: {file}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n"
        ))
    }

    /// What is noted about a plugin, which knows where it is from.
    pub(super) fn plugin_stamp(plugin: &Resource) -> Option<String> {
        let origin = plugin
            .body()
            .at_path(&["metadata", "annotations", ORIGIN])?
            .text()?;
        let path = origin.strip_prefix("path: ")?.trim_end();
        let mut stamp = format!(
            "configuredIn: {path}\nconfiguredBy:\n  apiVersion: {}\n  kind: {}\n",
            plugin.gvk().api_version(),
            plugin.gvk().kind
        );
        let id = plugin.id();
        for (field, text) in [("name", &id.name), ("namespace", &id.namespace)] {
            if !text.is_empty() {
                stamp.push_str(&format!("  {field}: {text}\n"));
            }
        }
        Some(stamp)
    }
}

/// Go's `filepath.Join` of relative paths.
pub(super) fn join(first: &str, second: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in first.split('/').chain(second.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

/// Set the annotation that says where the object is from.
pub(super) fn set_origin(resource: &mut Resource, text: &str) {
    annotate(resource, ORIGIN, text);
}

/// Add a transformer to what every object met.
pub(super) fn add_transformation(set: &mut ResMap, stamp: &str) {
    let mut item = String::new();
    for (index, line) in stamp.lines().enumerate() {
        item.push_str(if index == 0 { "- " } else { "  " });
        item.push_str(line);
        item.push('\n');
    }
    for position in 0..set.len() {
        set.update(position, |resource| {
            // What does not say where it is from counts as made by the transformer.
            if resource
                .body()
                .at_path(&["metadata", "annotations", ORIGIN])
                .is_none()
            {
                set_origin(resource, stamp);
                return;
            }
            let known = resource
                .body()
                .at_path(&["metadata", "annotations", TRANSFORMATIONS])
                .and_then(Node::text);
            let text = format!("{}{item}", known.unwrap_or_default());
            annotate(resource, TRANSFORMATIONS, &text);
        });
    }
}

fn annotate(resource: &mut Resource, key: &str, text: &str) {
    let at = resource.declared_at;
    let mut body = Arc::clone(resource.body());
    let top = Arc::make_mut(&mut body);
    if top.get("metadata").is_none_or(|metadata| !metadata.is_map()) {
        return;
    }
    if let Some(metadata) = top.get_mut("metadata") {
        if metadata.get("annotations").is_none_or(|map| !map.is_map()) {
            metadata.set("annotations", at, Node::map(at));
        }
        if let Some(annotations) = metadata.get_mut("annotations") {
            annotations.set(key, at, Node::scalar(Scalar::string(text), at));
        }
    }
    resource.set_body(body);
}

/// Take annotations off every object.
pub(super) fn remove(set: &mut ResMap, key: &str) {
    for position in 0..set.len() {
        if set
            .get(position)
            .body()
            .at_path(&["metadata", "annotations", key])
            .is_none()
        {
            continue;
        }
        set.update(position, |resource| {
            let mut body = Arc::clone(resource.body());
            if let Some(annotations) = Arc::make_mut(&mut body)
                .get_mut("metadata")
                .and_then(|metadata| metadata.get_mut("annotations"))
            {
                annotations.remove(key);
            }
            resource.set_body(body);
        });
    }
}
