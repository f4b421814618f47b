//! Draws a diagnostic: the headline, then one frame per side, all with one gutter.
//!
//! miette's own graphical handler prints a related diagnostic as a report inside the report, with a headline and a
//! closing corner of its own. The two sides of a collision are equals, so they stand here under one headline.

use std::fmt::{self, Write as _};

use miette::{Diagnostic, GraphicalTheme, LabeledSpan, ReportHandler, Severity};
use unicode_width::UnicodeWidthStr;

use crate::Style;

/// Draws frames in one style.
#[derive(Debug)]
pub(crate) struct Frames {
    theme: GraphicalTheme,
    style: Style,
}

/// A frame ready to be drawn.
struct Frame {
    path: String,
    line: usize,
    column: usize,
    text: String,
    label: LabeledSpan,
}

impl Frames {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            theme: style.theme(),
            style,
        }
    }

    /// Draw `diagnostic`. Returns how wide the gutter is, so that what follows can stand below the frames.
    pub(crate) fn draw(
        &self,
        out: &mut impl fmt::Write,
        diagnostic: &dyn Diagnostic,
    ) -> Result<usize, fmt::Error> {
        let severity = diagnostic.severity().unwrap_or(Severity::Error);
        let (word, style) = match severity {
            Severity::Error => ("error", self.theme.styles.error),
            Severity::Warning => ("warning", self.theme.styles.warning),
            Severity::Advice => ("info", self.theme.styles.advice),
        };
        let head = diagnostic.code().map_or_else(
            || word.to_owned(),
            |code| {
                let code = code.to_string();
                let id = diagnostic
                    .url()
                    .map_or(code.clone(), |url| self.style.link(&code, &url.to_string()));
                format!("{word}[{id}]")
            },
        );
        let strong = if self.style.color { style.bold() } else { style };
        writeln!(out, "{}: {diagnostic}\n", strong.style(head))?;

        let mut frames: Vec<Frame> = frame(diagnostic).into_iter().collect();
        frames.extend(diagnostic.related().into_iter().flatten().filter_map(frame));
        let gutter = frames
            .iter()
            .map(|frame| (frame.line + 1).to_string().len())
            .max()
            .unwrap_or(1);
        for (index, frame) in frames.iter().enumerate() {
            let style = if index == 0 {
                style
            } else {
                self.theme.styles.advice
            };
            let paint = |text: &str| style.style(text).to_string();
            if index > 0 && frames[index - 1].is_at(frame) {
                self.draw_label(out, frame, gutter, paint)?;
            } else {
                self.draw_frame(out, frame, gutter, paint)?;
            }
        }
        Ok(gutter)
    }

    /// What stands at the place of the frame before: one line that two deploy needs no second look.
    fn draw_label(
        &self,
        out: &mut impl fmt::Write,
        frame: &Frame,
        gutter: usize,
        paint: impl Fn(&str) -> String,
    ) -> fmt::Result {
        let label = frame.label.label().unwrap_or_default();
        let bar = format!("{:>gutter$} {}", "", self.theme.characters.vbar);
        let room = self.style.columns().saturating_sub(gutter + 3);
        let indent = frame.indent().min(room.saturating_sub(label.width()));
        let mut lines = String::new();
        crate::text::wrap(&mut lines, label, "", "", room.saturating_sub(indent));
        for line in lines.lines() {
            writeln!(
                out,
                "{} {:indent$}{}",
                self.theme.styles.linum.style(&bar),
                "",
                paint(line)
            )?;
        }
        Ok(())
    }

    fn draw_frame(
        &self,
        out: &mut impl fmt::Write,
        frame: &Frame,
        gutter: usize,
        paint: impl Fn(&str) -> String,
    ) -> fmt::Result {
        let characters = &self.theme.characters;
        let dim = &self.theme.styles.linum;
        let corner = if self.style.unicode {
            format!("{}{}", characters.ltop, characters.hbar)
        } else {
            "-->".to_owned()
        };
        writeln!(
            out,
            "{:gutter$} {} {}:{}:{}",
            "",
            dim.style(corner),
            frame.path,
            frame.line + 1,
            frame.column + 1
        )?;
        let number = format!("{:>gutter$} {}", frame.line + 1, characters.vbar);
        writeln!(out, "{} {}", dim.style(number), frame.text)?;

        let (start, end) = (frame.label.offset(), frame.label.offset() + frame.label.len());
        let indent = frame.indent();
        let length = frame
            .text
            .get(start..end)
            .map_or(1, UnicodeWidthStr::width)
            .max(1);
        let bar = format!("{:>gutter$} {}", "", characters.vbar);
        let underline: String = std::iter::repeat_n(characters.underline, length).collect();
        let label = frame.label.label().unwrap_or_default();
        let used = gutter + 3 + indent + length;
        if label.is_empty() {
            writeln!(out, "{} {:indent$}{}", dim.style(bar), "", paint(&underline))
        } else if used + 1 + label.width() <= self.style.columns() {
            writeln!(
                out,
                "{} {:indent$}{}",
                dim.style(bar),
                "",
                paint(&format!("{underline} {label}"))
            )
        } else {
            writeln!(out, "{} {:indent$}{}", dim.style(&bar), "", paint(&underline))?;
            self.draw_label(out, frame, gutter, paint)
        }
    }
}

impl Frame {
    fn is_at(&self, other: &Self) -> bool {
        (&self.path, self.line, self.column) == (&other.path, other.line, other.column)
    }

    /// Columns before the label's span.
    fn indent(&self) -> usize {
        self.text
            .get(..self.label.offset())
            .map_or(0, UnicodeWidthStr::width)
    }
}

impl ReportHandler for Frames {
    fn debug(&self, diagnostic: &dyn Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.draw(&mut text, diagnostic)?;
        f.write_str(&text)
    }
}

fn frame(diagnostic: &dyn Diagnostic) -> Option<Frame> {
    let label = diagnostic.labels()?.next()?;
    let contents = diagnostic.source_code()?.read_span(label.inner(), 0, 0).ok()?;
    let mut path = String::new();
    write!(
        path,
        "{}",
        crate::text::escape(contents.name().unwrap_or_default())
    )
    .ok()?;
    Some(Frame {
        path,
        line: contents.line(),
        column: contents.column(),
        text: String::from_utf8_lossy(contents.data()).into_owned(),
        label,
    })
}
