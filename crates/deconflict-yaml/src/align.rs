//! Which bytes of a file a scalar's text comes from, after escapes, folding and indentation are resolved.

use deconflict_files::Span;

use crate::Style;
use crate::places::Segment;

/// The segments of `text`, a scalar that stands at `at` of `raw`. When the two cannot be brought together (the text
/// was changed since), all of it comes from all of `at`.
pub(crate) fn align(text: &str, style: Style, raw: &str, at: Span) -> Vec<Segment> {
    let Some(source) = raw.get(at.range()) else {
        return whole(at);
    };
    let base = at.start as usize;
    let segments = match style {
        Style::Literal | Style::Folded => block(text, source, base),
        Style::Plain => flow(text, source, base, style),
        Style::SingleQuoted | Style::DoubleQuoted => source
            .get(1..source.len().saturating_sub(1))
            .and_then(|inner| flow(text, inner, base + 1, style)),
    };
    segments
        .filter(|segments| !segments.is_empty())
        .unwrap_or_else(|| whole(at))
}

fn whole(at: Span) -> Vec<Segment> {
    vec![Segment {
        parsed: 0,
        raw: at,
        verbatim: false,
    }]
}

/// Every line that is not blank stands in the text as it is, without its indentation.
fn block(text: &str, source: &str, base: usize) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut line_start = source.find('\n')? + 1;
    let mut parsed = 0;
    let mut indent = None;
    for line in source[line_start..].split_inclusive('\n') {
        let start = line_start;
        line_start += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        if content.trim_start_matches(' ').is_empty() {
            continue;
        }
        // The first line tells the indentation, however it was declared.
        let indent = *indent.get_or_insert_with(|| {
            let first = text.lines().find(|line| !line.trim_start_matches(' ').is_empty());
            let first = first.unwrap_or_default();
            let spaces = content.len() - content.trim_start_matches(' ').len();
            spaces - (first.len() - first.trim_start_matches(' ').len()).min(spaces)
        });
        let content = content.get(indent..)?;
        let gap = text[parsed..]
            .bytes()
            .take_while(|byte| matches!(byte, b'\n' | b' '))
            .count();
        let found = (parsed..=parsed + gap).find(|at| text[*at..].starts_with(content))?;
        let raw = Span::new(base + start + indent, base + line_start);
        if segments.is_empty() && found > 0 {
            segments.push(Segment {
                parsed: 0,
                raw: Span {
                    end: raw.start,
                    ..raw
                },
                verbatim: false,
            });
        }
        segments.push(Segment {
            parsed: found as u32,
            raw,
            verbatim: true,
        });
        parsed = found + content.len();
    }
    Some(segments)
}

/// Character by character.
fn flow(text: &str, source: &str, base: usize, style: Style) -> Option<Vec<Segment>> {
    let mut segments: Vec<Segment> = Vec::new();
    let (mut parsed, mut at) = (0, 0);
    let mut verbatim_until = usize::MAX;
    while at < source.len() {
        let rest = &source[at..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let lines = rest[..blank].matches('\n').count();
        // How much of the source makes how much of the text.
        let (taken, made) = if lines > 0 {
            (blank, if lines == 1 { 1 } else { lines - 1 })
        } else if rest.starts_with("''") && style == Style::SingleQuoted {
            (2, 1)
        } else if rest.starts_with('\\') && style == Style::DoubleQuoted {
            escape(rest, &text[parsed..])?
        } else {
            let character = rest.chars().next()?;
            if !text[parsed..].starts_with(character) {
                return None;
            }
            let len = character.len_utf8();
            if verbatim_until == at
                && let Some(last) = segments.last_mut()
            {
                last.raw.end += len as u32;
            } else {
                let raw = Span::new(base + at, base + at + len);
                segments.push(Segment {
                    parsed: parsed as u32,
                    raw,
                    verbatim: true,
                });
            }
            at += len;
            parsed += len;
            verbatim_until = at;
            continue;
        };
        if made > 0 {
            let raw = Span::new(base + at, base + at + taken);
            segments.push(Segment {
                parsed: parsed as u32,
                raw,
                verbatim: false,
            });
        }
        at += taken;
        parsed += made;
        if !text.is_char_boundary(parsed) {
            return None;
        }
    }
    (parsed == text.len()).then_some(segments)
}

/// Lengths of an escape in the source and in the text.
fn escape(rest: &str, text: &str) -> Option<(usize, usize)> {
    let kind = rest[1..].chars().next()?;
    if matches!(kind, '\n' | '\r') {
        let line_end = if rest[1..].starts_with("\r\n") { 3 } else { 2 };
        let indentation = rest[line_end..]
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        return Some((line_end + indentation, 0));
    }
    let made = text.chars().next()?.len_utf8();
    let taken = match kind {
        'x' => 4,
        'u' if made == 4 => 12,
        'u' => 6,
        'U' => 10,
        _ => 1 + kind.len_utf8(),
    };
    rest.is_char_boundary(taken)
        .then_some((taken, made))
        .filter(|_| taken <= rest.len())
}
