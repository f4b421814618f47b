//! Label selectors as Kubernetes writes them: `a=b, c!=d, e in (f,g), h, !i, j>3`.

use crate::Problem;

/// A parsed selector: all requirements must hold. Without any it selects everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    /// `=`, `==`, `!=`, `<`, `>`, `!`, `(`, `)`, `,`
    Sign(&'static str),
}

impl LabelSelector {
    /// Parse `text` (`labels.Parse` of apimachinery).
    ///
    /// # Errors
    /// Whatever is no selector, and keys and values that are no label keys and values.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser {
            tokens: tokens(text),
            next: 0,
        };
        let mut requirements = Vec::new();
        while parser.peek().is_some() {
            requirements.push(parser.requirement().map_err(Problem::build)?);
            match parser.take() {
                None => break,
                Some(Token::Sign(",")) if parser.peek().is_some() => {}
                Some(Token::Sign(",")) => {
                    return Err(Problem::build("found '', expected: identifier after ','"));
                }
                Some(other) => {
                    return Err(Problem::build(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        word(&other)
                    )));
                }
            }
        }
        Ok(Self { requirements })
    }

    /// True when `labels` meet all requirements.
    pub(crate) fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = label(&requirement.key);
            let number = || value.and_then(|value| value.parse::<i64>().ok());
            let is_one_of =
                |values: &[String]| value.is_some_and(|value| values.iter().any(|other| other == value));
            match &requirement.test {
                Test::Exists => value.is_some(),
                Test::Missing => value.is_none(),
                Test::In(values) => is_one_of(values),
                Test::NotIn(values) => !is_one_of(values),
                Test::Greater(limit) => number().is_some_and(|number| number > *limit),
                Test::Less(limit) => number().is_some_and(|number| number < *limit),
            }
        })
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_negated = self.peek() == Some(&Token::Sign("!"));
        if is_negated {
            self.next += 1;
        }
        let key = match self.take() {
            Some(Token::Word(key)) => key,
            other => {
                return Err(format!(
                    "found '{}', expected: identifier",
                    other.map(|token| word(&token)).unwrap_or_default()
                ));
            }
        };
        if !is_label_key(&key) {
            return Err(format!(
                "key: Invalid value: {}: not a label key",
                super::quote(&key)
            ));
        }
        if is_negated || matches!(self.peek(), None | Some(Token::Sign(","))) {
            return Ok(Requirement {
                key,
                test: if is_negated { Test::Missing } else { Test::Exists },
            });
        }
        let operator = self.take().map(|token| word(&token)).unwrap_or_default();
        let test = match operator.as_str() {
            "=" | "==" => Test::In(vec![self.value()?]),
            "!=" => Test::NotIn(vec![self.value()?]),
            "in" => Test::In(self.values()?),
            "notin" => Test::NotIn(self.values()?),
            ">" => Test::Greater(self.number()?),
            "<" => Test::Less(self.number()?),
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        Ok(Requirement { key, test })
    }

    /// One value; none at all is the empty one.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(Token::Word(_)) => match self.take() {
                Some(Token::Word(value)) => checked_value(value),
                _ => Ok(String::new()),
            },
            None | Some(Token::Sign(",")) => Ok(String::new()),
            Some(other) => Err(format!("found '{}', expected: identifier", word(other))),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let value = self.value()?;
        value.parse().map_err(|_| {
            format!(
                "for 'Gt', 'Lt' operators, the value must be an integer: {}",
                super::quote(&value)
            )
        })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.take() != Some(Token::Sign("(")) {
            return Err("found '', expected: '('".to_owned());
        }
        let mut values = Vec::new();
        let mut expects_value = true;
        loop {
            match self.take() {
                Some(Token::Word(value)) if expects_value => {
                    values.push(checked_value(value)?);
                    expects_value = false;
                }
                // Two commas in a row, or one at either end, stand for an empty value.
                Some(Token::Sign(",")) => {
                    if expects_value {
                        values.push(String::new());
                    }
                    expects_value = true;
                }
                Some(Token::Sign(")")) => {
                    if expects_value {
                        values.push(String::new());
                    }
                    return Ok(values);
                }
                other => {
                    let found = other.map(|token| word(&token)).unwrap_or_default();
                    return Err(format!("found '{found}', expected: ',', or identifier"));
                }
            }
        }
    }
}

fn word(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "<", ">", "(", ")", ","];
    let mut rest = text;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if rest.is_empty() {
            return tokens;
        }
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
            continue;
        }
        let end = rest
            .find([' ', '\t', '\r', '\n', '=', '!', '<', '>', '(', ')', ','])
            .unwrap_or(rest.len());
        tokens.push(Token::Word(rest[..end].to_owned()));
        rest = &rest[end..];
    }
}

fn is_name(text: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((prefix, name)) => {
            let is_part = |part: &str| {
                is_name(part) && !part.contains(['_', '.']) && part.bytes().all(|b| !b.is_ascii_uppercase())
            };
            is_name(name) && prefix.len() <= 253 && prefix.split('.').all(is_part)
        }
    }
}

fn checked_value(value: String) -> Result<String, String> {
    if value.is_empty() || is_name(&value) {
        return Ok(value);
    }
    Err(format!(
        "values[0][key]: Invalid value: {}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        super::quote(&value)
    ))
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;

    const LABELS: [(&str, &str); 3] = [("app", "web"), ("tier", "1"), ("x.io/y", "")];

    /// Whether the selector selects [`LABELS`]; `None` when it is none.
    #[track_caller]
    fn check(selector: &str, expected: Option<bool>) {
        let label = |key: &str| {
            LABELS
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| *value)
        };
        let found = LabelSelector::parse(selector)
            .ok()
            .map(|selector| selector.matches(label));
        assert_eq!(found, expected, "{selector}");
    }

    #[test]
    fn selects() {
        check("", Some(true));
        check("app=web", Some(true));
        check("app == web,tier!=2", Some(true));
        check("app!=web", Some(false));
        check("nope!=web", Some(true));
        check("app in (a, web)", Some(true));
        check("app notin (a,web)", Some(false));
        check("app, !nope", Some(true));
        check("tier>0,tier<2", Some(true));
        check("x.io/y=", Some(true));
        check("app in ()", Some(false));
    }

    #[test]
    fn refuses() {
        check("app=web,", None);
        check("=web", None);
        check("app web", None);
        check("-app=web", None);
        check("app=we b", None);
        check("tier>x", None);
    }
}
