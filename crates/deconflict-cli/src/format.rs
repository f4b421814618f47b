//! `--format NAME[=FILE]`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use deconflict_findings::closest;

/// A report format of `check`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Frames, for a terminal.
    Human,
    /// One line per finding.
    Concise,
    /// Everything, for programs.
    Json,
    /// Code scanning.
    Sarif,
    /// Workflow commands, and the summary of the step.
    Github,
    /// Code Quality.
    Gitlab,
    /// Test results.
    Junit,
    /// A comment on a merge request.
    Markdown,
}

/// A format and where it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// A file; otherwise standard output.
    pub(crate) file: Option<PathBuf>,
}

/// The format of a table.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TableFormat {
    /// A table for a terminal
    Human,
    /// For programs
    Json,
}

const NAMES: [(&str, Format); 8] = [
    ("human", Format::Human),
    ("concise", Format::Concise),
    ("json", Format::Json),
    ("sarif", Format::Sarif),
    ("github", Format::Github),
    ("gitlab", Format::Gitlab),
    ("junit", Format::Junit),
    ("markdown", Format::Markdown),
];

/// Formats of `diff`.
const DIFF_NAMES: [(&str, Format); 3] = [
    ("human", Format::Human),
    ("markdown", Format::Markdown),
    ("json", Format::Json),
];

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        output(text, &NAMES)
    }
}

/// `--format` of `diff`, which has no findings to report to a program.
pub(crate) fn diff_output(text: &str) -> Result<Output, String> {
    output(text, &DIFF_NAMES)
}

fn output(text: &str, known: &[(&str, Format)]) -> Result<Output, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("the file name after `=` is missing".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    if let Some((_, format)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(Output {
            format: *format,
            file,
        });
    }
    let hint = closest(name, known.iter().map(|(known, _)| *known));
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    Err(format!(
        "no such format, expected one of {}{hint}",
        names.join(", ")
    ))
}

/// What was asked for, or `human` on standard output. At most one may go to standard output, and each file is written
/// once.
pub(crate) fn outputs(asked: &[Output]) -> Result<Vec<Output>, String> {
    if asked.is_empty() {
        return Ok(vec![Output {
            format: Format::Human,
            file: None,
        }]);
    }
    for (index, output) in asked.iter().enumerate() {
        if asked[..index].iter().any(|earlier| earlier.file == output.file) {
            return Err(match &output.file {
                None => {
                    "only one --format can go to standard output; give the others a file: --format json=FILE"
                        .to_owned()
                }
                Some(file) => format!("two formats would be written to {}", file.display()),
            });
        }
    }
    Ok(asked.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Output, diff_output, outputs};

    #[test]
    fn formats_and_files() {
        let check = |asked: &[&str], want: Result<usize, &str>| {
            let parsed: Result<Vec<Output>, String> = asked.iter().map(|text| text.parse()).collect();
            match (parsed.and_then(|parsed| outputs(&parsed)), want) {
                (Ok(got), Ok(want)) => assert_eq!(got.len(), want, "{asked:?}"),
                (Err(got), Err(want)) => assert!(got.contains(want), "{asked:?}: {got}"),
                (got, want) => panic!("{asked:?}: {got:?}, wanted {want:?}"),
            }
        };
        check(&[], Ok(1));
        check(&["json"], Ok(1));
        check(&["human", "json=a.json", "concise=b"], Ok(3));
        check(&["human", "json"], Err("only one"));
        check(&["json=a", "concise=a"], Err("two formats"));
        check(&["json="], Err("missing"));
        check(&["jsn"], Err("did you mean `json`?"));
        check(&["sarif", "junit=j.xml"], Ok(2));
        assert!(diff_output("markdown=a.md").is_ok());
        assert!(diff_output("sarif").is_err_and(|why| why.contains("human, markdown, json")));
    }
}
