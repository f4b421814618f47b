//! go-yaml v2's emitter (libyaml's) for block style: scalar analysis, choice of style, folding. A port of its state
//! machine, because the corner cases come from its state (column, "whitespace" and "indention" flags).

/// Spaces per level.
const INDENT: i32 = 2;
/// A line is folded at a space once this many columns are written.
const WIDTH: usize = 80;
/// Keys longer than this, in bytes, are written with `?`.
const SIMPLE_KEY: usize = 128;

/// Writes one document at a time into a string.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    /// Characters written on the current line.
    column: usize,
    /// Columns that a new line starts with; -1 before the first collection.
    pub(super) indent: i32,
    /// The last thing written was white space or an indicator that counts as such.
    whitespace: bool,
    /// Only indentation and indicators are on the current line.
    pub(super) indention: bool,
}

/// How a scalar wants to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the text of a scalar allows.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent answers, as libyaml keeps them"
)]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    /// Keys of one line and at most 128 bytes are written as `key:`.
    pub(super) fn is_simple_key(self, text: &str) -> bool {
        !self.multiline && text.len() <= SIMPLE_KEY
    }
}

/// The line breaks of YAML 1.1.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// libyaml's idea of printable, which leaves out tabs and everything above U+FFFF.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// True for text that is surely analysed as plain, the most common case by far.
fn is_simple(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
}

/// `yaml_emitter_analyze_scalar`.
pub(super) fn analyze(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis {
            multiline: false,
            plain: true,
            single: true,
            block: false,
        };
    }
    if is_simple(text) {
        return Analysis {
            multiline: false,
            plain: true,
            single: true,
            block: true,
        };
    }
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut line_breaks, mut special) = (false, false);
    let (mut leading, mut trailing_space, mut trailing_break) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut previous_space, mut previous_break) = (false, false);
    let mut preceded_by_blank = true;
    let mut characters = text.chars().peekable();
    let mut is_first = true;
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        let followed_by_blank = next.is_none_or(|next| matches!(next, ' ' | '\t'));
        indicators |= match c {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                is_first
            }
            '?' | '-' => is_first && followed_by_blank,
            ':' => followed_by_blank,
            '#' => is_first || preceded_by_blank,
            _ => false,
        };
        special |= !is_printable(c);
        if c == ' ' {
            leading |= is_first;
            trailing_space = next.is_none();
            break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
        } else if is_break(c) {
            line_breaks = true;
            leading |= is_first;
            trailing_break = next.is_none();
            space_break |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        preceded_by_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
        is_first = false;
    }
    let forced = space_break || special;
    Analysis {
        multiline: line_breaks,
        plain: !(leading
            || trailing_space
            || trailing_break
            || break_space
            || forced
            || line_breaks
            || indicators),
        single: !(break_space || forced),
        block: !(trailing_space || forced),
    }
}

impl<'o> Writer<'o> {
    /// A writer at the start of a document.
    pub(super) fn new(out: &'o mut String) -> Self {
        Self {
            out,
            column: 0,
            indent: -1,
            whitespace: true,
            indention: true,
        }
    }

    /// `yaml_emitter_write_indicator`.
    pub(super) fn indicator(
        &mut self,
        text: &str,
        needs_space: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }

    /// `yaml_emitter_write_indent`: to the indentation, on a new line if this one is in use.
    pub(super) fn new_line(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or_default();
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_end();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Deeper by one level, for a block collection; returns the indentation to go back to.
    pub(super) fn deeper(&mut self, indentless: bool) -> i32 {
        let before = self.indent;
        if self.indent < 0 {
            self.indent = 0;
        } else if !indentless {
            self.indent += INDENT;
        }
        before
    }

    /// Write a scalar in `style` or, where the text does not allow it, in the next best.
    pub(super) fn scalar(&mut self, text: &str, style: Style, analysis: Analysis, is_key: bool) {
        let mut style = if is_key && analysis.multiline {
            Style::Double
        } else {
            style
        };
        if style == Style::Plain && (!analysis.plain || (text.is_empty() && is_key)) {
            style = Style::Single;
        }
        if style == Style::Single && !analysis.single {
            style = Style::Double;
        }
        if style == Style::Literal && (!analysis.block || is_key) {
            style = Style::Double;
        }
        let before = self.indent;
        self.indent = if before < 0 { INDENT } else { before + INDENT };
        match style {
            Style::Plain => self.plain(text, !is_key),
            Style::Single => self.single_quoted(text, !is_key),
            Style::Double => self.double_quoted(text, !is_key),
            Style::Literal => self.literal(text),
        }
        self.indent = before;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_end(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Write a line break of the text as it is.
    fn text_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn plain(&mut self, text: &str, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        if text.is_ascii() && self.column + text.len() <= WIDTH {
            self.out.push_str(text);
            self.column += text.len();
        } else {
            self.folded(text, may_fold, |_, _, _| true);
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// The common part of plain and single-quoted text; `fold_here` says whether a space at this byte may become a
    /// line end.
    fn folded(&mut self, text: &str, may_fold: bool, fold_here: impl Fn(&str, usize, char) -> bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if c == ' ' {
                let next_is_space = characters.peek().is_some_and(|(_, next)| *next == ' ');
                if may_fold && !spaces && self.column > WIDTH && !next_is_space && fold_here(text, at, c) {
                    self.new_line();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.line_end();
                }
                self.text_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.new_line();
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn single_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("'", true, false, false);
        if text.contains('\'') {
            // Doubling first is the same as doubling on the way: a quote is neither space nor break.
            self.folded_single(&text.replace('\'', "''"), may_fold);
        } else {
            self.folded_single(text, may_fold);
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn folded_single(&mut self, text: &str, may_fold: bool) {
        self.folded(text, may_fold, |text, at, _| at > 0 && at < text.len() - 1);
    }

    fn double_quoted(&mut self, text: &str, may_fold: bool) {
        // A defect of go-yaml v2, frozen: it looks for a byte order mark at the start of the text, whatever character
        // it is at, and then escapes them all.
        let escape_all = text.starts_with('\u{feff}');
        let mut spaces = false;
        self.indicator("\"", true, false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if escape_all || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escaped(c);
                spaces = false;
            } else if c == ' ' {
                if may_fold && !spaces && self.column > WIDTH && at > 0 && at < text.len() - 1 {
                    self.new_line();
                    if characters.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escaped(&mut self, c: char) {
        self.put('\\');
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                self.out.push_str(&text);
                self.column += text.len();
                return;
            }
        };
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut backwards = text.chars().rev();
        match (backwards.next().is_some_and(is_break), backwards.next()) {
            (false, _) => self.indicator("-", false, false, false),
            (true, None) => self.indicator("+", false, false, false),
            (true, Some(before)) if is_break(before) => self.indicator("+", false, false, false),
            (true, Some(_)) => {}
        }
        self.line_end();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.text_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.new_line();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}
