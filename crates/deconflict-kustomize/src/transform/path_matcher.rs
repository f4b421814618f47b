//! kyaml's PathMatcher and PathGetter: dotted paths with list elements.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, Scalar, Style};
use regex::Regex;
use smol_str::SmolStr;

use super::fieldspec::{Setter, split_path, with_kind};
use super::value::wrong_kind;
use crate::Problem;

/// Split at dots, keeping what stands in brackets together (`SmarterPathSplitter`).
pub(super) fn split(path: &str) -> Vec<SmolStr> {
    let parts = split_path(path, '.');
    let mut result: Vec<SmolStr> = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut joined = String::from(part);
        for next in parts.by_ref() {
            joined.push('.');
            joined.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if joined.contains('=') {
            result.push(joined.into());
        } else {
            result.push(joined.trim_matches(['[', ']']).into());
        }
    }
    result
}

/// `[name=value]` taken apart; the name is empty for `[=value]`.
fn element(part: &str) -> Result<(&str, &str), Problem> {
    let inner = part.strip_prefix('[').unwrap_or(part);
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| {
        Problem::build("list path element must contain fieldName=fieldValue for element to match")
    })
}

fn is_element(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// A list index (`strconv.Atoi` without a minus).
fn index(part: &str) -> Option<usize> {
    let digits = part.strip_prefix('+').unwrap_or(part);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn is_null(node: &Node) -> bool {
    node.is_null(Dialect::Resource)
}

/// The items of a list; null has none.
fn elements(node: &Node) -> Result<&[Arc<Node>], Problem> {
    match &node.kind {
        Kind::List(items) => Ok(items),
        _ if is_null(node) => Ok(&[]),
        _ => Err(wrong_kind("SequenceNode", node)),
    }
}

/// The one value at `path` (`PathGetter`): parts are names, indexes, `-` for the last element, `[name=value]`.
pub(super) fn lookup<'n>(node: &'n Arc<Node>, path: &[SmolStr]) -> Result<Option<&'n Arc<Node>>, Problem> {
    let mut current = node;
    for part in path
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
    {
        let next = if let Some(index) = index(part) {
            elements(current)?.get(index)
        } else if part.starts_with('-') && part[1..].parse::<u64>().is_ok() {
            return Err(Problem::build(format!("array index {part} cannot be negative")));
        } else if part == "-" {
            elements(current)?.last()
        } else if is_element(part) {
            let (name, value) = element(part)?;
            elements(current)?.iter().find(|item| {
                let field = if name.is_empty() {
                    Some(*item)
                } else {
                    item.get(name)
                };
                field.and_then(|field| field.text()) == Some(value)
            })
        } else if current.is_map() {
            current.get(part)
        } else if is_null(current) {
            None
        } else {
            return Err(wrong_kind("MappingNode", current));
        };
        match next {
            Some(next) => current = next,
            None => return Ok(None),
        }
    }
    Ok(Some(current))
}

/// What missing ends of paths are made as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Made {
    /// Like a scalar source.
    Scalar,
    /// Like a list source.
    List,
    /// Like a map source.
    Map,
}

/// Finds all values at a path and lets a setter decide about each.
pub(super) struct Matcher<'s> {
    /// `Some` when missing parts are made.
    pub(super) create: Option<Made>,
    /// The place of what is made.
    pub(super) at: Origin,
    /// Decides.
    pub(super) set: &'s mut Setter<'s>,
    /// How many values were found.
    pub(super) found: usize,
}

type Changed = Result<Option<Arc<Node>>, Problem>;

impl Matcher<'_> {
    /// Returns the new node if anything changed.
    pub(super) fn rewrite(&mut self, node: &Arc<Node>, path: &[SmolStr]) -> Changed {
        let Some((part, rest)) = path.split_first() else {
            self.found += 1;
            return (self.set)(node);
        };
        if let Some(index) = index(part) {
            self.at_index(node, index, rest)
        } else if is_element(part) {
            self.in_elements(node, part, rest)
        } else if part == "*" {
            self.each(node, |matcher, item| matcher.rewrite(item, rest))
        } else {
            self.in_field(node, part, rest)
        }
    }

    fn each(&mut self, node: &Arc<Node>, mut visit: impl FnMut(&mut Self, &Arc<Node>) -> Changed) -> Changed {
        let items = elements(node)?;
        let mut changed: Option<Vec<Arc<Node>>> = None;
        for (index, item) in items.iter().enumerate() {
            if let Some(new) = visit(self, item)? {
                changed.get_or_insert_with(|| items.to_vec())[index] = new;
            }
        }
        Ok(changed.map(|items| with_kind(node, Kind::List(items))))
    }

    fn in_field(&mut self, node: &Arc<Node>, name: &str, rest: &[SmolStr]) -> Changed {
        let null = is_null(node);
        if !null && !node.is_map() {
            return Err(wrong_kind("MappingNode", node));
        }
        let fields = node.fields();
        if let Some(position) = fields.iter().position(|field| field.name() == name) {
            return Ok(self.rewrite(&fields[position].value, rest)?.map(|new| {
                let mut fields = fields.to_vec();
                fields[position].value = new;
                with_kind(node, Kind::Map(fields))
            }));
        }
        let Some(made) = self.create else {
            return Ok(None);
        };
        let made = self.made(rest, made);
        let value = self.rewrite(&made, rest)?.unwrap_or(made);
        // Upstream adds the field to a null as well, where it is lost.
        Ok((!null).then(|| {
            let mut fields = fields.to_vec();
            fields.push(Field::new(name, self.at, value));
            with_kind(node, Kind::Map(fields))
        }))
    }

    fn at_index(&mut self, node: &Arc<Node>, index: usize, rest: &[SmolStr]) -> Changed {
        let items = elements(node)?;
        if let Some(item) = items.get(index) {
            return Ok(self.rewrite(item, rest)?.map(|new| {
                let mut items = items.to_vec();
                items[index] = new;
                with_kind(node, Kind::List(items))
            }));
        }
        let Some(made) = self.create.filter(|_| items.len() == index) else {
            return Err(Problem::build(format!(
                "index {index} specified but only {} elements found",
                items.len()
            )));
        };
        let made = self.made(rest, made);
        let value = self.rewrite(&made, rest)?.unwrap_or(made);
        Ok(node.is_list().then(|| appended(node, value)))
    }

    fn in_elements(&mut self, node: &Arc<Node>, part: &str, rest: &[SmolStr]) -> Changed {
        let (name, pattern) = element(part)?;
        let items = elements(node)?;
        let regex =
            Regex::new(pattern).map_err(|_| Problem::build(format!("error parsing regexp: `{pattern}`")));
        // Upstream compiles it for each element, so it may be wrong where there is none.
        let matches = |text: &str| {
            regex
                .as_ref()
                .map(|regex| regex.is_match(text))
                .map_err(Clone::clone)
        };
        let before = self.found;
        let changed = self.each(node, |matcher, item| {
            if name.is_empty() {
                if matches(&written(item))? {
                    matcher.found += 1;
                    return (matcher.set)(item);
                }
                return Ok(None);
            }
            match item.get(name) {
                Some(value) if matches(&written(value))? => matcher.rewrite(item, rest),
                _ => Ok(None),
            }
        })?;
        if self.found != before || self.create.is_none() {
            return Ok(changed);
        }
        // Nothing matched: make an element, and search again.
        if !matches(pattern)? {
            let message = format!("the element made for \"{part}\" does not match it");
            return Err(Problem::build(message));
        }
        let value = Arc::new(Node::scalar(Scalar::plain(pattern), self.at));
        let made = if name.is_empty() {
            value
        } else {
            let fields = vec![Field::new(name, self.at, value)];
            Arc::new(Node::new(Kind::Map(fields), self.at))
        };
        let list = if items.is_empty() && !node.is_list() {
            return Ok(None);
        } else {
            changed.unwrap_or_else(|| Arc::clone(node))
        };
        let new = if name.is_empty() {
            self.found += 1;
            (self.set)(&made)?
        } else {
            self.rewrite(&made, rest)?
        };
        Ok(Some(appended(&list, new.unwrap_or(made))))
    }

    /// An empty value of the shape that the next part of the path needs.
    fn made(&self, rest: &[SmolStr], end: Made) -> Arc<Node> {
        let kind = match rest.first() {
            Some(next) if is_element(next) || index(next).is_some() => Kind::List(Vec::new()),
            Some(next) if !next.is_empty() => Kind::Map(Vec::new()),
            _ => match end {
                Made::Scalar => Kind::Scalar(Scalar::plain("")),
                Made::List => Kind::List(Vec::new()),
                Made::Map => Kind::Map(Vec::new()),
            },
        };
        Arc::new(Node::new(kind, self.at))
    }
}

fn appended(list: &Node, item: Arc<Node>) -> Arc<Node> {
    let mut items = list.items().to_vec();
    items.push(item);
    with_kind(list, Kind::List(items))
}

/// A value as upstream writes it to compare it with a pattern: quotes count.
fn written(node: &Node) -> String {
    match node.as_scalar() {
        Some(scalar) => match scalar.style {
            Style::SingleQuoted => format!("'{}'", scalar.text),
            Style::DoubleQuoted => format!("\"{}\"", scalar.text),
            _ => scalar.text.trim().to_owned(),
        },
        None => String::new(),
    }
}
