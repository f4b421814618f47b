//! Lines and columns, computed only for printing.

/// A place as people and reports count it: both from 1, columns in Unicode characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in Unicode characters.
    pub column: u32,
}

/// Byte offsets of line starts.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Index `text`; a line ends after `\n`.
    pub fn new(text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1);
        Self {
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The place of byte `offset` in `text`, which must be the text the index was made from.
    /// An offset beyond the end or inside a character counts as the character before it.
    pub fn place(&self, text: &str, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start as usize <= offset) - 1;
        let column = text[self.starts[line] as usize..offset]
            .chars()
            .filter(|c| *c != '\u{feff}')
            .count();
        LineColumn {
            line: line as u32 + 1,
            column: column as u32 + 1,
        }
    }

    /// The bytes of line `line` (from 1) without its line end; `None` beyond the last.
    pub fn line<'t>(&self, text: &'t str, line: u32) -> Option<&'t str> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)? as usize;
        let end = self
            .starts
            .get(index + 1)
            .map_or(text.len(), |next| *next as usize);
        Some(text[start..end].trim_end_matches(['\n', '\r']))
    }

    /// Offset of the first byte of line `line` (from 1).
    pub fn start_of(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// How many lines there are; a text that ends in `\n` has an empty last one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::{LineColumn, LineIndex};

    #[test]
    fn columns_count_characters() {
        let text = "a\nöx: 1\n";
        let index = LineIndex::new(text);
        assert_eq!(index.place(text, 4), LineColumn { line: 2, column: 2 });
        assert_eq!(index.place(text, 99), LineColumn { line: 3, column: 1 });
        assert_eq!(index.line(text, 2), Some("öx: 1"));
        assert_eq!(index.line(text, 9), None);
    }
}
