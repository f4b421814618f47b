//! What is run on a changed input, and what must hold.

use std::sync::Arc;

use deconflict_check::{Input, Options};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath, Span};
use deconflict_findings::Judged;
use deconflict_kustomize::{Session, to_yaml};
use deconflict_yaml::{
    Dialect, Library, Node, Reading, parse, parse_as, parse_embedded, repeated_keys, resolve_merges, to_json,
};

use super::patches;
use super::seeds::Tree;

pub(super) const NAMES: [&str; 6] = ["yaml", "scanner", "kustomize", "merge", "json-patch", "check"];

pub(super) fn run(target: &str, tree: &Tree) -> Result<(), String> {
    match target {
        "yaml" => tree
            .files
            .iter()
            .try_for_each(|(_, bytes)| yaml(&String::from_utf8_lossy(bytes))),
        "scanner" => tree
            .files
            .iter()
            .try_for_each(|(_, bytes)| scanner(&String::from_utf8_lossy(bytes))),
        "kustomize" => kustomize(tree),
        "merge" | "json-patch" => patches::run(tree),
        _ => check(tree),
    }
}

fn library(tree: &Tree) -> Arc<Library> {
    let mut memory = MemoryTree::new();
    for (path, bytes) in &tree.files {
        memory = memory.file(path, bytes);
    }
    Arc::new(Library::new(Arc::new(memory.snapshot()), Arc::new(Files::new())))
}

/// Places lie within the text, also those of documents inside scalars.
fn yaml(text: &str) -> Result<(), String> {
    let files = Files::new();
    let file = files.intern(&RepoPath::default(), &Arc::from(text));
    let parsed = parse(file, text);
    let inside = |span: Span| {
        let fits = text.get(span.range()).is_some();
        fits.then_some(())
            .ok_or_else(|| format!("{span:?} is not of the text"))
    };
    for problem in &parsed.problems {
        inside(problem.at.span)?;
    }
    for root in parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
    {
        let mut todo: Vec<&Node> = vec![root];
        while let Some(node) = todo.pop() {
            inside(node.at.span)?;
            let embedded = parse_embedded(node, text);
            for at in embedded
                .documents
                .iter()
                .filter_map(|document| Some(document.root.as_ref()?.at))
            {
                inside(at.span)?;
            }
            todo.extend(node.items().iter().map(|item| &**item));
            todo.extend(node.fields().iter().map(|field| &*field.value));
        }
        for dialect in [Dialect::Kubernetes, Dialect::Resource] {
            let _ = (
                resolve_merges(root, dialect),
                repeated_keys(root, dialect),
                to_json(root, dialect),
            );
        }
    }
    Ok(())
}

/// The scanner for the common style reads what the library reads.
fn scanner(text: &str) -> Result<(), String> {
    let file = Files::new().intern(&RepoPath::default(), &Arc::from(text));
    let read = |reading| parse_as(file, text, reading);
    if read(Reading::Short).is_same_as(&read(Reading::Long)) {
        Ok(())
    } else {
        Err("scanner and library differ".to_owned())
    }
}

/// Every directory with a kustomization builds or says why not, and what is built can be written.
fn kustomize(tree: &Tree) -> Result<(), String> {
    let session = Session::new(library(tree));
    for (path, _) in &tree.files {
        let Some(root) = RepoPath::new(path).and_then(|path| path.parent()) else {
            continue;
        };
        let rendered = session.build(&root, &deconflict_kustomize::Options::default());
        if rendered.problems.is_empty() && to_yaml(&rendered.objects).is_err() {
            return Err(format!("{root}: what was built cannot be written"));
        }
    }
    Ok(())
}

/// A check ends with a report, and nothing in it is our own fault; one and four threads say the same.
fn check(tree: &Tree) -> Result<(), String> {
    let once = |threads| {
        let library = library(tree);
        let rules = deconflict_check::rules();
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
        let found = deconflict_config::find(&library, &RepoPath::top(), &ids);
        let codeowners = Arc::new(Codeowners::find(&library, &RepoPath::top()));
        let input = Input {
            library: Arc::clone(&library),
            config: Arc::new(found.config),
            codeowners,
            origin: None,
            judged: Judged {
                kind: "worktree",
                base: None,
                merged: false,
            },
        };
        let options = Options {
            threads,
            ..Options::default()
        };
        let report = deconflict_check::check(&input, &options);
        (report.unfinished.join("; "), deconflict_report::json(&report))
    };
    let (unfinished, one) = once(1);
    if !unfinished.is_empty() {
        return Err(format!("unfinished: {unfinished}"));
    }
    if once(4).1 != one {
        return Err("the number of threads changes the report".to_owned());
    }
    Ok(())
}
