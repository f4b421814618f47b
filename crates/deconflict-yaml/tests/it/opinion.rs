//! A second opinion: yaml-rust2 over the files of real repositories.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use deconflict_files::LineIndex;
use deconflict_yaml::{Kind, Node, ProblemKind, Style, parse};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use crate::{file, shared};

/// What both readers can say: shape, scalar texts, and line and column of scalars that are written on the spot.
#[derive(Clone, PartialEq, Debug)]
enum Shape {
    Scalar(String, Option<(usize, usize)>),
    List(Vec<Shape>),
    Map(Vec<Shape>),
}

fn ours(node: &Node, text: &str, lines: &LineIndex) -> Shape {
    let place = |offset: u32| {
        let place = lines.place(text, offset);
        (place.line as usize, place.column as usize)
    };
    match &node.kind {
        Kind::Scalar(scalar) => {
            let written = !matches!(scalar.style, Style::Literal | Style::Folded)
                && node.at.span.start < node.at.span.end;
            Shape::Scalar(
                scalar.text.to_string(),
                written.then(|| place(node.at.span.start)),
            )
        }
        Kind::List(items) => Shape::List(items.iter().map(|item| ours(item, text, lines)).collect()),
        Kind::Map(fields) => Shape::Map(
            fields
                .iter()
                .flat_map(|field| {
                    let key =
                        Shape::Scalar(field.key.text.to_string(), Some(place(field.key_at.0.span.start)));
                    [key, ours(&field.value, text, lines)]
                })
                .collect(),
        ),
    }
}

/// Builds shapes from yaml-rust2's events; aliases become copies.
#[derive(Default)]
struct Theirs {
    documents: Vec<Option<Shape>>,
    open: Vec<(usize, bool, Vec<Shape>)>,
    anchors: HashMap<usize, Shape>,
}

impl Theirs {
    fn put(&mut self, shape: Shape, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, shape.clone());
        }
        match self.open.last_mut() {
            Some((_, _, children)) => children.push(shape),
            None => self.documents.push(Some(shape)),
        }
    }
}

impl MarkedEventReceiver for Theirs {
    fn on_event(&mut self, event: Event, mark: Marker) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // A value that is not there comes as `~`, a document that is not there as an empty text.
                let absent =
                    matches!(text.as_str(), "~" | "") && style == TScalarStyle::Plain && tag.is_none();
                let block = matches!(style, TScalarStyle::Literal | TScalarStyle::Folded);
                let place = (!absent && !block).then(|| (mark.line(), mark.col() + 1));
                self.put(Shape::Scalar(text, place), anchor);
            }
            Event::SequenceStart(anchor, _) => self.open.push((anchor, false, Vec::new())),
            Event::MappingStart(anchor, _) => self.open.push((anchor, true, Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((anchor, map, children)) = self.open.pop() {
                    let shape = if map {
                        Shape::Map(children)
                    } else {
                        Shape::List(children)
                    };
                    self.put(shape, anchor);
                }
            }
            Event::Alias(anchor) => {
                let shape = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .unwrap_or(Shape::List(Vec::new()));
                self.put(shape, 0);
            }
            _ => {}
        }
    }
}

/// The first difference, if any. An absent value has no place worth comparing, nor has a tilde.
fn difference(ours: &Shape, theirs: &Shape) -> Option<String> {
    let pairs = match (ours, theirs) {
        (Shape::Scalar(a, at), Shape::Scalar(b, there)) => {
            let absent = a.is_empty() && b == "~";
            let moved = at.zip(*there).is_some_and(|(a, b)| a != b);
            return ((a != b && !absent) || moved).then(|| format!("{ours:?} not {theirs:?}"));
        }
        (Shape::List(a), Shape::List(b)) | (Shape::Map(a), Shape::Map(b)) if a.len() == b.len() => (a, b),
        _ => return Some(format!("{ours:?} not {theirs:?}")),
    };
    pairs.0.iter().zip(pairs.1).find_map(|(a, b)| difference(a, b))
}

/// `None` when the two agree, also in refusing.
fn compare(text: &str) -> Option<String> {
    // Whether a block scalar that ends with the file has a last line end is answered differently, and here as Go does.
    let text = &format!("{}\n", text.strip_suffix('\n').unwrap_or(text));
    let parsed = parse(file(text), text);
    let refused = parsed.problems.iter().find(|problem| problem.kind.is_fatal());
    let mut theirs = Theirs::default();
    let error = Parser::new_from_str(text).load(&mut theirs, true).err();
    match (refused, error) {
        (Some(_), Some(_)) => return None,
        // Unquoted template expressions (`{{ x }}`) are maps as keys, which only we refuse.
        (Some(problem), None) if problem.kind == ProblemKind::ComplexKey => return None,
        (Some(problem), None) => return Some(format!("refused: {:?}", problem.kind)),
        // yaml-rust2 wants what stands in brackets indented deeper than its key; libyaml and go-yaml do not.
        (None, Some(error)) if error.info().contains("invalid indentation") => return None,
        (None, Some(error)) => return Some(format!("accepted, though {error}")),
        (None, None) => {}
    }
    let lines = LineIndex::new(text);
    let ours: Vec<Option<Shape>> = parsed
        .documents
        .iter()
        .map(|document| document.root.as_deref().map(|root| ours(root, text, &lines)))
        .collect();
    let empty = |shape: &Option<Shape>| {
        shape
            .clone()
            .filter(|shape| !matches!(shape, Shape::Scalar(text, None) if matches!(text.as_str(), "~" | "")))
    };
    let theirs: Vec<Option<Shape>> = theirs.documents.iter().map(empty).collect();
    if ours.len() != theirs.len() {
        return Some(format!("{} documents, not {}", ours.len(), theirs.len()));
    }
    ours.iter().zip(&theirs).find_map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => difference(a, b),
        (None, None) => None,
        _ => Some(format!("{a:?} not {b:?}")),
    })
}

fn walk(directory: &Path, visit: &mut impl FnMut(&Path, &str)) {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            walk(&path, visit);
        } else if kind.is_file()
            && path
                .extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            visit(&path, &text);
        }
    }
}

#[test]
fn real_repositories_read_alike() {
    let Some(corpus) = shared("corpus") else { return };
    let (mut files, mut different) = (0, Vec::new());
    let mut seen = HashSet::new();
    walk(&corpus, &mut |path, text| {
        files += 1;
        // Environments copy each other's files.
        if !seen.insert(text.to_owned()) {
            return;
        }
        if let Some(difference) = compare(text) {
            different.push(format!("{}: {difference:.300}", path.display()));
        }
    });
    assert!(files > 1000, "only {files} files");
    assert!(
        different.is_empty(),
        "{} of {files} differ\n{}",
        different.len(),
        different.join("\n")
    );
}
