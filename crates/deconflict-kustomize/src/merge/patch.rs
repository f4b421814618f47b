//! Applying patches to a set of objects.

use std::sync::Arc;

use deconflict_files::Files;
use deconflict_yaml::{Dialect, Kind, Node, Scalar, Value};

use super::cells::bare_string;
use super::entry::{Patch, PatchEntry};
use super::json6902;
use super::outcome::Outcome;
use super::schema::Schema;
use super::strategic::strategic_merge;
use crate::model::{ResMap, Resource};
use crate::{Problem, ProblemKind};

/// What merges need besides the object and the patch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergeContext<'c> {
    /// The merge keys: [`Schema::builtin`], or what `openapi.path` brought.
    pub(crate) schema: &'c Schema,
    /// The files that places point into, for merge keys in comments.
    pub(crate) files: &'c Files,
}

/// Apply `entries` in order. Objects that a patch deletes leave the set after their entry.
///
/// # Errors
/// A patch that does not apply, at its place.
pub(crate) fn apply_patches(
    set: &mut ResMap,
    entries: &[PatchEntry],
    context: &MergeContext<'_>,
    outcome: &mut Outcome,
) -> Result<(), Problem> {
    entries.iter().try_for_each(|entry| {
        Transformer {
            set,
            entry,
            context,
            outcome,
        }
        .run()
    })
}

struct Transformer<'t> {
    set: &'t mut ResMap,
    entry: &'t PatchEntry,
    context: &'t MergeContext<'t>,
    outcome: &'t mut Outcome,
}

impl Transformer<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        match (&self.entry.patch, &self.entry.target) {
            (Patch::Merge(patches), None) => self.merge_by_id(patches),
            (Patch::Merge(patches), Some(target)) => {
                let [patch] = &patches[..] else {
                    let message = format!(
                        "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {}",
                        self.entry.source
                    );
                    return Err(Problem::build(message).at(self.entry.at));
                };
                let selected = target.select(self.set)?;
                let mut found = target.selected(selected.len());
                // What it would delete is not there, as it should be.
                found.is_named &=
                    patch.get(DIRECTIVE).and_then(|directive| directive.text()) != Some("delete");
                self.outcome.matches.push(found);
                let deleted = self.merge_into(&selected, patch)?;
                self.delete(&deleted);
                self.check_ids(&selected)
            }
            (Patch::Json(operations), Some(target)) => {
                let selected = target.select(self.set)?;
                self.outcome.matches.push(target.selected(selected.len()));
                let is_legacy = self.entry.by == "patchesJson6902";
                if selected.is_empty() && is_legacy && !self.outcome.tolerate_missing {
                    let message = format!("patchesJson6902 target not found for {}", target.id_text());
                    return Err(Problem::new(ProblemKind::NoTarget, message).at(target.at));
                }
                for position in selected {
                    let resource = self.set.get(position);
                    // kustomize keeps history in annotations, so whoever has one has annotations.
                    let body = if is_legacy && !resource.has_history() {
                        Arc::clone(resource.body())
                    } else {
                        with_annotations(resource.body())
                    };
                    let body = json6902::apply(&body, operations, self.entry.by)?;
                    self.set.update(position, |resource| {
                        if !is_legacy {
                            resource.remember_id();
                        }
                        resource.set_body(body);
                    });
                }
                Ok(())
            }
            (Patch::Json(_), None) => {
                let message = format!("must specify a target for JSON patch {}", self.entry.source);
                Err(Problem::build(message).at(self.entry.at))
            }
        }
    }

    /// Patches that name their object.
    fn merge_by_id(&mut self, patches: &[Arc<Node>]) -> Result<(), Problem> {
        let is_legacy = self.entry.by == "patchesStrategicMerge";
        let mut deleted = Vec::new();
        for patch in patches {
            if !deleted.is_empty() && !is_legacy {
                // kustomize 5.5.0 looks at the emptied object and crashes (trap 15).
                let message =
                    "a patch that deletes an object must be the last of its entry: kustomize 5.5.0 crashes";
                return Err(Problem::new(ProblemKind::Crash, message).at(patch.at));
            }
            let Some(position) = self.find(patch)? else {
                continue;
            };
            let gone = self.merge_into(&[position], patch)?;
            if is_legacy {
                self.delete(&gone);
            } else {
                deleted.extend(gone);
            }
        }
        self.delete(&deleted);
        Ok(())
    }

    /// The one object that `patch` names.
    fn find(&mut self, patch: &Arc<Node>) -> Result<Option<usize>, Problem> {
        let id = Resource::new(Arc::clone(patch)).original_id();
        let at = patch
            .at_path(&["metadata", "name"])
            .map_or(patch.at, |name| name.at);
        let found = self.set.by_any_id(&id);
        let (count, kind) = match &found[..] {
            [position] => return Ok(Some(*position)),
            [] if self.outcome.tolerate_missing => return Ok(None),
            [] => ("no", ProblemKind::NoTarget),
            _ => ("multiple", ProblemKind::Build),
        };
        let message = format!("{count} matches for Id {id}; failed to find unique target for patch {id}");
        let mut problem = Problem::new(kind, message);
        problem.related = found
            .iter()
            .map(|position| self.set.get(*position).declared_at)
            .collect();
        if self.entry.by == "patches" {
            problem = problem.within(format!(
                "no resource matches strategic merge patch {}",
                super::quote(&id.to_string())
            ));
        }
        Err(problem.at(at))
    }

    /// Merge `patch` into the objects at `positions`; returns those that it deletes.
    fn merge_into(&mut self, positions: &[usize], patch: &Arc<Node>) -> Result<Vec<usize>, Problem> {
        let is_copied = self.entry.target.is_some() || self.entry.by == "patchesStrategicMerge";
        let mut deleted = Vec::new();
        for position in positions {
            let (keep_name, keep_kind) = (!self.entry.allow_name_change, !self.entry.allow_kind_change);
            if !keep_name || !keep_kind {
                self.set.update(*position, Resource::remember_id);
            }
            let resource = self.set.get(*position);
            let before = Arc::clone(resource.body());
            let patch = if is_copied {
                copied(patch, &before)
            } else {
                Arc::clone(patch)
            };
            let is_noted = resource.has_history() && reaches_annotations(&patch);
            let target = if is_noted {
                noted(&before)
            } else {
                Arc::clone(&before)
            };
            let merged = strategic_merge(
                &target,
                &patch,
                self.context,
                self.entry.by,
                &mut self.outcome.quirks,
            )?;
            let (merged, is_forgotten) = match merged {
                Some(merged) if is_noted => without_note(merged),
                merged => (merged, false),
            };
            self.set.update(*position, |resource| {
                if is_forgotten {
                    resource.forget_history();
                }
                match merged {
                    Some(merged) => {
                        let merged = restored(merged, &before, keep_name, keep_kind);
                        resource.set_body(same_places(merged, &before));
                    }
                    None => deleted.push(*position),
                }
            });
        }
        Ok(deleted)
    }

    fn delete(&mut self, positions: &[usize]) {
        if positions.is_empty() {
            return;
        }
        let mut position = 0..;
        self.set.retain(|_| {
            position
                .next()
                .is_none_or(|position| !positions.contains(&position))
        });
    }

    /// Patches may make two objects equal if they may change names or kinds.
    fn check_ids(&self, positions: &[usize]) -> Result<(), Problem> {
        if !self.entry.allow_name_change && !self.entry.allow_kind_change {
            return Ok(());
        }
        for position in positions
            .iter()
            .copied()
            .filter(|position| *position < self.set.len())
        {
            let id = self.set.get(position).id();
            if let [first, second, ..] = self.set.by_current_id(id)[..] {
                let message = format!("may not add resource with an already registered id: {id}");
                let mut problem = Problem::build(message).at(self.set.get(second).declared_at);
                problem.related.push(self.set.get(first).declared_at);
                return Err(problem);
            }
        }
        Ok(())
    }
}

/// `body` with a map of annotations: what kustomize makes when it writes history into it.
fn with_annotations(body: &Arc<Node>) -> Arc<Node> {
    let mut body = Arc::clone(body);
    if body
        .at_path(&["metadata", "annotations"])
        .is_some_and(Node::is_map)
    {
        return body;
    }
    if let Some(metadata) = Arc::make_mut(&mut body).get_mut("metadata") {
        let at = metadata.at;
        metadata.set("annotations", at, Node::map(at));
    }
    body
}

/// Stands for the annotations that kustomize keeps history in: a patch that takes it away takes the history.
const HISTORY: &str = "internal.config.kubernetes.io/previousNames";

const DIRECTIVE: &str = "$patch";

/// True for a patch that could take annotations away as a whole.
fn reaches_annotations(patch: &Node) -> bool {
    let Some(metadata) = patch.get("metadata") else {
        return false;
    };
    !metadata.is_map()
        || metadata.get(DIRECTIVE).is_some()
        || metadata
            .get("annotations")
            .is_some_and(|annotations| !annotations.is_map() || annotations.get(DIRECTIVE).is_some())
}

fn noted(body: &Arc<Node>) -> Arc<Node> {
    let mut body = with_annotations(body);
    let annotations = Arc::make_mut(&mut body)
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(annotations) = annotations {
        let at = annotations.at;
        annotations.set(HISTORY, at, Node::scalar(Scalar::string("-"), at));
    }
    body
}

/// `merged` without the note, and whether it was gone.
fn without_note(merged: Arc<Node>) -> (Option<Arc<Node>>, bool) {
    if merged.at_path(&["metadata", "annotations", HISTORY]).is_none() {
        return (Some(merged), true);
    }
    let mut merged = merged;
    if let Some(metadata) = Arc::make_mut(&mut merged).get_mut("metadata")
        && let Some(annotations) = metadata.get_mut("annotations")
    {
        annotations.remove(HISTORY);
        if annotations.fields().is_empty() {
            metadata.remove("annotations");
        }
    }
    (Some(merged), false)
}

/// The copy of a patch that kustomize makes where it selects objects: with the apiVersion of the object, and with
/// labels and annotations as strings. So a null there sets the text `null` and deletes nothing, and an empty map is
/// as none.
fn copied(patch: &Arc<Node>, target: &Node) -> Arc<Node> {
    let mut patch = Arc::clone(patch);
    match target.get("apiVersion") {
        Some(api_version)
            if patch.get("apiVersion").and_then(|version| version.text()) != api_version.text() =>
        {
            Arc::make_mut(&mut patch).set("apiVersion", api_version.at, Arc::clone(api_version));
        }
        None if patch.get("apiVersion").is_some() => Arc::make_mut(&mut patch).remove("apiVersion"),
        _ => {}
    }
    for map in ["labels", "annotations"] {
        let is_text = |node: &Node| {
            node.as_scalar()
                .is_some_and(|scalar| Dialect::Resource.read(scalar) == Value::String)
        };
        match patch.at_path(&["metadata", map]) {
            None => continue,
            Some(map)
                if !map.fields().is_empty() && map.fields().iter().all(|field| is_text(&field.value)) =>
            {
                continue;
            }
            Some(_) => {}
        }
        let Some(metadata) = Arc::make_mut(&mut patch).get_mut("metadata") else {
            continue;
        };
        let fields = metadata
            .get_mut(map)
            .and_then(Node::fields_mut)
            .filter(|fields| !fields.is_empty());
        let Some(fields) = fields else {
            metadata.remove(map);
            continue;
        };
        for field in fields.iter_mut().filter(|field| !is_text(&field.value)) {
            let value = Arc::make_mut(&mut field.value);
            value.kind = Kind::Scalar(bare_string(value.text().unwrap_or_default()));
        }
    }
    patch
}

/// `merged` with the identity that `before` had.
fn restored(merged: Arc<Node>, before: &Node, keep_name: bool, keep_kind: bool) -> Arc<Node> {
    let mut merged = merged;
    if keep_kind
        && let Some(kind) = before.get("kind")
        && is_other(merged.get("kind"), kind)
    {
        Arc::make_mut(&mut merged).set("kind", kind.at, Arc::clone(kind));
    }
    if keep_name && let Some(name) = before.at_path(&["metadata", "name"]) {
        set_metadata(&mut merged, "name", name);
    }
    match before
        .at_path(&["metadata", "namespace"])
        .filter(|namespace| !namespace.text().unwrap_or_default().is_empty())
    {
        Some(namespace) => set_metadata(&mut merged, "namespace", namespace),
        None if merged.at_path(&["metadata", "namespace"]).is_some() => {
            if let Some(metadata) = Arc::make_mut(&mut merged).get_mut("metadata") {
                metadata.remove("namespace");
            }
        }
        None => {}
    }
    merged
}

/// A patch repeats the identity of its object only to name it: where it says the same, the places stay.
fn same_places(merged: Arc<Node>, before: &Node) -> Arc<Node> {
    let mut merged = merged;
    for path in [
        &["apiVersion"][..],
        &["kind"],
        &["metadata", "name"],
        &["metadata", "namespace"],
    ] {
        let (Some(now), Some(then)) = (merged.at_path(path), before.at_path(path)) else {
            continue;
        };
        if now.at == then.at || now.text() != then.text() {
            continue;
        }
        let node = path
            .iter()
            .try_fold(Arc::make_mut(&mut merged), |node, name| node.get_mut(name));
        if let Some(node) = node {
            node.at = then.at;
            node.via.clone_from(&then.via);
        }
    }
    merged
}

fn is_other(now: Option<&Arc<Node>>, before: &Node) -> bool {
    now.is_none_or(|now| now.text() != before.text())
}

/// Set a text of the metadata to what it was. kustomize writes it as a string, so a name that was a number is one
/// afterwards.
fn set_metadata(body: &mut Arc<Node>, field: &str, before: &Node) {
    let now = body.get("metadata").and_then(|metadata| metadata.get(field));
    let text = before.text().unwrap_or_default();
    let string = before
        .as_scalar()
        .filter(|scalar| !scalar.is_bare())
        .cloned()
        .unwrap_or_else(|| bare_string(text));
    if now.is_some_and(|now| now.as_scalar() == Some(&string)) {
        return;
    }
    let value = Node {
        kind: Kind::Scalar(string),
        ..before.clone()
    };
    let top = Arc::make_mut(body);
    if top.get("metadata").is_none_or(|metadata| !metadata.is_map()) {
        top.set("metadata", before.at, Node::map(before.at));
    }
    if let Some(metadata) = top.get_mut("metadata") {
        metadata.set(field, before.at, value);
    }
}
