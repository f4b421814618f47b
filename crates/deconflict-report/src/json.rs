//! `json`: the whole report for programs, two spaces per level.

use std::io;

use deconflict_findings::Report;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::text::is_hostile;
use crate::wire::WireReport;

/// The report as JSON with a line break at the end.
pub fn json(report: &Report) -> String {
    to_text(&WireReport::new(report))
}

/// Pretty JSON with a line break at the end.
pub(crate) fn to_text(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let formatter = Escaping {
        pretty: PrettyFormatter::new(),
    };
    let done = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    done.expect("because writing to memory cannot fail and all map keys are strings");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("because JSON of strings is UTF-8")
}

/// serde_json escapes what JSON demands: characters below U+0020. A terminal also obeys U+009B, and a reader is fooled by
/// direction overrides; those are written as `\u` escapes too, which means the same to a program.
struct Escaping {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hostile) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut chars = rest[at..].chars();
            let mut units = [0; 2];
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::json;
    use crate::fixture;

    #[test]
    fn fields_stand_as_promised() {
        let text = json(&fixture::report());
        let report: Value = serde_json::from_str(&text).unwrap();
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            keys(&report),
            "schema tool judged summary coverage unfinished findings"
        );
        assert_eq!(keys(&report["judged"]), "kind base merged");
        assert_eq!(
            keys(&report["summary"]),
            "errors warnings infos old suppressed files placements objects clusters"
        );
        assert_eq!(keys(&report["coverage"]["skipped"][0]), "path reason detail");
        let finding = &report["findings"][0];
        assert_eq!(
            keys(finding),
            "rule family severity message location label related trail objects field key certainty seen_in notes help \
             url fingerprint old fix"
        );
        assert_eq!(
            keys(&finding["location"]),
            "path line column end_line end_column start end"
        );
        assert_eq!(keys(&finding["related"][0]), "location message");
        assert_eq!(keys(&finding["trail"][0]), "action location detail");
        assert_eq!(
            keys(&finding["objects"][0]),
            "cluster group version kind namespace name root app engine owner"
        );
        assert_eq!(keys(&finding["seen_in"][0]), "cluster root old");
        assert_eq!(finding["location"]["column"], 17);
        assert!(
            text.starts_with("{\n  \"schema\": 1,\n") && text.ends_with("}\n"),
            "{text}"
        );
    }

    #[test]
    fn hostile_text_keeps_its_meaning_and_loses_its_teeth() {
        let mut report = fixture::report();
        let hostile = "a\u{1b}[2J \u{9b}31m \u{202e} \u{e0041} \u{7f} \n";
        report.findings[1].message = hostile.to_owned();
        let text = json(&report);
        assert!(
            !text.chars().any(|c| c != '\n' && crate::text::is_hostile(c)),
            "{text}"
        );
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["findings"][1]["message"], hostile);
    }

    #[test]
    fn secrets_stay_in_the_file() {
        assert!(!json(&fixture::report()).contains("aHVudGVyMg"));
    }
}
