//! The only file that names the parser library: its events in this crate's terms, with exact byte spans.

use std::borrow::Cow;
use std::sync::Arc;

use deconflict_files::Span;
use granit_parser::{ErrorKind, Marker, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use crate::{ProblemKind, Style};

/// Nesting that the parser accepts, for block and for flow collections each; deeper is [`ProblemKind::TooDeep`].
pub(crate) const NESTING_LIMIT: usize = 255;

/// What the text says next.
#[derive(Debug)]
pub(crate) enum Event<'t> {
    DocumentStart {
        explicit: bool,
        version: Option<(u32, u32)>,
    },
    DocumentEnd,
    Comment,
    Scalar {
        text: Cow<'t, str>,
        style: Style,
        anchor: usize,
        tag: Option<Arc<str>>,
    },
    ListStart {
        flow: bool,
        anchor: usize,
        tag: Option<Arc<str>>,
    },
    MapStart {
        flow: bool,
        anchor: usize,
        tag: Option<Arc<str>>,
    },
    End,
    /// An alias to the anchor of that number.
    Alias(usize),
    /// An alias to a name that no anchor before it has.
    UnknownAlias(Cow<'t, str>),
    /// The name and place of the anchor on the node just started.
    Anchor(Cow<'t, str>),
}

/// Why the text cannot be read further.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ProblemKind,
    /// Byte offset, at the start of a character.
    pub(crate) offset: usize,
}

/// An event and where it stands.
#[derive(Debug)]
pub(crate) struct Spanned<'t> {
    pub(crate) event: Event<'t>,
    pub(crate) span: Span,
    /// The explicit tag, for nodes that have one.
    pub(crate) tag_span: Option<Span>,
}

/// The events of a text from some byte on.
pub(crate) struct Events<'t> {
    parser: Parser<'t, StrInput<'t>>,
    base: usize,
    len: usize,
}

impl<'t> Events<'t> {
    /// The events of `text` from byte `base`, which must be the start of a document.
    pub(crate) fn new(text: &'t str, base: usize) -> Self {
        let options = granit_parser::options! {
            block_scalar_eof_without_line_feed: true,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            max_buffered_comment_events: usize::MAX,
            flow_nesting_limit: NESTING_LIMIT,
            block_nesting_limit: NESTING_LIMIT,
        };
        Self {
            parser: Parser::new_from_str_with_options(&text[base..], options),
            base,
            len: text.len(),
        }
    }

    fn offset(&self, marker: &Marker) -> usize {
        marker
            .byte_offset()
            .map_or(self.len, |offset| (self.base + offset).min(self.len))
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        Span::new(self.offset(&span.start), self.offset(&span.end))
    }

    /// The next event; `None` at the end of the text. After an error there is nothing more.
    pub(crate) fn next(&mut self) -> Option<Result<Spanned<'t>, Failure>> {
        loop {
            let (event, span) = match self.parser.next_event()? {
                Ok(next) => next,
                Err(error) => return Some(Err(self.failure(error.kind(), error.marker()))),
            };
            let tag_span = span.tag_span().map(|tag| self.span(&tag));
            let span = self.span(&span);
            let Some(event) = convert(event, span) else {
                continue;
            };
            return Some(Ok(Spanned {
                event,
                span,
                tag_span,
            }));
        }
    }

    fn failure(&self, kind: &ErrorKind, marker: &Marker) -> Failure {
        let kind = match kind {
            ErrorKind::RecursionLimitExceeded => ProblemKind::TooDeep,
            ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
                ProblemKind::TabIndent
            }
            _ => ProblemKind::Syntax(words(kind)),
        };
        Failure {
            kind,
            offset: self.offset(marker),
        }
    }
}

fn convert(event: granit_parser::Event<'_>, span: Span) -> Option<Event<'_>> {
    use granit_parser::Event as E;
    Some(match event {
        E::Scalar(text, style, anchor, tag) => {
            // An absent value comes as `~` that takes no bytes.
            let absent = span.start == span.end && style == ScalarStyle::Plain;
            let text = if absent { Cow::Borrowed("") } else { text };
            Event::Scalar {
                text,
                style: style_of(style),
                anchor,
                tag: tag.as_deref().map(tag_of),
            }
        }
        E::SequenceStart(style, anchor, tag) => {
            let flow = style == StructureStyle::Flow;
            Event::ListStart {
                flow,
                anchor,
                tag: tag.as_deref().map(tag_of),
            }
        }
        E::MappingStart(style, anchor, tag) => {
            let flow = style == StructureStyle::Flow;
            Event::MapStart {
                flow,
                anchor,
                tag: tag.as_deref().map(tag_of),
            }
        }
        E::SequenceEnd | E::MappingEnd => Event::End,
        E::Comment(..) => Event::Comment,
        E::DocumentStart(explicit, version) => {
            let version = version.map(|version| (version.major, version.minor));
            Event::DocumentStart { explicit, version }
        }
        E::DocumentEnd => Event::DocumentEnd,
        E::Alias(anchor) => Event::Alias(anchor),
        E::UnresolvedAlias(name) => Event::UnknownAlias(name),
        E::Anchor(_, name) => Event::Anchor(name),
        _ => return None,
    })
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        ScalarStyle::Plain => Style::Plain,
    }
}

fn tag_of(tag: &Tag) -> Arc<str> {
    let (handle, suffix) = tag.parts();
    format!("{handle}{suffix}").into()
}

/// The parser's words without the part that says what was being parsed when.
fn words(kind: &ErrorKind) -> String {
    let words = kind.to_string();
    let words = match words.split_once(", ") {
        Some((context, rest)) if context.starts_with("while ") => rest,
        _ => &words,
    };
    words.trim_end_matches('.').to_owned()
}
