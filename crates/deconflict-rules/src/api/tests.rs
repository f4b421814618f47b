//! Every rule of the table reports its own bad example, and nothing reports its good one.

use std::sync::Arc;

use deconflict_config::Config;
use deconflict_files::{Files, RepoPath};
use deconflict_kube::{Definition, Definitions, KubernetesVersion, Memo, Object};
use deconflict_yaml::parse;

use crate::{ALL, Check, ServerContext, Sink, judge_object};

/// The ids that the manifests of a page's block get, sorted; `unnamed` for what is no object.
pub(crate) fn ids(block: &str, minor: u16) -> Vec<String> {
    let files = Files::new();
    let mut objects = Vec::new();
    let mut found = Vec::new();
    for (number, text) in block.split("# clusters/").skip(1).enumerate() {
        let path = RepoPath::new(format!("f{number}.yaml").as_str()).unwrap();
        let text = format!("# clusters/{text}");
        let file = files.intern(&path, &Arc::from(text.as_str()));
        for document in parse(file, &text).documents {
            match Object::new(document.root.unwrap(), None) {
                Ok(object) => objects.push(object),
                Err(_) => found.push("unnamed".to_owned()),
            }
        }
    }
    let mut definitions = Definitions::new();
    definitions.extend(
        objects
            .iter()
            .filter_map(|object| Definition::from_object(&object.body).map(Arc::new)),
    );
    for object in &objects {
        let mut sink = Sink::new();
        let context = ServerContext {
            object,
            kubernetes: KubernetesVersion::new(minor),
            definitions: &definitions,
            memo: &Memo::new(),
            config: &Config::default(),
            files: &files,
        };
        judge_object(&context, &mut sink);
        found.extend(
            sink.into_findings()
                .into_iter()
                .map(|finding| finding.rule.to_owned()),
        );
    }
    found.sort();
    found.dedup();
    found
}

/// The text of the yaml block below a heading.
fn block<'d>(docs: &'d str, heading: &str) -> &'d str {
    let rest = docs.split_once(heading).map_or("", |(_, rest)| rest);
    let rest = rest.split_once("```yaml\n").map_or("", |(_, rest)| rest);
    rest.split_once("```").map_or("", |(block, _)| block)
}

#[test]
fn examples_show_their_rule_and_no_other() {
    // Their examples are shortened; the checks themselves are tested where they are.
    let shortened = ["api-annotation-size", "api-config-size"];
    let mut wrong = Vec::new();
    for rule in ALL.iter().filter(|rule| matches!(rule.check, Check::Server)) {
        let (id, docs) = (rule.meta.id, rule.meta.docs);
        let bad = ids(block(docs, "## Example\n"), 34);
        let good = ids(block(docs, "## Instead\n"), 34);
        if bad != [id] && !shortened.contains(&id) {
            wrong.push(format!("{id}: the example gets {bad:?}"));
        }
        if !good.is_empty() {
            wrong.push(format!("{id}: the better way gets {good:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
