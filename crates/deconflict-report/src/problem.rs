//! A problem outside of a report: what is wrong in a configuration file, for stderr.

use deconflict_files::{Files, Origin};
use deconflict_findings::{Secrets, Severity};

use crate::Style;
use crate::diagnostic::{Side, Texts};
use crate::frames::Frames;
use crate::text::{escape, wrap};

/// A headline, the frame at `at`, and help: the same look as a finding, without rule.
pub fn problem(
    severity: Severity,
    message: &str,
    at: Origin,
    help: Option<&str>,
    files: &Files,
    style: Style,
) -> String {
    let mut out = String::new();
    let frames = Frames::new(style);
    let secrets = Secrets::new();
    let texts = Texts {
        files,
        secrets: &secrets,
    };
    let diagnostic = Side::new(
        (None, severity, message),
        &Side::plain(at),
        std::iter::empty(),
        texts,
        style,
    );
    let gutter = frames.draw(&mut out, &diagnostic).unwrap_or(1);
    if let Some(help) = help {
        let indent = " ".repeat(gutter + 1);
        out.push('\n');
        wrap(
            &mut out,
            &escape(help),
            &format!("{indent}help: "),
            &format!("{indent}      "),
            style.columns(),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use deconflict_files::Files;
    use deconflict_findings::Severity;

    use super::problem;
    use crate::{Style, fixture};

    #[test]
    fn looks_like_a_finding() {
        let files = Files::new();
        let at = fixture::at(
            &files,
            "deconflict.yaml",
            "version: 1\nclutsers: []\n",
            "clutsers",
        );
        let text = problem(
            Severity::Error,
            "unknown key `clutsers`",
            at,
            Some("did you mean `clusters`?"),
            &files,
            Style::default(),
        );
        let want = "\
error: unknown key `clutsers`

  ┌─ deconflict.yaml:2:1
2 │ clutsers: []
  │ ────────

  help: did you mean `clusters`?
";
        assert_eq!(text, want);
    }
}
