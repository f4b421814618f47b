//! Strategic merge: kyaml's `merge2` over its `walk`, ported with its order of steps (kustomize.md section 7).
//!
//! A walk visits every map of the object, patched or not, and rebuilds every list that has merge keys. So even a patch
//! of one label drops fields without a value (`key:`) and nulls from merged lists elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Node, Scalar};
use smol_str::SmolStr;

use super::MergeContext;
use super::cells::{CellId, Cells, Entry, Shape};
use super::comments::Comments;
use super::directive::{self, Directive};
use super::elements;
use super::inert::is_inert;
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
    context: &MergeContext<'_>,
    by: &'static str,
    quirks: &mut Vec<PatchQuirk>,
) -> Result<Option<Arc<Node>>, Problem> {
    let mut cells = Cells::new(by);
    let (dest, origin) = (cells.add(Arc::clone(target)), cells.add(Arc::clone(patch)));
    let comments = Comments::new(context.files);
    let mut walk = Walk {
        cells,
        schema: Cow::Borrowed(context.schema),
        comments,
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
    schema: Cow<'w, Schema>,
    comments: Comments<'w>,
    quirks: &'w mut Vec<PatchQuirk>,
}

impl Walk<'_> {
    fn walk(&mut self, of: Option<TypeId>, sources: Sources) -> Result<Option<CellId>, Problem> {
        if let [Some(dest), None] = sources
            && !self.cells.is_null(dest)
            && self
                .cells
                .untouched(dest)
                .is_some_and(|node| is_inert(node, of, &self.schema))
        {
            return Ok(Some(dest));
        }
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
        for pair in self.pairs(sources) {
            let of = self
                .type_in_comment(&pair)
                .or_else(|| self.schema.field(of, &pair.name));
            let Pair {
                name, values, key, ..
            } = pair;
            let value = self.walk(of, values)?;
            let value = value.filter(|value| !self.cells.is_null(*value));
            match (values[0], value) {
                (Some(existing), Some(value)) => self.cells.overwrite(existing, value),
                (Some(_), None) => self.cells.clear(dest, &name),
                (None, Some(value)) => {
                    self.note_copied_directive(&name, &key);
                    self.cells.push_entry(dest, Entry { value, ..key });
                }
                (None, None) => {}
            }
        }
        Ok(Some(dest))
    }

    /// The type that a comment gives the list of a field; the object's comment counts before the patch's.
    fn type_in_comment(&mut self, pair: &Pair) -> Option<TypeId> {
        let is_list = |value: CellId| self.cells.shape(value) == Shape::List;
        if !pair.values.into_iter().flatten().any(is_list) {
            return None;
        }
        let schema = pair
            .keys
            .into_iter()
            .flatten()
            .find_map(|key| self.comments.schema_at(key))?;
        Some(self.schema.to_mut().add_described(&schema))
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

    /// The fields of both maps by name, in byte order. Of equal names in one map only the first counts.
    fn pairs(&mut self, sources: Sources) -> Vec<Pair> {
        let mut found: Vec<(usize, Entry)> = Vec::new();
        for (index, source) in sources.into_iter().enumerate() {
            let Some(source) = source else { continue };
            found.extend(
                self.cells
                    .entries(source)
                    .iter()
                    .map(|entry| (index, entry.clone())),
            );
        }
        // Stable: within a name the object's come first, and of these the first.
        found.sort_by(|(_, a), (_, b)| a.key.text.cmp(&b.key.text));
        let mut pairs: Vec<Pair> = Vec::with_capacity(found.len());
        for (index, entry) in found {
            let is_known = pairs.last().is_some_and(|pair| pair.name == entry.key.text);
            if !is_known {
                let key = Entry {
                    key: without_tag(&entry.key),
                    ..entry.clone()
                };
                pairs.push(Pair {
                    name: entry.key.text.clone(),
                    values: [None, None],
                    keys: [None, None],
                    key,
                });
            }
            if let Some(pair) = pairs.last_mut() {
                pair.values[index].get_or_insert(entry.value);
                pair.keys[index].get_or_insert(entry.key_at);
            }
        }
        pairs
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
            let values = self.texts(sources);
            self.elements(elements, &[SmolStr::default()], values, sources, dest)?
        } else {
            let values = self.key_values(keys, sources);
            self.elements(elements, keys, values, sources, dest)?
        };
        Ok(Some(merged).filter(|list| !self.cells.is_null(*list)))
    }

    /// Merge the elements: first the patch's, then the others. Elements that the merge left in the object's list take
    /// the place of equal ones at the end, which is why a replaced element comes back.
    fn elements(
        &mut self,
        of: Option<TypeId>,
        keys: &[SmolStr],
        mut all: Vec<Vec<String>>,
        sources: Sources,
        dest: CellId,
    ) -> Result<CellId, Problem> {
        let merged = self.cells.add_list(dest);
        if keys.len() > 1 {
            unite(&mut all);
        }
        if all.is_empty() {
            return Ok(dest);
        }
        for values in &all {
            let (some_keys, some_values) = present(keys, values, std::slice::from_ref(values));
            let found =
                sources.map(|source| elements::find(&mut self.cells, source?, &some_keys, &some_values));
            self.note_replace(found[0], found[1]);
            let element = self.walk(of, found)?;
            if let [Some(known), Some(patched)] = found
                && known != patched
            {
                for key in some_keys.iter().filter(|key| !key.is_empty()) {
                    self.cells.keep_key(known, key);
                }
            }
            let (keys, values) = present(keys, values, &all);
            let gone = match element {
                None => true,
                Some(element) => self.cells.is_null(element) || self.cells.is_empty_map(element),
            };
            if gone {
                elements::set(&mut self.cells, dest, &keys, &values, None)?;
                continue;
            }
            for (key, value) in keys.iter().zip(&values).filter(|(_, value)| !value.is_empty()) {
                let Some(element) = element else { break };
                let shape = if key.is_empty() { Shape::Scalar } else { Shape::Map };
                elements::expect(&self.cells, element, shape)?;
                if shape == Shape::Map && self.cells.field(element, key).is_none() {
                    self.cells.set_text(element, key, value);
                }
            }
            elements::set(&mut self.cells, merged, &keys, &values, element)?;
        }
        let (keys, _) = present(keys, &all[0], &all);
        elements::append(&mut self.cells, merged, dest, &keys)?;
        Ok(merged)
    }

    /// The texts of all elements of lists of scalars, each once, the patch's first.
    fn texts(&mut self, sources: Sources) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = Vec::new();
        for source in sources.into_iter().rev().flatten() {
            for item in self.cells.items(source).to_vec() {
                let text = vec![self.cells.text(item).to_owned()];
                if !all.contains(&text) {
                    all.push(text);
                }
            }
        }
        all
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
    fn note_copied_directive(&mut self, name: &str, key: &Entry) {
        let is_directive = name == "$retainKeys"
            || name.starts_with("$setElementOrder/")
            || name.starts_with("$deleteFromPrimitiveList/");
        if is_directive {
            self.quirks.push(PatchQuirk {
                kind: PatchQuirkKind::DirectiveCopied,
                at: key.key_at,
            });
        }
    }
}

/// The values of one name in both maps, and the key to use where the object has none.
struct Pair {
    name: SmolStr,
    values: Sources,
    /// Where the keys stand.
    keys: [Option<Origin>; 2],
    key: Entry,
}

/// The keys that have a value somewhere in `all`, and the `values` for them; all keys when none has.
fn present(keys: &[SmolStr], values: &[String], all: &[Vec<String>]) -> (Vec<SmolStr>, Vec<String>) {
    let is_present = |index: usize| all.iter().any(|values| !values[index].is_empty());
    let indexes: Vec<usize> = (0..keys.len()).filter(|index| is_present(*index)).collect();
    if indexes.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    indexes
        .into_iter()
        .map(|index| (keys[index].clone(), values[index].clone()))
        .unzip()
}

/// Make combinations equal that share a value and differ only where one has none: a port without a protocol counts as
/// the one of the same number.
fn unite(all: &mut [Vec<String>]) {
    for i in 0..all.len() {
        let values = all[i].clone();
        for j in 0..all.len() {
            if let Some(united) = united(&values, &all[j]) {
                all[i].clone_from(&united);
                all[j] = united;
            }
        }
    }
}

fn united(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let is_apart = |(a, b): (&String, &String)| a != b && !a.is_empty() && !b.is_empty();
    let shares = a.iter().zip(b).any(|(a, b)| a == b);
    if !shares || a.iter().zip(b).any(is_apart) {
        return None;
    }
    Some(
        a.iter()
            .zip(b)
            .map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() })
            .collect(),
    )
}

fn without_tag(key: &Scalar) -> Scalar {
    Scalar {
        tag: None,
        ..key.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parsed, places};
    use super::*;
    use crate::emit;

    /// The merged object, where its changed values stand (`p3<t5`: line 3 of the patch, before that line 5 of the
    /// target), and what is odd about the patch.
    #[track_caller]
    fn check(
        target: &str,
        patch: &str,
        expected: &str,
        expected_places: &str,
        expected_quirks: &[PatchQuirkKind],
    ) {
        let files = deconflict_files::Files::new();
        let (target, patch) = (parsed(&files, "t", target), parsed(&files, "p", patch));
        let mut quirks = Vec::new();
        let context = MergeContext {
            schema: Schema::builtin(),
            files: &files,
        };
        let merged = strategic_merge(&target, &patch, &context, "patches", &mut quirks);
        let text = match &merged {
            Ok(Some(merged)) => emit::emit(std::iter::once(merged)).expect("an object"),
            Ok(None) => "deleted\n".to_owned(),
            Err(problem) => format!("{}\n", problem.full()),
        };
        assert_eq!(text, expected);
        let moved = merged
            .ok()
            .flatten()
            .map(|merged| places(&files, &merged))
            .unwrap_or_default();
        assert_eq!(moved, expected_places);
        assert_eq!(
            quirks.iter().map(|quirk| quirk.kind).collect::<Vec<_>>(),
            expected_quirks
        );
    }

    const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    image: one
    args: [x]
  - name: b
    image: two
";

    #[test]
    fn patched_elements_come_first_and_tell_where_they_were() {
        let patch =
            "kind: Pod\nspec:\n  containers:\n  - name: b\n    image: three\n    tty: true\n  - name: c\n";
        let expected = "\
apiVersion: v1
kind: Pod
metadata:
  name: x
spec:
  containers:
  - image: three
    name: b
    tty: true
  - name: c
  - args:
    - x
    image: one
    name: a
";
        let places = "\
kind: p1<t2
spec.containers.0.image: p5<t10
spec.containers.0.tty: p6
spec.containers.1.name: p7
";
        check(POD, patch, expected, places, &[]);
    }

    #[test]
    fn what_a_patch_does_not_touch_is_shared() {
        let files = deconflict_files::Files::new();
        let (target, patch) = (
            parsed(&files, "t", POD),
            parsed(&files, "p", "metadata: {labels: {a: b}}"),
        );
        let context = MergeContext {
            schema: Schema::builtin(),
            files: &files,
        };
        let merged = strategic_merge(&target, &patch, &context, "patches", &mut Vec::new());
        let merged = merged.expect("a merge").expect("an object");
        let spec = |node: &Arc<Node>| Arc::clone(node.get("spec").expect("a spec"));
        assert!(Arc::ptr_eq(&spec(&merged), &spec(&target)));
    }

    #[test]
    fn directives() {
        let delete = "kind: Pod\nspec: {containers: [{name: a, $patch: delete}, {name: b, $patch: delete}]}";
        let emptied = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers: []\n";
        check(POD, delete, emptied, "kind: p1<t2\n", &[]);
        check(POD, "$patch: delete", "deleted\n", "", &[]);
        let unknown = "unknown patch strategy 'drop'\n";
        check(POD, "spec: {$patch: drop}", unknown, "", &[]);
        let replaced = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  a: 1\n";
        check(
            POD,
            "spec: {$patch: replace, a: 1}",
            replaced,
            "spec.a: p1<t5\n",
            &[],
        );
    }

    #[test]
    fn patches_that_do_something_else() {
        let replace = "spec: {containers: [{name: a, $patch: replace, tty: true}]}";
        let same = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - args:\n    - x\n    image: one\n    name: a\n  - image: two\n    name: b\n";
        check(POD, replace, same, "", &[PatchQuirkKind::ReplaceIgnored]);
        let nameless = "spec: {containers: [{image: z}]}";
        let emptied = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers: []\n";
        check(POD, nameless, emptied, "", &[PatchQuirkKind::EmptiesList]);
        let order = "spec: {$setElementOrder/containers: [{name: b}]}";
        let copied = same.replace("spec:\n", "spec:\n  $setElementOrder/containers:\n  - name: b\n");
        check(
            POD,
            order,
            &copied,
            "spec.$setElementOrder/containers.0.name: p1\n",
            &[PatchQuirkKind::DirectiveCopied],
        );
    }

    #[test]
    fn styles_and_nulls() {
        let target = "kind: A\na: '1'\nb: 1\nc: ~\nd:\ne: {f: 1}\n";
        let patch = "a: 2\nb: '2'\ne: {f: null, g: {h: null, i: 1}}\n";
        let expected = "a: \"2\"\nb: \"2\"\nc: null\ne:\n  g:\n    i: 1\nkind: A\n";
        check(target, patch, expected, "a: p1<t2\nb: p2<t3\ne.g.i: p3\n", &[]);
    }

    #[test]
    fn a_comment_may_hold_the_merge_key() {
        let comment =
            r#"{"type":"array","x-kubernetes-patch-merge-key":"k","x-kubernetes-patch-strategy":"merge"}"#;
        let target = format!("l: # {comment}\n- {{k: a, v: 1}}\n- {{k: b}}\n");
        let expected = "l:\n- k: b\n  v: 2\n- k: a\n  v: 1\n";
        check(&target, "l: [{k: b, v: 2}]", expected, "l.0.v: p1\n", &[]);
    }

    #[test]
    fn shapes_must_agree() {
        let message = "wrong node kind: expected MappingNode but got ScalarNode: node contents:\ntext\n\n";
        check("a: {b: 1}", "a: text", message, "", &[]);
    }
}
