//! Literal and folded blocks.

use deconflict_files::Span;
use smol_str::SmolStr;

use super::{Built, Scanner, Token};
use crate::Style;

impl Scanner<'_> {
    /// The block whose header begins here, in a collection of column `parent`. Those without content, with an explicit
    /// indentation or with `+` are left to the library, as are folded ones with lines that are indented deeper.
    pub(super) fn indented(&mut self, parent: i32) -> Option<Built> {
        let start = self.at;
        let literal = self.byte() == b'|';
        self.at += 1;
        let strip = self.byte() == b'-';
        if strip {
            self.at += 1;
        }
        let header = self.at;
        self.skip_spaces();
        match self.byte() {
            b'\n' => {}
            b'#' if self.at > header => {
                let rest = &self.bytes[self.at..];
                let end = self.at + memchr::memchr(b'\n', rest)?;
                self.comments.push(Span::new(self.at, end));
                self.at = end;
            }
            _ => return None,
        }
        self.at += 1;
        let text = self.content(parent, literal, strip)?;
        // Blank lines at the end are not part of its place.
        let content = self.bytes[..self.line].trim_ascii_end().len();
        let style = if literal { Style::Literal } else { Style::Folded };
        let built = self.scalar(Token::new(text, style, start, content))?;
        // What ends it may only be a comment or something of the collections around it.
        self.at = self.line;
        self.next_line()?;
        (self.column <= parent).then_some(built)
    }

    /// The text of the lines from here on; `line` is then the first one that is not part of it.
    fn content(&mut self, parent: i32, literal: bool, strip: bool) -> Option<SmolStr> {
        let mut text = String::new();
        // Line ends that have not been written, because nothing but blank lines may follow.
        let mut breaks = 0;
        // The indentation, known from the first line with content; and the longest blank line before that.
        let mut indent = None;
        let mut longest = 0;
        loop {
            self.line = self.at;
            self.skip_spaces();
            let spaces = self.at - self.line;
            let Some(byte) = self.bytes.get(self.at) else {
                // Spaces that no line end follows: whether that is a line, readers disagree.
                if spaces > 0 {
                    return None;
                }
                break;
            };
            let limit = match indent {
                None if *byte == b'\n' => {
                    longest = longest.max(spaces);
                    usize::MAX
                }
                None => {
                    if i32::try_from(spaces).ok()? <= parent || spaces < longest {
                        return None;
                    }
                    indent = Some(spaces);
                    spaces
                }
                Some(indent) => indent,
            };
            if *byte == b'\n' && spaces <= limit {
                breaks += 1;
                self.at += 1;
                continue;
            }
            if spaces < limit {
                if *byte == b'\t' {
                    return None;
                }
                break;
            }
            // A line without its end may stand for one more or less; readers disagree.
            let end = self.at + memchr::memchr(b'\n', &self.bytes[self.at..])?;
            let line = &self.text[self.line + limit..end];
            if *byte == b'\t' && line.trim_ascii().is_empty() {
                return None;
            }
            if literal {
                text.extend(std::iter::repeat_n('\n', breaks));
            } else {
                if line.starts_with([' ', '\t']) {
                    return None;
                }
                match breaks {
                    1 if !text.is_empty() => text.push(' '),
                    _ => text.extend(std::iter::repeat_n('\n', breaks - usize::from(!text.is_empty()))),
                }
            }
            text.push_str(line);
            breaks = 1;
            self.at = end + 1;
        }
        indent?;
        if !strip {
            text.push('\n');
        }
        Some(text.into())
    }
}
