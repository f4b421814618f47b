//! The part of a file that a frame shows.

use std::ops::Range;

use deconflict_findings::Place;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use unicode_width::UnicodeWidthChar as _;

use crate::Style;
use crate::text::is_hostile;

/// One line of a file, made safe to print, and the span in it. A frame of a file of any size costs one line.
#[derive(Debug)]
pub(crate) struct Window {
    path: String,
    /// Line and column as people count them.
    line: u32,
    column: u32,
    text: String,
    span: SourceSpan,
}

/// What the frame underlines when the span is empty or lies beyond the line.
const LEAST: usize = 1;

impl Window {
    /// The line of `place` (`line` is its text, without line end), cut to `columns` around the span. The byte ranges
    /// `secrets` of the line are dots. A masked span is dots with all that follows it, and so is what stands beside it in
    /// a flow mapping or list.
    pub(crate) fn new(
        place: &Place,
        line: &str,
        masked: bool,
        secrets: &[Range<usize>],
        columns: usize,
        style: Style,
    ) -> Self {
        let starts_at = (place.column as usize).saturating_sub(1);
        let length = if place.end_line > place.line {
            usize::MAX
        } else {
            (place.end_column.saturating_sub(place.column) as usize).max(LEAST)
        };
        // Columns do not count a byte order mark, offsets do.
        let mark = line.len() - line.trim_start_matches('\u{feff}').len();
        let split = |at: usize| {
            line[mark..]
                .char_indices()
                .nth(at)
                .map_or(line.len(), |(offset, _)| mark + offset)
        };
        let end_of_text = line.trim_end().len();
        let (from, to) = (
            split(starts_at),
            split(starts_at.saturating_add(length)).min(end_of_text),
        );
        let from = from.min(to.max(mark));
        let part = |range: Range<usize>| safe(line, range, secrets, style);
        let (mut before, mut inside, mut after) = (
            part(mark..from),
            part(from..to.max(from)),
            part(to.max(from)..end_of_text.max(from)),
        );
        if masked {
            if let Some(neighbour) = before.rfind(['{', '[', ',']) {
                before = format!("{}{}", style.ellipsis(), &before[neighbour..]);
            }
            style.dots().clone_into(&mut inside);
            after.clear();
        }
        let (text, start, end) = clip(&before, &inside, &after, columns, style);
        Self {
            path: place.path.clone(),
            line: place.line,
            column: place.column,
            text,
            span: SourceSpan::from(start..end),
        }
    }

    /// The span inside the window's own text.
    pub(crate) fn span(&self) -> SourceSpan {
        self.span
    }
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from(0..self.text.len());
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            self.text.as_bytes(),
            whole,
            self.line.saturating_sub(1) as usize,
            self.column.saturating_sub(1) as usize,
            1,
        )))
    }
}

/// A part of a line: tabs as spaces (YAML forbids them in indentation, so their width tells nothing), hostile characters
/// escaped, secrets as dots, always equally many.
fn safe(line: &str, part: Range<usize>, secrets: &[Range<usize>], style: Style) -> String {
    let mut out = String::with_capacity(part.len());
    let mut hidden: Option<&Range<usize>> = None;
    for (offset, c) in line.get(part.clone()).unwrap_or_default().char_indices() {
        let secret = secrets
            .iter()
            .find(|secret| secret.contains(&(part.start + offset)));
        if secret.is_some() && secret != hidden {
            out.push_str(style.dots());
        }
        hidden = secret;
        match c {
            _ if secret.is_some() => {}
            '\t' => out.push_str("    "),
            c if is_hostile(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// The three parts joined in at most `columns`, and where the middle one lies in the result, in bytes. The middle is
/// kept as far as it fits, then what stands before it, then what follows.
fn clip(before: &str, inside: &str, after: &str, columns: usize, style: Style) -> (String, usize, usize) {
    let total = width(before) + width(inside) + width(after);
    if total <= columns {
        let start = before.len();
        return (format!("{before}{inside}{after}"), start, start + inside.len());
    }
    let dots = style.ellipsis();
    let room = columns.saturating_sub(2 * width(dots)).max(8);
    let inside_kept = head(inside, room);
    let room = room - width(inside_kept);
    let cut_inside = inside_kept.len() < inside.len();
    // A quarter of what is left is enough after the span: the key before it tells more.
    let after_kept = if cut_inside {
        ""
    } else {
        head(after, (room / 4).max(room.saturating_sub(width(before))))
    };
    let before_kept = tail(before, room - width(after_kept));
    let mut text = String::new();
    if before_kept.len() < before.len() {
        text.push_str(dots);
    }
    text.push_str(before_kept);
    let start = text.len();
    text.push_str(inside_kept);
    let end = text.len();
    text.push_str(after_kept);
    if cut_inside || after_kept.len() < after.len() {
        text.push_str(dots);
    }
    (text, start, end)
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    end.map_or(text, |(offset, _)| &text[..offset])
}

fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    start.map_or(text, |(offset, c)| &text[offset + c.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use deconflict_findings::Place;

    use super::Window;
    use crate::Style;

    fn check(line: &str, columns: (u32, u32), masked: bool, room: usize, want: &str) {
        check_secrets(line, columns, masked, &[], room, want);
    }

    fn check_secrets(
        line: &str,
        columns: (u32, u32),
        masked: bool,
        secrets: &[Range<usize>],
        room: usize,
        want: &str,
    ) {
        let place = Place {
            path: "f.yaml".to_owned(),
            start: 0,
            end: 0,
            line: 1,
            column: columns.0,
            end_line: 1,
            end_column: columns.1,
        };
        let window = Window::new(&place, line, masked, secrets, room, Style::default());
        let (start, length) = (window.span.offset(), window.span.len());
        let got = format!(
            "{}[{}]{}",
            &window.text[..start],
            &window.text[start..start + length],
            &window.text[start + length..]
        );
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn short_lines_stay() {
        check("  nodePort: 30080", (13, 18), false, 80, "  nodePort: [30080]");
        check("  nodePort:", (12, 12), false, 80, "  nodePort:[]");
        check("\tkey: 'ö'  ", (7, 10), false, 80, "    key: ['ö']");
    }

    #[test]
    fn long_lines_are_cut_around_the_span() {
        let line = format!("{}key: value{}", "a".repeat(100), "z".repeat(100));
        check(&line, (106, 111), false, 30, "…aaaaaaaaaaaaakey: [value]zzzzz…");
        check(
            &format!("k: {}", "v".repeat(99)),
            (4, 103),
            false,
            20,
            "…[vvvvvvvvvvvvvvvvvv]…",
        );
    }

    #[test]
    fn secrets_and_their_neighbours_are_dots() {
        check(
            "  password: hunter2 # old: hunter1",
            (13, 20),
            true,
            80,
            "  password: [••••••••]",
        );
        check(
            "{a: hunter2, b: hunter3, c: 1}",
            (17, 24),
            true,
            80,
            "…, b: [••••••••]",
        );
    }

    #[test]
    fn secrets_beside_the_span_are_dots_too() {
        let line = "{kind: Secret, metadata: {name: a}, data: {p: c2VjcmV0, q: eA==}}";
        let secrets = [46..54, 59..63];
        check_secrets(
            line,
            (33, 34),
            false,
            &secrets,
            90,
            "{kind: Secret, metadata: {name: [a]}, data: {p: ••••••••, q: ••••••••}}",
        );
        check_secrets("\u{feff}a: b", (4, 5), false, &[6..7, 7..7], 90, "a: [••••••••]");
    }

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        check("k: \u{1b}[31mred", (4, 12), false, 80, "k: [\\u{1b}[31mred]");
    }
}
