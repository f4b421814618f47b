//! Expansion of `$(NAME)` in texts (upstream's accumulator/expansion).

/// `text` with every `$(NAME)` replaced by what `value` says; `None` leaves it. `$$` is a dollar sign.
pub(super) fn expand(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        out.push_str(&rest[..at]);
        let Some(next) = after.chars().next() else {
            // A dollar sign at the end stays.
            out.push('$');
            return out;
        };
        rest = match (next, after.find(')')) {
            ('$', _) => {
                out.push('$');
                &after[1..]
            }
            ('(', Some(end)) => {
                let name = &after[1..end];
                match value(name) {
                    Some(text) => out.push_str(&text),
                    None => out.push_str(&rest[at..=at + 1 + end]),
                }
                &after[end + 1..]
            }
            ('(', None) => {
                out.push_str("$(");
                &after[1..]
            }
            _ => {
                out.push('$');
                out.push(next);
                &after[next.len_utf8()..]
            }
        };
    }
    out.push_str(rest);
    out
}

/// The name, when the whole text is `$(NAME)`.
pub(super) fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix("$(")?.strip_suffix(')')?;
    (!name.contains(')')).then_some(name)
}
