//! Words, numbers and lists in text for people.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// True for what a terminal or a reviewer's eye could be fooled by: control characters, line and paragraph separators,
/// direction overrides (as in "Trojan Source", CVE-2021-42574), invisible marks and tag characters.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with every control character, line break included, written as `\n` or `\u{1b}`. The result is one line.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hostile(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// A path at the start of a line, escaped. A runner takes a line that starts with `::` or `##[` for a command, whoever
/// named the directory so (GitHub Docs, "Workflow commands"; Azure's are alike).
pub(crate) fn path_at_start(path: &str) -> Cow<'_, str> {
    let path = escape(path);
    if path.starts_with([':', '#']) {
        Cow::Owned(format!("./{path}"))
    } else {
        path
    }
}

/// `4527` as `4,527`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// The first `limit` items, then `and 12 more`.
pub(crate) fn list<T: AsRef<str>>(items: &[T], limit: usize) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index == limit {
            let _ = write!(text, " and {} more", thousands(items.len() - limit));
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(item.as_ref());
    }
    text
}

/// Append `text` after `first`, broken at spaces so that no line is longer than `columns` where that is possible; lines
/// after the first start with `rest`. A text that starts with a space is a row that is laid out already: only what stands in
/// its last column goes on in further lines, below itself.
pub(crate) fn wrap(out: &mut String, text: &str, first: &str, rest: &str, columns: usize) {
    out.push_str(first);
    if text.starts_with(' ') {
        row(out, text.trim_end(), first.width(), rest, columns);
        return;
    }
    let mut column = first.width();
    let mut at_start = true;
    for word in words(text, columns.saturating_sub(rest.width())) {
        let width = word.width();
        // A runner takes a line for a command when it starts with `::`, spaces before it or not.
        if !at_start && column + 1 + width > columns && !word.starts_with("::") {
            out.push('\n');
            out.push_str(rest);
            column = rest.width();
            at_start = true;
        }
        if !at_start {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        at_start = false;
    }
    out.push('\n');
}

/// A row of a table, whose cells stand at least three spaces apart. The parts of its last cell are separated by commas.
fn row(out: &mut String, text: &str, start: usize, rest: &str, columns: usize) {
    let last = text.trim_start().rfind("   ");
    let last = last.map_or(text.len(), |at| text.len() - text.trim_start().len() + at + 3);
    let (head, cell) = text.split_at(last);
    out.push_str(head);
    let indent = " ".repeat((start + head.width()).saturating_sub(rest.width()));
    let mut column = start + head.width();
    let mut at_start = true;
    for part in cell.split_inclusive(", ") {
        if !at_start && column + part.trim_end().width() > columns && !part.starts_with("::") {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(rest);
            out.push_str(&indent);
            column = rest.width() + indent.width();
        }
        out.push_str(part);
        column += part.width();
        at_start = false;
    }
    out.push('\n');
}

/// The words of `text`, split at spaces. What stands between backticks stays together, so that it can be copied, when it
/// is no longer than `room`.
fn words(text: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut end = None;
        let mut in_code = false;
        for (at, c) in text.char_indices() {
            match c {
                '`' => in_code = !in_code,
                ' ' if !in_code => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let together = end.unwrap_or(text.len());
        let is_whole = !in_code && text[..together].width() <= room;
        let end = if is_whole { end } else { text.find(' ') };
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests {
    use super::{count, escape, list, path_at_start, wrap};

    #[test]
    fn hostile_text_becomes_one_visible_line() {
        let check = |text: &str, want: &str| assert_eq!(escape(text), want);
        check("plain ö 漢", "plain ö 漢");
        check("a\u{1b}[31mb", "a\\u{1b}[31mb");
        check("a\nb\tc\r", "a\\nb\\tc\\r");
        check("\u{9b}31m", "\\u{9b}31m");
        check("user\u{202e}cod", "user\\u{202e}cod");
    }

    #[test]
    fn no_path_is_a_command() {
        assert_eq!(path_at_start("::error::x/a.yaml"), "./::error::x/a.yaml");
        assert_eq!(path_at_start("apps/a.yaml"), "apps/a.yaml");
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(4527, "file", "files"), "4,527 files");
        assert_eq!(count(1_234_567, "file", "files"), "1,234,567 files");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(list(&["a", "b"], 5), "a, b");
    }

    #[test]
    fn long_text_breaks_at_spaces() {
        let check = |text: &str, want: &str| {
            let mut out = String::new();
            wrap(&mut out, text, "  help: ", "        ", 20);
            assert_eq!(out, want);
        };
        check("one two three four", "  help: one two\n        three four\n");
        check(
            "averyveryverylongword x",
            "  help: averyveryverylongword\n        x\n",
        );
        check(
            "one `two three` four",
            "  help: one\n        `two three`\n        four\n",
        );
        check("a `b c d e f g h` i", "  help: a `b c d e f\n        g h` i\n");
        check("it`s one two three", "  help: it`s one two\n        three\n");
        check("one two three ::four", "  help: one two\n        three ::four\n");
        check("  kept   as is", "  help:   kept   as is\n");
        check(
            "  one   two three, four five",
            "  help:   one   two three,\n                four five\n",
        );
        check(
            "  averyverylongcellthatisalone",
            "  help:   averyverylongcellthatisalone\n",
        );
    }
}
