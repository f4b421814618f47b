//! Scalars on one line: bare, in single and in double quotes.

use super::{Scanner, Token};
use crate::Style;

/// Bytes at which a bare scalar may end.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    stops[b':' as usize] = true;
    stops[b'#' as usize] = true;
    stops[b'\n' as usize] = true;
    stops[b'\t' as usize] = true;
    stops
};

/// Bytes that begin no bare scalar, or one that needs a second look.
const INDICATORS: &[u8] = b"?:,[]{}#&*!|>'\"%@`\t\n ";

impl Scanner<'_> {
    /// The scalar that begins here. Afterwards `at` is behind it, at a colon, a comment or the end of the line; behind
    /// quotes it may be anywhere.
    pub(super) fn token(&mut self) -> Option<Token> {
        match self.byte() {
            b'"' => self.double_quoted(),
            b'\'' => self.single_quoted(),
            _ => self.bare(),
        }
    }

    fn bare(&mut self) -> Option<Token> {
        let start = self.at;
        let first = self.byte();
        if INDICATORS.contains(&first)
            || (first == b'-' && matches!(self.byte_at(start + 1), b' ' | b'\t' | b'\n'))
        {
            return None;
        }
        let mut at = start + 1;
        while let Some(byte) = self.bytes.get(at) {
            if STOPS[*byte as usize] {
                match byte {
                    b':' if matches!(self.byte_at(at + 1), b' ' | b'\n' | b'\t') => break,
                    b'#' if self.bytes[at - 1] == b' ' => break,
                    b'\n' => break,
                    b'\t' => return None,
                    _ => {}
                }
            }
            at += 1;
        }
        self.at = at;
        let mut end = at;
        while self.bytes[end - 1] == b' ' {
            end -= 1;
        }
        if end < at && self.byte() == b':' {
            return None;
        }
        Some(Token::new(&self.text[start..end], Style::Plain, start, end))
    }

    pub(super) fn single_quoted(&mut self) -> Option<Token> {
        let start = self.at;
        let mut from = start + 1;
        let mut unescaped = String::new();
        loop {
            let next = from + memchr::memchr2(b'\'', b'\n', &self.bytes[from..])?;
            if self.bytes[next] == b'\n' {
                return None;
            }
            if self.bytes.get(next + 1) == Some(&b'\'') {
                unescaped.push_str(&self.text[from..=next]);
                from = next + 2;
                continue;
            }
            self.at = next + 1;
            return Some(self.quoted(Style::SingleQuoted, unescaped, from, start, next));
        }
    }

    pub(super) fn double_quoted(&mut self) -> Option<Token> {
        let start = self.at;
        let mut from = start + 1;
        let mut unescaped = String::new();
        loop {
            let next = from + memchr::memchr3(b'"', b'\\', b'\n', &self.bytes[from..])?;
            match self.bytes[next] {
                b'\\' => {
                    let character = match self.bytes.get(next + 1)? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'"' => '"',
                        b'\\' => '\\',
                        _ => return None,
                    };
                    unescaped.push_str(&self.text[from..next]);
                    unescaped.push(character);
                    from = next + 2;
                }
                b'"' => {
                    self.at = next + 1;
                    return Some(self.quoted(Style::DoubleQuoted, unescaped, from, start, next));
                }
                _ => return None,
            }
        }
    }

    /// What was unescaped, and the rest from `from` up to the quote at `close`.
    fn quoted(&self, style: Style, mut unescaped: String, from: usize, start: usize, close: usize) -> Token {
        let rest = &self.text[from..close];
        // An escape takes two bytes, so `from` has moved if there was one.
        if from == start + 1 {
            return Token::new(rest, style, start, close + 1);
        }
        unescaped.push_str(rest);
        Token::new(unescaped, style, start, close + 1)
    }
}
