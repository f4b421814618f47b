//! A finding in miette's terms: one diagnostic for the headline and the first side, one more per other side.

use std::fmt;
use std::ops::Range;

use deconflict_files::{Files, Origin, Span};
use deconflict_findings::{Label, Secrets, Severity, rule_url};
use miette::{Diagnostic, LabeledSpan, SourceCode};

use crate::Style;
use crate::window::Window;

/// One frame: a window of a file with one label. The first one of a finding also carries the headline and the others.
#[derive(Debug)]
pub(crate) struct Side {
    headline: Option<Headline>,
    window: Window,
    label: String,
    others: Vec<Side>,
}

/// What frames are cut from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'t> {
    pub(crate) files: &'t Files,
    pub(crate) secrets: &'t Secrets,
}

#[derive(Debug)]
struct Headline {
    code: Option<String>,
    severity: Severity,
    message: String,
}

impl Side {
    /// A diagnostic for `message` with the frames of `sides`, the first of which is the one to edit.
    pub(crate) fn new<'l>(
        (code, severity, message): (Option<&str>, Severity, &str),
        primary: &Label,
        others: impl Iterator<Item = &'l Label>,
        texts: Texts<'_>,
        style: Style,
    ) -> Self {
        let mut first = Self::frame(primary, texts, style);
        first.headline = Some(Headline {
            code: code.map(str::to_owned),
            severity,
            message: style.words(message),
        });
        first.others = others.map(|label| Self::frame(label, texts, style)).collect();
        first
    }

    fn frame(label: &Label, texts: Texts<'_>, style: Style) -> Self {
        let file = texts.files.get(label.at.file);
        let mut place = crate::wire::place(texts.files, label.at);
        let line = file.lines().line(&file.text, place.line).unwrap_or_default();
        if place.end_line == place.line + 1 && place.end_column == 1 {
            // The span ends with its line.
            place.end_line = place.line;
            place.end_column = line.chars().count() as u32 + 1;
        }
        let start = file.lines().start_of(place.line).unwrap_or_default();
        let shown = Span {
            start,
            end: start + line.len() as u32,
        };
        let secrets: Vec<Range<usize>> = texts
            .secrets
            .within(label.at.file, shown)
            .into_iter()
            .map(|secret| secret.start.saturating_sub(start) as usize..(secret.end - start) as usize)
            .collect();
        // The gutter is at most as wide as ten digits and its bar.
        let window = Window::new(&place, line, label.masked, &secrets, style.columns() - 12, style);
        Self {
            headline: None,
            window,
            label: style.words(&label.text),
            others: Vec::new(),
        }
    }

    /// A place to print the problem of a file at, without words.
    pub(crate) fn plain(at: Origin) -> Label {
        Label::new(at, "")
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.headline.as_ref().map_or("", |headline| &headline.message))
    }
}

impl std::error::Error for Side {}

impl Diagnostic for Side {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = self.headline.as_ref()?.code.as_ref()?;
        Some(Box::new(code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.headline.as_ref().map(|headline| match headline.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = self.headline.as_ref()?.code.as_ref()?;
        Some(Box::new(rule_url(code)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.window)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            label,
            self.window.span(),
        ))))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.others.iter().map(|side| side as &dyn Diagnostic)))
    }
}
