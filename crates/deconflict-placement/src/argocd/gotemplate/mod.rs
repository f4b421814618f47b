//! Go templates as ApplicationSets use them (text/template with sprig, less env, expandenv and getHostByName). Short
//! texts, no files, no network; a step limit stands for what never ends.

mod eval;
mod functions;
mod lex;
mod parse;
mod words;

use serde_json::Value;

/// Render `text` over `dot`. `strict`: a missing key is an error (`missingkey=error`). The error is a sentence without
/// full stop.
pub(crate) fn render(text: &str, dot: &Value, strict: bool) -> Result<String, String> {
    let nodes = parse::parse(text)?;
    eval::Evaluator::new(dot, strict).run(&nodes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::render;

    fn check(template: &str, expected: &str) {
        let dot = json!({
            "name": "Prod_EU", "n": 3, "list": ["a", "b"], "map": {"x": 1, "y": {"z": "deep"}}, "empty": "", "yes": true,
            "path": {"basename": "web", "segments": ["apps", "web"]}, "labels": {"a/b": "c"},
        });
        let got = render(template, &dot, false).unwrap_or_else(|why| format!("error: {why}"));
        assert_eq!(got, expected, "{template}");
    }

    #[test]
    fn values_and_pipelines() {
        check("{{.name}}-{{ .n }}-{{ .map.y.z }}", "Prod_EU-3-deep");
        check("{{ .name | lower | replace \"_\" \"-\" }}", "prod-eu");
        check("{{ normalize .name }}", "prod-eu");
        check(
            "{{ index .path.segments 0 }}/{{ index .labels \"a/b\" }}",
            "apps/c",
        );
        check("{{ .missing }}", "<no value>");
        check("{{ default \"d\" .empty }} {{ .missing | default \"e\" }}", "d e");
        check(
            "{{ printf \"%s-%02d\" .path.basename .n }} {{ quote .name }}",
            "web-03 \"Prod_EU\"",
        );
        check(
            "{{ (splitList \"_\" .name) | first }} {{ join \",\" .list }}",
            "Prod a,b",
        );
        check(
            "{{ `raw` }} {{ 'a' }} {{ len .list }} {{ add .n 1 }}",
            "raw 97 2 4",
        );
        check("{{ $x := .n }}{{ $x }}{{ $x = 4 }}{{ $x }} {{ $.n }}", "34 3");
        check("{{ .nope | bogus }}", "error: function bogus is not known here");
    }

    #[test]
    fn control() {
        check("{{ if eq .n 3 }}three{{ else }}other{{ end }}", "three");
        check("{{ if .empty }}a{{ else if and .yes (gt .n 2) }}b{{ end }}", "b");
        check(
            "{{ range .list }}<{{ . }}>{{ end }}{{ range $i, $v := .list }}{{ $i }}{{ $v }}{{ end }}",
            "<a><b>0a1b",
        );
        check(
            "{{ range $k, $v := .map }}{{ $k }};{{ else }}none{{ end }}",
            "x;y;",
        );
        check(
            "{{ with .map.y }}{{ .z }}{{ end }}{{ with .empty }}x{{ else }}y{{ end }}",
            "deepy",
        );
        check("a {{- /* c */ -}} b {{- .n }}", "ab3");
        check(
            "{{ range .list }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}",
            "a",
        );
        check(
            "{{ define \"t\" }}[{{ . }}]{{ end }}{{ template \"t\" .n }}",
            "[3]",
        );
        check("{{ if }}", "error: if without condition");
        check("{{ .a", "error: an action is not closed");
    }

    #[test]
    fn missing_keys_may_be_errors() {
        let dot = json!({"a": {}});
        assert!(render("{{ .a.b }}", &dot, true).is_err());
        assert_eq!(render("{{ dig \"b\" \"d\" .a }}", &dot, true).as_deref(), Ok("d"));
    }
}
