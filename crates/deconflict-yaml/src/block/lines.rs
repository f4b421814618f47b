//! From line to line: indentation, blank lines, comments and document markers.

use deconflict_files::Span;

use super::Scanner;

impl Scanner<'_> {
    /// The byte at `at`; a line feed at the end of the text.
    pub(super) fn byte(&self) -> u8 {
        self.byte_at(self.at)
    }

    pub(super) fn byte_at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// At the start of a line: go to the next content and find its column, or that the document ends here.
    pub(super) fn next_line(&mut self) -> Option<()> {
        loop {
            self.line = self.at;
            self.skip_spaces();
            let Some(byte) = self.bytes.get(self.at) else {
                self.column = -1;
                return Some(());
            };
            match byte {
                b'\n' => self.at += 1,
                b'#' => self.comment(),
                b'\t' => return None,
                b'-' | b'.' if self.at == self.line && self.is_marker() => {
                    self.column = -1;
                    return Some(());
                }
                b'%' => return None,
                _ => {
                    self.column = i32::try_from(self.at - self.line).ok()?;
                    return Some(());
                }
            }
        }
    }

    /// Behind a value: nothing but a comment may stand on the rest of the line. Goes to the next content.
    pub(super) fn end_line(&mut self) -> Option<()> {
        self.skip_spaces();
        match self.byte() {
            b'\n' => self.at = (self.at + 1).min(self.bytes.len()),
            b'#' if self.bytes[self.at - 1] == b' ' => self.comment(),
            _ => return None,
        }
        self.next_line()
    }

    /// Behind a scalar in a collection of column `parent`: what is indented deeper might go on with the scalar.
    pub(super) fn end_scalar(&mut self, parent: i32) -> Option<()> {
        self.end_line()?;
        (self.column <= parent).then_some(())
    }

    /// Take the comment that starts here, and the end of its line.
    fn comment(&mut self) {
        let rest = &self.bytes[self.at..];
        let end = self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.comments.push(Span::new(self.at, end));
        self.at = (end + 1).min(self.bytes.len());
    }

    /// True at `---` or `...` that starts a line. Behind it only a space or the line end is common.
    fn is_marker(&self) -> bool {
        let rest = &self.bytes[self.at..];
        (rest.starts_with(b"---") || rest.starts_with(b"..."))
            && matches!(self.byte_at(self.at + 3), b' ' | b'\n')
    }

    pub(super) fn is_start_marker(&self) -> bool {
        self.at == self.line && self.bytes.get(self.at) == Some(&b'-') && self.is_marker()
    }

    /// True at a `-` that begins an item.
    pub(super) fn is_dash(&self) -> bool {
        self.byte() == b'-' && matches!(self.byte_at(self.at + 1), b' ' | b'\n')
    }

    /// True at a `:` that ends a key.
    pub(super) fn is_colon(&self) -> bool {
        self.byte() == b':' && matches!(self.byte_at(self.at + 1), b' ' | b'\n')
    }
}
