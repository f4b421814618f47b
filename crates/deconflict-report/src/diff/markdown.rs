//! A comment on a merge request: how much changes where, then every change to unfold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deconflict_findings::{Change, Difference, Effect, LineSide};

use super::human::diff_closing_lines;
use super::sections::{Counts, Section, sections};
use super::words::{field_for_people, line_text, object_title, places_text, remark, section_title};
use crate::Style;
use crate::markdown::entities;
use crate::text::count;

/// By this line a program finds its own comment again, to change it instead of writing another.
const MARKER: &str = "<!-- deconflict diff -->";

/// Names in a list.
const NAMES: usize = 5;
/// Rows of the table.
const ROWS: usize = 30;
/// Lines of one object.
const LINES: usize = 200;
/// Lines of all objects that are short enough to be open from the start.
const OPEN: usize = 60;

/// At most `limit` bytes; what does not fit is counted. Nothing from the repository can mention a person, make a link or
/// leave its block.
pub fn diff_markdown(difference: &Difference, limit: usize) -> String {
    let sections = sections(difference);
    let closing = closing(difference);
    let counts = Counts::of(difference.changes.iter());
    let mut out = format!("{MARKER}\n### deconflict diff: {}", counts.words());
    if !difference.changes.is_empty() {
        let _ = write!(
            out,
            " in {} of {}",
            count(counts.applications, "application", "applications"),
            count(counts.clusters, "cluster", "clusters")
        );
    }
    out.push_str("\n\n");
    out.push_str(&table(&sections));
    let all: usize = difference.changes.iter().map(lines_of).sum();
    // Room for the closing lines and the line about what is missing.
    let room = limit.saturating_sub(closing.len() + 200);
    let mut left = difference.changes.len();
    'sections: for section in &sections {
        let title = entities(&section_title(section, NAMES));
        let mut head = Some(format!("#### {title}\n\n"));
        for change in &section.changes {
            let head_length = head.as_ref().map_or(0, String::len);
            let mut text = detail(change, difference, all <= OPEN, LINES);
            if out.len() + head_length + text.len() > room {
                text = detail(change, difference, false, 0);
            }
            if out.len() + head_length + text.len() > room {
                break 'sections;
            }
            out.push_str(&head.take().unwrap_or_default());
            out.push_str(&text);
            left -= 1;
        }
    }
    if left > 0 {
        let _ = writeln!(
            out,
            "{} not shown here.\n",
            count(left, "more change", "more changes")
        );
    }
    out.push_str(&closing);
    out
}

fn lines_of(change: &Change) -> usize {
    change.hunks.iter().map(|hunk| hunk.lines.len()).sum()
}

/// How much happens where.
fn table(sections: &[Section<'_>]) -> String {
    let mut rows: BTreeMap<(&str, &str), [usize; 4]> = BTreeMap::new();
    let all = sections.iter().flat_map(|section| &section.changes);
    for change in all {
        for object in change.objects.iter().filter_map(|pair| pair.shown()) {
            let app = object.app.as_deref().unwrap_or_default();
            let row = rows
                .entry((object.cluster.as_deref().unwrap_or("–"), app))
                .or_default();
            row[change.effect as usize] += 1;
        }
    }
    // One row says nothing that the headline does not.
    if rows.len() < 2 {
        return String::new();
    }
    let mut out = String::from(
        "| cluster | application | added | changed | moved | removed |\n|---|---|---:|---:|---:|---:|\n",
    );
    let more = rows.len().saturating_sub(ROWS);
    for ((cluster, app), numbers) in rows.into_iter().take(ROWS) {
        let numbers = numbers.map(|number| {
            if number == 0 {
                String::new()
            } else {
                number.to_string()
            }
        });
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            entities(cluster),
            entities(app),
            numbers.join(" | ")
        );
    }
    if more > 0 {
        let _ = writeln!(out, "| and {more} more | | | | | |");
    }
    out.push('\n');
    out
}

/// At most `limit` lines of it.
fn detail(change: &Change, difference: &Difference, open: bool, limit: usize) -> String {
    let sign = match change.effect {
        Effect::Added => "+",
        Effect::Changed => "~",
        Effect::Moved => "→",
        Effect::Removed => "−",
    };
    let mut title = format!("<b>{sign}</b> {}", entities(&object_title(change, "→", NAMES)));
    if let Some(remark) = remark(change) {
        let _ = write!(title, " ({})", entities(&remark));
    }
    let all = lines_of(change);
    if all == 0 && change.note.is_none() {
        return format!("- {title}\n\n");
    }
    if limit == 0 {
        return format!("- {title}: {} not shown here\n\n", count(all, "line", "lines"));
    }
    let open = if open { " open" } else { "" };
    let mut out = format!("<details{open}><summary>{title}</summary>\n\n");
    if let Some(note) = &change.note {
        let _ = writeln!(out, "{}\n", entities(note));
    }
    let mut left = limit;
    for hunk in &change.hunks {
        if left == 0 {
            break;
        }
        let places = places_text(hunk, &difference.files);
        let is_whole = matches!(change.effect, Effect::Added | Effect::Removed);
        let field = if is_whole {
            String::new()
        } else {
            field_for_people(&hunk.field)
        };
        let parts = [field, places];
        let parts: Vec<String> = parts
            .iter()
            .filter(|part| !part.is_empty())
            .map(|part| format!("<code>{}</code>", entities(part)))
            .collect();
        if !parts.is_empty() {
            let _ = writeln!(out, "{}\n", parts.join(" "));
        }
        let lines: Vec<String> = hunk
            .lines
            .iter()
            .take(left)
            .map(|line| {
                let sign = match line.side {
                    LineSide::Both => ' ',
                    LineSide::Before => '-',
                    LineSide::After => '+',
                };
                format!("{sign} {}", line_text(&line.text, "…"))
            })
            .collect();
        left -= lines.len();
        let fence = fence(&lines);
        let _ = writeln!(out, "{fence}diff\n{}\n{fence}\n", lines.join("\n"));
    }
    if all > limit {
        let _ = writeln!(
            out,
            "{} not shown here.\n",
            count(all - limit, "more line", "more lines")
        );
    }
    out.push_str("</details>\n\n");
    out
}

/// More backticks than any line has together (CommonMark, "Fenced code blocks").
fn fence(lines: &[String]) -> String {
    let longest = |line: &String| {
        let runs = line.split(|c| c != '`');
        runs.map(str::len).max().unwrap_or_default()
    };
    let most = lines.iter().map(longest).max().unwrap_or_default();
    "`".repeat(most.max(2) + 1)
}

fn closing(difference: &Difference) -> String {
    let lines = diff_closing_lines(difference, Style::default());
    let lines: Vec<String> = lines.lines().map(entities).collect();
    format!("<sub>{}</sub>\n", lines.join("<br>"))
}

#[cfg(test)]
mod tests {
    use super::diff_markdown;
    use crate::COMMENT_LIMIT;
    use crate::diff::fixture;

    #[test]
    fn a_comment_to_unfold() {
        let want = "\
<!-- deconflict diff -->
### deconflict diff: 1 added, 2 changed, 1 moved in 1 application of 2 clusters

| cluster | application | added | changed | moved | removed |
|---|---|---:|---:|---:|---:|
| prod | web | 1 | 1 | 1 |  |
| test | web |  | 1 |  |  |

#### web in prod, test (team red)

<details open><summary><b>~</b> Deployment shop/web</summary>

<code>spec.containers&#91;web&#93;.image</code> <code>apps/web/base/deployment.yaml&#58;4</code>

```diff
    containers:
-   - image: web:1
+   - image: web:2
      name: web
```

</details>

#### web in prod (team red)

<details open><summary><b>+</b> ConfigMap shop/extra</summary>

<code>apps/web/base/extra.yaml&#58;1</code>

````diff
+ apiVersion: v1
+ data:
+   a: \"```@team\"
````

</details>

- <b>→</b> Service shop/web (moved here from api, same content)

";
        let text = diff_markdown(&fixture::difference(), COMMENT_LIMIT);
        let (body, closing) = text.split_once("<sub>").unwrap();
        assert_eq!(body, want);
        assert!(
            closing.contains("charts/db/values.yaml &#91;helm&#93;<br>"),
            "{closing}"
        );
    }

    #[test]
    fn it_fits_and_counts_what_does_not() {
        let mut difference = fixture::difference();
        let mut change = difference.changes.remove(0);
        change.hunks[0].lines = fixture::lines(&"+long line of text\n".repeat(500), None);
        difference.changes = vec![change; 40];
        let text = diff_markdown(&difference, COMMENT_LIMIT);
        assert!(text.len() <= COMMENT_LIMIT, "{}", text.len());
        assert!(text.contains("300 more lines not shown here."), "{text}");
        assert!(text.contains(": 500 lines not shown here"), "{text}");
        let text = diff_markdown(&difference, 3000);
        assert!(text.len() <= 3000, "{}", text.len());
        assert!(text.contains("more changes not shown here."), "{text}");
    }

    #[test]
    fn no_name_is_markup() {
        let mut difference = fixture::difference();
        for pair in difference
            .changes
            .iter_mut()
            .flat_map(|change| &mut change.objects)
        {
            if let Some(after) = &mut pair.after {
                after.name = "</summary>@team <b>|x".to_owned();
                after.app = Some("![x](http://x)".to_owned());
            }
        }
        let text = diff_markdown(&difference, COMMENT_LIMIT);
        assert!(!text.contains("@team <b>") && !text.contains("![x]"), "{text}");
    }
}
