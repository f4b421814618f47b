//! One line: words between blanks, without its comment.

/// The words of a line and the bytes at which they start. A backslash keeps the blank or `#` that follows; it stays in
/// the word.
pub(super) fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut is_escaped = false;
    for (at, char) in line.char_indices() {
        let is_blank = char.is_whitespace() && !is_escaped;
        match start {
            None if is_blank => {}
            None if char == '#' => return words,
            None => start = Some(at),
            Some(from) if is_blank => {
                words.push((from, &line[from..at]));
                start = None;
            }
            Some(_) => {}
        }
        is_escaped = char == '\\' && !is_escaped;
    }
    if let Some(from) = start {
        words.push((from, &line[from..]));
    }
    words
}

/// A section's head: `[Name]`, `^[Name]`, `[Name][2]`, and what follows it.
pub(super) struct Head<'t> {
    pub(super) is_optional: bool,
    pub(super) name: &'t str,
    /// Default owners, as text.
    pub(super) rest: &'t str,
}

/// The head of a section, if `line` is one.
pub(super) fn head(line: &str) -> Option<Head<'_>> {
    let line = line.trim();
    let (is_optional, text) = match line.strip_prefix('^') {
        Some(text) => (true, text),
        None => (false, line),
    };
    let (name, mut rest) = text.strip_prefix('[')?.split_once(']')?;
    if let Some((count, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && !count.is_empty()
        && count.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = after;
    }
    // `[a-z]*.yaml` is a pattern.
    let is_head = !name.trim().is_empty() && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    is_head.then_some(Head {
        is_optional,
        name: name.trim(),
        rest,
    })
}
