//! Name references: after renames, whoever named an object by an earlier name gets the current one.

use std::sync::Arc;

use deconflict_yaml::{Dialect, Kind, Node};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::FieldSpecs;
use super::entries::with_entry;
use super::fieldspec::{Creation, Grouped, Prepared, with_kind};
use super::value::composed;
use crate::Problem;
use crate::model::{CLUSTER, Gvk, ResId, ResMap, Resource, Selector};

const BY: &str = "name reference";

/// Fix all references.
///
/// # Errors
/// A name that could be several objects, subjects of role bindings without a namespace, paths to maps without a name.
pub(crate) fn apply(set: &mut ResMap, specs: &FieldSpecs) -> Result<(), Problem> {
    // Nothing was ever renamed: nothing can be found by an earlier name. Role bindings are still looked at.
    let mut targets = Vec::new();
    let mut all = Vec::new();
    for back in &specs.name_reference {
        for referrer in &back.referrers {
            targets.push(&back.gvk);
            all.push(referrer);
        }
    }
    let grouped = Grouped::new(all);
    let namespaces = Namespaces::new(set);
    for position in 0..set.len() {
        let referrer = set.get(position);
        let prepared = grouped.of(&referrer.original_id().gvk);
        if prepared.is_empty() {
            continue;
        }
        let sight = Sight::new(set, referrer, &namespaces)?;
        let mut changed: Option<Arc<Node>> = None;
        for (index, spec) in prepared {
            let body = changed.as_ref().unwrap_or(referrer.body());
            let new = sight
                .fix(body, spec, targets[index])
                .map_err(|problem| explain(problem, referrer, spec))?;
            changed = new.or(changed);
        }
        if let Some(body) = changed {
            set.update(position, |resource| resource.set_body(body));
        }
    }
    Ok(())
}

fn explain(problem: Problem, referrer: &Resource, spec: &Prepared) -> Problem {
    spec.explain(referrer, problem).within(format!(
        "updating name reference in '{}' field of '{}'",
        spec.spec.path,
        referrer.id()
    ))
}

/// Which namespaces objects were loaded with, and which they have now: (effective, as written).
struct Namespaces {
    by_original: FxHashMap<SmolStr, FxHashSet<(SmolStr, SmolStr)>>,
}

impl Namespaces {
    fn new(set: &ResMap) -> Self {
        let mut by_original: FxHashMap<SmolStr, FxHashSet<(SmolStr, SmolStr)>> = FxHashMap::default();
        for resource in set.iter() {
            let original = match resource.previous.first() {
                None => resource.id().effective_namespace().into(),
                Some(_) => resource.original_id().effective_namespace().into(),
            };
            let now = (
                resource.id().effective_namespace().into(),
                resource.id().namespace.clone(),
            );
            by_original.entry(original).or_default().insert(now);
        }
        Self { by_original }
    }
}

/// What one referrer can see.
struct Sight<'s> {
    set: &'s ResMap,
    referrer: &'s Resource,
    namespaces: &'s Namespaces,
    /// Namespaces of the service accounts that a role binding names.
    of_subjects: Vec<&'s str>,
    /// (group, kind) of `roleRef`.
    role: Option<Selector>,
}

/// How candidates that are left may differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    /// Only the name is copied.
    Names,
    /// Name and namespace are.
    NamesAndNamespaces,
}

impl<'s> Sight<'s> {
    fn new(set: &'s ResMap, referrer: &'s Resource, namespaces: &'s Namespaces) -> Result<Self, Problem> {
        Ok(Self {
            set,
            referrer,
            namespaces,
            of_subjects: subject_namespaces(referrer)?,
            role: role_of(referrer.body()),
        })
    }

    fn fix(&self, body: &Arc<Node>, spec: &Prepared, target: &Gvk) -> Result<Option<Arc<Node>>, Problem> {
        let role = self
            .role
            .as_ref()
            .filter(|_| spec.spec.path.ends_with("roleRef/name"));
        let mut set = |node: &Arc<Node>| match &node.kind {
            Kind::Scalar(_) if node.is_null(Dialect::Resource) => Ok(None),
            Kind::Scalar(_) => self.in_scalar(node, target, role),
            Kind::Map(_) => self.in_map(node, target, role),
            Kind::List(items) => {
                let mut changed: Option<Vec<Arc<Node>>> = None;
                for (index, item) in items.iter().enumerate() {
                    let new = match &item.kind {
                        Kind::Scalar(_) if item.is_null(Dialect::Resource) => None,
                        Kind::Scalar(_) => self.in_scalar(item, target, role)?,
                        Kind::Map(_) => self.in_map(item, target, role)?,
                        Kind::List(_) => {
                            let message = "the element is expected to be either a string or a map of string";
                            return Err(Problem::build(message).at(item.at));
                        }
                    };
                    if let Some(new) = new {
                        changed.get_or_insert_with(|| items.clone())[index] = new;
                    }
                }
                Ok(changed.map(|items| with_kind(node, Kind::List(items))))
            }
        };
        // Upstream selects by the original kind and then takes the path for whatever the object is now.
        spec.rewrite(body, Creation::Never, self.referrer.declared_at, &mut set)
    }

    fn in_scalar(
        &self,
        node: &Arc<Node>,
        target: &Gvk,
        role: Option<&Selector>,
    ) -> Result<Option<Arc<Node>>, Problem> {
        let name = node.text().unwrap_or_default();
        let candidates = self.candidates(name, target, role, |_| true);
        let Some(found) = self.select(candidates, Alike::Names, node)? else {
            return Ok(None);
        };
        if found.id().name == name {
            return Ok(None);
        }
        Ok(Some(renamed(node, found, found.id().name.clone())))
    }

    fn in_map(
        &self,
        node: &Arc<Node>,
        target: &Gvk,
        role: Option<&Selector>,
    ) -> Result<Option<Arc<Node>>, Problem> {
        let Some(name_node) = node.get("name") else {
            return Err(Problem::build("path config error; no 'name' field in node").at(node.at));
        };
        let name = name_node.text().unwrap_or_default();
        let candidates = match node
            .get("namespace")
            .map(|namespace| namespace.text().unwrap_or_default())
        {
            None => self.candidates(name, target, role, |_| true),
            Some(CLUSTER) => Vec::new(),
            Some(namespace) if self.knows_original(namespace) => {
                let fits = |resource: &Resource| resource.original_id().effective_namespace() == namespace;
                self.candidates(name, target, role, fits)
            }
            Some(namespace) => {
                let fits = |resource: &Resource| resource.id().effective_namespace() == namespace;
                self.candidates(name, target, role, fits)
            }
        };
        let Some(found) = self.select(candidates, Alike::NamesAndNamespaces, name_node)? else {
            return Ok(None);
        };
        let id = found.id();
        if id.name == name && id.namespace.is_empty() {
            return Ok(None);
        }
        let mut new = Arc::clone(node);
        if id.name != name {
            let value = renamed(name_node, found, id.name.clone());
            new = with_entry(&new, "name", found.declared_at, value);
        }
        if !id.namespace.is_empty() {
            let old = node.get("namespace");
            if old.is_none_or(|old| old.text() != Some(&id.namespace)) {
                let place = found.body().at_path(&["metadata", "namespace"]);
                let at = place.map_or(found.declared_at, |place| place.at);
                let value = match (old, place) {
                    (Some(old), _) => renamed(old, found, id.namespace.clone()),
                    (None, Some(place)) => Arc::new(place.clone()),
                    (None, None) => return Ok(Some(new)),
                };
                new = with_entry(&new, "namespace", at, value);
            }
        }
        Ok((!Arc::ptr_eq(&new, node)).then_some(new))
    }

    /// True when the referrer sees an object that was loaded with that namespace.
    fn knows_original(&self, namespace: &str) -> bool {
        self.namespaces.by_original.get(namespace).is_some_and(|now| {
            self.sees_all()
                || now
                    .iter()
                    .any(|(effective, written)| self.sees_namespace(effective, written))
        })
    }

    /// A cluster-scoped referrer sees everything.
    fn sees_all(&self) -> bool {
        self.referrer.id().is_cluster_scoped()
    }

    fn sees_namespace(&self, effective: &str, written: &str) -> bool {
        effective == CLUSTER
            || effective == self.referrer.id().effective_namespace()
            || self.of_subjects.contains(&written)
    }

    /// Objects that had that name and kind, in order.
    fn candidates(
        &self,
        name: &str,
        target: &Gvk,
        role: Option<&Selector>,
        fits: impl Fn(&Resource) -> bool,
    ) -> Vec<&'s Resource> {
        let named = self.set.named(name).iter();
        let resources = named.map(|position| self.set.get(*position as usize));
        resources
            .filter(|resource| self.is_candidate(resource, name, target, role) && fits(resource))
            .collect()
    }

    fn is_candidate(&self, resource: &Resource, name: &str, target: &Gvk, role: Option<&Selector>) -> bool {
        let was = |selector: &Selector| {
            let gvk = resource.gvk();
            resource.previous.iter().any(|previous| {
                (selector.group.is_empty() || selector.group == gvk.group)
                    && (selector.version.is_empty() || selector.version == gvk.version)
                    && (selector.kind.is_empty() || selector.kind == previous.kind)
            })
        };
        let id = resource.id();
        let is_seen = self.sees_all() || self.sees_namespace(id.effective_namespace(), &id.namespace);
        let shares_namespace = || {
            self.sees_all()
                || id.is_cluster_scoped()
                || id.gvk.kind == "ServiceAccount"
                || id.effective_namespace() == self.referrer.id().effective_namespace()
        };
        resource.previous.iter().any(|previous| previous.name == name)
            && is_seen
            && was(target)
            && role.is_none_or(was)
            && shares_namespace()
    }

    /// The one that is meant.
    fn select(
        &self,
        mut candidates: Vec<&'s Resource>,
        alike: Alike,
        at: &Node,
    ) -> Result<Option<&'s Resource>, Problem> {
        for lenient in [true, false] {
            if candidates.len() <= 1 {
                return Ok(candidates.pop());
            }
            candidates.retain(|candidate| same_affixes(candidate, self.referrer, lenient));
        }
        let Some(first) = candidates.first().copied() else {
            return Ok(None);
        };
        let is_alike = candidates.iter().all(|candidate| {
            candidate.id().name == first.id().name
                && (alike == Alike::Names || candidate.id().namespace == first.id().namespace)
        });
        if is_alike {
            return Ok(Some(first));
        }
        let ids: Vec<String> = candidates
            .iter()
            .map(|candidate| candidate.id().to_string())
            .collect();
        let mut problem =
            Problem::build(format!("found multiple possible referrals: {}", ids.join(", "))).at(at.at);
        problem.related = candidates.iter().map(|candidate| candidate.declared_at).collect();
        Err(problem)
    }
}

/// `old` with the text of what it refers to.
fn renamed(old: &Node, found: &Resource, text: SmolStr) -> Arc<Node> {
    composed(old, text, found.declared_at, BY)
}

/// True when the histories of prefixes and suffixes end alike; when `lenient`, an empty one fits any.
fn same_affixes(left: &Resource, right: &Resource, lenient: bool) -> bool {
    let same = |left: &[SmolStr], right: &[SmolStr]| {
        if left.is_empty() || right.is_empty() {
            return lenient || left.len() == right.len();
        }
        let length = left.len().min(right.len());
        left[left.len() - length..] == right[right.len() - length..]
    };
    same(&left.prefixes, &right.prefixes) && same(&left.suffixes, &right.suffixes)
}

/// Kind and group that `roleRef` names; `None` unless both are there.
fn role_of(body: &Node) -> Option<Selector> {
    let role = body.get("roleRef")?;
    let text = |name: &str| role.get(name).filter(|node| !node.is_null(Dialect::Resource));
    Some(Selector {
        group: text("apiGroup")?.text()?.into(),
        version: SmolStr::default(),
        kind: text("kind")?.text()?.into(),
    })
}

/// Namespaces of the service accounts that a RoleBinding names.
fn subject_namespaces(referrer: &Resource) -> Result<Vec<&str>, Problem> {
    let mut result = Vec::new();
    if referrer.gvk().kind != "RoleBinding" || referrer.id().is_cluster_scoped() {
        return Ok(result);
    }
    let Some(subjects) = referrer.body().get("subjects") else {
        return Ok(result);
    };
    for subject in subjects.items() {
        let kind = subject
            .get("kind")
            .and_then(|kind| kind.as_str(Dialect::Resource));
        let Some(namespace) = subject
            .get("namespace")
            .filter(|_| kind == Some("ServiceAccount"))
        else {
            continue;
        };
        let Some(text) = namespace.as_str(Dialect::Resource) else {
            let id: &ResId = referrer.id();
            let message = format!("Invalid Input: namespace is blank for resource \"{id}\"");
            return Err(Problem::build(message).at(namespace.at));
        };
        result.push(text);
    }
    Ok(result)
}
