//! What Kubernetes' own YAML library (sigs.k8s.io/yaml 1.6) yields or refuses.

use deconflict_files::LineIndex;
use deconflict_yaml::{Dialect, parse, repeated_keys, to_json};
use serde_json::Value;

use crate::{file, shared};

const DIALECT: Dialect = Dialect::Kubernetes;

/// The JSON, or why there is none.
fn lax(text: &str) -> Result<String, String> {
    let parsed = parse(file(text), text);
    let refused = parsed
        .problems
        .iter()
        .find(|problem| problem.kind.is_refused_by(DIALECT));
    if let Some(problem) = refused {
        return Err(format!("{:?}", problem.kind));
    }
    let root = parsed
        .documents
        .first()
        .and_then(|document| document.root.as_deref());
    root.map_or_else(
        || Ok("null".to_owned()),
        |root| to_json(root, DIALECT).map_err(|error| error.to_string()),
    )
}

/// `None`, or why strict decoding refuses.
fn strict(text: &str) -> Option<String> {
    if let Err(error) = lax(text) {
        return Some(error);
    }
    let parsed = parse(file(text), text);
    let root = parsed.documents.first()?.root.as_deref()?;
    let repeated = match repeated_keys(root, DIALECT) {
        Ok(repeated) => repeated,
        Err(error) => return Some(error.to_string()),
    };
    let first = repeated.first()?;
    let line = LineIndex::new(text).place(text, first.at.span.start).line;
    Some(format!("line {line}: key {}", first.key))
}

#[test]
fn scalars_as_kubernetes_reads_them() {
    let Some(path) = shared("conformance/schema/yaml_k8s_scalars.json") else {
        return;
    };
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(rows.len(), 236);
    let mut wrong = Vec::new();
    for row in &rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let input = text("in").unwrap();
        let got = lax(input);
        let same = match (&got, text("json"), text("err")) {
            (Ok(got), Some(want), None) => got == want,
            // Errors about values have Go's words; those about the text have the parser's own.
            (Err(got), None, Some(want)) => {
                let values = want.starts_with("json:") || want.starts_with("yaml: cannot decode");
                !values || got == want
            }
            _ => false,
        };
        if !same {
            wrong.push(format!("{input:?}: {got:?}, not {row}"));
        }
        let got = strict(input);
        let same = match (&got, text("strict_err")) {
            (None, None) => true,
            (Some(got), Some(want)) => match want.split_once("unmarshal errors:\n  ") {
                Some((_, want)) => want.replace('"', "") == format!("{got} already set in map"),
                None => true,
            },
            _ => false,
        };
        if !same {
            wrong.push(format!("strict {input:?}: {got:?}, not {row}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
