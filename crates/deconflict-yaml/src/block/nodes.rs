//! Maps and lists by their columns.

use deconflict_files::Span;

use super::{Built, DEPTH, Scanner, Token};
use crate::keys::repeated;
use crate::node::KeyAt;
use crate::{Field, Kind};

/// Longer keys are for the library, which refuses a key of more than 1,024 characters.
const KEY: u32 = 1000;

impl Scanner<'_> {
    /// The node that begins here, deeper than column `parent` of the collection that holds it, on a line of its own or
    /// behind an indicator.
    pub(super) fn node(&mut self, parent: i32, depth: usize, own_line: bool) -> Option<Built> {
        if depth > DEPTH {
            return None;
        }
        match self.byte() {
            b'-' if self.is_dash() => self.list(self.column, depth, false),
            b'|' | b'>' if !own_line => self.indented(parent),
            b'[' | b'{' => {
                let built = self.flow(depth)?;
                self.end_scalar(parent)?;
                Some(built)
            }
            _ => {
                let token = self.token()?;
                if self.is_colon() {
                    return self.map(token, self.column, depth);
                }
                self.end_scalar(parent)?;
                self.scalar(token)
            }
        }
    }

    /// A map whose keys stand in `column`; its first key has been read.
    fn map(&mut self, first: Token, column: i32, depth: usize) -> Option<Built> {
        let start = first.span.start as usize;
        let base = self.fields.len();
        let mut token = first;
        let end = loop {
            let Token { scalar: key, span } = token;
            if span.end - span.start > KEY || (key.text == "<<" && key.is_bare()) {
                return None;
            }
            let value = self.value(column, depth)?;
            self.fields.push(Field {
                key,
                key_at: KeyAt(self.places.origin(span)),
                value: value.node,
            });
            if self.column < column {
                break value.end;
            }
            if self.column > column {
                return None;
            }
            token = self.token()?;
            if !self.is_colon() {
                return None;
            }
        };
        if !repeated(&self.fields[base..]).is_empty() {
            return None;
        }
        let fields = self.fields.split_off(base);
        self.built(Kind::Map(fields), Span::new(start, end))
    }

    /// The value of the key whose colon is here.
    fn value(&mut self, column: i32, depth: usize) -> Option<Built> {
        let colon = self.at;
        self.at += 1;
        self.skip_spaces();
        match self.byte() {
            b'\n' | b'#' => {
                self.end_line()?;
                if self.column > column {
                    self.node(column, depth + 1, true)
                } else if self.column == column && self.is_dash() {
                    self.list(column, depth + 1, true)
                } else {
                    self.absent(colon)
                }
            }
            b'|' | b'>' => self.indented(column),
            b'[' | b'{' => {
                let built = self.flow(depth + 1)?;
                self.end_scalar(column)?;
                Some(built)
            }
            _ => {
                let token = self.token()?;
                self.end_scalar(column)?;
                self.scalar(token)
            }
        }
    }

    /// A list whose dashes stand in `column`, the first of them here; `in_line` with the keys of the map that holds it,
    /// so that a key may end it.
    fn list(&mut self, column: i32, depth: usize, in_line: bool) -> Option<Built> {
        if depth > DEPTH {
            return None;
        }
        let start = self.at;
        let base = self.items.len();
        let end = loop {
            let built = self.item(column, depth)?;
            self.items.push(built.node);
            if self.column < column {
                break built.end;
            }
            if self.column > column {
                return None;
            }
            if !self.is_dash() {
                if in_line {
                    break built.end;
                }
                return None;
            }
        };
        let items = self.items.split_off(base);
        self.built(Kind::List(items), Span::new(start, end))
    }

    /// The item whose dash is here.
    fn item(&mut self, column: i32, depth: usize) -> Option<Built> {
        self.at += 1;
        self.skip_spaces();
        let behind = self.at;
        let first = self.byte();
        if !matches!(first, b'\n' | b'#') {
            self.column = i32::try_from(self.at - self.line).ok()?;
            return self.node(column, depth + 1, false);
        }
        self.end_line()?;
        if self.column > column {
            self.node(column, depth + 1, true)
        } else if first == b'\n' {
            self.absent(behind)
        } else {
            None
        }
    }
}
