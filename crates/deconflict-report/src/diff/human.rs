//! For a terminal: by applications and clusters, then by object, as a unified difference.

use std::fmt::Write as _;

use deconflict_findings::{Change, Difference, Effect, Hunk, LineSide};

use super::sections::{Counts, sections};
use super::words::{field_for_people, line_text, object_title, places_text, remark, section_title};
use crate::Style;
use crate::closing::not_compared;
use crate::style::Detail;
use crate::text::{count, escape, list, path_at_start};

/// Lines of a whole object.
const WHOLE: usize = 40;
/// Lines of one that changes.
const CHANGED: usize = 120;

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const DIM: &str = "2";

/// The difference, with closing lines unless the reader wants none.
pub fn diff_human(difference: &Difference, style: Style) -> String {
    let mut out = String::new();
    for section in sections(difference) {
        let title = section_title(&section, style.list_limit());
        // A runner would take a title that starts so for a command.
        let title = path_at_start(&title).into_owned();
        let _ = writeln!(out, "{}", paint(&title, BOLD, style));
        for change in &section.changes {
            object(&mut out, change, difference, style);
        }
        out.push('\n');
    }
    if style.detail != Detail::Quiet {
        out.push_str(&diff_closing_lines(difference, style));
    }
    out
}

/// How much differs, and what could not be compared. Ends with a line break.
pub fn diff_closing_lines(difference: &Difference, style: Style) -> String {
    let counts = Counts::of(difference.changes.iter());
    let mut out = counts.words();
    if !difference.changes.is_empty() {
        let _ = write!(
            out,
            " in {} of {}; {}",
            count(counts.applications, "application", "applications"),
            count(counts.clusters, "cluster", "clusters"),
            count(difference.changes.len(), "different change", "different changes")
        );
    }
    let [before, after] = difference.objects;
    let _ = writeln!(
        out,
        " ({} before, {} after)",
        count(before, "object", "objects"),
        crate::text::thousands(after)
    );
    not_compared(&mut out, difference, style);
    unseen(&mut out, difference, style);
    if !difference.conflicts.is_empty() {
        let paths: Vec<_> = difference.conflicts.iter().map(|path| escape(path)).collect();
        let _ = writeln!(
            out,
            "cannot be merged, what the base has was compared: {}",
            list(&paths, style.list_limit())
        );
    }
    for lost in &difference.unfinished {
        let _ = writeln!(out, "not finished: {}", escape(lost));
    }
    out
}

/// What nobody can see by reading the difference.
fn unseen(out: &mut String, difference: &Difference, style: Style) {
    if difference.unseen.is_empty() {
        return;
    }
    let files: Vec<String> = difference
        .unseen
        .iter()
        .map(|skip| format!("{} [{}]", escape(&skip.path), skip.reason))
        .collect();
    let _ = writeln!(
        out,
        "not shown, {} of what is not rendered: {}",
        count(files.len(), "changed file", "changed files"),
        list(&files, style.list_limit())
    );
}

fn object(out: &mut String, change: &Change, difference: &Difference, style: Style) {
    let (sign, color) = match change.effect {
        Effect::Added => ("+", GREEN),
        Effect::Changed => ("~", YELLOW),
        Effect::Moved => (arrow(style), CYAN),
        Effect::Removed => ("-", RED),
    };
    let title = object_title(change, arrow(style), style.list_limit());
    let _ = write!(
        out,
        "  {} {}",
        paint(sign, color, style),
        paint(&title, BOLD, style)
    );
    let is_whole = matches!(change.effect, Effect::Added | Effect::Removed);
    if is_whole && let Some(hunk) = change.hunks.first() {
        let places = places_text(hunk, &difference.files);
        if !places.is_empty() {
            let _ = write!(out, "  {}", paint(&places, DIM, style));
        }
    }
    if let Some(remark) = remark(change) {
        let _ = write!(out, " ({remark})");
    }
    out.push('\n');
    if let Some(note) = &change.note {
        let _ = writeln!(out, "      {}", escape(note));
    }
    let limit = match (style.detail, is_whole) {
        (Detail::Verbose, _) => usize::MAX,
        (_, true) => WHOLE,
        (_, false) => CHANGED,
    };
    let all: usize = change.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    // A rest of a few lines is shorter than to say that it is there.
    let mut left = if all <= limit.saturating_add(limit / 4) {
        all
    } else {
        limit
    };
    let hidden = all - left;
    for hunk in change.hunks.iter().filter(|hunk| !hunk.lines.is_empty()) {
        if left == 0 {
            break;
        }
        if !is_whole {
            head(out, hunk, difference, style);
        }
        for line in hunk.lines.iter().take(left) {
            let text = line_text(&line.text, style.ellipsis());
            let (sign, color) = match line.side {
                LineSide::Before => ('-', Some(RED)),
                LineSide::After => ('+', Some(GREEN)),
                LineSide::Both => (guard(&text), None),
            };
            let text = format!("{sign} {text}");
            let text = text.trim_end();
            match color {
                Some(color) => {
                    let _ = writeln!(out, "      {}", paint(text, color, style));
                }
                None => {
                    let _ = writeln!(out, "      {text}");
                }
            }
        }
        left -= left.min(hunk.lines.len());
    }
    if hidden > 0 {
        let _ = writeln!(
            out,
            "      {} {} (-v shows them)",
            style.ellipsis(),
            count(hidden, "more line", "more lines")
        );
    }
}

fn head(out: &mut String, hunk: &Hunk, difference: &Difference, style: Style) {
    let field = field_for_people(&hunk.field);
    let field = if field.is_empty() {
        format!("line {}", hunk.after)
    } else {
        field
    };
    let places = places_text(hunk, &difference.files);
    let head = paint(&format!("@@ {field} @@"), CYAN, style);
    let _ = writeln!(out, "      {head} {}", paint(&places, DIM, style));
}

/// A runner takes a line for a command when it starts so, spaces before it or not.
fn guard(text: &str) -> char {
    let text = text.trim_start();
    if text.starts_with("::") || text.starts_with("##[") {
        '|'
    } else {
        ' '
    }
}

fn arrow(style: Style) -> &'static str {
    if style.unicode { "→" } else { "->" }
}

fn paint(text: &str, code: &str, style: Style) -> String {
    if style.color && !text.is_empty() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use deconflict_files::Files;
    use deconflict_findings::{Change, Effect};

    use super::diff_human;
    use crate::diff::fixture;
    use crate::style::Detail;
    use crate::{Style, diff_closing_lines};

    #[test]
    fn by_applications_then_objects() {
        let want = "\
web in prod, test (team red)
  ~ Deployment shop/web
      @@ spec.containers[web].image @@ apps/web/base/deployment.yaml:4
          containers:
      -   - image: web:1
      +   - image: web:2
            name: web

web in prod (team red)
  + ConfigMap shop/extra  apps/web/base/extra.yaml:1
      + apiVersion: v1
      + data:
      +   a: \"```@team\"
  → Service shop/web (moved here from api, same content)

1 added, 2 changed, 1 moved in 1 application of 2 clusters; 3 different changes (12 objects before, 13 after)
not compared: 2 deployments that need Helm (-v lists them; --format json: coverage)
not shown, 1 changed file of what is not rendered: charts/db/values.yaml [helm]
cannot be merged, what the base has was compared: apps/x.yaml
";
        assert_eq!(diff_human(&fixture::difference(), Style::default()), want);
    }

    #[test]
    fn nothing_is_said_in_a_line() {
        assert_eq!(
            diff_closing_lines(&fixture::empty(Files::new()), Style::default()),
            "no differences (12 objects before, 13 after)\n"
        );
    }

    /// The lines of one object with that change.
    fn one(lines: &str, style: Style) -> String {
        let mut difference = fixture::difference();
        difference.changes.truncate(1);
        difference.changes[0].objects.truncate(1);
        difference.changes[0].hunks[0].lines = fixture::lines(lines, None);
        let text = diff_human(&difference, style);
        let text = text.lines().skip(3).take_while(|line| !line.is_empty());
        text.map(|line| format!("{}\n", line.trim_start())).collect()
    }

    #[test]
    fn hostile_and_long_lines() {
        let style = Style {
            detail: Detail::Quiet,
            ..Style::default()
        };
        assert_eq!(one("+\u{1b}[31m\u{202e}x", style), "+ \\u{1b}[31m\\u{202e}x\n");
        // A runner would obey a line that only stays.
        assert_eq!(one("   ::error::x\n+a", style), "|   ::error::x\n+ a\n");
        assert_eq!(one(" ##[error]x\n+a", style), "| ##[error]x\n+ a\n");
        let long = one(&format!("+{}", "x".repeat(1000)), style);
        assert_eq!(long, format!("+ {}… (600 more characters)\n", "x".repeat(400)));
        let many = one(&"+x\n".repeat(1000), style);
        assert_eq!(many.lines().count(), 121);
        assert!(many.ends_with("… 880 more lines (-v shows them)\n"), "{many}");
        let all = Style {
            detail: Detail::Verbose,
            ..style
        };
        assert_eq!(one(&"+x\n".repeat(1000), all).lines().count(), 1000);
    }

    #[test]
    fn titles_of_what_is_folded() {
        let check = |before: &[[&str; 3]], after: &[[&str; 3]], effect: Effect, want: &str| {
            let mut difference = fixture::empty(Files::new());
            let object = |[kind, namespace, name]: [&str; 3]| {
                let mut object = fixture::object("prod", "web", kind, name);
                object.namespace = Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty());
                object
            };
            let pairs = before.iter().zip(after);
            difference.changes = vec![Change {
                effect,
                objects: pairs
                    .map(|(old, new)| fixture::both(object(*old), object(*new)))
                    .collect(),
                hunks: Vec::new(),
                note: None,
            }];
            let text = diff_human(&difference, Style::default());
            assert_eq!(text.lines().nth(1).unwrap_or_default().trim_start(), want);
        };
        let changed = |all: &[[&str; 3]], want: &str| check(all, all, Effect::Changed, want);
        changed(&[["Namespace", "", "a"]], "~ Namespace a");
        changed(
            &[["Role", "a", "x"], ["Role", "b", "x"]],
            "~ Role x in 2 namespaces: a, b",
        );
        changed(
            &[["Role", "a", "x"], ["Job", "a", "y"]],
            "~ 2 objects: Job a/y, Role a/x",
        );
        check(
            &[["Role", "a", "x"]],
            &[["Role", "b", "x"]],
            Effect::Moved,
            "→ Role a/x → b/x (deleted and made anew: another namespace)",
        );
        check(
            &[["Role", "a", "x"]],
            &[["Role", "a", "y"]],
            Effect::Moved,
            "→ Role a/x → y (deleted and made anew: another name)",
        );
        check(
            &[["Role", "a", "x"], ["Job", "a", "y"]],
            &[["Role", "b", "x"], ["Job", "b", "y"]],
            Effect::Moved,
            "→ 2 objects, a → b: Job y, Role x (deleted and made anew: another namespace)",
        );
        check(
            &[["ConfigMap", "a", "x-5d8h2k7m9t"]],
            &[["ConfigMap", "a", "x-9bk2f4c6gt"]],
            Effect::Changed,
            "~ ConfigMap a/x-5d8h2k7m9t → x-9bk2f4c6gt",
        );
    }
}
