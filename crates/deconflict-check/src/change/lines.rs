//! Which lines a change touched, and where the others stood before it.

use std::sync::{Arc, Mutex, PoisonError};

use deconflict_files::{File, FileId, Files, Origin, RepoPath, Span};
use deconflict_findings::Place;
use imara_diff::{Algorithm, Diff, InternedInput};
use rustc_hash::FxHashMap;

use super::Change;

/// Files before and after a change, line by line. Each file is compared when somebody asks about it.
pub(crate) struct Moved<'c> {
    change: &'c Change,
    files: &'c Files,
    before: FxHashMap<&'c RepoPath, &'c RepoPath>,
    after: FxHashMap<&'c RepoPath, &'c RepoPath>,
    compared: Mutex<FxHashMap<FileId, Arc<Lines>>>,
}

/// A line that the change left as it was.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Kept {
    /// Where it stood before: the path.
    pub(crate) path: RepoPath,
    /// The line, from 1.
    pub(crate) line: u32,
}

/// One file after the change.
#[derive(Debug)]
enum Lines {
    /// As before.
    Same,
    /// Not there before.
    New,
    /// By line from 0: where it stood before, also from 0; `None` for what the change wrote. And the path before.
    Compared(RepoPath, Vec<Option<u32>>),
}

impl<'c> Moved<'c> {
    pub(crate) fn new(change: &'c Change, files: &'c Files) -> Self {
        Self {
            change,
            files,
            before: change.renames.iter().map(|(from, to)| (to, from)).collect(),
            after: change.renames.iter().map(|(from, to)| (from, to)).collect(),
            compared: Mutex::default(),
        }
    }

    /// What the file at `path` before the change is called after it.
    pub(crate) fn renamed(&self, path: &str) -> String {
        let after = RepoPath::new(path).and_then(|path| self.after.get(&path).copied());
        after.map_or(path, RepoPath::as_str).to_owned()
    }

    /// What the directory at `path` before the change is called after it, as far as one of its files shows.
    pub(crate) fn renamed_directory(&self, path: &str) -> String {
        let renamed = RepoPath::new(path).and_then(|directory| {
            self.change.renames.iter().find_map(|(from, to)| {
                let rest = from.below(&directory)?;
                let parent = to.as_str().strip_suffix(rest.as_str())?.strip_suffix('/')?;
                Some(parent.to_owned())
            })
        });
        renamed.unwrap_or_else(|| path.to_owned())
    }

    /// What the file at `path` after the change was called before it.
    pub(crate) fn path_before<'p>(&self, path: &'p RepoPath) -> &'p RepoPath
    where
        'c: 'p,
    {
        self.before.get(path).copied().unwrap_or(path)
    }

    /// True when the change added or altered a line at `at`.
    pub(crate) fn is_touched(&self, at: Origin) -> bool {
        let file = self.files.get(at.file);
        match &*self.lines(at.file, &file) {
            Lines::Same => false,
            Lines::New => true,
            Lines::Compared(_, lines) => {
                let place = Place::of(&file, at.span);
                // A span that ends with its line does not reach into the next.
                let last = if place.end_column == 1 && place.end_line > place.line {
                    place.end_line - 1
                } else {
                    place.end_line
                };
                let within = lines.iter().skip(place.line as usize - 1);
                within.take((last - place.line) as usize + 1).any(Option::is_none)
            }
        }
    }

    /// The first line that the change wrote into a file, or that follows what it took away.
    pub(crate) fn first_touched(&self, id: FileId) -> Option<Origin> {
        let file = self.files.get(id);
        let number = match &*self.lines(id, &file) {
            Lines::Same => return None,
            Lines::New => 0,
            Lines::Compared(_, lines) => {
                // Up to the first difference every line keeps its number.
                let mut kept = (0..).map(Some).zip(lines);
                kept.position(|(number, line)| number != *line)
                    .unwrap_or_default()
            }
        };
        let mut start = 0;
        for line in file.text.split_inclusive('\n').take(number) {
            start += line.len();
        }
        let line = file.text[start..].lines().next().unwrap_or_default();
        let from = start + line.len() - line.trim_start().len();
        Some(Origin::new(id, Span::new(from, from + line.trim().len())))
    }

    /// True when the change altered the file at `at` anywhere.
    pub(crate) fn is_in_touched_file(&self, at: Origin) -> bool {
        let file = self.files.get(at.file);
        !matches!(&*self.lines(at.file, &file), Lines::Same)
    }

    /// Where the first line of `at` stood before, if the change left it as it was.
    pub(crate) fn kept(&self, at: Origin) -> Option<Kept> {
        let file = self.files.get(at.file);
        let line = Place::of(&file, at.span).line;
        match &*self.lines(at.file, &file) {
            Lines::Same => Some(Kept {
                path: file.path.clone(),
                line,
            }),
            Lines::New => None,
            Lines::Compared(path, lines) => Some(Kept {
                path: path.clone(),
                line: lines.get(line as usize - 1).copied().flatten()? + 1,
            }),
        }
    }

    /// A line of the tree before the change.
    pub(crate) fn before(&self, at: Origin) -> Kept {
        let file = self.files.get(at.file);
        Kept {
            path: file.path.clone(),
            line: Place::of(&file, at.span).line,
        }
    }

    /// True when the change gave any file another name.
    pub(crate) fn any_renamed(&self) -> bool {
        !self.change.renames.is_empty()
    }

    fn lines(&self, id: FileId, file: &File) -> Arc<Lines> {
        let known = |compared: &FxHashMap<FileId, Arc<Lines>>| compared.get(&id).cloned();
        let lock = || self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = known(&lock()) {
            return lines;
        }
        let lines = Arc::new(self.compare(id, file));
        lock().insert(id, Arc::clone(&lines));
        lines
    }

    fn compare(&self, id: FileId, file: &File) -> Lines {
        if self.change.changed.binary_search(&file.path).is_err() {
            return Lines::Same;
        }
        let path = self.before.get(&file.path).copied().unwrap_or(&file.path);
        match self.change.base.load(path) {
            Err(_) => Lines::New,
            Ok(before) if before.file == id => Lines::Same,
            Ok(before) => Lines::Compared(path.clone(), positions(&before.text, &file.text)),
        }
    }
}

/// For each line of `after`, the line of `before` that it is, both from 0.
fn positions(before: &str, after: &str) -> Vec<Option<u32>> {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut positions = Vec::with_capacity(input.after.len());
    let mut kept = 0;
    for hunk in diff.hunks() {
        while (positions.len() as u32) < hunk.after.start {
            positions.push(Some(kept));
            kept += 1;
        }
        positions.extend(hunk.after.clone().map(|_| None));
        kept = hunk.before.end;
    }
    while positions.len() < input.after.len() {
        positions.push(Some(kept));
        kept += 1;
    }
    // The empty line after a final line break.
    positions.push(Some(kept));
    positions
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn lines_keep_their_identity() {
        let check = |before: &str, after: &str, want: &[Option<u32>]| {
            let lines = |text: &str| text.replace(' ', "\n") + "\n";
            let mut got = positions(&lines(before), &lines(after));
            got.pop();
            assert_eq!(got, want, "{before} → {after}");
        };
        check("a b c", "a b c", &[Some(0), Some(1), Some(2)]);
        check("a b c", "x a b c", &[None, Some(0), Some(1), Some(2)]);
        check("a b c", "a c", &[Some(0), Some(2)]);
        check("a b c", "a x c", &[Some(0), None, Some(2)]);
        check("a b c", "a b c d", &[Some(0), Some(1), Some(2), None]);
    }
}
