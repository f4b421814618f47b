//! Where documents begin and end in the text. A line that starts with `---` or `...` ends a document wherever it
//! stands (YAML 1.2.2, production 206, `c-forbidden`), so a broken document never hides the ones after it.

/// What a line that is a document marker does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    /// `---`
    Start,
    /// `...`
    End,
}

fn marker(rest: &[u8]) -> Option<Marker> {
    let marker = match rest.get(..3)? {
        b"---" => Marker::Start,
        b"..." => Marker::End,
        _ => return None,
    };
    rest.get(3).is_none_or(u8::is_ascii_whitespace).then_some(marker)
}

fn next_line(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |to| from + to + 1)
}

/// True when a NUL or a carriage return without a line feed stands in the text. The parser library takes them for white
/// space that ends a line or a marker, and so sees documents where no reading line by line does.
pub(crate) fn has_other_ends(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'\r', b'\0', bytes)
        .any(|at| bytes[at] == b'\0' || bytes.get(at + 1) != Some(&b'\n'))
}

/// Where the document ends whose content reaches at least to byte `from`: at the next `---`, after the next `...`,
/// or at the end of the text.
pub(crate) fn end_of_document(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let at_line_start = from == 0 || bytes[from - 1] == b'\n';
    let mut line = if at_line_start {
        from
    } else {
        next_line(bytes, from)
    };
    while line < bytes.len() {
        match marker(&bytes[line..]) {
            Some(Marker::Start) => return line,
            Some(Marker::End) => return next_line(bytes, line),
            None => line = next_line(bytes, line),
        }
    }
    bytes.len()
}

/// Where the content of the document begins that starts at byte `start`: after directives, comments, blank lines
/// and its own `---`.
pub(crate) fn content_of_document(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut line = if text[start..].starts_with('\u{feff}') {
        start + 3
    } else {
        start
    };
    while line < bytes.len() {
        match marker(&bytes[line..]) {
            Some(Marker::Start) => return line + 3,
            Some(Marker::End) => {}
            None => {
                let end = next_line(bytes, line);
                let is_prefix = match bytes[line] {
                    b'#' | b'%' => true,
                    _ => bytes[line..end].iter().all(u8::is_ascii_whitespace),
                };
                if !is_prefix {
                    return line;
                }
            }
        }
        line = next_line(bytes, line);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::{content_of_document, end_of_document};

    #[test]
    fn markers_stand_at_the_start_of_a_line() {
        let text = "# c\n%YAML 1.1\n---\na: ---\nb: |\n  ---\n---x: 1\n...\n---\tc\n";
        let content = content_of_document(text, 0);
        assert_eq!(&text[..content], "# c\n%YAML 1.1\n---");
        let end = end_of_document(text, content);
        assert_eq!(&text[end..], "---\tc\n");
        assert_eq!(end_of_document(text, content_of_document(text, end)), text.len());
        assert_eq!(content_of_document("", 0), 0);
    }
}
