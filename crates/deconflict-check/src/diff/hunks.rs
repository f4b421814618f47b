//! What differs between two texts, line by line, with lines around it.

use deconflict_files::{Files, Origin};
use deconflict_findings::{DiffLine, FieldPart, Hunk, LineSide};
use imara_diff::{Algorithm, Diff, InternedInput};

use super::lines::Lines;
use crate::change::Moved;

/// Lines around those that differ.
const CONTEXT: u32 = 3;

/// The hunks from `before` to `after`; none when both say the same.
pub(super) fn hunks(before: &Lines, after: &Lines, files: &Files, moved: &Moved<'_>) -> Vec<Hunk> {
    let input = InternedInput::new(before.text.as_str(), after.text.as_str());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    // Those whose surroundings touch are one.
    let mut groups: Vec<Vec<imara_diff::Hunk>> = Vec::new();
    for hunk in diff.hunks() {
        let near = groups.last_mut().filter(|group| {
            let last = group.last().map_or(0, |last| last.before.end);
            hunk.before.start <= last + 2 * CONTEXT
        });
        match near {
            Some(group) => group.push(hunk),
            None => groups.push(vec![hunk]),
        }
    }
    let sides = Sides {
        before,
        after,
        old: before.text.lines().collect(),
        new: after.text.lines().collect(),
        files,
        moved,
    };
    groups.iter().filter_map(|group| sides.hunk(group)).collect()
}

/// A whole object that comes or goes.
pub(super) fn whole(lines: &Lines, side: LineSide, files: &Files) -> Hunk {
    let texts = lines.text.lines().enumerate();
    let rows = texts.map(|(index, text)| DiffLine {
        side,
        text: text.to_owned(),
        at: lines.at(index, files),
    });
    Hunk {
        field: Vec::new(),
        before: 1,
        after: 1,
        lines: rows.collect(),
        at: Vec::new(),
    }
}

struct Sides<'l> {
    before: &'l Lines,
    after: &'l Lines,
    old: Vec<&'l str>,
    new: Vec<&'l str>,
    files: &'l Files,
    moved: &'l Moved<'l>,
}

impl Sides<'_> {
    fn hunk(&self, group: &[imara_diff::Hunk]) -> Option<Hunk> {
        let (first, last) = (group.first()?, group.last()?);
        let ahead = CONTEXT.min(first.before.start);
        let mut hunk = Hunk {
            field: Vec::new(),
            before: (first.before.start - ahead) as usize + 1,
            after: (first.after.start - ahead) as usize + 1,
            lines: Vec::new(),
            at: Vec::new(),
        };
        let mut field: Option<Vec<FieldPart>> = None;
        let mut kept = first.before.start - ahead;
        for part in group {
            self.keep(&mut hunk, kept..part.before.start);
            for (side, range) in [
                (LineSide::Before, part.before.clone()),
                (LineSide::After, part.after.clone()),
            ] {
                for index in range {
                    let index = index as usize;
                    let line = self.line(side, index);
                    let path = self.lines(side).field(index);
                    field = Some(match field {
                        Some(common) => shared(common, &path),
                        None => path,
                    });
                    hunk.lines.push(line);
                }
            }
            kept = part.before.end;
        }
        let end = (last.before.end + CONTEXT).min(self.old.len() as u32);
        self.keep(&mut hunk, kept..end);
        hunk.field = field.unwrap_or_default();
        hunk.at = places(&hunk.lines);
        Some(hunk)
    }

    fn lines(&self, side: LineSide) -> &Lines {
        if side == LineSide::Before {
            self.before
        } else {
            self.after
        }
    }

    fn line(&self, side: LineSide, index: usize) -> DiffLine {
        let texts = if side == LineSide::Before {
            &self.old
        } else {
            &self.new
        };
        DiffLine {
            side,
            text: texts.get(index).copied().unwrap_or_default().to_owned(),
            at: match side {
                LineSide::After => self
                    .after
                    .touched_at(index, self.files, &|at| self.moved.is_touched(at)),
                _ => self.before.at(index, self.files),
            },
        }
    }

    fn keep(&self, hunk: &mut Hunk, range: std::ops::Range<u32>) {
        let texts = self.old.get(range.start as usize..range.end as usize);
        hunk.lines
            .extend(texts.unwrap_or_default().iter().map(|text| DiffLine {
                side: LineSide::Both,
                text: (*text).to_owned(),
                at: None,
            }));
    }
}

/// The places of the lines that come; where lines only go, of those.
fn places(lines: &[DiffLine]) -> Vec<Origin> {
    let of = |side: LineSide| -> Vec<Origin> {
        let lines = lines.iter().filter(|line| line.side == side);
        lines.filter_map(|line| line.at).collect()
    };
    let come = of(LineSide::After);
    if come.is_empty() {
        of(LineSide::Before)
    } else {
        come
    }
}

fn shared(common: Vec<FieldPart>, other: &[FieldPart]) -> Vec<FieldPart> {
    let same = common.iter().zip(other).take_while(|(a, b)| a == b).count();
    let mut common = common;
    common.truncate(same);
    common
}
