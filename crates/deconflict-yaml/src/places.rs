//! From bytes of the text being parsed to places in a file. They differ for a document inside a scalar.

use deconflict_files::{FileId, Origin, Span};

/// A stretch of parsed text and the bytes of the file it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Segment {
    /// Where it starts in the parsed text. It reaches to the next segment.
    pub(crate) parsed: u32,
    /// The bytes of the file.
    pub(crate) raw: Span,
    /// True when it stands in the file byte by byte; else it is an escape or a folded line end.
    pub(crate) verbatim: bool,
}

/// Where parsed bytes stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'s> {
    pub(crate) file: FileId,
    /// In order, the first at 0; empty when the parsed text is the file.
    pub(crate) segments: &'s [Segment],
}

impl Places<'_> {
    /// The bytes of the file that parsed `span` comes from.
    pub(crate) fn span(&self, span: Span) -> Span {
        if self.segments.is_empty() {
            return span;
        }
        let end = self.end(span.end);
        let start = if span.start == span.end {
            end
        } else {
            self.start(span.start)
        };
        Span {
            start: start.min(end),
            end,
        }
    }

    pub(crate) fn origin(&self, span: Span) -> Origin {
        Origin::new(self.file, self.span(span))
    }

    fn segment(&self, offset: u32) -> Segment {
        let index = self.segments.partition_point(|segment| segment.parsed <= offset);
        self.segments[index.saturating_sub(1)]
    }

    fn start(&self, offset: u32) -> u32 {
        let Segment {
            parsed,
            raw,
            verbatim,
        } = self.segment(offset);
        if verbatim {
            (raw.start + (offset - parsed)).min(raw.end)
        } else {
            raw.start
        }
    }

    /// The end of the last byte before `offset`.
    fn end(&self, offset: u32) -> u32 {
        let Some(last) = offset.checked_sub(1) else {
            return self.start(0);
        };
        let Segment {
            parsed,
            raw,
            verbatim,
        } = self.segment(last);
        if verbatim {
            (raw.start + (offset - parsed)).min(raw.end)
        } else {
            raw.end
        }
    }
}
