//! Events to trees: a stack instead of recursion, children of all open collections on two shared stacks, so that
//! each collection is allocated once and exactly.

use std::borrow::Cow;
use std::sync::Arc;

use deconflict_files::{Origin, Span};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::events::{Event, NESTING_LIMIT, Spanned};
use crate::keys::repeated;
use crate::node::KeyAt;
use crate::parse::PROBLEMS;
use crate::places::Places;
use crate::{Field, Kind, Node, Problem, ProblemKind, Scalar, Style};

/// How many nodes aliases may add to a document, and how many nodes a text may have. A walk over so many takes
/// about a second; the largest real documents known have some 100,000.
const ALIASED_NODES: u64 = 1_000_000;
pub(crate) const NODES: u64 = 2_000_000;

/// A collection that is being read.
struct Frame {
    is_map: bool,
    flow: bool,
    anchor: usize,
    start: u32,
    /// End of the last child.
    end: u32,
    /// Where its children begin on the stack of items or fields.
    base: usize,
    /// The key whose value is being read.
    key: Option<(Scalar, Origin)>,
    /// Nodes, aliases followed.
    size: u64,
    /// Levels below, aliases followed.
    depth: usize,
}

struct Anchored {
    node: Arc<Node>,
    size: u64,
    depth: usize,
}

/// Builds the tree of one document.
pub(crate) struct Builder<'t> {
    places: Places<'t>,
    text: &'t str,
    document: usize,
    frames: Vec<Frame>,
    items: Vec<Arc<Node>>,
    fields: Vec<Field>,
    root: Option<Arc<Node>>,
    anchors: FxHashMap<usize, Anchored>,
    names: FxHashMap<SmolStr, Origin>,
    last_end: usize,
    nodes: u64,
    aliased: u64,
    broken: bool,
    exhausted: bool,
}

impl<'t> Builder<'t> {
    pub(crate) fn new(places: Places<'t>, text: &'t str, document: usize, start: usize) -> Self {
        Self {
            places,
            text,
            document,
            frames: Vec::new(),
            items: Vec::new(),
            fields: Vec::new(),
            root: None,
            anchors: FxHashMap::default(),
            names: FxHashMap::default(),
            last_end: start,
            nodes: 0,
            aliased: 0,
            broken: false,
            exhausted: false,
        }
    }

    /// True when a fatal problem was reported.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// True when the document is so large that the rest of it is not worth reading.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// The tree, `None` for an empty document; an error when the document is broken.
    pub(crate) fn finish(self) -> Result<Option<Arc<Node>>, ()> {
        if self.broken {
            return Err(());
        }
        let is_absent = |scalar: &Scalar| scalar.text.is_empty() && scalar.is_bare();
        Ok(self.root.filter(|root| !root.as_scalar().is_some_and(is_absent)))
    }

    fn origin(&self, span: Span) -> Origin {
        self.places.origin(span)
    }

    fn problem(&mut self, problems: &mut Vec<Problem>, kind: ProblemKind, span: Span) {
        let at = self.origin(span);
        self.problem_at(problems, kind, at);
    }

    fn problem_at(&mut self, problems: &mut Vec<Problem>, kind: ProblemKind, at: Origin) {
        let fatal = kind.is_fatal();
        self.exhausted |= kind == ProblemKind::TooLarge;
        // One fatal problem per document says enough, and bounds the list.
        if !(fatal && self.broken) && (fatal || problems.len() < PROBLEMS) {
            problems.push(Problem {
                kind,
                at,
                document: self.document,
            });
        }
        self.broken |= fatal;
    }

    /// Take the next event of this document.
    pub(crate) fn take(&mut self, spanned: Spanned<'t>, problems: &mut Vec<Problem>) {
        let Spanned {
            event,
            span,
            tag_span,
        } = spanned;
        if self.broken {
            return;
        }
        match event {
            Event::Scalar {
                text,
                style,
                anchor,
                tag,
            } => {
                self.scalar(text, style, anchor, tag, span, tag_span, problems);
            }
            Event::ListStart { flow, anchor, tag } => {
                self.open(false, flow, anchor, tag.as_ref(), span, tag_span, problems);
            }
            Event::MapStart { flow, anchor, tag } => {
                self.open(true, flow, anchor, tag.as_ref(), span, tag_span, problems);
            }
            Event::End => self.close(span, problems),
            Event::Alias(anchor) => self.alias(anchor, span, problems),
            Event::UnknownAlias(name) => {
                self.problem(problems, ProblemKind::UnknownAlias(name.as_ref().into()), span);
            }
            Event::Anchor(name) => self.name(&name, span, problems),
            Event::DocumentStart { .. } | Event::DocumentEnd | Event::Comment => {}
        }
    }

    fn name(&mut self, name: &str, span: Span, problems: &mut Vec<Problem>) {
        let at = self.origin(span);
        if let Some(first) = self.names.insert(name.into(), at) {
            self.problem(
                problems,
                ProblemKind::AnchorRedefined {
                    first,
                    name: name.into(),
                },
                span,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event")]
    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Style,
        anchor: usize,
        tag: Option<Arc<str>>,
        mut span: Span,
        tag_span: Option<Span>,
        problems: &mut Vec<Problem>,
    ) {
        if matches!(style, Style::Literal | Style::Folded) {
            span = self.block_scalar(span);
        }
        if style == Style::DoubleQuoted && matches!(text, Cow::Owned(_)) {
            self.escapes(span, problems);
        }
        let text = match text {
            Cow::Borrowed(text) => SmolStr::new(text),
            Cow::Owned(text) => SmolStr::from(text),
        };
        if let Some(tag) = &tag {
            self.tag(tag, tag_span.unwrap_or(span), problems);
        }
        let scalar = Scalar { text, style, tag };
        if anchor == 0 && self.wants_key() {
            self.key(scalar, span, problems);
        } else {
            let node = Arc::new(Node::new(Kind::Scalar(scalar), self.origin(span)));
            self.value(node, anchor, 1, 0, span, problems);
        }
        self.last_end = span.end as usize;
    }

    fn wants_key(&self) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| frame.is_map && frame.key.is_none())
    }

    fn key(&mut self, scalar: Scalar, span: Span, problems: &mut Vec<Problem>) {
        if scalar.text.is_empty() && scalar.is_bare() {
            let explicit = self.text[..span.start as usize]
                .trim_end_matches([' ', '\t'])
                .ends_with('?');
            let flow = self.frames.last().is_some_and(|frame| frame.flow);
            let kind = if explicit || flow {
                ProblemKind::NullKey
            } else {
                ProblemKind::Syntax("did not find expected key".to_owned())
            };
            self.problem(problems, kind, span);
        } else if scalar.text == "<<" && scalar.is_bare() {
            self.problem(problems, ProblemKind::MergeKey, span);
        }
        let at = self.origin(span);
        if let Some(frame) = self.frames.last_mut() {
            frame.key = Some((scalar, at));
            frame.end = frame.end.max(span.end);
        }
    }

    /// A finished node: an item, a value, the root, or (anchored or an alias) a key. `span` is its place in the text.
    fn value(
        &mut self,
        node: Arc<Node>,
        anchor: usize,
        size: u64,
        depth: usize,
        span: Span,
        problems: &mut Vec<Problem>,
    ) {
        self.nodes += 1;
        if self.nodes > NODES {
            return self.problem(problems, ProblemKind::TooLarge, span);
        }
        if self.frames.len() + depth > 2 * NESTING_LIMIT {
            return self.problem(problems, ProblemKind::TooDeep, span);
        }
        if anchor != 0 {
            self.anchors.insert(
                anchor,
                Anchored {
                    node: Arc::clone(&node),
                    size,
                    depth,
                },
            );
        }
        if self.wants_key() {
            match node.as_scalar() {
                Some(scalar) => self.key(scalar.clone(), span, problems),
                None => self.problem(problems, ProblemKind::ComplexKey, span),
            }
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.size += size;
        frame.depth = frame.depth.max(depth + 1);
        match frame.key.take() {
            Some((key, at)) => self.fields.push(Field {
                key,
                key_at: KeyAt(at),
                value: node,
            }),
            None => self.items.push(node),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event")]
    fn open(
        &mut self,
        is_map: bool,
        flow: bool,
        anchor: usize,
        tag: Option<&Arc<str>>,
        span: Span,
        tag_span: Option<Span>,
        problems: &mut Vec<Problem>,
    ) {
        if let Some(tag) = tag {
            self.tag(tag, tag_span.unwrap_or(span), problems);
        }
        // A list that is not indented deeper than its key is said to start at its first item, not at the dash.
        let is_value = self.frames.last().is_some_and(|frame| frame.is_map);
        let start = if is_map || flow || !is_value {
            span.start
        } else {
            self.indicator(b"-") as u32
        };
        let base = if is_map {
            self.fields.len()
        } else {
            self.items.len()
        };
        self.frames.push(Frame {
            is_map,
            flow,
            anchor,
            start,
            end: start,
            base,
            key: None,
            size: 1,
            depth: 0,
        });
        self.last_end = span.end as usize;
    }

    fn close(&mut self, span: Span, problems: &mut Vec<Problem>) {
        let Some(frame) = self.frames.pop() else { return };
        let end = if frame.flow && span.end > span.start {
            span.end
        } else {
            (self.last_end as u32).max(frame.end)
        };
        let kind = if frame.is_map {
            self.repeated_keys(frame.base, problems);
            Kind::Map(self.fields.split_off(frame.base))
        } else {
            Kind::List(self.items.split_off(frame.base))
        };
        let span = Span {
            start: frame.start,
            end,
        };
        let at = self.origin(span);
        self.last_end = end as usize;
        self.value(
            Arc::new(Node::new(kind, at)),
            frame.anchor,
            frame.size,
            frame.depth,
            span,
            problems,
        );
    }

    fn alias(&mut self, anchor: usize, span: Span, problems: &mut Vec<Problem>) {
        self.last_end = span.end as usize;
        let Some(anchored) = self.anchors.get(&anchor) else {
            let name = self.text[span.range()].trim_start_matches('*').into();
            return self.problem(problems, ProblemKind::AliasCycle(name), span);
        };
        let (node, size, depth) = (Arc::clone(&anchored.node), anchored.size, anchored.depth);
        self.aliased = self.aliased.saturating_add(size);
        if self.aliased > ALIASED_NODES {
            return self.problem(problems, ProblemKind::AliasBomb, span);
        }
        if self.wants_key() {
            match node.as_scalar() {
                Some(scalar) => self.key(scalar.clone(), span, problems),
                None => self.problem(problems, ProblemKind::ComplexKey, span),
            }
            return;
        }
        self.value(node, 0, size, depth, span, problems);
    }

    fn tag(&mut self, tag: &str, span: Span, problems: &mut Vec<Problem>) {
        let known = tag.strip_prefix("tag:yaml.org,2002:").is_some_and(|suffix| {
            matches!(
                suffix,
                "str"
                    | "int"
                    | "float"
                    | "bool"
                    | "null"
                    | "map"
                    | "seq"
                    | "binary"
                    | "timestamp"
                    | "merge"
                    | "set"
                    | "omap"
                    | "pairs"
            )
        });
        if !known && tag != "!" {
            self.problem(problems, ProblemKind::UnknownTag(tag.into()), span);
        }
    }

    /// Report keys that stand twice in the map whose fields begin at `base`.
    fn repeated_keys(&mut self, base: usize, problems: &mut Vec<Problem>) {
        let found = repeated(&self.fields[base..]);
        for (first, index) in found {
            let (first, field) = (self.fields[base + first].key_at.0, &self.fields[base + index]);
            if field.key.text == "<<" && field.key.is_bare() {
                continue;
            }
            let kind = ProblemKind::DuplicateKey {
                first,
                key: field.key.text.clone(),
            };
            let at = field.key_at.0;
            self.problem_at(problems, kind, at);
        }
    }

    /// From the header (`|`, `>`) to the end of the last line that is not blank.
    fn block_scalar(&self, content: Span) -> Span {
        let start = self.indicator(b"|>");
        let end = self.text[..content.end as usize]
            .trim_end_matches([' ', '\t', '\r', '\n'])
            .len();
        Span::new(start.min(end), end)
    }

    /// Where one of `indicators` stands after what was read last; comments, tags and anchors are passed over.
    fn indicator(&self, indicators: &[u8]) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.last_end;
        while let Some(byte) = bytes.get(at) {
            let rest = &bytes[at..];
            at += match byte {
                b'#' => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                b'!' | b'&' => rest
                    .iter()
                    .position(u8::is_ascii_whitespace)
                    .unwrap_or(rest.len()),
                byte if indicators.contains(byte) => break,
                _ => 1,
            };
        }
        at
    }

    /// Report escapes that go-yaml refuses though YAML 1.2 has them.
    fn escapes(&mut self, span: Span, problems: &mut Vec<Problem>) {
        let raw = &self.text.as_bytes()[span.range()];
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'\\', &raw[at..]) {
            at += next;
            let surrogate = raw.get(at + 1) == Some(&b'u')
                && matches!(raw.get(at + 2), Some(b'd' | b'D'))
                && matches!(raw.get(at + 3), Some(b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F'));
            let len = if surrogate { 6 } else { 2 };
            if surrogate || raw.get(at + 1) == Some(&b'/') {
                let start = span.start as usize + at;
                let end = (start + len).min(span.end as usize);
                let kind = ProblemKind::Escape(self.text.get(start..end).unwrap_or("\\").into());
                return self.problem(problems, kind, Span::new(start, end));
            }
            at += 2;
        }
    }
}
