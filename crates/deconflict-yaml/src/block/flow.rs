//! Flow collections on one line, of scalars that hold nothing which means something in a flow collection.

use std::sync::Arc;

use deconflict_files::Span;

use super::{Built, DEPTH, Scanner, Token};
use crate::keys::repeated;
use crate::node::KeyAt;
use crate::{Field, Kind, Node, Style};

impl Scanner<'_> {
    /// The collection whose bracket is here.
    pub(super) fn flow(&mut self, depth: usize) -> Option<Built> {
        if depth > DEPTH {
            return None;
        }
        let start = self.at;
        let is_map = self.byte() == b'{';
        self.at += 1;
        self.skip_spaces();
        let kind = if is_map {
            Kind::Map(self.flow_fields(depth)?)
        } else {
            Kind::List(self.flow_items(depth)?)
        };
        self.at += 1;
        self.built(kind, Span::new(start, self.at))
    }

    fn flow_items(&mut self, depth: usize) -> Option<Vec<Arc<Node>>> {
        let base = self.items.len();
        while self.byte() != b']' {
            let item = self.flow_value(depth)?;
            self.items.push(item.node);
            self.comma(b']')?;
        }
        Some(self.items.split_off(base))
    }

    fn flow_fields(&mut self, depth: usize) -> Option<Vec<Field>> {
        let base = self.fields.len();
        while self.byte() != b'}' {
            let Token { scalar: key, span } = self.flow_token()?;
            if self.byte() != b':' || self.byte_at(self.at + 1) != b' ' || (key.text == "<<" && key.is_bare())
            {
                return None;
            }
            self.at += 1;
            self.skip_spaces();
            let value = self.flow_value(depth)?.node;
            self.fields.push(Field {
                key,
                key_at: KeyAt(self.places.origin(span)),
                value,
            });
            self.comma(b'}')?;
        }
        if !repeated(&self.fields[base..]).is_empty() {
            return None;
        }
        Some(self.fields.split_off(base))
    }

    fn flow_value(&mut self, depth: usize) -> Option<Built> {
        if matches!(self.byte(), b'[' | b'{') {
            return self.flow(depth + 1);
        }
        let token = self.flow_token()?;
        self.scalar(token)
    }

    /// Behind a value: a comma, or the bracket that closes.
    fn comma(&mut self, close: u8) -> Option<()> {
        self.skip_spaces();
        if self.byte() == b',' {
            self.at += 1;
            self.skip_spaces();
            return Some(());
        }
        (self.byte() == close).then_some(())
    }

    fn flow_token(&mut self) -> Option<Token> {
        match self.byte() {
            b'"' => return self.double_quoted(),
            b'\'' => return self.single_quoted(),
            first if !is_word(first) && first != b'-' => return None,
            _ => {}
        }
        let start = self.at;
        loop {
            match self.byte() {
                byte if is_word(byte) => {}
                // One of these inside a word is text.
                b' ' | b'-' | b'*' | b':' if is_word(self.byte_at(self.at + 1)) => {}
                b'-' if self.byte_at(self.at + 1) == b'-' => {}
                _ => break,
            }
            self.at += 1;
        }
        // A dash of its own has not been passed.
        let text = &self.text[start..self.at];
        (!text.is_empty()).then(|| Token::new(text, Style::Plain, start, self.at))
    }
}

/// True for bytes that never mean anything but themselves.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'.' | b'/' | b'=' | b'+' | b'$' | b'(' | b')' | b'~' | b'^' | b'\\'
        )
}
