//! One object and one patch, without a kustomization around them: strategic merge (`merge`) and JSON 6902 (`json-patch`)
//! alone. What a patch does not name stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_kustomize::{Options, Rendered, Session, to_yaml};
use deconflict_yaml::{Dialect, Kind, Library, Node, parse, resolve_merges, to_json};

use super::seeds::Tree;

const OBJECT: &str = "object.yaml";
const PATCH: &str = "patch.yaml";
/// A selector that takes whatever the patch says it is for.
const KUSTOMIZATION: &str = "resources: [object.yaml]\npatches: [{path: patch.yaml, target: {name: '.*'}}]\n";
/// Of one seed, so that the largest do not crowd out the rest.
const PAIRS: usize = 24;

/// Every object of a seed with every patch of it.
pub(super) fn seeds(trees: &[Tree], target: &str) -> Vec<Tree> {
    let mut pairs = Vec::new();
    for tree in trees {
        let (mut objects, mut patches) = (Vec::new(), Vec::new());
        for (path, bytes) in &tree.files {
            let text = String::from_utf8_lossy(bytes);
            let is_kustomization = path.to_lowercase().contains("kustomization");
            let documents = text.split("\n---\n").map(str::to_owned);
            if is_kustomization {
                patches.extend(inline(&text));
            } else if text.contains("kind:") && text.contains("metadata:") {
                objects.extend(documents.clone());
                patches.extend(documents);
            } else {
                patches.extend(documents);
            }
        }
        patches.retain(|patch| is_operations(patch) == (target == "json-patch"));
        let all = objects
            .iter()
            .flat_map(|object| patches.iter().map(move |patch| (object, patch)));
        pairs.extend(
            all.filter(|(object, patch)| object != patch)
                .take(PAIRS)
                .map(|(object, patch)| Tree {
                    files: vec![
                        (OBJECT.to_owned(), object.clone().into_bytes()),
                        (PATCH.to_owned(), patch.clone().into_bytes()),
                    ],
                }),
        );
    }
    pairs
}

fn is_operations(text: &str) -> bool {
    text.contains("op:") || text.contains("\"op\"")
}

/// Patches in scalars of a kustomization.
fn inline(text: &str) -> Vec<String> {
    let Some(root) = document(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut todo: Vec<&Node> = vec![&root];
    while let Some(node) = todo.pop() {
        found.extend(node.text().filter(|text| text.contains('\n')).map(str::to_owned));
        todo.extend(node.items().iter().map(|item| &**item));
        todo.extend(node.fields().iter().map(|field| &*field.value));
    }
    found
}

fn document(text: &str) -> Option<Arc<Node>> {
    let file = Files::new().intern(&RepoPath::default(), &text.into());
    let parsed = parse(file, text);
    let root = parsed.documents.into_iter().find_map(|document| document.root)?;
    resolve_merges(&root, Dialect::Resource).ok()
}

/// What is built can be written, and a field at the top that the patch does not name is as it was.
pub(super) fn run(tree: &Tree) -> Result<(), String> {
    let text = |name: &str| {
        let file = tree.files.iter().find(|(path, _)| path == name);
        file.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
    };
    let (Some(object), Some(patch)) = (text(OBJECT), text(PATCH)) else {
        return Ok(());
    };
    let patched = build(&object, &patch, KUSTOMIZATION);
    if !patched.problems.is_empty() {
        return Ok(());
    }
    if to_yaml(&patched.objects).is_err() {
        return Err("what was patched cannot be written".to_owned());
    }
    let plain = build(&object, &patch, "resources: [object.yaml]\n");
    // Whatever it started as, a change may have made the other of it.
    let named = document(&patch).and_then(|patch| match &patch.kind {
        Kind::List(operations) => addressed(operations).map(|named| (true, named)),
        Kind::Map(fields) => Some((
            false,
            fields.iter().map(|field| field.name().to_owned()).collect(),
        )),
        Kind::Scalar(_) => None,
    });
    let Some((is_json, named)) = named else {
        return Ok(());
    };
    // A directive at the top is about the whole object.
    if named.iter().any(|name| name.starts_with('$')) {
        return Ok(());
    }
    if plain.objects.len() != patched.objects.len() {
        return Ok(());
    }
    for (before, after) in plain.objects.iter().zip(&patched.objects) {
        for field in before.fields() {
            let name = field.name();
            if named.contains(name) || !stays(&field.value) {
                continue;
            }
            let now = after
                .get(name)
                .map(|value| to_json(value, Dialect::Resource).ok());
            let same = match (&now, field.value.is_map()) {
                // JSON patches take numbers through floats (kustomize.md, trap 12).
                (Some(_), true) => true,
                (Some(_), false) if is_json => true,
                (Some(now), false) => *now == to_json(&field.value, Dialect::Resource).ok(),
                (None, _) => false,
            };
            if !same {
                return Err(format!("`{name}` changes, which the patch does not name"));
            }
        }
    }
    Ok(())
}

/// True for what a merge has no reason to touch: it takes nulls away, and of lists that are merged what repeats a key or
/// has none, wherever they stand.
fn stays(value: &Node) -> bool {
    let is_text = |node: &Node| node.as_scalar().is_some() && !node.is_null(Dialect::Resource);
    is_text(value) || value.fields().iter().any(|field| is_text(&field.value))
}

fn build(object: &str, patch: &str, kustomization: &str) -> Rendered {
    let tree = MemoryTree::new()
        .file("kustomization.yaml", kustomization)
        .file(OBJECT, object)
        .file(PATCH, patch);
    let library = Library::new(Arc::new(tree.snapshot()), Arc::default());
    Session::new(Arc::new(library)).build(&RepoPath::top(), &Options::default())
}

/// The fields at the top that operations address; `None` where a path is read in another way than JSON 6901 says.
fn addressed(operations: &[Arc<Node>]) -> Option<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    for operation in operations {
        for field in operation.fields().iter().filter(|field| {
            let name = field.name().to_lowercase();
            name == "path" || name == "from"
        }) {
            let inside = field.value.text()?.strip_prefix('/')?;
            let first = inside.split('/').next().unwrap_or_default();
            named.insert(first.replace("~1", "/").replace("~0", "~"));
        }
    }
    Some(named)
}
