//! What a script says, whether a run reaches it or not.

use full_moon::node::Node as _;
use full_moon::tokenizer::TokenType;

use crate::{Fault, FaultKind, STATES};

/// Libraries that Argo CD does not open.
const CLOSED: [&str; 6] = ["channel", "coroutine", "debug", "io", "math", "string"];
/// What is left of `os`.
const OS: [&str; 2] = ["date", "time"];

#[derive(Debug)]
struct Word {
    text: String,
    start: usize,
    line: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Name,
    Text,
    Symbol,
}

/// Libraries and states in a script that parses.
pub(crate) fn read(script: &str, open_libraries: bool) -> Vec<Fault> {
    let Ok(ast) = full_moon::parse(script) else {
        // The interpreter has the last word.
        return Vec::new();
    };
    let mut words: Vec<Word> = ast
        .nodes()
        .tokens()
        .filter_map(|token| {
            let (text, kind) = match token.token().token_type() {
                TokenType::Identifier { identifier } => (identifier.to_string(), Kind::Name),
                TokenType::StringLiteral { literal, .. } => (literal.to_string(), Kind::Text),
                TokenType::Symbol { symbol } => (symbol.to_string(), Kind::Symbol),
                _ => return None,
            };
            Some(Word {
                text,
                start: token.token().start_position().bytes(),
                line: token.token().start_position().line(),
                kind,
            })
        })
        .collect();
    // Brackets come as pairs.
    words.sort_by_key(|word| word.start);
    let mut faults = Vec::new();
    if !open_libraries {
        libraries(&words, &mut faults);
    }
    states(&words, &mut faults);
    faults
}

fn is(word: Option<&Word>, text: &str) -> bool {
    word.is_some_and(|word| word.kind == Kind::Symbol && word.text == text)
}

/// Uses of a library as `io.open`; a name that the script makes itself is none.
fn libraries(words: &[Word], faults: &mut Vec<Fault>) {
    let before = |at: usize| at.checked_sub(1).and_then(|at| words.get(at));
    let is_made = |name: &str| {
        words.iter().enumerate().any(|(at, word)| {
            word.kind == Kind::Name
                && word.text == name
                && (is(before(at), "local") || is(words.get(at + 1), "="))
                && !is(before(at), ".")
        })
    };
    for (at, word) in words.iter().enumerate() {
        let is_used = is(words.get(at + 1), ".") || is(words.get(at + 1), "[");
        let is_field = is(before(at), ".") || is(before(at), ":");
        if word.kind != Kind::Name || is_field || !is_used {
            continue;
        }
        let name = word.text.as_str();
        let used = match words.get(at + 2) {
            Some(member) if name == "os" && !OS.contains(&member.text.as_str()) => {
                format!("os.{}", member.text)
            }
            _ if CLOSED.contains(&name) && !is_made(name) => name.to_owned(),
            _ => continue,
        };
        faults.push(Fault {
            line: Some(word.line),
            kind: FaultKind::Library(used),
        });
    }
}

/// Texts given to `status` of a table that is returned.
fn states(words: &[Word], faults: &mut Vec<Fault>) {
    let returned: Vec<&str> = words
        .windows(2)
        .filter(|pair| is(pair.first(), "return") && pair[1].kind == Kind::Name)
        .map(|pair| pair[1].text.as_str())
        .collect();
    let is_returned = |word: &Word| word.kind == Kind::Name && returned.contains(&word.text.as_str());
    for (at, word) in words.iter().enumerate() {
        let is_set = word.kind == Kind::Name && word.text == "status" && is(words.get(at + 1), "=");
        let Some(value) = words
            .get(at + 2)
            .filter(|value| is_set && value.kind == Kind::Text)
        else {
            continue;
        };
        let is_whole = !is(words.get(at + 3), "..");
        let of_returned = match at.checked_sub(1).and_then(|at| words.get(at)) {
            Some(dot) if is(Some(dot), ".") => at.checked_sub(2).is_some_and(|at| is_returned(&words[at])),
            _ => is_in_returned(words, at, &is_returned),
        };
        if is_whole && of_returned && !STATES.contains(&value.text.as_str()) {
            faults.push(Fault {
                line: Some(value.line),
                kind: FaultKind::State(value.text.clone()),
            });
        }
    }
}

/// True when the word stands directly in `return {…}` or `hs = {…}`.
fn is_in_returned(words: &[Word], at: usize, is_returned: &dyn Fn(&Word) -> bool) -> bool {
    let mut depth = 0;
    for open in (0..at).rev() {
        if is(words.get(open), "}") {
            depth += 1;
        } else if is(words.get(open), "{") {
            if depth > 0 {
                depth -= 1;
                continue;
            }
            return match open.checked_sub(1).and_then(|at| words.get(at)) {
                Some(word) if is(Some(word), "return") => true,
                Some(word) if is(Some(word), "=") => {
                    open.checked_sub(2).is_some_and(|at| is_returned(&words[at]))
                }
                _ => false,
            };
        }
    }
    false
}
