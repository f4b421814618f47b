//! Patterns: GitHub's are those of gitignore without `!` and `[…]`, GitLab's those of Ruby's fnmatch after some rewriting.

use smol_str::SmolStr;

/// A compiled pattern over the parts of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    end: End,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// `**`: any number of directories.
    Directories,
    /// One name as written.
    Literal(SmolStr),
    /// One name with wildcards.
    Wild(Vec<Token>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `[a-z]` of GitLab's; `true` for `[^…]`.
    Class(bool, Vec<(char, char)>),
}

/// What may follow the parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Nothing.
    Here,
    /// Something.
    Below,
    /// Nothing, or anything below.
    HereOrBelow,
}

/// Parts of a path that are looked at; a deeper path matches nothing.
const DEPTH: usize = 127;

impl Pattern {
    /// GitHub's reading of `text`.
    pub(super) fn github(text: &str) -> Self {
        let mut names = split(text);
        let is_anchored = names.len() > 1 && names[0].is_empty();
        if is_anchored {
            names.remove(0);
        }
        let mut end = End::HereOrBelow;
        let is_directory = names.len() > 1 && names.last().is_some_and(|name| name.is_empty());
        if is_directory {
            names.pop();
            end = End::Below;
        }
        let is_single = names.len() == 1;
        let mut parts = Vec::with_capacity(names.len() + 1);
        if is_single && !is_anchored {
            parts.push(Part::Directories);
        }
        match names.last().copied() {
            Some("**") => {
                names.pop();
                end = End::Below;
            }
            // `docs/*` is about files directly in docs, unlike in gitignore.
            Some("*") if !is_directory => end = End::Here,
            _ => {}
        }
        parts.extend(
            names
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(|name| part(name, false)),
        );
        Self { parts, end }
    }

    /// GitLab's reading of `text`.
    pub(super) fn gitlab(text: &str) -> Self {
        let mut names = split(text);
        let mut parts = Vec::with_capacity(names.len() + 1);
        if names.len() > 1 && names[0].is_empty() {
            names.remove(0);
        } else {
            parts.push(Part::Directories);
        }
        let mut end = End::Here;
        if names.last().is_some_and(|name| name.is_empty()) {
            names.pop();
            end = End::Below;
        }
        // fnmatch takes a `**` that no `/` follows as `*`.
        let last = names.len().wrapping_sub(1);
        for (index, name) in names.into_iter().enumerate() {
            match name {
                "" => {}
                "**" if index == last && end == End::Here => parts.push(Part::Wild(vec![Token::Any])),
                name => parts.push(part(name, true)),
            }
        }
        Self { parts, end }
    }

    /// The names that every match starts with.
    pub(super) fn literal_prefix(&self) -> impl Iterator<Item = &SmolStr> {
        self.parts.iter().map_while(|part| match part {
            Part::Literal(name) => Some(name),
            _ => None,
        })
    }

    /// True when it matches the path with these parts.
    pub(super) fn is_match(&self, path: &[&str]) -> bool {
        if path.len() > DEPTH {
            return false;
        }
        // Bit n: what was seen of the pattern can have taken n parts of the path.
        let all = (1_u128 << (path.len() + 1)) - 1;
        let mut reached = 1_u128;
        for part in &self.parts {
            reached = if *part == Part::Directories {
                // From the first place that was reached on.
                all & !((reached & reached.wrapping_neg()) - 1)
            } else {
                let mut next = 0;
                for (index, name) in path.iter().enumerate() {
                    if reached >> index & 1 == 1 && part.is_match(name) {
                        next |= 1 << (index + 1);
                    }
                }
                next
            };
            if reached == 0 {
                return false;
            }
        }
        let here = 1 << path.len();
        match self.end {
            End::Here => reached & here != 0,
            End::Below => reached & !here != 0,
            End::HereOrBelow => true,
        }
    }
}

/// Names between slashes; an escaped character is none of ours.
fn split(text: &str) -> Vec<&str> {
    text.split('/').collect()
}

fn part(name: &str, has_classes: bool) -> Part {
    if name == "**" {
        return Part::Directories;
    }
    let mut tokens = Vec::new();
    let mut chars = name.chars();
    while let Some(char) = chars.next() {
        let class = if char == '[' && has_classes {
            class(chars.as_str())
        } else {
            None
        };
        tokens.push(match (char, class) {
            (_, Some((class, rest))) => {
                chars = rest.chars();
                class
            }
            ('\\', _) => Token::Char(chars.next().unwrap_or('\\')),
            ('?', _) => Token::One,
            ('*', _) if tokens.last() == Some(&Token::Any) => continue,
            ('*', _) => Token::Any,
            (char, _) => Token::Char(char),
        });
    }
    let literal: Option<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Char(char) => Some(*char),
            _ => None,
        })
        .collect();
    literal.map_or(Part::Wild(tokens), |name| Part::Literal(name.into()))
}

/// A class after its `[`, and what follows its `]`.
fn class(text: &str) -> Option<(Token, &str)> {
    let (inside, rest) = text.split_once(']')?;
    let (is_negated, inside) = match inside.strip_prefix(['^', '!']) {
        Some(inside) => (true, inside),
        None => (false, inside),
    };
    let mut ranges = Vec::new();
    let mut chars = inside.chars().peekable();
    while let Some(first) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                ranges.push((first, last));
                chars = ahead;
            }
            _ => ranges.push((first, first)),
        }
    }
    (!ranges.is_empty()).then_some((Token::Class(is_negated, ranges), rest))
}

impl Part {
    fn is_match(&self, name: &str) -> bool {
        match self {
            Self::Directories => true,
            Self::Literal(literal) => literal == name,
            Self::Wild(tokens) => is_match(tokens, name),
        }
    }
}

/// Whether `tokens` make the whole of `name`. A star that does not suffice is stretched by one; earlier stars never need to.
fn is_match(tokens: &[Token], name: &str) -> bool {
    let (mut token, mut rest) = (0, name);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let next = rest.chars().next();
        match (tokens.get(token), next) {
            (None, None) => return true,
            (Some(Token::Any), _) => {
                token += 1;
                star = Some((token, rest));
                continue;
            }
            (Some(wanted), Some(char)) if wanted.takes(char) => {
                token += 1;
                rest = &rest[char.len_utf8()..];
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = star else { return false };
        let Some(char) = from.chars().next() else {
            return false;
        };
        let from = &from[char.len_utf8()..];
        star = Some((after, from));
        (token, rest) = (after, from);
    }
}

impl Token {
    fn takes(&self, char: char) -> bool {
        match self {
            Self::Char(wanted) => *wanted == char,
            Self::One => true,
            Self::Any => false,
            Self::Class(is_negated, ranges) => {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&char))
                    != *is_negated
            }
        }
    }
}
