//! A tree that can be changed in place, with identity, as kustomize's trees are.
//!
//! The merge algorithm relies on two names for one node: the result of merging a list element is the element itself
//! unless the patch's own element took its place, and what was moved into the object is still a part of the patch.
//! A cell is such a node. Cells are opened only where the merge looks, and what did not change becomes the very same
//! shared tree again.

use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar, Style};
use smol_str::SmolStr;

/// A node of [`Cells`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CellId(u32);

/// The nodes of one merge.
#[derive(Debug)]
pub(super) struct Cells {
    all: Vec<Cell>,
    /// What is named in the trail of replaced values.
    by: &'static str,
}

#[derive(Clone, Debug)]
struct Cell {
    /// Shape, text, place and trail. Children are those below once the cell is open.
    node: Arc<Node>,
    children: Children,
    /// The value whose place this one took.
    replaced: Option<Arc<Node>>,
    /// The text in another style than the node's.
    restyled: Option<Scalar>,
    /// A null that kustomize holds on to although merging drops nulls.
    keeps_null: bool,
}

#[derive(Clone, Debug)]
enum Children {
    Closed,
    Map(Vec<Entry>),
    List(Vec<CellId>),
}

/// A field of an open map.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Scalar,
    pub(super) key_at: Origin,
    pub(super) value: CellId,
}

/// The shapes that kustomize tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Scalar,
    List,
    Map,
}

impl Shape {
    /// go-yaml's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "ScalarNode",
            Self::List => "SequenceNode",
            Self::Map => "MappingNode",
        }
    }
}

impl Cells {
    pub(super) fn new(by: &'static str) -> Self {
        Self { all: Vec::new(), by }
    }

    /// A closed cell for `node`.
    pub(super) fn add(&mut self, node: Arc<Node>) -> CellId {
        self.push(Cell {
            node,
            children: Children::Closed,
            replaced: None,
            restyled: None,
            keeps_null: false,
        })
    }

    /// A list that holds what a merge of `like` results in.
    pub(super) fn add_list(&mut self, like: CellId) -> CellId {
        let node = Arc::clone(&self.cell(like).node);
        self.push(Cell {
            node,
            children: Children::List(Vec::new()),
            replaced: None,
            restyled: None,
            keeps_null: false,
        })
    }

    /// A null like `of` that merging does not drop.
    pub(super) fn add_kept_null(&mut self, of: CellId) -> CellId {
        let kept = Cell {
            keeps_null: true,
            ..self.cell(of).clone()
        };
        self.push(kept)
    }

    fn push(&mut self, cell: Cell) -> CellId {
        let id = CellId(self.all.len() as u32);
        self.all.push(cell);
        id
    }

    fn cell(&self, id: CellId) -> &Cell {
        &self.all[id.0 as usize]
    }

    fn cell_mut(&mut self, id: CellId) -> &mut Cell {
        &mut self.all[id.0 as usize]
    }

    /// The place of the value.
    pub(super) fn at(&self, id: CellId) -> Origin {
        self.cell(id).node.at
    }

    pub(super) fn shape(&self, id: CellId) -> Shape {
        match self.cell(id).node.kind {
            Kind::Scalar(_) => Shape::Scalar,
            Kind::List(_) => Shape::List,
            Kind::Map(_) => Shape::Map,
        }
    }

    /// The text of a scalar; nothing for lists and maps, as in go-yaml.
    pub(super) fn text(&self, id: CellId) -> &str {
        self.cell(id).node.text().unwrap_or_default()
    }

    /// True for a null that merging treats as one.
    pub(super) fn is_null(&self, id: CellId) -> bool {
        let cell = self.cell(id);
        !cell.keeps_null && cell.node.is_null(Dialect::Resource)
    }

    /// True for nothing and for null.
    pub(super) fn is_missing_or_null(&self, id: Option<CellId>) -> bool {
        id.is_none_or(|id| self.is_null(id))
    }

    /// True for a map without fields.
    pub(super) fn is_empty_map(&mut self, id: CellId) -> bool {
        self.shape(id) == Shape::Map && self.entries(id).is_empty()
    }

    /// True for null, a map without fields and a list without items.
    pub(super) fn is_nil_or_empty(&mut self, id: CellId) -> bool {
        self.is_null(id)
            || match self.shape(id) {
                Shape::Scalar => false,
                Shape::List => self.items(id).is_empty(),
                Shape::Map => self.entries(id).is_empty(),
            }
    }

    /// The fields; none for anything but a map.
    pub(super) fn entries(&mut self, id: CellId) -> &[Entry] {
        self.open(id);
        match &self.cell(id).children {
            Children::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none for anything but a list.
    pub(super) fn items(&mut self, id: CellId) -> &[CellId] {
        self.open(id);
        match &self.cell(id).children {
            Children::List(items) => items,
            _ => &[],
        }
    }

    /// The first field of that name.
    pub(super) fn entry(&mut self, id: CellId, name: &str) -> Option<&Entry> {
        self.entries(id).iter().find(|entry| entry.key.text == name)
    }

    /// The value of the first field of that name.
    pub(super) fn field(&mut self, id: CellId, name: &str) -> Option<CellId> {
        self.entry(id, name).map(|entry| entry.value)
    }

    /// Put other items into a list.
    pub(super) fn set_items(&mut self, id: CellId, items: Vec<CellId>) {
        self.cell_mut(id).children = Children::List(items);
    }

    /// Remove the first field of that name.
    pub(super) fn clear(&mut self, id: CellId, name: &str) {
        self.open(id);
        if let Children::Map(entries) = &mut self.cell_mut(id).children
            && let Some(at) = entries.iter().position(|entry| entry.key.text == name)
        {
            entries.remove(at);
        }
    }

    /// Append a field to a map.
    pub(super) fn push_entry(&mut self, id: CellId, entry: Entry) {
        self.open(id);
        if let Children::Map(entries) = &mut self.cell_mut(id).children {
            entries.push(entry);
        }
    }

    /// The tree of a cell that nobody has looked into.
    pub(super) fn untouched(&self, id: CellId) -> Option<&Node> {
        let cell = self.cell(id);
        let is_untouched =
            matches!(cell.children, Children::Closed) && cell.replaced.is_none() && !cell.keeps_null;
        is_untouched.then_some(&*cell.node)
    }

    /// Append a bare scalar as a field of a map that lacks it.
    pub(super) fn set_text(&mut self, id: CellId, name: &str, text: &str) {
        let at = self.at(id);
        let value = self.add(Arc::new(Node::scalar(Scalar::plain(text), at)));
        self.push_entry(
            id,
            Entry {
                key: Scalar::plain(name),
                key_at: at,
                value,
            },
        );
    }

    /// Give a node the content of another. It keeps its style.
    pub(super) fn overwrite(&mut self, place: CellId, value: CellId) {
        if place == value {
            return;
        }
        self.open(value);
        let before = self.cell(place);
        let style = before
            .restyled
            .as_ref()
            .or(before.node.as_scalar())
            .map(|scalar| scalar.style);
        let before = if before.replaced.is_some() {
            self.build(place)
        } else {
            Arc::clone(&before.node)
        };
        let new = self.cell_mut(value);
        if !Arc::ptr_eq(&before, &new.node)
            && let Some(scalar) = new.node.as_scalar()
        {
            // The value itself is restyled: where the patch's element is used again, it has this style.
            new.restyled = restyle(scalar, style.unwrap_or(Style::Plain));
        }
        let mut new = new.clone();
        if !Arc::ptr_eq(&before, &new.node) {
            new.replaced = Some(before);
        }
        *self.cell_mut(place) = new;
    }

    /// A merge key that a patch repeats only names the element: where it says the same, it stays what it was.
    pub(super) fn keep_key(&mut self, element: CellId, key: &str) {
        let Some(value) = self.field(element, key) else {
            return;
        };
        let cell = self.cell(value);
        let Some(before) = &cell.replaced else { return };
        let now = cell.restyled.as_ref().or(cell.node.as_scalar());
        if now.is_some() && now == before.as_scalar() {
            let before = Arc::clone(before);
            let cell = self.cell_mut(value);
            cell.node = before;
            cell.replaced = None;
            cell.restyled = None;
        }
    }

    fn open(&mut self, id: CellId) {
        let cell = self.cell(id);
        if !matches!(cell.children, Children::Closed) {
            return;
        }
        let node = Arc::clone(&cell.node);
        let children = match &node.kind {
            Kind::Scalar(_) => return,
            Kind::List(items) => {
                Children::List(items.iter().map(|item| self.add(Arc::clone(item))).collect())
            }
            Kind::Map(fields) => {
                let entry = |field: &Field| Entry {
                    key: field.key.clone(),
                    key_at: field.key_at.0,
                    value: self.add(Arc::clone(&field.value)),
                };
                Children::Map(fields.iter().map(entry).collect())
            }
        };
        self.cell_mut(id).children = children;
    }

    /// The tree of a cell: the shared one it was made of when nothing changed.
    pub(super) fn build(&self, id: CellId) -> Arc<Node> {
        let cell = self.cell(id);
        let kind = match (&cell.children, &cell.node.kind) {
            (Children::List(items), Kind::List(before)) => {
                let items: Vec<_> = items.iter().map(|item| self.build(*item)).collect();
                let same =
                    items.len() == before.len() && items.iter().zip(before).all(|(a, b)| Arc::ptr_eq(a, b));
                (!same).then_some(Kind::List(items))
            }
            (Children::Map(entries), Kind::Map(before)) => {
                let field = |entry: &Entry| Field {
                    value: self.build(entry.value),
                    ..Field::new("", entry.key_at, Arc::clone(&cell.node)).with_key(&entry.key)
                };
                let fields: Vec<_> = entries.iter().map(field).collect();
                let is_same = |(a, b): (&Field, &Field)| a.key == b.key && Arc::ptr_eq(&a.value, &b.value);
                let same = fields.len() == before.len() && fields.iter().zip(before).all(is_same);
                (!same).then_some(Kind::Map(fields))
            }
            _ => cell.restyled.clone().map(Kind::Scalar),
        };
        if kind.is_none() && cell.replaced.is_none() {
            return Arc::clone(&cell.node);
        }
        let via = match &cell.replaced {
            None => cell.node.via.clone(),
            Some(before) => Some(Step::new(
                Action::Patched,
                self.by,
                before.at,
                before.via.as_ref(),
            )),
        };
        Arc::new(Node {
            at: cell.node.at,
            via,
            kind: kind.unwrap_or_else(|| cell.node.kind.clone()),
        })
    }
}

trait WithKey {
    fn with_key(self, key: &Scalar) -> Self;
}

impl WithKey for Field {
    fn with_key(mut self, key: &Scalar) -> Self {
        self.key = key.clone();
        self
    }
}

/// A scalar in the style of the one it replaces, as kustomize writes it: a string stays a string in bare style, but
/// anything else becomes a string in quotes. `None` when that is how it is.
fn restyle(scalar: &Scalar, style: Style) -> Option<Scalar> {
    if style != Style::Plain {
        return (scalar.style != style).then(|| Scalar {
            text: scalar.text.clone(),
            style,
            tag: None,
        });
    }
    if scalar.style == Style::Plain || !scalar_is_string(scalar) {
        return None;
    }
    Some(bare_string(&scalar.text))
}

/// The tag of strings. On a bare scalar it stands for kustomize's nodes that are strings whatever they look like.
const STRING: &str = "tag:yaml.org,2002:str";

fn scalar_is_string(scalar: &Scalar) -> bool {
    Dialect::Resource.read(scalar) == deconflict_yaml::Value::String
}

/// `text` as a string in bare style.
pub(super) fn bare_string(text: &str) -> Scalar {
    let bare = Scalar::plain(SmolStr::new(text));
    if scalar_is_string(&bare) {
        bare
    } else {
        Scalar {
            tag: Some(STRING.into()),
            ..bare
        }
    }
}
