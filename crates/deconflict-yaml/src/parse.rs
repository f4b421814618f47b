//! Text to trees. Parsing never fails: it returns documents and problems, and goes on with the next document.

use std::sync::Arc;

use deconflict_files::{FileId, Origin, Span};

use crate::block::{Read, Scanner};
use crate::boundary::{content_of_document, end_of_document, has_other_ends};
use crate::builder::Builder;
use crate::characters::first_forbidden;
use crate::events::{Event, Events, Failure};
use crate::places::Places;
use crate::tabs::Tabs;
use crate::{Node, Problem, ProblemKind};

/// Larger texts are not parsed ([`ProblemKind::TooLarge`]): the tree takes up to 30 times the text.
const BYTES: usize = 256 << 20;

/// Documents and comments that a text may have, and suspicious things that are told about it (what makes a document
/// unreadable is always told): what keeps memory in proportion when a text consists of nothing else. The largest real
/// files have some thousands.
const PARTS: usize = 1_000_000;
pub(crate) const PROBLEMS: usize = 10_000;

/// Everything found in one text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents that could be read, in order.
    pub documents: Vec<Document>,
    /// What could not be read, and what is suspicious though readable, in order of place.
    pub problems: Vec<Problem>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
    /// How many of the documents were read the short way, without the parser library. The result does not depend on it.
    pub short: usize,
}

/// Who reads a text. Nothing but the time depends on it; tests compare the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// The own scanner what it can, the parser library the rest.
    Short,
    /// The parser library everything.
    Long,
}

/// One document. Documents tile the text: each reaches from its first line to the first line of the next. (Inside a
/// scalar they leave out what is not text: indentation and the quotes.)
#[derive(Debug)]
pub struct Document {
    /// Its place among all documents of the text, from 0, broken ones included.
    pub index: usize,
    /// The bytes of the file that it takes, its `---` and comments included.
    pub span: Span,
    /// The same in the text that was parsed, which for an embedded document is the scalar's and not the file's.
    pub parsed: Span,
    /// The tree; `None` for an empty document (nothing but comments).
    pub root: Option<Arc<Node>>,
    /// True when it starts with `---`.
    pub explicit: bool,
    /// True when directives (`%YAML`, `%TAG`) stand before it.
    pub directives: bool,
}

/// A comment, `#` included, line end excluded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// The bytes of the file.
    pub span: Span,
}

/// Parse a whole file.
pub fn parse(file: FileId, text: &str) -> Parsed {
    parse_as(file, text, Reading::Short)
}

/// Parse a whole file with a reader of choice.
pub fn parse_as(file: FileId, text: &str, reading: Reading) -> Parsed {
    parse_at(Places { file, segments: &[] }, text, reading)
}

pub(crate) fn parse_at(places: Places<'_>, text: &str, reading: Reading) -> Parsed {
    let mut parsed = Parsed::default();
    if text.len() > BYTES {
        let at = Origin::start_of(places.file);
        parsed.problems.push(Problem {
            kind: ProblemKind::TooLarge,
            at,
            document: 0,
        });
        return parsed;
    }
    let mut reader = Reader {
        places,
        text,
        index: 0,
        start: 0,
        tabs: Tabs::new(text),
        scanner: (reading == Reading::Short && !has_other_ends(text)).then(|| Scanner::new(places, text)),
    };
    while reader
        .run_short(&mut parsed)
        .unwrap_or_else(|| reader.run_long(&mut parsed))
    {}
    parsed.comments.sort_by_key(|comment| comment.span.start);
    parsed.problems.sort_by_key(|problem| problem.at.span.start);
    parsed
}

/// Reads the documents of a text one after the other.
struct Reader<'t> {
    places: Places<'t>,
    text: &'t str,
    /// The index of the next document.
    index: usize,
    /// Where it starts.
    start: usize,
    tabs: Tabs,
    /// Who reads the common style; `None` when the library reads everything.
    scanner: Option<Scanner<'t>>,
}

/// A document that is being read.
struct Open<'t> {
    builder: Builder<'t>,
    explicit: bool,
    directives: bool,
}

impl<'t> Reader<'t> {
    /// Read one document without the library. `None` when it is not of the style that can be read so; else whether
    /// there is more text.
    fn run_short(&mut self, parsed: &mut Parsed) -> Option<bool> {
        let scanner = self.scanner.as_mut()?;
        if self.index + 1 >= PARTS {
            return None;
        }
        let Read { root, end, explicit } = scanner.document(self.start)?;
        if parsed.comments.len() + scanner.comments.len() >= PARTS {
            return None;
        }
        let comments = scanner.comments.iter();
        parsed.comments.extend(comments.map(|span| Comment {
            span: self.places.span(*span),
        }));
        let span = Span::new(self.start, end);
        parsed.documents.push(Document {
            index: self.index,
            span: self.places.span(span),
            parsed: span,
            root,
            explicit,
            directives: false,
        });
        parsed.short += 1;
        // All of them are text: the scanner takes no others.
        self.tabs.end_document(end);
        self.start = end;
        self.index += 1;
        Some(end < self.text.len())
    }

    /// Read with the library, up to the end of the next document, or of the text if there is nobody to go on. Returns
    /// whether there is more.
    fn run_long(&mut self, parsed: &mut Parsed) -> bool {
        let mut events = Events::new(self.text, self.start);
        let mut open: Option<Open<'t>> = None;
        // Where the document ended that was read for the scanner to go on with the next.
        let mut closed: Option<usize> = None;
        while let Some(next) = events.next() {
            let spanned = match next {
                Ok(spanned) => spanned,
                Err(failure) => {
                    let said = open.is_some_and(|open| open.builder.is_broken());
                    return self.give_up((!said).then_some(failure), parsed);
                }
            };
            if let Some(end) = closed {
                // A comment may stand behind `...`.
                let belongs = matches!(spanned.event, Event::Comment) && (spanned.span.start as usize) < end;
                if !belongs {
                    return end < self.text.len();
                }
            }
            let span = spanned.span;
            if parsed.comments.len() >= PARTS || self.index >= PARTS {
                let at = self.places.origin(span);
                parsed.problems.push(Problem {
                    kind: ProblemKind::TooLarge,
                    at,
                    document: self.index,
                });
                return false;
            }
            match spanned.event {
                Event::Comment => {
                    let span = self.places.span(span);
                    parsed.comments.push(Comment { span });
                }
                Event::DocumentStart { explicit, version } => {
                    open = Some(self.open(span, explicit, version, parsed));
                }
                Event::DocumentEnd => {
                    let end = end_of_document(self.text, span.start as usize);
                    if let Some(open) = open.take() {
                        self.close(Some(open), end, None, parsed);
                        closed = self.scanner.is_some().then_some(end);
                    }
                }
                _ => {
                    match &spanned.event {
                        Event::Scalar { .. } => self.tabs.excuse(span),
                        Event::ListStart { flow, .. } | Event::MapStart { flow, .. } => {
                            self.tabs.open(span, *flow);
                        }
                        Event::End => self.tabs.close(span),
                        _ => {}
                    }
                    if let Some(current) = &mut open {
                        current.builder.take(spanned, &mut parsed.problems);
                        if current.builder.is_exhausted() {
                            return self.give_up(None, parsed);
                        }
                    }
                }
            }
        }
        false
    }

    fn open(&self, span: Span, explicit: bool, version: Option<(u32, u32)>, parsed: &mut Parsed) -> Open<'t> {
        let prefix = &self.text[self.start.min(span.start as usize)..span.start as usize];
        let directives = explicit && prefix.lines().any(|line| line.starts_with('%'));
        if let Some((major, minor)) = version
            && (major, minor) != (1, 1)
        {
            let at = self.places.origin(span);
            parsed.problems.push(Problem {
                kind: ProblemKind::Version { major, minor },
                at,
                document: self.index,
            });
        }
        let builder = Builder::new(self.places, self.text, self.index, span.end as usize);
        Open {
            builder,
            explicit,
            directives,
        }
    }

    /// The document ends at byte `end`.
    fn close(&mut self, open: Option<Open<'t>>, end: usize, failure: Option<Failure>, parsed: &mut Parsed) {
        let (start, index) = (self.start, self.index);
        let tab = self.tabs.end_document(end);
        let mut report = |kind: ProblemKind, at: usize, len: usize| {
            let at = self.places.origin(Span::new(at, at + len));
            parsed.problems.push(Problem {
                kind,
                at,
                document: index,
            });
        };
        self.start = end;
        self.index += 1;
        // A forbidden character is the cause of whatever else went wrong.
        if let Some((at, character)) = first_forbidden(&self.text[start..end], start == 0) {
            return report(
                ProblemKind::ControlCharacter(character),
                start + at,
                character.len_utf8(),
            );
        }
        if let Some(failure) = failure {
            let len = self.text[failure.offset..]
                .chars()
                .next()
                .map_or(0, char::len_utf8);
            return report(failure.kind, failure.offset, len);
        }
        let Some(Open {
            builder,
            explicit,
            directives,
        }) = open
        else {
            return;
        };
        if builder.is_broken() {
            return;
        }
        if let Some(tab) = tab {
            return report(ProblemKind::TabIndent, tab, 1);
        }
        if let Ok(root) = builder.finish() {
            let span = self.places.span(Span::new(start, end));
            parsed.documents.push(Document {
                index,
                span,
                parsed: Span::new(start, end),
                root,
                explicit,
                directives,
            });
        }
    }

    /// Give up the document that starts at `self.start` and find the next. Returns whether there may be one.
    fn give_up(&mut self, failure: Option<Failure>, parsed: &mut Parsed) -> bool {
        let end = end_of_document(self.text, content_of_document(self.text, self.start));
        self.close(None, end, failure, parsed);
        end < self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use deconflict_files::{Files, RepoPath};

    use crate::{Kind, Node, ProblemKind, parse};

    /// The tree with the text that each place points at.
    fn show(node: &Node, text: &str, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        let at = &text[node.at.span.range()];
        match &node.kind {
            Kind::Scalar(scalar) => {
                let tag = scalar.tag.as_deref().unwrap_or_default();
                writeln!(out, "{indent}{:?} {:?}{tag} at {at:?}", scalar.text, scalar.style).unwrap();
            }
            Kind::List(items) => {
                writeln!(out, "{indent}list at {at:?}").unwrap();
                for item in items {
                    show(item, text, depth + 1, out);
                }
            }
            Kind::Map(fields) => {
                writeln!(out, "{indent}map at {at:?}").unwrap();
                for field in fields {
                    let at = &text[field.key_at.0.span.range()];
                    writeln!(out, "{indent}- {:?} at {at:?}", field.key.text).unwrap();
                    show(&field.value, text, depth + 1, out);
                }
            }
        }
    }

    fn check(text: &str, expected: &str) {
        let files = Files::new();
        let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
        let parsed = parse(file, text);
        let mut out = String::new();
        for document in &parsed.documents {
            let explicit = if document.explicit { " explicit" } else { "" };
            let directives = if document.directives { " directives" } else { "" };
            let span = &text[document.span.range()];
            writeln!(out, "document {}{explicit}{directives} {span:?}", document.index).unwrap();
            if let Some(root) = &document.root {
                show(root, text, 1, &mut out);
            }
        }
        for comment in &parsed.comments {
            writeln!(out, "comment {:?}", &text[comment.span.range()]).unwrap();
        }
        for problem in &parsed.problems {
            let at = &text[problem.at.span.range()];
            writeln!(out, "problem {} {:?} at {at:?}", problem.document, problem.kind).unwrap();
        }
        assert_eq!(out.trim(), expected.trim(), "{text}\n---- got\n{out}");
    }

    #[test]
    fn places() {
        check(
            "a: |  # c\n  x\n\n  y\n\nb: >-\n    foo\nc:\nd: \"x\\ny\"\ne:\n- 1\n-\n  - !foo 'x'\n- {a: [1, 2], b}\n# end\n",
            r##"
document 0 "a: |  # c\n  x\n\n  y\n\nb: >-\n    foo\nc:\nd: \"x\\ny\"\ne:\n- 1\n-\n  - !foo 'x'\n- {a: [1, 2], b}\n# end\n"
  map at "a: |  # c\n  x\n\n  y\n\nb: >-\n    foo\nc:\nd: \"x\\ny\"\ne:\n- 1\n-\n  - !foo 'x'\n- {a: [1, 2], b}"
  - "a" at "a"
    "x\n\ny\n" Literal at "|  # c\n  x\n\n  y"
  - "b" at "b"
    "foo" Folded at ">-\n    foo"
  - "c" at "c"
    "" Plain at ""
  - "d" at "d"
    "x\ny" DoubleQuoted at "\"x\\ny\""
  - "e" at "e"
    list at "- 1\n-\n  - !foo 'x'\n- {a: [1, 2], b}"
      "1" Plain at "1"
      list at "- !foo 'x'"
        "x" SingleQuoted!foo at "'x'"
      map at "{a: [1, 2], b}"
      - "a" at "a"
        list at "[1, 2]"
          "1" Plain at "1"
          "2" Plain at "2"
      - "b" at "b"
        "" Plain at ""
comment "# c"
comment "# end"
problem 0 UnknownTag("!foo") at "!foo"
"##,
        );
    }

    #[test]
    fn broken() {
        check(
            "a: [\n---\nb: \"\n---\nc: 1\n...\n%YAML 1.2\n---\nd: 1\n---\n--- # e\ne: {: 1}\n---\n- : 1\n---\na: \u{1}",
            r##"
document 2 explicit "---\nc: 1\n...\n"
  map at "c: 1"
  - "c" at "c"
    "1" Plain at "1"
document 3 explicit directives "%YAML 1.2\n---\nd: 1\n"
  map at "d: 1"
  - "d" at "d"
    "1" Plain at "1"
document 4 explicit "---\n"
document 5 explicit "--- # e\ne: {: 1}\n"
  map at "e: {: 1}"
  - "e" at "e"
    map at "{: 1}"
    - "" at ""
      "1" Plain at "1"
comment "# e"
problem 0 Syntax("unclosed bracket '['") at "["
problem 1 Syntax("found unexpected document indicator") at "\""
problem 3 Version { major: 1, minor: 2 } at "---"
problem 5 NullKey at ""
problem 6 Syntax("did not find expected key") at ""
problem 7 ControlCharacter('\u{1}') at "\u{1}"
"##,
        );
    }

    /// Verdicts of kubectl 1.32 on the same texts.
    #[test]
    fn tabs() {
        let check = |text: &str, tab: Option<u32>| {
            let files = Files::new();
            let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
            let parsed = parse(file, text);
            let found = parsed
                .problems
                .iter()
                .find(|problem| problem.kind == ProblemKind::TabIndent);
            assert_eq!(found.map(|problem| problem.at.span.start), tab, "{text:?}");
            assert_eq!(parsed.problems.len(), usize::from(tab.is_some()), "{text:?}");
        };
        for text in [
            "a: x\t\nb: y",
            "a: x\t# c\nb: y",
            "a:\tx",
            "a:\t\n  b: c",
            "a: 'x\n\ty'",
            "a: x\n  \ty\n",
            "a: |\n  \tx\n  \t\n",
            "{\n\t\"a\": [\n\t\t1\n\t]\n}",
            "a: x\n  -\ty",
        ] {
            check(text, None);
        }
        check("\ta: 1", Some(0));
        check("a: x\n\t\nb: y", Some(5));
        check("a: \"x\"\n  \t# c\nb: y", Some(9));
        check("x:\n-\ty", Some(4));
        check("x:\n- \ty: 1", Some(5));
        check("a:\n  \tb", Some(5));
        check("a:\n  b: c\n  \t", Some(12));
        check("a: 1\n---\nb: [\n  1]\n\t", Some(19));
    }
}
