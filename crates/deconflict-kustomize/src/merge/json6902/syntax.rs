//! Is this JSON? Text that starts with `[` is taken for JSON and not for YAML.

/// Check that `text` is one JSON value.
///
/// # Errors
/// The byte at which it stops to be JSON.
pub(super) fn check(text: &str) -> Result<(), usize> {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    // One entry per open list or object: true for an object.
    let mut open: Vec<bool> = Vec::new();
    'value: loop {
        scanner.blanks();
        match scanner.peek() {
            Some(b'[') => {
                scanner.at += 1;
                scanner.blanks();
                if scanner.peek() != Some(b']') {
                    open.push(false);
                    continue 'value;
                }
                scanner.at += 1;
            }
            Some(b'{') => {
                scanner.at += 1;
                scanner.blanks();
                if scanner.peek() != Some(b'}') {
                    open.push(true);
                    scanner.key()?;
                    continue 'value;
                }
                scanner.at += 1;
            }
            Some(b'"') => scanner.string()?,
            Some(b'-' | b'0'..=b'9') => scanner.number()?,
            _ => scanner.word()?,
        }
        loop {
            scanner.blanks();
            let Some(is_object) = open.last().copied() else {
                return if scanner.at == scanner.bytes.len() {
                    Ok(())
                } else {
                    Err(scanner.at)
                };
            };
            match (scanner.peek(), is_object) {
                (Some(b','), true) => {
                    scanner.at += 1;
                    scanner.blanks();
                    scanner.key()?;
                    continue 'value;
                }
                (Some(b','), false) => {
                    scanner.at += 1;
                    continue 'value;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    scanner.at += 1;
                    open.pop();
                }
                _ => return Err(scanner.at),
            }
        }
    }
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) -> usize {
        let from = self.at;
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
        self.at - from
    }

    fn blanks(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    fn key(&mut self) -> Result<(), usize> {
        if self.peek() != Some(b'"') {
            return Err(self.at);
        }
        self.string()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.at);
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), usize> {
        self.at += 1;
        loop {
            self.skip(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
            match (self.peek(), self.bytes.get(self.at + 1)) {
                (Some(b'"'), _) => {
                    self.at += 1;
                    return Ok(());
                }
                (Some(b'\\'), Some(b'u')) => {
                    self.at += 2;
                    let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
                    if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                        return Err(self.at);
                    }
                    self.at += 4;
                }
                (Some(b'\\'), Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => self.at += 2,
                _ => return Err(self.at),
            }
        }
    }

    fn number(&mut self) -> Result<(), usize> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let starts_with_zero = self.peek() == Some(b'0');
        let whole = self.skip(|byte| byte.is_ascii_digit());
        if whole == 0 || (starts_with_zero && whole > 1) {
            return Err(self.at);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.skip(|byte| byte.is_ascii_digit()) == 0 {
                return Err(self.at);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.skip(|byte| byte.is_ascii_digit()) == 0 {
                return Err(self.at);
            }
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), usize> {
        let from = self.at;
        self.skip(|byte| byte.is_ascii_lowercase());
        if matches!(&self.bytes[from..self.at], b"null" | b"true" | b"false") {
            Ok(())
        } else {
            Err(from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn json() {
        for text in [
            "[]",
            "[ {} ]",
            "[1, -0.5e+3, \"a\\u00e9\\n\", null, {\"a\": [true], \"b\":{}}]\n",
            "3",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "[",
            "[1,]",
            "[{a: 1}]",
            "[01]",
            "[\"a\n\"]",
            "[1] x",
            "['a']",
            "[1 2]",
            "[{\"a\" 1}]",
            "[nul]",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
