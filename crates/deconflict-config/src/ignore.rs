//! Ignore comments.

use deconflict_files::{FileId, LineIndex, Origin, Span};
use deconflict_yaml::{Comment, Kind, Node, Parsed, parse_embedded};
use smol_str::SmolStr;

use crate::ConfigProblem;

/// `# deconflict: ignore[rule-id] reason`: one for each rule that a comment names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ignore {
    /// The rule's id as written.
    pub rule: SmolStr,
    /// Why.
    pub reason: SmolStr,
    /// The lines it speaks about, from 1: its own, and for a comment on its own line all to the next with content.
    pub lines: (u32, u32),
    /// The rule's id in the comment.
    pub at: Origin,
}

impl Ignore {
    /// True when it speaks about one of the lines from `first` to `last`, from 1.
    pub fn covers(&self, first: u32, last: u32) -> bool {
        self.lines.0 <= last && first <= self.lines.1
    }
}

/// The ignore comments of one file, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ignores {
    /// Well-formed ones.
    pub all: Vec<Ignore>,
    /// Malformed ones: no rule, no reason.
    pub problems: Vec<ConfigProblem>,
}

/// What every ignore comment holds.
const MARK: &str = "deconflict:";

/// The ignore comments of a file, those inside documents that it embeds (inline patches, values) included: they speak about lines of
/// this file too. `parsed` is what `text` was parsed to.
pub fn ignores(file: FileId, text: &str, parsed: &Parsed) -> Ignores {
    let mut reader = Reader {
        file,
        text,
        lines: None,
        found: Ignores::default(),
    };
    if !text.contains(MARK) {
        return reader.found;
    }
    let mut comments = parsed.comments.clone();
    for root in parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
    {
        embedded(root, file, text, &mut comments);
    }
    comments.sort_by_key(|comment| comment.span);
    // An alias shows its anchor's comments again.
    comments.dedup();
    for comment in comments {
        reader.comment(comment.span);
    }
    reader.found
}

/// The comments of documents inside scalars. Text of a single line is no document.
fn embedded(node: &Node, file: FileId, text: &str, comments: &mut Vec<Comment>) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            let is_ours = scalar.text.contains(MARK) && scalar.text.contains('\n') && node.at.file == file;
            if is_ours {
                comments.extend(parse_embedded(node, text).comments);
            }
        }
        Kind::List(items) => items.iter().for_each(|item| embedded(item, file, text, comments)),
        Kind::Map(fields) => {
            for field in fields {
                embedded(&field.value, file, text, comments);
            }
        }
    }
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    lines: Option<LineIndex>,
    found: Ignores,
}

impl Reader<'_> {
    fn origin(&self, start: usize, len: usize) -> Origin {
        Origin::new(self.file, Span::new(start, start + len))
    }

    fn problem(&mut self, start: usize, text: &str, message: &str, help: &str) {
        let at = self.origin(start, text.trim_end().len());
        self.found
            .problems
            .push(ConfigProblem::new(at, message).help(help));
    }

    /// A comment may hold several of ours, each behind a `#` of its own.
    fn comment(&mut self, span: Span) {
        let Some(comment) = self.text.get(span.range()).filter(|text| text.starts_with('#')) else {
            return;
        };
        let base = span.start as usize;
        let starts: Vec<usize> = comment
            .match_indices('#')
            .map(|(at, _)| at)
            .filter(|at| comment[at + 1..].trim_start().starts_with(MARK))
            .collect();
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(comment.len());
            let text = &comment[*start..end];
            let skipped = text.find(MARK).unwrap_or_default() + MARK.len();
            self.directive(base + start, text, skipped);
        }
    }

    /// `text` starts at byte `start` with `#`; what it says starts `skipped` bytes later.
    fn directive(&mut self, start: usize, text: &str, skipped: usize) {
        const FORM: &str = "write `# deconflict: ignore[rule-id] reason`";
        let says = text[skipped..].trim_start();
        let word_len = says
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(says.len());
        let (word, rest) = says.split_at(word_len);
        if word != "ignore" {
            // Other words may be prose.
            if rest.starts_with('[') {
                self.problem(start, text, "this comment is none of ours", FORM);
            }
            return;
        }
        let list_at = start + text.len() - rest.len();
        let Some((list, reason)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return self.problem(start, text, "this ignore comment names no rule", FORM);
        };
        let reason = reason
            .trim_start_matches([':', '-', '–', '—', ' ', '\t'])
            .trim_end();
        if list.split(',').all(|rule| rule.trim().is_empty()) {
            return self.problem(start, text, "this ignore comment names no rule", FORM);
        }
        if !reason.contains(char::is_alphanumeric) {
            let help = "say behind the bracket why this is all right";
            return self.problem(start, text, "this ignore comment gives no reason", help);
        }
        let lines = self.lines(start);
        let mut at = list_at + 1;
        for rule in list.split(',') {
            let name = rule.trim();
            if !name.is_empty() {
                let origin = self.origin(at + rule.len() - rule.trim_start().len(), name.len());
                self.found.all.push(Ignore {
                    rule: name.into(),
                    reason: reason.into(),
                    lines,
                    at: origin,
                });
            }
            at += rule.len() + 1;
        }
    }

    /// The lines that the comment at byte `start` speaks about.
    fn lines(&mut self, start: usize) -> (u32, u32) {
        let text = self.text;
        let lines = self.lines.get_or_insert_with(|| LineIndex::new(text));
        let first = lines.place(text, start as u32).line;
        let line_start = lines.start_of(first).map_or(0, |at| at as usize);
        let before = text
            .get(line_start..start)
            .unwrap_or_default()
            .trim_start_matches('\u{feff}');
        let is_alone = before.trim_start().is_empty() || before.trim_start().starts_with('#');
        let mut last = first;
        if is_alone {
            let says_nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            last += 1;
            while lines.line(text, last).is_some_and(says_nothing) {
                last += 1;
            }
        }
        (first, last)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::parse;

    use super::ignores;

    fn check(text: &str, expected: &str) {
        let files = Files::new();
        let file = files.intern(&RepoPath::new("f.yaml").unwrap(), &Arc::from(text));
        let found = ignores(file, text, &parse(file, text));
        let mut out = String::new();
        for ignore in &found.all {
            let (first, last) = ignore.lines;
            let at = &text[ignore.at.span.range()];
            assert_eq!(at, ignore.rule);
            let line = files.get(file).lines().place(text, ignore.at.span.start).line;
            writeln!(out, "{line}: {} {first}-{last} {}", ignore.rule, ignore.reason).unwrap();
        }
        for problem in &found.problems {
            writeln!(out, "{:?}: {problem}", &text[problem.at.span.range()]).unwrap();
        }
        assert_eq!(out.trim(), expected.trim(), "{text}\n---- got\n{out}");
    }

    #[test]
    fn on_a_line_and_above() {
        check(
            "a: 1 # deconflict: ignore[net-x] moved in May\n",
            "1: net-x 1-1 moved in May",
        );
        check(
            "# deconflict: ignore[net-x] one\n# deconflict: ignore[own-y, own-z]: two, see #12\n\n# more\na: 1\n",
            "1: net-x 1-5 one\n2: own-y 2-5 two, see #12\n2: own-z 2-5 two, see #12",
        );
        check("a:\n  #deconflict:ignore[x] y\n  b: 1\n", "2: x 2-3 y");
        check("a: 1\n# deconflict: ignore[x] y", "2: x 2-3 y");
        check(
            "a: 1 # lint: skip # deconflict: ignore[x] y # deconflict: ignore[z] w\n",
            "1: x 1-1 y\n1: z 1-1 w",
        );
        check("- a\r\n# deconflict: ignore[x] y\r\n- b\r\n", "2: x 2-3 y");
    }

    #[test]
    fn malformed() {
        check(
            "a: 1 # deconflict: ignore[x]\n",
            r##""# deconflict: ignore[x]": this ignore comment gives no reason"##,
        );
        check(
            "a: 1 # deconflict: ignore[x] --\n",
            r##""# deconflict: ignore[x] --": this ignore comment gives no reason"##,
        );
        check(
            "a: 1 # deconflict: ignore because\n",
            r##""# deconflict: ignore because": this ignore comment names no rule"##,
        );
        check(
            "a: 1 # deconflict: ignore[ , ] y\n",
            r##""# deconflict: ignore[ , ] y": this ignore comment names no rule"##,
        );
        check(
            "a: 1 # deconflict: ignore[x y\n",
            r##""# deconflict: ignore[x y": this ignore comment names no rule"##,
        );
        check(
            "a: 1 # deconflict: disable[x] y\n",
            r##""# deconflict: disable[x] y": this comment is none of ours"##,
        );
        check(
            "a: 1 # deconflict: it renders this\n# see deconflict: ignore[x] y\n",
            "",
        );
        check("a: '# deconflict: ignore[x] y'\n", "");
    }

    #[test]
    fn inside_patches() {
        check(
            "\
patches:
- patch: |-
    # the gateway keeps it
    # deconflict: ignore[net-x] until May
    - op: add
      path: /spec/x # deconflict: ignore[own-y] ours

      value: 1
- patch: >-
    a: 1 # deconflict: ignore[x] y

    b: 2
- patch: \"a: 1 # deconflict: ignore[q] r\\nb: 2\\n\"
- patch: &p |
    # deconflict: ignore[s] t
    c: 3
- patch: *p
",
            "4: net-x 4-5 until May\n6: own-y 6-6 ours\n10: x 10-10 y\n13: q 13-13 r\n15: s 15-16 t",
        );
    }
}
