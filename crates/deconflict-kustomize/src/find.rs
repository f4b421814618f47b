//! One value of a build by its path, with everything that happened to it.

use std::sync::Arc;

use deconflict_files::Step;
use deconflict_yaml::Node;

/// A value of a built object.
#[derive(Clone, Debug)]
pub struct Found<'o> {
    /// The value.
    pub node: &'o Arc<Node>,
    /// Trails of the lists and maps it stands in, innermost first: a part that came as a whole has its trail at its top.
    outer: Vec<&'o Arc<Step>>,
}

impl Found<'_> {
    /// The steps that brought the value here, newest first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        let own = self.node.via.iter();
        own.chain(self.outer.iter().copied()).flat_map(Step::chain)
    }
}

/// The value at `wanted`: `Kind/name:path`, the path with dots, `[0]` for items and `["a/b"]` for odd keys. Without a
/// path it is the object.
///
/// # Errors
/// Why there is no such value, in one line.
pub fn find<'o>(objects: &'o [Arc<Node>], wanted: &str) -> Result<Found<'o>, String> {
    let (object, path) = wanted.split_once(':').unwrap_or((wanted, ""));
    let (kind, name) = object
        .split_once('/')
        .ok_or_else(|| format!("'{object}' is no Kind/name"))?;
    let text = |body: &'o Node, path: &[&str]| body.at_path(path).and_then(Node::text);
    let is_named = |body: &&'o Arc<Node>| {
        text(body, &["kind"]) == Some(kind) && text(body, &["metadata", "name"]) == Some(name)
    };
    let mut node = objects
        .iter()
        .find(is_named)
        .ok_or_else(|| format!("there is no {kind} '{name}'"))?;
    let mut outer = Vec::new();
    for part in parts(path)? {
        outer.extend(node.via.as_ref());
        let inner = match &part {
            Part::Key(key) => node.get(key),
            Part::Index(index) => node.items().get(*index),
        };
        node = inner.ok_or_else(|| format!("{kind} '{name}' has no {path}"))?;
    }
    outer.reverse();
    Ok(Found { node, outer })
}

#[derive(PartialEq, Eq, Debug)]
enum Part {
    Key(String),
    Index(usize),
}

fn parts(path: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let Some(inner) = rest.strip_prefix('[') else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            parts.push(Part::Key(rest[..end].to_owned()));
            rest = &rest[end..];
            continue;
        };
        let unclosed = || format!("'{path}' has a [ without a ]");
        if let Some(key) = inner.strip_prefix('"') {
            let (key, after) = key.split_once("\"]").ok_or_else(unclosed)?;
            parts.push(Part::Key(key.to_owned()));
            rest = after;
        } else {
            let (index, after) = inner.split_once(']').ok_or_else(unclosed)?;
            let index = index
                .parse()
                .map_err(|_| format!("'[{index}]' is no number of an item"))?;
            parts.push(Part::Index(index));
            rest = after;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn paths() {
        let key = |key: &str| Part::Key(key.to_owned());
        assert_eq!(
            parts("spec.a[0][1].labels[\"x.y/z\"].b"),
            Ok(vec![
                key("spec"),
                key("a"),
                Part::Index(0),
                Part::Index(1),
                key("labels"),
                key("x.y/z"),
                key("b")
            ])
        );
        assert_eq!(parts(""), Ok(Vec::new()));
        assert!(parts("a[x]").is_err());
        assert!(parts("a[\"x]").is_err());
    }
}
