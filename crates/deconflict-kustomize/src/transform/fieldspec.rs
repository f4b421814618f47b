//! Field specs: which objects, and which path in them.

use std::cell::OnceCell;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, SmolStrBuilder};

use super::read::Reader;
use crate::Problem;
use crate::model::{Gvk, Resource, Selector};

/// A path in the objects that a selector matches (`types.FieldSpec`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FieldSpec {
    /// Which objects; empty parts match anything.
    pub(crate) gvk: Selector,
    /// Names separated by `/`; `\/` is a slash in a name, `[]` after a name says that it is a list.
    pub(crate) path: SmolStr,
    /// Missing parts of the path are made.
    pub(crate) create: bool,
}

impl FieldSpec {
    /// Read one from a configuration; `strict` refuses unknown fields.
    pub(super) fn read(node: &Node, strict: bool) -> Result<Self, Problem> {
        let reader = Reader::new(node, "FieldSpec")?;
        if strict {
            reader.only(&["group", "version", "kind", "path", "create"])?;
        }
        let gvk = Gvk {
            group: reader.text_or_empty("group")?,
            version: reader.text_or_empty("version")?,
            kind: reader.text_or_empty("kind")?,
        };
        Ok(Self {
            gvk,
            path: reader.text_or_empty("path")?,
            create: reader.flag("create")?,
        })
    }

    /// Upstream's `effectivelyEquals`: `other` has the same path and, taken as a selector, selects our objects.
    fn equals(&self, other: &Self) -> bool {
        self.gvk.is_selected_by(&other.gvk) && self.path == other.path
    }
}

/// Read a list of field specs.
pub(super) fn read_specs(items: &[Arc<Node>], strict: bool) -> Result<Vec<FieldSpec>, Problem> {
    items.iter().map(|item| FieldSpec::read(item, strict)).collect()
}

/// Add `spec` unless there is an equal one (`FsSlice.MergeOne`).
pub(super) fn merge_one(specs: &mut Vec<FieldSpec>, spec: &FieldSpec) -> Result<(), Problem> {
    match specs.iter().find(|existing| existing.equals(spec)) {
        Some(existing) if existing.create != spec.create => Err(Problem::build("conflicting fieldspecs")),
        Some(_) => Ok(()),
        None => {
            specs.push(spec.clone());
            Ok(())
        }
    }
}

/// Add all of `others` (`FsSlice.MergeAll`).
pub(super) fn merge_all(specs: &mut Vec<FieldSpec>, others: &[FieldSpec]) -> Result<(), Problem> {
    others.iter().try_for_each(|spec| merge_one(specs, spec))
}

/// Split a path at `delimiter`, which a backslash escapes; one leading delimiter is allowed (`PathSplitter`).
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<SmolStr> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut result: Vec<SmolStr> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                let mut joined = SmolStrBuilder::new();
                joined.push_str(&last[..last.len() - 1]);
                joined.push(delimiter);
                joined.push_str(part);
                *last = joined.finish();
            }
            _ => result.push(part.into()),
        }
    }
    result
}

/// What a missing last part of a path is made as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Creation {
    /// Nothing is made, whatever the spec says.
    Never,
    /// A scalar.
    Scalar,
    /// A map.
    Map,
}

/// Decides about a value that was found: `None` leaves it.
pub(super) type Setter<'s> = dyn FnMut(&Arc<Node>) -> Result<Option<Arc<Node>>, Problem> + 's;

/// One part of a path.
#[derive(Clone, Debug)]
struct Part {
    name: SmolStr,
    is_list: bool,
}

/// A field spec whose path is taken apart once, when it is first followed: most of the default ones never are.
#[derive(Clone, Debug)]
pub(super) struct Prepared<'s> {
    pub(super) spec: &'s FieldSpec,
    parts: OnceCell<Vec<Part>>,
}

impl<'s> Prepared<'s> {
    /// A spec that can be followed.
    pub(super) fn new(spec: &'s FieldSpec) -> Self {
        Self {
            spec,
            parts: OnceCell::new(),
        }
    }

    fn parts(&self) -> &[Part] {
        self.parts.get_or_init(|| {
            let part = |name: SmolStr| match name.strip_suffix("[]") {
                Some(bare) => Part {
                    name: bare.trim().into(),
                    is_list: true,
                },
                None => Part {
                    name: name.trim().into(),
                    is_list: false,
                },
            };
            split_path(&self.spec.path, '/').into_iter().map(part).collect()
        })
    }

    /// Let `set` decide about every value at the path in `body`. `at` is the place of what is made on the way.
    /// Returns the new body if anything changed.
    pub(super) fn rewrite(
        &self,
        body: &Arc<Node>,
        creation: Creation,
        at: Origin,
        set: &mut Setter<'_>,
    ) -> Result<Option<Arc<Node>>, Problem> {
        let creation = if self.spec.create {
            creation
        } else {
            Creation::Never
        };
        walk(body, self.parts(), creation, at, set)
    }

    /// The words around an error in an object.
    pub(super) fn explain(&self, resource: &Resource, problem: Problem) -> Problem {
        problem.within(format!(
            "considering field '{}' of object {}",
            self.spec.path,
            resource.id()
        ))
    }
}

/// Field specs by the kind they are for, so that an object meets only those that can apply.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouped<'s> {
    specs: Vec<Prepared<'s>>,
    by_kind: FxHashMap<&'s str, Vec<u32>>,
    any_kind: Vec<u32>,
}

impl<'s> Grouped<'s> {
    /// Group `specs`.
    pub(super) fn new(specs: impl IntoIterator<Item = &'s FieldSpec>) -> Self {
        let mut grouped = Self::default();
        for spec in specs {
            let index = grouped.specs.len() as u32;
            if spec.gvk.kind.is_empty() {
                grouped.any_kind.push(index);
            } else {
                grouped.by_kind.entry(&spec.gvk.kind).or_default().push(index);
            }
            grouped.specs.push(Prepared::new(spec));
        }
        grouped
    }

    /// The specs that select `gvk`, in their order, with their positions.
    pub(super) fn of(&self, gvk: &Gvk) -> Vec<(usize, &Prepared<'s>)> {
        let of_kind = self.by_kind.get(gvk.kind.as_str()).map_or(&[][..], Vec::as_slice);
        let mut positions: Vec<usize> = of_kind
            .iter()
            .chain(&self.any_kind)
            .map(|index| *index as usize)
            .collect();
        positions.sort_unstable();
        let selected = positions
            .into_iter()
            .map(|position| (position, &self.specs[position]));
        selected
            .filter(|(_, prepared)| gvk.is_selected_by(&prepared.spec.gvk))
            .collect()
    }

    /// Let `set` decide about every value that the specs lead to in `resource` (`fsslice.Filter`).
    pub(super) fn apply(
        &self,
        resource: &mut Resource,
        creation: Creation,
        at: Origin,
        set: &mut Setter<'_>,
    ) -> Result<(), Problem> {
        self.apply_some(resource, creation, at, |_| true, set)
    }

    /// The same for the specs that `which` picks.
    pub(super) fn apply_some(
        &self,
        resource: &mut Resource,
        creation: Creation,
        at: Origin,
        which: impl Fn(&FieldSpec) -> bool,
        set: &mut Setter<'_>,
    ) -> Result<(), Problem> {
        let mut changed = None;
        for (_, prepared) in self.of(resource.gvk()) {
            if !which(prepared.spec) {
                continue;
            }
            let body = changed.as_ref().unwrap_or(resource.body());
            let result = prepared
                .rewrite(body, creation, at, set)
                .map_err(|problem| prepared.explain(resource, problem))?;
            changed = result.or(changed);
        }
        if let Some(body) = changed {
            resource.set_body(body);
        }
        Ok(())
    }
}

fn walk(
    node: &Arc<Node>,
    parts: &[Part],
    creation: Creation,
    at: Origin,
    set: &mut Setter<'_>,
) -> Result<Option<Arc<Node>>, Problem> {
    let Some((part, rest)) = parts.split_first() else {
        return set(node);
    };
    if node.is_null(Dialect::Resource) {
        return Ok(None);
    }
    match &node.kind {
        Kind::Scalar(_) => Err(Problem::build("expected sequence or mapping node").at(node.at)),
        Kind::List(items) => {
            let mut changed: Option<Vec<Arc<Node>>> = None;
            for (index, item) in items.iter().enumerate() {
                let result = walk(item, parts, creation, at, set).map_err(|problem| {
                    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
                    problem.within(format!("visit traversal on path: [{}]", names.join(" ")))
                })?;
                if let Some(new) = result {
                    changed.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            Ok(changed.map(|items| with_kind(node, Kind::List(items))))
        }
        // An empty part stays where it is (`PathGetter` drops it).
        Kind::Map(_) if part.name.is_empty() => walk(node, rest, creation, at, set),
        Kind::Map(fields) => {
            let made = made_as(part, rest, creation);
            let position = fields.iter().position(|field| field.key.text == part.name);
            let Some(position) = position else {
                let Some(made) = made.filter(|_| !part.is_list) else {
                    return Ok(None);
                };
                let created = Arc::new(Node::new(made, at));
                let value = walk(&created, rest, creation, at, set)?.unwrap_or(created);
                let mut fields = fields.clone();
                fields.push(Field::new(&part.name, at, value));
                return Ok(Some(with_kind(node, Kind::Map(fields))));
            };
            let value = &fields[position].value;
            // A null takes the shape that the path needs; as a scalar it keeps its text until it is set.
            let reshaped = match made {
                Some(kind @ (Kind::Map(_) | Kind::List(_))) if value.is_null(Dialect::Resource) => {
                    Some(with_kind(value, kind))
                }
                _ => None,
            };
            let result = walk(reshaped.as_ref().unwrap_or(value), rest, creation, at, set)?;
            Ok(result.or(reshaped).map(|new| {
                let mut fields = fields.clone();
                fields[position].value = new;
                with_kind(node, Kind::Map(fields))
            }))
        }
    }
}

/// The shape of a missing or null field at `part`.
fn made_as(part: &Part, rest: &[Part], creation: Creation) -> Option<Kind> {
    match creation {
        _ if part.is_list => Some(Kind::List(Vec::new())),
        Creation::Never => None,
        Creation::Scalar if rest.is_empty() => Some(Kind::Scalar(Scalar::plain(""))),
        Creation::Scalar | Creation::Map => Some(Kind::Map(Vec::new())),
    }
}

/// `node` with other contents.
pub(super) fn with_kind(node: &Node, kind: Kind) -> Arc<Node> {
    Arc::new(Node {
        at: node.at,
        via: node.via.clone(),
        kind,
    })
}
