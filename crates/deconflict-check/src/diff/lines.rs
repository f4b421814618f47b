//! A rendered object line by line: which field each line is, and where a person would edit it.

use std::sync::Arc;

use deconflict_files::{File, Files, LineIndex, Origin, RepoPath, Span, Step};
use deconflict_findings::FieldPart;
use deconflict_kustomize::to_yaml;
use deconflict_yaml::{Node, parse};

/// The text of an object and what is known of its lines.
pub(super) struct Lines {
    /// The text.
    pub(super) text: String,
    starts: LineIndex,
    known: Vec<Line>,
    /// Fields, each with the one that holds it.
    fields: Vec<(Option<usize>, FieldPart)>,
}

#[derive(Clone, Default)]
struct Line {
    field: Option<usize>,
    at: Option<Origin>,
    /// Who moved or set the value.
    via: Option<Arc<Step>>,
    /// Of a text of several lines: which one it is, from 1.
    within: usize,
}

impl Lines {
    /// The lines of `body`, or why it has none.
    pub(super) fn new(body: &Arc<Node>) -> Result<Self, String> {
        let text = to_yaml(std::slice::from_ref(body)).map_err(|problem| problem.message.clone())?;
        // Written by us and read back: the place of each line without a second writer.
        let shared: Arc<str> = text.as_str().into();
        let file = Files::new().intern(&RepoPath::top(), &shared);
        let read = parse(file, &text)
            .documents
            .into_iter()
            .next()
            .and_then(|document| document.root);
        let mut lines = Self {
            starts: LineIndex::new(&text),
            known: vec![Line::default(); text.lines().count()],
            fields: Vec::new(),
            text,
        };
        if let Some(read) = read {
            lines.walk(&read, body, None);
        }
        Ok(lines)
    }

    fn walk(&mut self, read: &Node, body: &Node, field: Option<usize>) {
        for entry in read.fields() {
            let Some(source) = body.field(entry.name()) else {
                continue;
            };
            let part = FieldPart::Key(entry.name().to_owned());
            let key_at = source.key_at.0;
            self.enter(
                entry.key_at.0.span,
                &entry.value,
                &source.value,
                Some(key_at),
                (field, part),
            );
        }
        for (number, (item, source)) in read.items().iter().zip(body.items()).enumerate() {
            let name = source.get("name").and_then(|name| name.text()).map(str::to_owned);
            let part = FieldPart::Item(number, name);
            self.enter(item.at.span, item, source, None, (field, part));
        }
    }

    fn enter(
        &mut self,
        start: Span,
        read: &Node,
        body: &Node,
        key_at: Option<Origin>,
        field: (Option<usize>, FieldPart),
    ) {
        let line_of = |offset: u32| self.starts.place(&self.text, offset).line as usize - 1;
        let first = line_of(start.start);
        self.fields.push(field);
        let field = Some(self.fields.len() - 1);
        let is_empty = body.fields().is_empty() && body.items().is_empty();
        let at = if is_empty {
            body.at
        } else {
            key_at.unwrap_or(body.at)
        };
        let last = if read.text().is_some() {
            line_of(read.at.span.end.saturating_sub(1))
        } else {
            first
        };
        for (within, line) in (first..=last).enumerate() {
            if let Some(line) = self.known.get_mut(line) {
                *line = Line {
                    field,
                    at: Some(at),
                    via: body.via.clone(),
                    within,
                };
            }
        }
        self.walk(read, body, field);
    }

    /// The path to the field that the line of that number, from 0, belongs to.
    pub(super) fn field(&self, line: usize) -> Vec<FieldPart> {
        let mut parts = Vec::new();
        let mut at = self.known.get(line).and_then(|line| line.field);
        while let Some((above, part)) = at.and_then(|at| self.fields.get(at)) {
            parts.push(part.clone());
            at = *above;
        }
        parts.reverse();
        parts
    }

    /// Where a person would edit the line of that number, from 0. Of a long text, the very line where it is found.
    pub(super) fn at(&self, line: usize, files: &Files) -> Option<Origin> {
        let Line { at, within, .. } = self.known.get(line)?;
        let (at, within) = ((*at)?, *within);
        if within == 0 {
            return Some(at);
        }
        let file = files.get(at.file);
        let first = file.lines().place(&file.text, at.span.start).line;
        let wanted = self.starts.line(&self.text, line as u32 + 1)?.trim();
        // Of a block the first line is its head; a file that a generator took has none.
        let candidates = [within as u32, within as u32 - 1];
        let found = candidates
            .into_iter()
            .filter_map(|ahead| line_at(&file, first + ahead, wanted))
            .find(|span| span.start < at.span.end.max(at.span.start + 1));
        Some(found.map_or(at, |span| Origin { span, ..at }))
    }
}

impl Lines {
    /// The same, but a place on the way of the value where that is what the change touched: the namespace of a
    /// kustomization, not the reference that follows it.
    pub(super) fn touched_at(
        &self,
        line: usize,
        files: &Files,
        is_touched: &dyn Fn(Origin) -> bool,
    ) -> Option<Origin> {
        let at = self.at(line, files)?;
        if is_touched(at) {
            return Some(at);
        }
        let via = self.known.get(line).and_then(|line| line.via.as_ref());
        let mut steps = via.into_iter().flat_map(Step::chain).map(|step| step.at);
        Some(steps.find(|step| is_touched(*step)).unwrap_or(at))
    }
}

/// The line of that number, from 1, if it says `wanted`.
fn line_at(file: &File, number: u32, wanted: &str) -> Option<Span> {
    let line = file.lines().line(&file.text, number)?;
    if line.trim() != wanted {
        return None;
    }
    let start = file.lines().start_of(number)? as usize + (line.len() - line.trim_start().len());
    Some(Span::new(start, start + wanted.len()))
}
