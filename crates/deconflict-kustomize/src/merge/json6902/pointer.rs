//! Paths into a document.

use std::borrow::Cow;
use std::sync::Arc;

use deconflict_yaml::{Dialect, Kind, Node};

/// A path split for use: the way to the container, and the key in it.
pub(super) struct Pointer<'p> {
    parents: Vec<Cow<'p, str>>,
    pub(super) key: Cow<'p, str>,
}

impl<'p> Pointer<'p> {
    /// Split `path`. What stands before the first slash is dropped; without any slash there is no container.
    pub(super) fn new(path: &'p str) -> Option<Self> {
        let mut parts: Vec<Cow<'_, str>> = path.split('/').skip(1).map(unescaped).collect();
        let key = parts.pop()?;
        Some(Self { parents: parts, key })
    }

    /// The container, for reading.
    pub(super) fn container<'n>(&self, root: &'n Arc<Node>) -> Option<&'n Arc<Node>> {
        self.parents
            .iter()
            .try_fold(root, |node, name| child(node, name))
            .filter(|node| node.as_scalar().is_none())
    }

    /// The container, for changing; copies the way to it where it is shared.
    pub(super) fn container_mut<'n>(&self, root: &'n mut Arc<Node>) -> Option<&'n mut Node> {
        self.container(root)?;
        let mut node = Arc::make_mut(root);
        for name in &self.parents {
            let next = match &mut node.kind {
                Kind::Map(fields) => &mut fields.iter_mut().find(|field| field.key.text == **name)?.value,
                Kind::List(items) => {
                    let at = existing(name, items.len()).ok()?;
                    items.get_mut(at)?
                }
                Kind::Scalar(_) => return None,
            };
            node = Arc::make_mut(next);
        }
        Some(node)
    }
}

/// The value at `name`, unless it is null, which has no insides.
fn child<'n>(node: &'n Arc<Node>, name: &str) -> Option<&'n Arc<Node>> {
    let found = match &node.kind {
        Kind::Map(_) => node.get(name)?,
        Kind::List(items) => items.get(existing(name, items.len()).ok()?)?,
        Kind::Scalar(_) => return None,
    };
    (!found.is_null(Dialect::Resource)).then_some(found)
}

/// The position that `name` means in a list of `length`; negative ones count from the end.
///
/// # Errors
/// The library's words for a name that is no number, and for a position outside.
pub(super) fn existing(name: &str, length: usize) -> Result<usize, String> {
    position(number(name)?, length, length)
}

/// The place `index` among `places`, of which it must be one of the first `limit`; negative ones count from the end.
pub(super) fn position(index: i64, places: usize, limit: usize) -> Result<usize, String> {
    let distance = usize::try_from(index.unsigned_abs()).ok();
    let at = if index < 0 {
        distance.and_then(|distance| places.checked_sub(distance))
    } else {
        distance
    };
    let outside = || format!("Unable to access invalid index: {index}: invalid index referenced");
    at.filter(|at| *at < limit).ok_or_else(outside)
}

/// `strconv.Atoi`.
pub(super) fn number(name: &str) -> Result<i64, String> {
    name.parse().map_err(|_| {
        format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            crate::merge::quote(name)
        )
    })
}

/// `~1` is a slash and `~0` a tilde.
fn unescaped(part: &str) -> Cow<'_, str> {
    if !part.contains('~') {
        return part.into();
    }
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        match after.as_bytes().first() {
            Some(b'1') => out.push('/'),
            Some(b'0') => out.push('~'),
            _ => {
                out.push('~');
                rest = after;
                continue;
            }
        }
        rest = &after[1..];
    }
    out.push_str(rest);
    out.into()
}
