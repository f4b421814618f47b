//! Words of an action.

/// A word.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// `.a.b`, or `.` alone (no parts).
    Field(Vec<String>),
    /// `$x.a`; the name without `$`, empty for `$`.
    Variable(String, Vec<String>),
    /// A function, keyword, `true`, `false`, `nil`.
    Word(String),
    Text(String),
    Int(i64),
    Float(f64),
    Open,
    /// `)`, and the fields of `(…).a`.
    Close(Vec<String>),
    Pipe,
    Comma,
    Declare,
    Assign,
}

pub(super) fn lex(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut tokens = Vec::new();
    while let Some(&c) = chars.get(at) {
        match c {
            c if c.is_whitespace() => at += 1,
            '(' => {
                tokens.push(Token::Open);
                at += 1;
            }
            ')' => {
                at += 1;
                tokens.push(Token::Close(fields(&chars, &mut at)));
            }
            '|' => {
                tokens.push(Token::Pipe);
                at += 1;
            }
            ',' => {
                tokens.push(Token::Comma);
                at += 1;
            }
            ':' if chars.get(at + 1) == Some(&'=') => {
                tokens.push(Token::Declare);
                at += 2;
            }
            '=' => {
                tokens.push(Token::Assign);
                at += 1;
            }
            '.' if !chars.get(at + 1).is_some_and(char::is_ascii_digit) => {
                let found = fields(&chars, &mut at);
                if found.is_empty() {
                    at += 1;
                }
                tokens.push(Token::Field(found));
            }
            '$' => {
                at += 1;
                let name = word(&chars, &mut at);
                tokens.push(Token::Variable(name, fields(&chars, &mut at)));
            }
            '"' => tokens.push(Token::Text(quoted(&chars, &mut at)?)),
            '`' => {
                let end = chars[at + 1..].iter().position(|c| *c == '`');
                let end = at + 1 + end.ok_or("a text is not closed")?;
                tokens.push(Token::Text(chars[at + 1..end].iter().collect()));
                at = end + 1;
            }
            '\'' => {
                let value = chars
                    .get(at + 1)
                    .copied()
                    .filter(|_| chars.get(at + 2) == Some(&'\''));
                tokens.push(Token::Int(i64::from(u32::from(
                    value.ok_or("a character is not closed")?,
                ))));
                at += 3;
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' || c == '.' => {
                tokens.push(number(&chars, &mut at)?);
            }
            c if c.is_alphabetic() || c == '_' => tokens.push(Token::Word(word(&chars, &mut at))),
            other => return Err(format!("unexpected {other:?} in an action")),
        }
    }
    Ok(tokens)
}

fn word(chars: &[char], at: &mut usize) -> String {
    let from = *at;
    while chars.get(*at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
        *at += 1;
    }
    chars[from..*at].iter().collect()
}

/// `.a.b` from here on.
fn fields(chars: &[char], at: &mut usize) -> Vec<String> {
    let mut found = Vec::new();
    while chars.get(*at) == Some(&'.') && chars.get(*at + 1).is_some_and(|c| c.is_alphabetic() || *c == '_') {
        *at += 1;
        found.push(word(chars, at));
    }
    found
}

fn quoted(chars: &[char], at: &mut usize) -> Result<String, String> {
    let mut text = String::new();
    *at += 1;
    loop {
        match chars.get(*at) {
            None => return Err("a text is not closed".to_owned()),
            Some('"') => {
                *at += 1;
                return Ok(text);
            }
            Some('\\') => {
                *at += 1;
                text.push(match chars.get(*at) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(other) => *other,
                    None => return Err("a text is not closed".to_owned()),
                });
            }
            Some(other) => text.push(*other),
        }
        *at += 1;
    }
}

fn number(chars: &[char], at: &mut usize) -> Result<Token, String> {
    let from = *at;
    *at += 1;
    while chars
        .get(*at)
        .is_some_and(|c| c.is_alphanumeric() || *c == '.' || *c == '_')
    {
        *at += 1;
    }
    let text: String = chars[from..*at].iter().filter(|c| **c != '_').collect();
    if let Ok(value) = text.parse() {
        return Ok(Token::Int(value));
    }
    text.parse()
        .map(Token::Float)
        .map_err(|_| format!("{text} is no number"))
}
