//! Shell scripts inside manifests: which variables they use as `${name}`, and which they set.

use deconflict_files::{Origin, Span};
use rustc_hash::FxHashSet;

/// A `${name…}` in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Use<'t> {
    pub(crate) name: &'t str,
    /// The byte of its `$`.
    pub(crate) at: usize,
    /// Bytes up to and with its `}`.
    pub(crate) length: usize,
    /// True for `${name:-…}`, `${name:=…}`, `${name-…}` and `${name=…}`.
    pub(crate) has_default: bool,
}

impl Use<'_> {
    /// Where it stands, in the text of `whole`.
    pub(crate) fn origin(&self, whole: Origin) -> Origin {
        let start = whole.span.start as usize + self.at;
        Origin::new(whole.file, Span::new(start, start + self.length))
    }
}

/// Uses of variables, in order; `$${name}` is none.
pub(crate) fn uses(text: &str) -> impl Iterator<Item = Use<'_>> {
    text.match_indices("${").filter_map(move |(at, _)| {
        if text[..at].ends_with('$') {
            return None;
        }
        let inside = &text[at + 2..];
        let (name, rest) = inside.split_at(inside.find(|c: char| !is_of_name(c)).unwrap_or(inside.len()));
        let end = rest.find('}')?;
        is_name(name).then(|| Use {
            name,
            at,
            length: 2 + name.len() + end + 1,
            has_default: rest.starts_with([':', '-', '='])
                && rest.trim_start_matches(':').starts_with(['-', '=']),
        })
    })
}

/// Variables that a shell script sets: `name=value`, `for name in`, `read name`. One that is set to itself is handed in from
/// outside.
pub(crate) fn assigned(text: &str) -> FxHashSet<&str> {
    const BEFORE: [&str; 17] = [
        "then", "do", "else", "elif", "if", "while", "until", "{", "(", "!", "export", "local", "readonly",
        "declare", "typeset", "-r", "-x",
    ];
    let mut found = FxHashSet::default();
    for command in text.lines().flat_map(|line| line.split([';', '|', '&'])) {
        let command = command.trim_start().trim_start_matches(['"', '\'']);
        if command.starts_with('#') {
            continue;
        }
        let mut words = command
            .split_whitespace()
            .skip_while(|word| BEFORE.contains(word))
            .peekable();
        while let Some(word) = words.next() {
            match word.split_once('=') {
                Some((name, value)) if is_name(name) => {
                    let own = uses(value).any(|usage| usage.name == name)
                        || value.trim_matches('"') == format!("${name}");
                    if !own {
                        found.insert(name);
                    }
                }
                None if word == "for" => {
                    let name = words
                        .next()
                        .filter(|name| is_name(name) && words.peek() == Some(&"in"));
                    found.extend(name);
                    break;
                }
                None if word == "read" => {
                    found.extend(words.by_ref().filter(|name| is_name(name)));
                    break;
                }
                // The command, or the rest of a value.
                _ => break,
            }
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_of_name)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{assigned, uses};

    #[test]
    fn what_a_script_sets() {
        for (text, expected) in [
            ("a=1", &["a"][..]),
            ("  a=$(ls | wc -l)", &["a"]),
            ("export a=1 b=2", &["a", "b"]),
            ("local -r a=1; b=2 && c=3", &["a", "b", "c"]),
            ("if true; then a=1; fi", &["a"]),
            ("for f in *; do echo; done", &["f"]),
            ("ls | while read -r x y; do echo; done", &["x", "y"]),
            ("IFS=, read -r x", &["IFS", "x"]),
            // Handed in from outside, no assignment, a comment, the argument of a command.
            ("a=${a}", &[]),
            ("a=\"${a:-5}\"", &[]),
            ("echo a b", &[]),
            ("# a=1", &[]),
            ("dd if=/dev/zero", &[]),
            ("for f", &[]),
        ] {
            let mut got: Vec<&str> = assigned(text).into_iter().collect();
            got.sort_unstable();
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn what_a_script_uses() {
        for (text, expected) in [
            ("${a}", &[("a", 0, 4, false)][..]),
            ("x ${a:-1}${b}", &[("a", 2, 7, true), ("b", 9, 4, false)]),
            (
                "${a##*/} ${a-x} ${a:1}",
                &[("a", 0, 8, false), ("a", 9, 6, true), ("a", 16, 6, false)],
            ),
            ("$${a} $a ${} ${1} ${a", &[]),
            ("${#a} ${a[0]}", &[("a", 6, 7, false)]),
        ] {
            let got: Vec<(&str, usize, usize, bool)> = uses(text)
                .map(|usage| (usage.name, usage.at, usage.length, usage.has_default))
                .collect();
            assert_eq!(got, expected, "{text}");
        }
    }
}
