//! A deprecated field of a kustomization file written as what replaces it: in place, so that comments and layout stay
//! (`kustomize edit fix` writes the file anew). What cannot be changed by moving lines is left alone; whoever calls
//! builds both texts and compares.

use std::ops::Range;

/// A replacement of bytes of the file.
pub(crate) type Change = (Range<usize>, String);

/// The changes that turn `field`, whose key starts at `key`, into its replacement; in the order of the file. `None` for
/// a layout of lines that this does not understand.
pub(crate) fn changes(text: &str, field: &str, key: usize) -> Option<Vec<Change>> {
    let block = Block::at(text, field, key)?;
    let (instead, items) = match field {
        "bases" => ("resources", block.as_it_is()),
        "imageTags" => ("images", block.as_it_is()),
        "patchesJson6902" => ("patches", block.as_it_is()),
        "patchesStrategicMerge" => ("patches", block.patches()?),
        "commonLabels" => ("labels", block.labels()?),
        _ => return None,
    };
    if !text.lines().any(|line| is_key(line, instead)) {
        return Some(vec![(block.whole(), format!("{instead}:\n{items}"))]);
    }
    let other = Block::find(text, instead)?;
    // The items go to the end of the list that is there, with its indentation.
    let indent = other.indent()?;
    let items = reindent(&items, indent)?;
    let lead = if text[..other.end].ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let insertion = (other.end..other.end, format!("{lead}{items}"));
    let removal = (block.whole(), String::new());
    let mut changes = vec![insertion, removal];
    changes.sort_by_key(|(range, _)| (range.start, range.end));
    Some(changes)
}

/// `text` after `changes`.
pub(crate) fn apply(text: &str, changes: &[Change]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (range, with) in changes {
        result.push_str(&text[done..range.start]);
        result.push_str(with);
        done = range.end;
    }
    result.push_str(&text[done..]);
    result
}

fn is_key(line: &str, field: &str) -> bool {
    line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':'))
}

/// A field at the left margin, and the lines that belong to it.
struct Block<'t> {
    text: &'t str,
    key: usize,
    /// Where the lines below the key start.
    body: usize,
    /// After its last line that is neither blank nor a comment.
    end: usize,
}

impl<'t> Block<'t> {
    fn find(text: &'t str, field: &str) -> Option<Self> {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if is_key(line, field) {
                return Self::at(text, field, start);
            }
            start += line.len();
        }
        None
    }

    /// The block whose key stands at `key`: at the left margin, nothing behind it, its value below in block style.
    fn at(text: &'t str, field: &str, key: usize) -> Option<Self> {
        let rest = text.get(key..)?.strip_prefix(field)?.strip_prefix(':')?;
        if !(key == 0 || text[..key].ends_with('\n')) {
            return None;
        }
        let first = rest.split_inclusive('\n').next()?;
        if !first.trim().is_empty() || !first.ends_with('\n') {
            return None;
        }
        let body = key + field.len() + 1 + first.len();
        let mut end = body;
        let mut at = body;
        for line in text[body..].split_inclusive('\n') {
            at += line.len();
            let bare = line.trim();
            if bare.is_empty() || (bare.starts_with('#') && !line.starts_with(' ')) {
                continue;
            }
            if !line.starts_with([' ', '-']) || line.starts_with("---") {
                break;
            }
            if !bare.starts_with('#') {
                end = at;
            }
        }
        (end > body).then_some(Self { text, key, body, end })
    }

    fn whole(&self) -> Range<usize> {
        self.key..self.end
    }

    /// Its lines, the last one ended.
    fn as_it_is(&self) -> String {
        let mut lines = self.text[self.body..self.end].to_owned();
        if !lines.ends_with('\n') {
            lines.push('\n');
        }
        lines
    }

    /// The indentation of its first item or key.
    fn indent(&self) -> Option<usize> {
        let lines = self.text[self.body..self.end].lines();
        let mut written = lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        written.next().map(|line| line.len() - line.trim_start().len())
    }

    /// The items of `patchesStrategicMerge`: names of files, or patches as block texts.
    fn patches(&self) -> Option<String> {
        let indent = self.indent()?;
        let margin = " ".repeat(indent);
        let mut lines = String::new();
        let mut inline = false;
        for line in self.as_it_is().lines() {
            let item = line
                .strip_prefix(&margin)
                .and_then(|rest| rest.strip_prefix("- "));
            match item {
                Some(item) => {
                    let item = item.trim_start();
                    inline = item.starts_with('|');
                    // Only plain names: a quoted or flow item could be a patch in itself.
                    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
                    let name = item.split(" #").next().unwrap_or(item).trim_end();
                    if !inline && (name.is_empty() || !name.chars().all(plain)) {
                        return None;
                    }
                    let key = if inline { "patch" } else { "path" };
                    lines.push_str(&format!("{margin}- {key}: {item}\n"));
                }
                None if line.trim().is_empty() => lines.push('\n'),
                None if inline => lines.push_str(&format!("  {line}\n")),
                None if line.trim_start().starts_with('#') => lines.push_str(&format!("{line}\n")),
                None => return None,
            }
        }
        Some(lines)
    }

    /// The pairs of `commonLabels` as one item of `labels`.
    fn labels(&self) -> Option<String> {
        let mut lines = String::from("- includeSelectors: true\n  pairs:\n");
        let margin = self.indent()?;
        for line in self.as_it_is().lines() {
            let rest = line.trim_start();
            if rest.is_empty() {
                lines.push('\n');
                continue;
            }
            let indent = line.len() - rest.len();
            let deeper = indent.saturating_sub(margin);
            lines.push_str(&format!("{}{rest}\n", " ".repeat(4 + deeper)));
        }
        Some(lines)
    }
}

/// `lines` with their first item at `indent`.
fn reindent(lines: &str, indent: usize) -> Option<String> {
    let is_written = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let first = lines.lines().find(is_written)?;
    let old = first.len() - first.trim_start().len();
    let mut result = String::new();
    for line in lines.lines() {
        let rest = line.trim_start();
        if rest.is_empty() {
            result.push('\n');
            continue;
        }
        let deeper = (line.len() - rest.len()).saturating_sub(old);
        result.push_str(&format!("{}{rest}\n", " ".repeat(indent + deeper)));
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::{apply, changes};

    fn check(field: &str, text: &str, want: Option<&str>) {
        let key = text.find(&format!("{field}:")).expect("the field is there");
        let got = changes(text, field, key).map(|changes| apply(text, &changes));
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn fields_are_written_anew_in_place() {
        check(
            "bases",
            "# ours\nbases:\n- ../a # first\nnamePrefix: x-\n",
            Some("# ours\nresources:\n- ../a # first\nnamePrefix: x-\n"),
        );
        check(
            "bases",
            "bases:\n- ../a\n\nresources:\n  - b.yaml\n# end\n",
            Some("\nresources:\n  - b.yaml\n  - ../a\n# end\n"),
        );
        check(
            "commonLabels",
            "commonLabels:\n  app: web # why\n  tier: \"1\"\nresources:\n- a.yaml",
            Some(
                "labels:\n- includeSelectors: true\n  pairs:\n    app: web # why\n    tier: \"1\"\nresources:\n- a.yaml",
            ),
        );
        check(
            "commonLabels",
            "labels:\n  - pairs:\n      a: b\ncommonLabels:\n    app: web\n",
            Some("labels:\n  - pairs:\n      a: b\n  - includeSelectors: true\n    pairs:\n      app: web\n"),
        );
        check(
            "patchesStrategicMerge",
            "patchesStrategicMerge:\n- a.yaml\n- |-\n  kind: X\n  data:\n    a: b\npatches:\n- path: c.yaml\n",
            Some(
                "patches:\n- path: c.yaml\n- path: a.yaml\n- patch: |-\n    kind: X\n    data:\n      a: b\n",
            ),
        );
        check(
            "patchesJson6902",
            "patchesJson6902:\n  - target:\n      kind: X\n    path: a.yaml",
            Some("patches:\n  - target:\n      kind: X\n    path: a.yaml\n"),
        );
    }

    #[test]
    fn other_layouts_are_left_alone() {
        check("bases", "bases: [../a]\n", None);
        check("bases", "{bases: [../a]}\n", None);
        check("bases", "bases: # why\n- ../a\n", None);
        check("bases", "bases:\n- ../a\nresources: [b.yaml]\n", None);
        check(
            "patchesStrategicMerge",
            "patchesStrategicMerge:\n- '{kind: X}'\n",
            None,
        );
        check("vars", "vars:\n- name: X\n", None);
    }
}
