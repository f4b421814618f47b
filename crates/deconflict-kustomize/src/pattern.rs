//! Regular expressions so simple that they need no machine: names as users write them.

/// True for characters that mean themselves, and dots.
pub(crate) fn is_simple(pattern: &str) -> bool {
    let simple =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b':' | b'@' | b'.');
    pattern.bytes().all(simple)
}

/// What follows in `text` on the one match that the simple `pattern` can have at its start; a dot stands for any character
/// but a line feed.
pub(crate) fn strip<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text.chars();
    let begins = pattern.chars().all(|wanted| match rest.next() {
        Some(found) if wanted == '.' => found != '\n',
        found => found == Some(wanted),
    });
    begins.then_some(rest.as_str())
}
