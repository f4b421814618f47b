//! Strategic merge: kyaml's `merge2` over its `walk`, ported with its order of steps (kustomize.md section 7).
//!
//! A walk visits every map of the object, patched or not, and rebuilds every list that has merge keys. So even a patch
//! of one label drops fields without a value (`key:`) and nulls from merged lists elsewhere.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Node, Scalar};
use smol_str::SmolStr;

use super::cells::{CellId, Cells, Shape};
use super::directive::{self, Directive};
use super::elements;
use super::outcome::{PatchQuirk, PatchQuirkKind};
use super::schema::{Schema, TypeId};
use crate::Problem;

/// `target` with `patch` merged into it; `None` when the patch deletes it. Parts that did not change are shared with
/// `target`; what the patch brought has the patch's places, and what it replaced is in the trail.
///
/// # Errors
/// Values of different shapes at one path, and unknown `$patch` directives.
pub(crate) fn strategic_merge(
    target: &Arc<Node>,
    patch: &Arc<Node>,
    schema: &Schema,
    by: &'static str,
    quirks: &mut Vec<PatchQuirk>,
) -> Result<Option<Arc<Node>>, Problem> {
    let mut cells = Cells::new(by);
    let (dest, origin) = (cells.add(Arc::clone(target)), cells.add(Arc::clone(patch)));
    let mut walk = Walk {
        cells,
        schema,
        quirks,
    };
    walk.note_replace(Some(dest), Some(origin));
    let merged = walk.walk(None, [Some(dest), Some(origin)])?;
    // A replaced object is computed and then not used: kustomize goes on with the one it had.
    Ok(merged
        .map(|_| walk.cells.build(dest))
        .filter(|merged| !merged.fields().is_empty()))
}

/// The two nodes that are merged: that of the object, then that of the patch. Both are the same once a part of the
/// patch became a part of the object.
type Sources = [Option<CellId>; 2];

struct Walk<'w> {
    cells: Cells,
    schema: &'w Schema,
    quirks: &'w mut Vec<PatchQuirk>,
}

impl Walk<'_> {
    fn walk(&mut self, of: Option<TypeId>, sources: Sources) -> Result<Option<CellId>, Problem> {
        let of = of.or_else(|| self.type_of_object(sources));
        let Some(first) = sources
            .into_iter()
            .flatten()
            .find(|source| !self.cells.is_null(*source))
        else {
            return self.map(of, sources);
        };
        let shape = self.cells.shape(first);
        for source in sources.into_iter().flatten() {
            elements::expect(&self.cells, source, shape)?;
        }
        match shape {
            Shape::Map => self.map(of, sources),
            Shape::List => match self.schema.merge_keys(of) {
                Some(keys) => self.list(of, &keys, sources),
                None => Ok(sources[1].or(sources[0])),
            },
            Shape::Scalar => Ok(sources[1].or(sources[0])),
        }
    }

    /// The type of what has an apiVersion and a kind of its own.
    fn type_of_object(&mut self, sources: Sources) -> Option<TypeId> {
        sources.into_iter().flatten().find_map(|source| {
            let api_version = self.cells.field(source, "apiVersion")?;
            let kind = self.cells.field(source, "kind")?;
            self.schema
                .of_object(self.cells.text(api_version), self.cells.text(kind))
        })
    }

    fn map(&mut self, of: Option<TypeId>, mut sources: Sources) -> Result<Option<CellId>, Problem> {
        let Some(dest) = self.visit_map(sources)? else {
            return Ok(None);
        };
        sources[0] = Some(dest);
        for name in self.names(sources) {
            let like = sources[1].and_then(|origin| self.cells.entry(origin, &name));
            let like = like.map(|entry| (without_tag(&entry.key), entry.key_at));
            let values = sources.map(|source| self.cells.field(source?, &name));
            let of = self.schema.field(of, &name);
            let value = self.walk(of, values)?;
            self.note_copied_directive(&name, values, like.as_ref());
            self.cells.set(dest, &name, like, value);
        }
        Ok(Some(dest))
    }

    fn visit_map(&mut self, [dest, origin]: Sources) -> Result<Option<CellId>, Problem> {
        if self.cells.is_missing_or_null(dest) {
            if directive::take(&mut self.cells, origin).is_ok_and(|directive| directive == Directive::Delete)
            {
                return Ok(None);
            }
            // A null that has a text survives when the patch does not speak of it.
            return Ok(match (dest, origin) {
                (Some(dest), None) if !self.cells.text(dest).is_empty() => {
                    Some(self.cells.add_kept_null(dest))
                }
                _ => origin,
            });
        }
        self.directed([dest, origin])
    }

    /// What is left to merge into, after nulls and directives.
    fn directed(&mut self, [dest, origin]: Sources) -> Result<Option<CellId>, Problem> {
        if origin.is_some_and(|origin| self.cells.is_null(origin)) {
            return Ok(None);
        }
        Ok(match directive::take(&mut self.cells, origin)? {
            Directive::Delete => None,
            Directive::Replace => origin,
            Directive::Merge => dest,
        })
    }

    /// The names of all fields, each once, in byte order.
    fn names(&mut self, sources: Sources) -> Vec<SmolStr> {
        let mut names = Vec::new();
        for source in sources.into_iter().flatten() {
            names.extend(
                self.cells
                    .entries(source)
                    .iter()
                    .map(|entry| entry.key.text.clone()),
            );
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn list(
        &mut self,
        of: Option<TypeId>,
        keys: &[SmolStr],
        mut sources: Sources,
    ) -> Result<Option<CellId>, Problem> {
        let visited = if self.cells.is_missing_or_null(sources[0]) {
            sources[1]
        } else {
            self.directed(sources)?
        };
        let Some(dest) = visited else { return Ok(None) };
        sources[0] = Some(dest);
        let elements = self.schema.elements(of);
        let merged = if keys.is_empty() {
            self.scalars(elements, dest, sources)
        } else {
            self.elements(elements, keys, dest, sources)
        };
        merged.map(|list| Some(list).filter(|list| !self.cells.is_null(*list)))
    }

    /// Merge lists whose elements have keys: first the patch's elements, then the others.
    fn elements(
        &mut self,
        of: Option<TypeId>,
        keys: &[SmolStr],
        dest: CellId,
        sources: Sources,
    ) -> Result<CellId, Problem> {
        let merged = self.cells.add_list(dest);
        let values = self.key_values(keys, sources);
        for value in &values {
            let (keys, values) = present(keys, value);
            let found = sources.map(|source| elements::find(&mut self.cells, source?, &keys, &values));
            self.note_replace(found[0], found[1]);
            let element = self.walk(of, found)?;
            let is_gone = |cells: &mut Cells| match element {
                None => true,
                Some(element) => cells.is_null(element) || cells.is_empty_map(element),
            };
            let mut removed = false;
            for (key, value) in keys.iter().zip(&values) {
                if is_gone(&mut self.cells) {
                    elements::set(&mut self.cells, dest, &keys, &values, None)?;
                    removed = true;
                } else if let Some(element) = element
                    && self.cells.field(element, key).is_none()
                {
                    elements::expect(&self.cells, element, Shape::Map)?;
                    self.cells.set_text(element, key, value);
                }
            }
            if !removed {
                elements::set(&mut self.cells, merged, &keys, &values, element)?;
            }
        }
        let mut rest = dest;
        let mut result = Ok(());
        for value in &values {
            let (keys, _) = present(keys, value);
            // Only the last failure counts, and after one there is nothing left to append.
            result = if rest == dest || result.is_ok() {
                elements::append(&mut self.cells, merged, rest, &keys)
            } else {
                Ok(())
            };
            rest = merged;
        }
        result.map(|()| rest)
    }

    /// Merge lists of scalars: the patch's, then the others.
    fn scalars(&mut self, of: Option<TypeId>, dest: CellId, sources: Sources) -> Result<CellId, Problem> {
        let merged = self.cells.add_list(dest);
        let no_key = [SmolStr::default()];
        let mut values: Vec<String> = Vec::new();
        for source in sources.into_iter().rev().flatten() {
            for item in self.cells.items(source).to_vec() {
                let text = self.cells.text(item);
                if !values.iter().any(|value| value == text) {
                    values.push(text.to_owned());
                }
            }
        }
        for value in values {
            let value = [value];
            let found = sources.map(|source| elements::find(&mut self.cells, source?, &no_key, &value));
            let item = self.walk(of, found)?;
            match item {
                Some(item) if !self.cells.is_null(item) && !self.cells.is_empty_map(item) => {
                    elements::expect(&self.cells, item, Shape::Scalar)?;
                    elements::set(&mut self.cells, merged, &no_key, &value, Some(item))?;
                }
                _ => elements::set(&mut self.cells, dest, &no_key, &value, None)?,
            }
        }
        elements::append(&mut self.cells, merged, dest, &no_key)?;
        Ok(merged)
    }

    /// The texts of the merge keys of all elements, each combination once, the patch's first. An absent key is empty.
    fn key_values(&mut self, keys: &[SmolStr], sources: Sources) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = Vec::new();
        let is_new = sources[0] == sources[1];
        for (is_patch, source) in [(true, sources[1]), (false, sources[0])] {
            let Some(source) = source else { continue };
            for item in self.cells.items(source).to_vec() {
                let values: Vec<String> = keys.iter().map(|key| self.key_value(item, key)).collect();
                if is_patch && !is_new && values.iter().all(String::is_empty) {
                    self.quirks.push(PatchQuirk {
                        kind: PatchQuirkKind::EmptiesList,
                        at: self.cells.at(item),
                    });
                }
                if !all.contains(&values) {
                    all.push(values);
                }
            }
        }
        all
    }

    fn key_value(&mut self, item: CellId, key: &str) -> String {
        match self.cells.field(item, key) {
            Some(value) if !self.cells.is_nil_or_empty(value) => self.cells.text(value).to_owned(),
            _ => String::new(),
        }
    }

    /// `$patch: replace` where it changes nothing.
    fn note_replace(&mut self, dest: Option<CellId>, origin: Option<CellId>) {
        let (Some(dest), Some(origin)) = (dest, origin) else {
            return;
        };
        if dest != origin
            && let Some(directive) = self.cells.field(origin, "$patch")
            && self.cells.text(directive) == "replace"
        {
            self.quirks.push(PatchQuirk {
                kind: PatchQuirkKind::ReplaceIgnored,
                at: self.cells.at(directive),
            });
        }
    }

    /// A directive of the API server's patches that kustomize takes for a field.
    fn note_copied_directive(&mut self, name: &str, values: Sources, key: Option<&(Scalar, Origin)>) {
        let is_directive = name == "$retainKeys"
            || name.starts_with("$setElementOrder/")
            || name.starts_with("$deleteFromPrimitiveList/");
        if is_directive
            && values[1].is_some()
            && let Some((_, at)) = key
        {
            self.quirks.push(PatchQuirk {
                kind: PatchQuirkKind::DirectiveCopied,
                at: *at,
            });
        }
    }
}

/// The keys that have a value, and the values; all of them when none has.
fn present(keys: &[SmolStr], values: &[String]) -> (Vec<SmolStr>, Vec<String>) {
    let has_value = keys.iter().zip(values).filter(|(_, value)| !value.is_empty());
    let (some_keys, some_values): (Vec<SmolStr>, Vec<String>) =
        has_value.map(|(key, value)| (key.clone(), value.clone())).unzip();
    if some_keys.is_empty() {
        (keys.to_vec(), values.to_vec())
    } else {
        (some_keys, some_values)
    }
}

fn without_tag(key: &Scalar) -> Scalar {
    Scalar {
        tag: None,
        ..key.clone()
    }
}
