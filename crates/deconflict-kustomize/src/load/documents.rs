//! Texts to objects, as kustomize reads resources and strategic merge patches (kustomize.md section 4).

use std::collections::VecDeque;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, ProblemKind, Scalar, Value, resolve_merges};

use crate::Problem;
use crate::emit::{self, Json};
use crate::merge::PatchText;

/// The objects in `text`: kind and name are required, lists are expanded.
pub(super) fn objects(text: &PatchText) -> Result<Vec<Arc<Node>>, Problem> {
    let documents = documents(text)?;
    let mut queue = VecDeque::new();
    if let [only] = &documents.all[..]
        && documents.pieces == 1
        && matches!(text_of(only, "kind"), "List" | "ResourceList")
        && (only.get("items").is_some() || only.get("functionConfig").is_some())
    {
        if let Some(items) = only.get("items") {
            unwrapped(items, &mut queue)?;
        }
    } else {
        queue.extend(documents.all);
    }
    expanded(queue)
}

/// The items of a list that is alone in its file are taken as they are.
fn unwrapped(items: &Arc<Node>, queue: &mut VecDeque<Arc<Node>>) -> Result<(), Problem> {
    match &items.kind {
        Kind::List(items) => queue.extend(items.iter().cloned()),
        Kind::Map(fields) if !fields.is_empty() => {
            return Err(Problem::build("missing Resource metadata").at(items.at));
        }
        Kind::Map(_) | Kind::Scalar(_) => {}
    }
    Ok(())
}

/// Objects with their lists expanded: elements go to the end, through JSON.
fn expanded(mut queue: VecDeque<Arc<Node>>) -> Result<Vec<Arc<Node>>, Problem> {
    for object in &queue {
        validate(object)?;
    }
    let mut result = Vec::with_capacity(queue.len());
    while let Some(object) = queue.pop_front() {
        if is_nothing(&object) {
            continue;
        }
        let kind = text_of(&object, "kind");
        let Some(items) = object.get("items").filter(|_| kind.ends_with("List")) else {
            result.push(object);
            continue;
        };
        emit::check_json(&object)
            .map_err(|problem| problem.within(format!("trouble expanding list of {kind}")))?;
        match &items.kind {
            Kind::List(items) => {
                let inner: VecDeque<Arc<Node>> = items.iter().map(through_json).collect::<Result<_, _>>()?;
                queue.extend(expanded(inner)?);
            }
            _ if items.is_null(Dialect::Resource) => {}
            _ => {
                let message = format!("expected array in {kind}/items");
                return Err(Problem::build(message).at(items.at));
            }
        }
    }
    Ok(result)
}

struct Documents {
    all: Vec<Arc<Node>>,
    /// How many pieces the text has, empty ones included.
    pieces: usize,
}

/// One tree per piece of the text; what follows a `...` in a piece is never read.
fn documents(text: &PatchText) -> Result<Documents, Problem> {
    let pieces = separators(text)?;
    let parsed = text.parsed();
    let piece_of = |offset: usize| {
        pieces
            .partition_point(|piece| piece.separator < offset.saturating_sub(text.offset))
            .saturating_sub(1)
    };
    let mut all = Vec::new();
    let mut next_piece = 0;
    let mut end = 0;
    let mut known = parsed.documents.iter().peekable();
    let last_broken = parsed
        .problems
        .iter()
        .filter(|problem| problem.kind.is_fatal())
        .map(|problem| problem.document + 1)
        .max();
    let count = parsed
        .documents
        .last()
        .map_or(0, |document| document.index + 1)
        .max(last_broken.unwrap_or_default());
    for index in 0..count {
        let document = known.next_if(|document| document.index == index);
        let piece = match document {
            Some(document) => piece_of(document.parsed.end as usize),
            // A broken one starts where the one before ends.
            None => piece_of(end + 1),
        };
        if let Some(document) = document {
            end = document.parsed.end as usize;
        }
        // A separator that another one follows is an empty document to the parser and nothing to kustomize.
        let is_separator = document.is_some() && end.saturating_sub(text.offset) <= pieces[piece].content;
        if piece < next_piece || is_separator {
            continue;
        }
        next_piece = piece + 1;
        let refused = parsed
            .problems
            .iter()
            .find(|problem| problem.document == index && problem.kind.is_refused_by(Dialect::Resource));
        if let Some(problem) = refused {
            let words = yaml_words(problem, &text.text, text.is_file());
            return Err(malformed(words, text, problem.at));
        }
        let Some(document) = document else { continue };
        if document.directives {
            return Err(malformed(
                "yaml: did not find expected <document start>".to_owned(),
                text,
                text.at,
            ));
        }
        let Some(root) = document
            .root
            .as_ref()
            .filter(|root| !root.is_null(Dialect::Resource))
        else {
            continue;
        };
        let root = resolve_merges(root, Dialect::Resource)
            .map_err(|error| Problem::build(error.to_string()).at(error.at))?;
        all.push(root);
    }
    Ok(Documents {
        all,
        pieces: pieces.len(),
    })
}

/// A part of the text between two separators.
struct Piece {
    /// Where the line of its separator starts; 0 for the first.
    separator: usize,
    /// Where its text starts.
    content: usize,
}

/// The pieces: one at 0, and one after every `---` line but one that directly follows another.
fn separators(text: &PatchText) -> Result<Vec<Piece>, Problem> {
    let mut pieces = vec![Piece {
        separator: 0,
        content: 0,
    }];
    let bytes = text.text.as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&bytes[from..], b"\n---") {
        let start = from + found + 1;
        let Some(length) = memchr::memchr(b'\n', &bytes[start..]) else {
            break;
        };
        let rest = text.text[start + 3..start + length].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let at = if text.is_file() {
                Origin::new(text.at.file, deconflict_files::Span::new(start, start + length))
            } else {
                text.at
            };
            return Err(Problem::build(format!("invalid document separator: --- {rest}")).at(at));
        }
        from = start + length + 1;
        pieces.push(Piece {
            separator: start,
            content: from,
        });
    }
    Ok(pieces)
}

/// go-yaml's words for what is wrong with a text.
pub(super) fn yaml_words(problem: &deconflict_yaml::Problem, text: &str, is_whole_file: bool) -> String {
    let words = match &problem.kind {
        ProblemKind::Syntax(words) => words.clone(),
        ProblemKind::TabIndent => "found character that cannot start any token".to_owned(),
        ProblemKind::UnknownAlias(name) => return format!("yaml: unknown anchor '{name}' referenced"),
        ProblemKind::AliasCycle(name) => {
            return format!("yaml: anchor '{name}' value contains itself");
        }
        ProblemKind::AliasBomb => return "yaml: document contains excessive aliasing".to_owned(),
        ProblemKind::ControlCharacter(_) => return "yaml: control characters are not allowed".to_owned(),
        ProblemKind::InvalidUtf8 { .. } => return "yaml: invalid UTF-8".to_owned(),
        ProblemKind::TooDeep => "exceeded max depth".to_owned(),
        ProblemKind::TooLarge => return "yaml: the text is too large".to_owned(),
        ProblemKind::ComplexKey => "invalid map key".to_owned(),
        ProblemKind::NullKey => return "yaml: unsupported map key of type: %!s(<nil>)".to_owned(),
        ProblemKind::Escape(_) => "found unknown escape character".to_owned(),
        ProblemKind::Version { .. } => "found incompatible YAML document".to_owned(),
        _ => "the text is not YAML".to_owned(),
    };
    if !is_whole_file {
        return format!("yaml: {words}");
    }
    let before = text
        .as_bytes()
        .get(..problem.at.span.start as usize)
        .unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    format!("yaml: line {line}: {words}")
}

/// The beginning of errors about text that is no YAML; what cannot be read as a base either is then said to be a file.
pub(super) const MALFORMED: &str = "MalformedYAMLError: ";

fn malformed(words: String, text: &PatchText, at: Origin) -> Problem {
    let message = match &text.name {
        Some(name) => format!("{MALFORMED}{words} in File: {name}"),
        None => words,
    };
    Problem::build(message).at(at)
}

fn text_of<'n>(object: &'n Node, field: &str) -> &'n str {
    object
        .get(field)
        .filter(|value| !value.is_null(Dialect::Resource))
        .and_then(|value| value.text())
        .unwrap_or_default()
}

/// True for what kustomize passes over: null, and empty maps and lists.
fn is_nothing(object: &Node) -> bool {
    match &object.kind {
        Kind::Map(fields) => fields.is_empty(),
        Kind::List(items) => items.is_empty(),
        Kind::Scalar(_) => object.is_null(Dialect::Resource),
    }
}

/// `GetValidatedMetadata`.
pub(super) fn validate(object: &Node) -> Result<(), Problem> {
    if is_nothing(object) {
        return Ok(());
    }
    let is_there = |field: &str| {
        object.get(field).is_some_and(|value| match &value.kind {
            Kind::Map(fields) => !fields.is_empty(),
            Kind::List(items) => !items.is_empty(),
            Kind::Scalar(_) => !value.is_null(Dialect::Resource),
        })
    };
    if !["apiVersion", "kind", "metadata"].into_iter().any(is_there) {
        return Err(Problem::build("missing Resource metadata").at(object.at));
    }
    let (kind, version) = (text_of(object, "kind"), text_of(object, "apiVersion"));
    let metadata = object.get("metadata");
    let in_metadata = |field: &str| metadata.map_or("", |metadata| text_of(metadata, field));
    let name = in_metadata("name");
    let missing = if kind.is_empty() {
        "missing kind"
    } else if kind.ends_with("List") || !name.is_empty() {
        return Ok(());
    } else {
        "missing metadata.name"
    };
    let namespace = in_metadata("namespace");
    let pairs = |field: &str| {
        let map = metadata.and_then(|metadata| metadata.get(field));
        let mut pairs: Vec<String> = map
            .map_or(&[][..], |map| map.fields())
            .iter()
            .map(|field| format!("{}:{}", field.name(), field.value.text().unwrap_or_default()))
            .collect();
        pairs.sort();
        pairs.join(" ")
    };
    let (labels, annotations) = (pairs("labels"), pairs("annotations"));
    let message = format!(
        "{missing} in object {{{{{version} {kind}}} {{{{{name} {namespace}}} map[{labels}] map[{annotations}]}}}}"
    );
    let place = if kind.is_empty() {
        object.at
    } else {
        metadata.map_or(object.at, |metadata| metadata.at)
    };
    Err(Problem::build(message).at(place))
}

/// A tree as it comes back from JSON. Places stay.
pub(super) fn through_json(node: &Arc<Node>) -> Result<Arc<Node>, Problem> {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => {
            Kind::Scalar(scalar_through_json(scalar).map_err(|problem| problem.at(node.at))?)
        }
        Kind::List(items) => Kind::List(items.iter().map(through_json).collect::<Result<_, _>>()?),
        Kind::Map(fields) => {
            let fields = fields.iter().map(|field| {
                Ok(Field {
                    key: field.key.clone(),
                    key_at: field.key_at,
                    value: through_json(&field.value)?,
                })
            });
            Kind::Map(fields.collect::<Result<_, Problem>>()?)
        }
    };
    Ok(Arc::new(Node {
        at: node.at,
        via: node.via.clone(),
        kind,
    }))
}

fn scalar_through_json(scalar: &Scalar) -> Result<Scalar, Problem> {
    let is_text = |scalar: &Scalar| {
        [Dialect::Resource, Dialect::Kustomization]
            .iter()
            .all(|dialect| dialect.read(scalar) == Value::String)
    };
    Ok(match emit::json(scalar)? {
        Json::Null => Scalar::plain("null"),
        Json::Bool(flag) => Scalar::plain(if flag { "true" } else { "false" }),
        Json::Number(text) => Scalar::plain(&*text),
        // The style says where the text stands in the file, so it stays where it can.
        Json::Text(text) if text == scalar.text.as_str() && is_text(scalar) => scalar.clone(),
        Json::Text(text) => Scalar::string(&*text),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::{parse, parse_embedded};

    use super::objects;
    use crate::merge::{PatchText, Trees};

    /// The names of the objects in a text that stands in a scalar.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let files = Files::new();
        let file: Arc<str> = format!("patch: {text}").into();
        let id = files.intern(&RepoPath::new("a.yaml").expect("a path"), &file);
        let parsed = parse(id, &file);
        let root = parsed.documents[0].root.clone().expect("a document");
        let node = root.get("patch").expect("a patch");
        let text = PatchText {
            text: node.text().expect("a scalar").into(),
            trees: Trees::Scalar(Arc::new(parse_embedded(node, &file))),
            at: node.at,
            name: None,
            offset: 0,
        };
        let names = match objects(&text) {
            Ok(objects) => objects
                .iter()
                .filter_map(|object| object.at_path(&["metadata", "name"])?.text().map(str::to_owned))
                .collect::<Vec<String>>()
                .join(" "),
            Err(problem) => problem.message,
        };
        assert_eq!(names, expected);
    }

    #[test]
    fn documents_of_a_scalar() {
        let object = |name: &str| format!("  kind: A\n  metadata: {{name: {name}}}\n");
        let (a, b) = (object("a"), object("b"));
        check(&format!("|\n{a}  ---\n{b}"), "a b");
        check(&format!("|-\n{a}  ---\n  ---\n  # c\n{b}"), "a b");
        check(&format!("|-\n  ---\n{a}  --- # c\n\n  ---\n{b}"), "a b");
        check(&format!("|-\n{a}  ...\n{b}  ---\n{b}"), "a b");
        check(
            &format!("|-\n{a}  --- x\n{b}"),
            "invalid document separator: --- x",
        );
    }
}
