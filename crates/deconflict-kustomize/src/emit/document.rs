//! One object, written through JSON.

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Kind, Node, Value};
use rustc_hash::FxHashSet;

use super::keys;
use super::plain::reads_as_text;
use super::scalar::{Json, is_surely_text, json};
use super::writer::{Style, Writer, analyze};
use crate::Problem;

/// go-yaml v2's scanner takes no quoted JSON key longer than this, quotes included.
const LONGEST_JSON_KEY: usize = 1024;

/// Append the document of `body` to `out`.
pub(super) fn write(out: &mut String, body: &Node) -> Result<(), Problem> {
    let mut writer = Writer::new(out);
    value(
        &mut writer,
        body,
        Place {
            in_map: false,
            is_root: true,
        },
    )?;
    writer.new_line();
    Ok(())
}

/// Find what cannot become JSON in `body`.
pub(super) fn check(body: &Node) -> Result<(), Problem> {
    check_at(body, true)
}

fn check_at(node: &Node, is_root: bool) -> Result<(), Problem> {
    match &node.kind {
        Kind::Scalar(scalar) => match json(scalar).map_err(|problem| problem.at(node.at))? {
            Json::Text(content) => check_characters(&content, node.at),
            _ => Ok(()),
        },
        Kind::List(items) => items.iter().try_for_each(|item| check_at(item, false)),
        Kind::Map(fields) => {
            check_keys(fields, is_root)?;
            fields.iter().try_for_each(|field| {
                check_key(field)?;
                check_at(&field.value, false)
            })
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    in_map: bool,
    is_root: bool,
}

fn value(writer: &mut Writer<'_>, node: &Node, place: Place) -> Result<(), Problem> {
    match &node.kind {
        Kind::Scalar(scalar) => match json(scalar).map_err(|problem| problem.at(node.at))? {
            Json::Null => bare(writer, "null"),
            Json::Bool(true) => bare(writer, "true"),
            Json::Bool(false) => bare(writer, "false"),
            Json::Number(text) => bare(writer, &text),
            Json::Text(content) => text(writer, &content, node.at)?,
        },
        Kind::List(items) if items.is_empty() => {
            writer.indicator("[", true, true, false);
            writer.indicator("]", false, false, false);
        }
        Kind::List(items) => {
            let before = writer.deeper(place.in_map && !writer.indention);
            for item in items {
                writer.new_line();
                writer.indicator("-", true, false, true);
                value(
                    writer,
                    item,
                    Place {
                        in_map: false,
                        is_root: false,
                    },
                )?;
            }
            writer.indent = before;
        }
        Kind::Map(fields) if fields.is_empty() => {
            writer.indicator("{", true, true, false);
            writer.indicator("}", false, false, false);
        }
        Kind::Map(fields) => {
            check_keys(fields, place.is_root)?;
            let before = writer.deeper(false);
            let mut sorted: Vec<&Field> = fields.iter().collect();
            keys::sort(&mut sorted, |field| field.name());
            for field in sorted {
                entry(writer, field)?;
            }
            writer.indent = before;
        }
    }
    Ok(())
}

fn entry(writer: &mut Writer<'_>, field: &Field) -> Result<(), Problem> {
    let name = field.name();
    check_key(field)?;
    writer.new_line();
    let analysis = analyze(name);
    let is_simple = analysis.is_simple_key(name);
    if !is_simple {
        writer.indicator("?", true, false, true);
    }
    writer.scalar(name, style_of(name), analysis, is_simple);
    if is_simple {
        writer.indicator(":", false, false, false);
    } else {
        writer.new_line();
        writer.indicator(":", true, false, true);
    }
    value(
        writer,
        &field.value,
        Place {
            in_map: true,
            is_root: false,
        },
    )
}

fn check_key(field: &Field) -> Result<(), Problem> {
    let name = field.name();
    check_characters(name, field.key_at.0)?;
    if name.len() + 2 > LONGEST_JSON_KEY || (!name.is_ascii() && name.contains('\u{85}')) {
        return Err(Problem::build("yaml: line 1: did not find expected ',' or '}'").at(field.key_at.0));
    }
    Ok(())
}

/// A word that needs no analysis.
fn bare(writer: &mut Writer<'_>, word: &str) {
    writer.scalar(word, Style::Plain, analyze(word), false);
}

fn text(writer: &mut Writer<'_>, content: &str, at: Origin) -> Result<(), Problem> {
    check_characters(content, at)?;
    writer.scalar(content, style_of(content), analyze(content), false);
    Ok(())
}

fn style_of(text: &str) -> Style {
    if memchr::memchr(b'\n', text.as_bytes()).is_some() {
        Style::Literal
    } else if reads_as_text(text) {
        Style::Plain
    } else {
        Style::Double
    }
}

/// Go's JSON escapes the control characters below U+0020 and leaves these to go-yaml, which refuses them.
fn check_characters(text: &str, at: Origin) -> Result<(), Problem> {
    let is_refused =
        |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    // One look at every byte, without an early end, is quickest: texts are short and nearly all are plain.
    let may_hold = text.bytes().fold(0, u8::max) >= 0x7f;
    if may_hold && text.contains(is_refused) {
        return Err(Problem::build("yaml: control characters are not allowed").at(at));
    }
    Ok(())
}

/// Keys must be different texts; below the top they must also read as strings (at the top Go asks for strings and
/// takes any scalar for one).
fn check_keys(fields: &[Field], is_root: bool) -> Result<(), Problem> {
    if let Some((first, second)) = repeated(fields) {
        let message = format!(
            "yaml: unmarshal errors:\n  mapping key \"{}\" already defined",
            first.name()
        );
        let mut problem = Problem::build(message)
            .within("map[string]interface {}(nil)")
            .at(second.key_at.0);
        problem.related.push(first.key_at.0);
        return Err(problem);
    }
    let is_text =
        |field: &&Field| is_surely_text(&field.key) || Dialect::Resource.read(&field.key) == Value::String;
    match fields.iter().find(|field| !is_text(field)) {
        Some(field) if !is_root => {
            Err(Problem::build("json: unsupported type: map[interface {}]interface {}").at(field.key_at.0))
        }
        _ => Ok(()),
    }
}

fn repeated(fields: &[Field]) -> Option<(&Field, &Field)> {
    if fields.len() <= 12 {
        let pairs = (1..fields.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
        let mut pairs = pairs.map(|(earlier, later)| (&fields[earlier], &fields[later]));
        return pairs.find(|(earlier, later)| earlier.name() == later.name());
    }
    let mut seen = FxHashSet::default();
    let later = fields.iter().find(|field| !seen.insert(field.name()))?;
    fields
        .iter()
        .find(|field| field.name() == later.name())
        .map(|earlier| (earlier, later))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deconflict_files::{FileId, Span};
    use deconflict_yaml::Scalar;
    use std::sync::Arc;

    fn at() -> Origin {
        Origin::new(file(), Span::default())
    }

    fn file() -> FileId {
        deconflict_files::Files::default().intern(
            &deconflict_files::RepoPath::new("a.yaml").expect("a path"),
            &"".into(),
        )
    }

    fn leaf(scalar: Scalar) -> Arc<Node> {
        Arc::new(Node::scalar(scalar, at()))
    }

    /// The document of `{k: text}` with the text as a string.
    #[track_caller]
    fn check_text(text: &str, expected: &str) {
        let mut map = Node::map(at());
        map.set("k", at(), leaf(Scalar::string(text)));
        let mut out = String::new();
        write(&mut out, &map).expect("a document");
        assert_eq!(out, expected, "{text:?}");
    }

    #[test]
    fn quoting() {
        check_text("a", "k: a\n");
        check_text("", "k: \"\"\n");
        check_text("yes", "k: \"yes\"\n");
        check_text("a: b", "k: 'a: b'\n");
        check_text("it's: b", "k: 'it''s: b'\n");
        check_text(" a", "k: ' a'\n");
        check_text("#a", "k: '#a'\n");
        check_text("-x", "k: -x\n");
        check_text("a\tb", "k: \"a\\tb\"\n");
        check_text("\u{1F600}", "k: \"\\U0001F600\"\n");
        check_text("\u{feff}xy z", "k: \"\\uFEFF\\x78\\x79\\x20\\x7A\"\n");
        check_text("a\u{feff}xy z", "k: \"a\\uFEFFxy z\"\n");
        check_text("a\u{2028}b", "k: 'a\u{2028}  b'\n");
    }

    #[test]
    fn blocks() {
        check_text("a\nb\n", "k: |\n  a\n  b\n");
        check_text("a\nb", "k: |-\n  a\n  b\n");
        check_text("a\n\n", "k: |+\n  a\n\n");
        check_text(" a\nb\n", "k: |2\n   a\n  b\n");
        check_text("a \nb\n", "k: \"a \\nb\\n\"\n");
        check_text("\n", "k: |2+\n\n");
    }

    #[test]
    fn folding() {
        let words = "word ".repeat(20);
        let folded = format!(
            "k: {}word\n  {}\n",
            "word ".repeat(15),
            "word ".repeat(4).trim_end()
        );
        check_text(words.trim_end(), &folded);
    }
}

#[cfg(test)]
mod properties {
    use std::sync::Arc;

    use deconflict_files::{Files, Origin, RepoPath, Span};
    use deconflict_yaml::{Field, Kind, Node, Scalar, parse};
    use proptest::prelude::*;

    use crate::emit;

    /// Texts of all sorts, without the line breaks of YAML 1.1 that our reader does not fold, and without characters
    /// that YAML does not allow.
    fn text() -> impl Strategy<Value = String> {
        let words = prop::collection::vec("[ a-zA-Z0-9:#'\"\\\\\n\t,?-]{0,6}", 0..30)
            .prop_map(|parts| parts.concat());
        prop_oneof![
            words,
            "[ -~\\n\\t\u{a0}-\u{2ff}\u{1F600}]{0,40}",
            "(yes|null|~|1|0x1|2020-01-01|1e3|-|=|1:30)"
        ]
    }

    fn tree(at: Origin) -> impl Strategy<Value = Arc<Node>> {
        let node = move |kind| Arc::new(Node::new(kind, at));
        let leaf = text().prop_map(move |text| node(Kind::Scalar(Scalar::string(text))));
        leaf.prop_recursive(4, 40, 6, move |inner| {
            let field = (text(), inner.clone());
            let map = prop::collection::vec(field, 0..6).prop_map(move |pairs| {
                let mut fields: Vec<Field> = Vec::new();
                for (name, value) in pairs {
                    if fields.iter().all(|field| field.name() != name) {
                        fields.push(Field {
                            key: Scalar::string(name),
                            ..Field::new("", at, value)
                        });
                    }
                }
                node(Kind::Map(fields))
            });
            prop_oneof![
                map,
                prop::collection::vec(inner, 0..5).prop_map(move |items| node(Kind::List(items)))
            ]
        })
    }

    /// The same content; keys in any order, styles aside.
    fn is_same(a: &Node, b: &Node) -> bool {
        match (&a.kind, &b.kind) {
            (Kind::Scalar(a), Kind::Scalar(b)) => emit::json(a).ok() == emit::json(b).ok(),
            (Kind::List(a), Kind::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
            }
            (Kind::Map(fields), Kind::Map(others)) => {
                fields.len() == others.len()
                    && fields.iter().all(|field| {
                        b.get(field.name())
                            .is_some_and(|other| is_same(&field.value, other))
                    })
            }
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_reads_back(text in text(), tree in {
            let file = Files::new().intern(&RepoPath::new("a.yaml").expect("a path"), &"".into());
            tree(Origin::new(file, Span::default()))
        }) {
            let mut top = Node::map(tree.at);
            top.set("text", tree.at, Node::scalar(Scalar::string(text), tree.at));
            top.set("tree", tree.at, tree);
            let top = Arc::new(top);
            let written = emit::emit(std::iter::once(&top)).expect("a document");
            let file = Files::new().intern(&RepoPath::new("b.yaml").expect("a path"), &written.as_str().into());
            let read = parse(file, &written).documents.remove(0).root.expect("a tree");
            prop_assert!(is_same(&top, &read), "{written}");
            prop_assert_eq!(emit::emit(std::iter::once(&read)).expect("a document"), written);
        }
    }
}
