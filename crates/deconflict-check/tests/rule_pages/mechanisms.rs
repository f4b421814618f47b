//! The bad example of every rule about clusters once more, with what decides coming from a base, from a namespace
//! transformer and from a patch: the finding is the same, and stands where a person would edit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deconflict_files::{Files, RepoPath};
use deconflict_findings::{Finding, Label, Place, Report};
use deconflict_yaml::{Node, parse};

use crate::pages::{File, check, files};

/// Families of rules that see what ends up in a cluster.
const FAMILIES: [&str; 14] = [
    "cap-", "cfg-", "clu-", "crd-", "iso-", "mid-", "msh-", "net-", "own-", "ref-", "sel-", "sid-", "sto-",
    "sup-",
];

/// Two objects of one identity in one directory: kustomize refuses to build them.
const REFUSED: &str = "own-object-repeated";

/// What a finding says, and where: `path:line` of each side.
type Told = (String, Vec<String>);

fn told(report: &Report, id: &str) -> Vec<Told> {
    let mut all: Vec<Told> = of_rule(report, id)
        .map(|finding| {
            (
                finding.message.clone(),
                labels(finding).map(|label| place(report, label)).collect(),
            )
        })
        .collect();
    all.sort();
    all
}

fn of_rule<'r>(report: &'r Report, id: &str) -> impl Iterator<Item = &'r Finding> {
    report.findings.iter().filter(move |finding| finding.rule == id)
}

fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
    std::iter::once(&finding.primary).chain(&finding.related)
}

fn place(report: &Report, label: &Label) -> String {
    let place = Place::of(&report.files.get(label.at.file), label.at.span);
    format!("{}:{}", place.path, place.line)
}

/// Directories that hold nothing but manifests, with the names in them.
fn plain_directories(tree: &[File]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut others = BTreeSet::new();
    for (path, text) in tree {
        let Some((directory, name)) = path.rsplit_once('/') else {
            continue;
        };
        let is_yaml = name.rsplit_once('.').is_some_and(|(_, end)| end == "yaml");
        if is_yaml && text.contains("apiVersion:") && !name.starts_with("kustomization") {
            found
                .entry(directory.to_owned())
                .or_default()
                .push(name.to_owned());
        } else {
            others.insert(directory.to_owned());
        }
    }
    found.retain(|directory, _| !others.contains(directory));
    found
}

fn kustomization(lines: &str, names: &[String]) -> String {
    format!("{lines}resources: [{}]\n", names.join(", "))
}

/// The tree with every plain directory as an overlay of a base that holds its files.
fn with_bases(tree: &[File]) -> Vec<File> {
    let directories = plain_directories(tree);
    let mut moved: Vec<File> = tree
        .iter()
        .map(|(path, text)| {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            let is_plain = directories.contains_key(directory);
            (
                if is_plain {
                    format!("base/{path}")
                } else {
                    path.clone()
                },
                text.clone(),
            )
        })
        .collect();
    for (directory, names) in &directories {
        let up = "../".repeat(directory.split('/').count());
        let base = format!("{up}base/{directory}");
        moved.push((
            format!("base/{directory}/kustomization.yaml"),
            kustomization("", names),
        ));
        moved.push((
            format!("{directory}/kustomization.yaml"),
            kustomization("", &[base]),
        ));
    }
    moved
}

/// The tree with the namespaces of plain directories from their kustomizations, where all objects of one have the same.
fn with_transformers(tree: &[File]) -> Option<Vec<File>> {
    let mut changed = tree.to_vec();
    let mut count = 0;
    for (directory, names) in plain_directories(tree) {
        let texts = tree
            .iter()
            .filter(|(path, _)| path.rsplit_once('/').is_some_and(|(at, _)| at == directory));
        let texts: Option<Vec<(&String, Without)>> = texts
            .map(|(path, text)| Some((path, without_namespace(text)?)))
            .collect();
        let Some(texts) = texts else { continue };
        let all: BTreeSet<&String> = texts.iter().flat_map(|(_, (_, namespaces))| namespaces).collect();
        let [namespace] = all.iter().copied().collect::<Vec<_>>()[..] else {
            continue;
        };
        for (path, (text, _)) in &texts {
            let file = changed.iter_mut().find(|(known, _)| known == *path)?;
            file.1.clone_from(text);
        }
        let head = format!("namespace: {namespace}\n");
        changed.push((
            format!("{directory}/kustomization.yaml"),
            kustomization(&head, &names),
        ));
        count += 1;
    }
    (count > 0).then_some(changed)
}

/// A text, and the namespaces that stood in it.
type Without = (String, BTreeSet<String>);

/// The text without its objects' namespaces, line by line the same; `None` when an object has none or is one.
fn without_namespace(text: &str) -> Option<Without> {
    let mut namespaces = BTreeSet::new();
    let mut documents = Vec::new();
    for document in text.split("---\n") {
        if document.contains("kind: Namespace\n") || document.contains("kind: List") {
            return None;
        }
        let at = document.find("metadata:")?;
        let (head, metadata) = document.split_at(at);
        let key = metadata.find("namespace: ")?;
        let end = metadata[key..].find(['\n', ',', '}'])? + key;
        let before = metadata[..key].trim_end_matches(' ').to_owned();
        // In the metadata, not in what follows it.
        if before.lines().skip(1).any(|line| !line.starts_with(' ')) {
            return None;
        }
        namespaces.insert(metadata[key + "namespace: ".len()..end].to_owned());
        let (before, after) = match (before.strip_suffix(','), metadata[end..].strip_prefix(", ")) {
            (Some(before), _) => (before.to_owned(), &metadata[end..]),
            (None, Some(after)) => (before, after),
            (None, None) => (before, &metadata[end..]),
        };
        documents.push(format!("{head}{before}{after}"));
    }
    Some((documents.join("---\n"), namespaces))
}

/// A way to the node at exactly that place: the target that is its document, and the JSON pointer.
fn pointer(text: &str, label: &Label) -> Option<(String, String)> {
    let path = RepoPath::new("f.yaml")?;
    let file = Files::new().intern(&path, &Arc::from(text));
    let documents = parse(file, text).documents;
    documents.iter().find_map(|document| {
        let root = document.root.as_ref()?;
        let way = way(root, label, String::new())?;
        let text = |path: &[&str]| Some(root.at_path(path)?.text()?.to_owned());
        let namespace = text(&["metadata", "namespace"]).map(|namespace| format!(", namespace: {namespace}"));
        let (kind, name) = (text(&["kind"])?, text(&["metadata", "name"])?);
        Some((
            format!("kind: {kind}, name: {name}{}", namespace.unwrap_or_default()),
            way,
        ))
    })
}

fn way(node: &Node, label: &Label, here: String) -> Option<String> {
    if node.text().is_some() && node.at.span == label.at.span {
        return Some(here);
    }
    let fields = node.fields().iter().find_map(|field| {
        let name = field.name().replace('~', "~0").replace('/', "~1");
        way(&field.value, label, format!("{here}/{name}"))
    });
    fields.or_else(|| {
        let mut items = node.items().iter().enumerate();
        items.find_map(|(index, item)| way(item, label, format!("{here}/{index}")))
    })
}

/// For the namespace of an object, where the transformer would give it.
fn given(report: &Report, label: &Label) -> Option<String> {
    let file = report.files.get(label.at.file);
    let (directory, _) = file.path.display().rsplit_once('/')?;
    let (_, pointer) = pointer(&file.text, label)?;
    (pointer == "/metadata/namespace").then(|| format!("{directory}/kustomization.yaml:1"))
}

/// Another scalar of the same type.
fn other(scalar: &str) -> String {
    match scalar {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        _ => match scalar.find(|c: char| c.is_ascii_alphanumeric()) {
            Some(at) => format!("{}1{}", &scalar[..at], &scalar[at..]),
            None => format!("{scalar}1"),
        },
    }
}

/// The tree with the scalar at `label` put there by a patch, and the place of the patch's value.
fn with_patch(tree: &[File], report: &Report, label: &Label) -> Option<(Vec<File>, String)> {
    let file = report.files.get(label.at.file);
    let path = file.path.display();
    let (directory, name) = path.rsplit_once('/')?;
    let names = plain_directories(tree).remove(directory)?;
    let (target, pointer) = pointer(&file.text, label)?;
    // What an object is called, and whether it is one, no patch changes.
    let is_identity =
        ["/metadata/name", "/metadata/namespace", "/apiVersion", "/kind"].contains(&pointer.as_str());
    let range = label.at.span.range();
    let value = file.text.get(range.clone())?;
    if is_identity || value.contains('\n') || !names.iter().any(|known| known == name) {
        return None;
    }
    let mut changed = tree.to_vec();
    let text = &mut changed.iter_mut().find(|(known, _)| known == path)?.1;
    text.replace_range(range, &other(value));
    let lines = format!(
        "patches:\n- target: {{{target}}}\n  patch: |-\n    - op: replace\n      path: {pointer}\n      \
         value: {value}\n"
    );
    let at = format!("{directory}/kustomization.yaml");
    changed.push((at.clone(), kustomization(&lines, &names)));
    Some((changed, format!("{at}:6")))
}

/// How many rules each mechanism was tried with.
#[derive(Default, Debug)]
struct Tried {
    bases: usize,
    transformers: usize,
    patches: usize,
}

#[test]
fn examples_are_found_whatever_their_values_come_from() {
    let mut tried = Tried::default();
    let mut failures = Vec::new();
    for meta in deconflict_check::rules() {
        let before = files(meta.docs, "## Before");
        let is_of_family = FAMILIES.iter().any(|family| meta.id.starts_with(family));
        if !is_of_family || !before.is_empty() || meta.id == REFUSED {
            continue;
        }
        let tree = files(meta.docs, "## Example");
        let report = check(meta.id, &[], &tree);
        let plain = told(&report, meta.id);
        let mut compare = |mechanism: &str, got: Vec<Told>, expected: &[Told]| {
            if got != expected {
                failures.push(format!("{} {mechanism}:\n  {got:?}\n  {expected:?}", meta.id));
            }
        };
        let directories = plain_directories(&tree);
        let in_base = |place: &String| match place.rsplit_once('/') {
            Some((directory, _)) if directories.contains_key(directory) => format!("base/{place}"),
            _ => place.clone(),
        };
        let moved: Vec<Told> = plain
            .iter()
            .map(|(message, places)| (message.clone(), places.iter().map(in_base).collect()))
            .collect();
        if !directories.is_empty() {
            compare(
                "base",
                told(&check(meta.id, &[], &with_bases(&tree)), meta.id),
                &moved,
            );
            tried.bases += 1;
        }
        if let Some(changed) = with_transformers(&tree) {
            let expected = of_rule(&report, meta.id).map(|finding| {
                let places = labels(finding)
                    .map(|label| given(&report, label).unwrap_or_else(|| place(&report, label)));
                (finding.message.clone(), places.collect())
            });
            let mut expected: Vec<Told> = expected.collect();
            expected.sort();
            compare(
                "namespace",
                told(&check(meta.id, &[], &changed), meta.id),
                &expected,
            );
            tried.transformers += 1;
        }
        let mut is_patched = false;
        for label in of_rule(&report, meta.id).flat_map(labels) {
            let Some((changed, at)) = with_patch(&tree, &report, label) else {
                continue;
            };
            let old = place(&report, label);
            let turned = |place: &String| if *place == old { at.clone() } else { place.clone() };
            let turn = |(message, places): &Told| (message.clone(), places.iter().map(turned).collect());
            let mut expected: Vec<Told> = plain.iter().map(turn).collect();
            let mut got = told(&check(meta.id, &[], &changed), meta.id);
            for (_, places) in got.iter_mut().chain(&mut expected) {
                places.sort();
            }
            compare(&format!("patch of {old}"), got, &expected);
            is_patched = true;
        }
        tried.patches += usize::from(is_patched);
    }
    println!("{tried:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        tried.bases > 80 && tried.transformers > 40 && tried.patches > 60,
        "{tried:?}"
    );
}
