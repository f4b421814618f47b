//! The set of resources of one build, in order, with an index by every name a resource has or had.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{ResId, Resource, Scopes};

/// Resources in load order. Lookups by id go through an index, never over the whole set.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResMap {
    all: Vec<Resource>,
    /// Positions of the resources that have or had a name. May hold positions whose name moved on; readers check.
    by_name: FxHashMap<SmolStr, Vec<u32>>,
    /// What is known of custom kinds.
    scopes: Scopes,
}

impl ResMap {
    /// Let all resources, and those to come, know which custom kinds have no namespace.
    pub(crate) fn declare(&mut self, scopes: &Scopes) {
        if self.scopes == *scopes {
            return;
        }
        self.scopes = scopes.clone();
        for resource in &mut self.all {
            resource.declare(scopes);
        }
    }

    /// `id` as it compares with those of the resources.
    pub(crate) fn declared(&self, id: &ResId) -> ResId {
        ResId {
            is_declared: self.scopes.declare(&id.gvk),
            ..id.clone()
        }
    }

    /// All resources in order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.all.iter()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The resource at `position`.
    pub(crate) fn get(&self, position: usize) -> &Resource {
        &self.all[position]
    }

    /// Change the resource at `position`; the index follows its new name.
    pub(crate) fn update<T>(&mut self, position: usize, change: impl FnOnce(&mut Resource) -> T) -> T {
        let before = self.all[position].id().name.clone();
        let result = change(&mut self.all[position]);
        let resource = &self.all[position];
        if resource.id().name != before {
            Self::note(&mut self.by_name, &resource.id().name, position);
        }
        result
    }

    /// Change every resource in order; stops at the first error.
    pub(crate) fn try_update_all<E>(
        &mut self,
        mut change: impl FnMut(&mut Resource) -> Result<(), E>,
    ) -> Result<(), E> {
        (0..self.all.len()).try_for_each(|position| self.update(position, &mut change))
    }

    /// Append without checking for an equal id.
    pub(crate) fn push(&mut self, mut resource: Resource) {
        if !self.scopes.is_empty() {
            resource.declare(&self.scopes);
        }
        let position = self.all.len();
        Self::note(&mut self.by_name, &resource.id().name, position);
        for previous in &resource.previous {
            Self::note(&mut self.by_name, &previous.name, position);
        }
        self.all.push(resource);
    }

    /// Keep only what `keep` says; order stays.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Resource) -> bool) {
        let before = self.all.len();
        self.all.retain(keep);
        if self.all.len() != before {
            let all = std::mem::take(self);
            self.scopes = all.scopes;
            for resource in all.all {
                self.push(resource);
            }
        }
    }

    /// Positions, ascending, of resources that have or had `name`.
    pub(crate) fn named(&self, name: &str) -> &[u32] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first resource whose current id is `id`.
    pub(crate) fn first_with_id(&self, id: &ResId) -> Option<&Resource> {
        let id = self.declared(id);
        let named = self.named(&id.name).iter();
        named
            .map(|position| &self.all[*position as usize])
            .find(|resource| resource.id().same_as(&id))
    }

    /// Positions of resources whose current id is `id` (kustomize's `GetMatchingResourcesByCurrentId` with equality).
    pub(crate) fn by_current_id(&self, id: &ResId) -> Vec<usize> {
        let id = self.declared(id);
        let named = self.named(&id.name).iter().map(|position| *position as usize);
        named
            .filter(|position| self.all[*position].id().same_as(&id))
            .collect()
    }

    /// Positions of resources one of whose ids, current or previous, is `id` (`GetMatchingResourcesByAnyId`).
    pub(crate) fn by_any_id(&self, id: &ResId) -> Vec<usize> {
        let id = self.declared(id);
        let named = self.named(&id.name).iter().map(|position| *position as usize);
        let matches = |position: &usize| {
            let resource = &self.all[*position];
            resource.id().same_as(&id) || resource.previous_ids().any(|previous| previous.same_as(&id))
        };
        named.filter(matches).collect()
    }

    /// Take the resources out, in order.
    pub(crate) fn into_vec(self) -> Vec<Resource> {
        self.all
    }

    fn note(index: &mut FxHashMap<SmolStr, Vec<u32>>, name: &SmolStr, position: usize) {
        let positions = index.entry(name.clone()).or_default();
        if let Err(at) = positions.binary_search(&(position as u32)) {
            positions.insert(at, position as u32);
        }
    }
}
