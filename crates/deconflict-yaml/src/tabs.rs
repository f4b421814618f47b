//! Tabs that go-yaml refuses though YAML 1.2 allows them: in the white space that begins a line, outside scalars and
//! flow collections (yaml/scannerc.go, `yaml_parser_scan_to_next_token`). A line of nothing but a tab is enough.

use deconflict_files::Span;

/// The tabs of a text that begin a line, judged while the text is read.
pub(crate) struct Tabs {
    /// Offsets, rising.
    suspects: Vec<u32>,
    /// How many of them were judged.
    judged: usize,
    /// The first of this document that is no content.
    first: Option<u32>,
    /// Where the outermost open flow collection starts, and how many are open.
    flow: Option<(u32, u32)>,
}

impl Tabs {
    /// The first tab of every line that has one before its content, where `-` and `?` that begin a node are no content.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut suspects = Vec::new();
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'\t', &bytes[at..]) {
            let tab = at + next;
            let line = memchr::memrchr(b'\n', &bytes[..tab]).map_or(0, |end| end + 1);
            if is_prefix(&bytes[line..tab]) {
                suspects.push(tab as u32);
            }
            at = memchr::memchr(b'\n', &bytes[tab..]).map_or(bytes.len(), |end| tab + end);
        }
        Self {
            suspects,
            judged: 0,
            first: None,
            flow: None,
        }
    }

    pub(crate) fn open(&mut self, span: Span, flow: bool) {
        match &mut self.flow {
            Some((_, depth)) => *depth += 1,
            None if flow => self.flow = Some((span.start, 1)),
            None => {}
        }
    }

    pub(crate) fn close(&mut self, span: Span) {
        if let Some((start, depth)) = &mut self.flow {
            *depth -= 1;
            if *depth == 0 {
                let start = *start;
                self.flow = None;
                self.excuse(Span { start, end: span.end });
            }
        }
    }

    /// Tabs within `span` are content. Spans come in order.
    pub(crate) fn excuse(&mut self, span: Span) {
        if self.flow.is_some() {
            return;
        }
        self.first = self.first.or(self.judge(span.start));
        self.judge(span.end);
    }

    /// The first one in the document that ends at `end`.
    pub(crate) fn end_document(&mut self, end: usize) -> Option<usize> {
        self.flow = None;
        let last = self.judge(end as u32);
        self.first.take().or(last).map(|tab| tab as usize)
    }

    /// Pass over all before `end`; returns the first of them.
    fn judge(&mut self, end: u32) -> Option<u32> {
        let rest = &self.suspects[self.judged..];
        let count = rest.iter().take_while(|tab| **tab < end).count();
        self.judged += count;
        rest[..count].first().copied()
    }
}

/// Only spaces, and indicators that a space or the end follows.
fn is_prefix(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b' ' => true,
        b'-' | b'?' => bytes.get(at + 1).is_none_or(|next| *next == b' '),
        _ => false,
    })
}
