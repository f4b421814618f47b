//! Values that somebody fills in after rendering: `${domain}` of Flux' substitution and of `envsubst`.

use deconflict_yaml::Node;

/// True when the value at `path`, or the last key of it, is still to be filled in: what it will be is not known.
pub(super) fn is_open(object: &Node, path: &str) -> bool {
    let mut node = object;
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = step(rest);
        let next = match step {
            Step::Key(key) if has_placeholder(&key) => return true,
            Step::Key(key) => node.get(&key),
            Step::Index(index) => node.items().get(index),
        };
        let Some(next) = next else { return false };
        node = next;
        rest = after;
    }
    node.text().is_some_and(has_placeholder)
}

enum Step {
    Key(String),
    Index(usize),
}

/// The first step of a path as [`crate::schema::push_key`] writes it, and what follows.
fn step(path: &str) -> (Step, &str) {
    if let Some(quoted) = path.strip_prefix("[\"") {
        let mut key = String::new();
        let mut letters = quoted.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => key.extend(letters.next().map(|(_, letter)| letter)),
                '"' => return (Step::Key(key), quoted[at + 1..].trim_start_matches([']', '.'])),
                _ => key.push(letter),
            }
        }
        return (Step::Key(key), "");
    }
    if let Some(inside) = path.strip_prefix('[') {
        let (index, after) = inside.split_once(']').unwrap_or((inside, ""));
        let after = after.strip_prefix('.').unwrap_or(after);
        return (
            index
                .parse()
                .map_or_else(|_| Step::Key(index.to_owned()), Step::Index),
            after,
        );
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let after = &path[end..];
    (
        Step::Key(path[..end].to_owned()),
        after.strip_prefix('.').unwrap_or(after),
    )
}

/// True for `${` and a letter or underscore, unless escaped as `$${`.
fn has_placeholder(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let named = text[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        named && !text[..at].ends_with('$')
    })
}

#[cfg(test)]
mod tests {
    use super::is_open;
    use crate::fixture::node;

    #[test]
    fn open_values() {
        let (object, _) = node("{a: [{b: 'x-${name}'}, {b: c}], 'd/e': '${f}', g: '$${h}', '${i}': j}");
        for (path, want) in [
            ("a[0].b", true),
            ("a[1].b", false),
            ("[\"d/e\"]", true),
            ("g", false),
            ("[\"${i}\"]", true),
            ("a[7].b", false),
            ("", false),
        ] {
            assert_eq!(is_open(&object, path), want, "{path}");
        }
    }
}
