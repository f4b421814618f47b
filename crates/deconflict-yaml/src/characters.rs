//! Characters that YAML does not allow in a text.

/// Bytes looked at together, so that plain ASCII text passes at the speed of memory.
const CHUNK: usize = 64;

/// The first forbidden character of `text` and its offset: what go-yaml's reader refuses as a control character
/// (yaml/readerc.go). That is all of C0 but tab, line feed and carriage return, DEL, C1 but NEL, U+FFFE, U+FFFF, and a
/// byte order mark anywhere but at the start of a stream (`at_start`).
pub(crate) fn first_forbidden(text: &str, at_start: bool) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let skip = if at_start && text.starts_with('\u{feff}') {
        3
    } else {
        0
    };
    let mut from = skip;
    while from < bytes.len() {
        let to = (from + CHUNK).min(bytes.len());
        let chunk = &bytes[from..to];
        if chunk
            .iter()
            .fold(false, |found, byte| found | is_suspicious(*byte))
            && let Some(at) = (from..to).find(|at| is_forbidden(&bytes[*at..]))
        {
            return text[at..].chars().next().map(|character| (at, character));
        }
        from = to;
    }
    None
}

fn is_suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t' && byte != b'\r') || byte >= 0x7f
}

fn is_forbidden(rest: &[u8]) -> bool {
    match rest {
        [b'\t' | b'\n' | b'\r', ..] => false,
        [0..0x20 | 0x7f, ..] | [0xef, 0xbb, 0xbf, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => true,
        [0xc2, second, ..] => *second < 0xa0 && *second != 0x85,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::first_forbidden;

    #[test]
    fn control_characters_are_found_wherever_they_stand() {
        let long = "é".repeat(100);
        for (text, found) in [
            ("a\tb\r\n", None),
            ("a\u{85}ü😀\u{2028}", None),
            ("\u{feff}a", None),
            ("a\u{feff}", Some(1)),
            ("a\0", Some(1)),
            ("a\u{7f}", Some(1)),
            ("ab\u{9f}", Some(2)),
            ("\u{ffff}", Some(0)),
            (&format!("{long}\u{7}"), Some(200)),
            (&format!("x{long}\u{90}"), Some(201)),
        ] {
            assert_eq!(first_forbidden(text, true).map(|(at, _)| at), found, "{text:?}");
        }
        assert_eq!(first_forbidden("\u{feff}a", false), Some((0, '\u{feff}')));
    }
}
