//! What becomes of folded block scalars (`>`).
//!
//! kustomize writes a tree as YAML and reads that again before it makes JSON of it. go-yaml v3 writes a folded scalar
//! with a blank line too many before a more indented line (it looks at the start of the text where it should look at
//! the next line), so the text that comes back is another one (kustomize issue 3830).

use std::borrow::Cow;

/// True for a text that go-yaml v3 writes as a block scalar, unless in double quotes, and then cannot read: the first
/// line starts with a tab.
pub(crate) fn is_unreadable(text: &str) -> bool {
    text.starts_with('\t') && text.contains('\n') && may_be_block(text)
}

/// What the failure to read such a text is called.
pub(crate) const UNREADABLE: &str = "yaml: found a tab character where an indentation space is expected";

/// Text of a folded scalar after go-yaml v3 has written and read it.
pub(super) fn rewritten(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') || !may_be_block(text) {
        return text.into();
    }
    let body = written(text);
    let chomp = match text.trim_end_matches('\n').len() {
        0 => Chomp::Keep,
        end if end + 1 < text.len() => Chomp::Keep,
        end if end < text.len() => Chomp::Clip,
        _ => Chomp::Strip,
    };
    read(&body, chomp).into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

/// Other texts are written in double quotes, which loses nothing.
fn may_be_block(text: &str) -> bool {
    let is_printable = |c: char| {
        matches!(c, '\n' | '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
            && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
    };
    !text.ends_with(' ') && !text.contains(" \n") && text.chars().all(is_printable)
}

/// The lines that the emitter writes, without indentation (`yaml_emitter_write_folded_scalar`; it never folds long
/// lines here).
fn written(text: &str) -> String {
    let first = text.trim_start_matches('\n').chars().next();
    let doubles = first.is_some_and(|first| !matches!(first, ' ' | '\t'));
    let mut out = String::with_capacity(text.len() + 16);
    let (mut breaks, mut leading_blank) = (true, true);
    for c in text.chars() {
        if c == '\n' {
            if !breaks && !leading_blank && doubles {
                out.push('\n');
            }
            out.push('\n');
            breaks = true;
        } else {
            if breaks {
                leading_blank = matches!(c, ' ' | '\t');
            }
            out.push(c);
            breaks = false;
        }
    }
    out
}

/// What the scanner makes of the lines (`yaml_parser_scan_block_scalar`).
fn read(body: &str, chomp: Chomp) -> String {
    let mut out = String::with_capacity(body.len());
    // Is there a line end before this line whose fate is open, and how many empty lines followed it?
    let (mut pending, mut empty_lines) = (false, 0);
    let mut after_blank = false;
    let mut lines: Vec<&str> = body.split('\n').collect();
    // The last piece is what follows the last line end.
    let rest = lines.pop().filter(|rest| !rest.is_empty());
    for line in lines.iter().copied().chain(rest) {
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        let is_blank = line.starts_with([' ', '\t']);
        if pending {
            let folds = !after_blank && !is_blank;
            match (folds, empty_lines) {
                (true, 0) => out.push(' '),
                (true, _) => {}
                (false, _) => out.push('\n'),
            }
        }
        out.extend(std::iter::repeat_n('\n', empty_lines));
        out.push_str(line);
        (pending, empty_lines, after_blank) = (true, 0, is_blank);
    }
    let has_final_break = pending && body.ends_with('\n');
    if has_final_break && chomp != Chomp::Strip {
        out.push('\n');
    }
    if chomp == Chomp::Keep {
        out.extend(std::iter::repeat_n('\n', empty_lines));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(rewritten(text), expected, "{text:?}");
    }

    #[test]
    fn as_kustomize_prints_them() {
        check("one line\n", "one line\n");
        check("a\nb\n", "a\nb\n");
        check("a\n indented\nb\n", "a\n\n indented\nb\n");
        check(" a\nb\nc\n", " a\nb c\n");
        check("a \n b\n", "a \n b\n");
    }
}
