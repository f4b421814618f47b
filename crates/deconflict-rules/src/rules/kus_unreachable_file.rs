use std::sync::Arc;

use deconflict_config::Glob;
use deconflict_files::{Origin, RepoPath, Span};
use deconflict_findings::{Finding, Label};
use deconflict_kube::{expand_list, is_manifest, text_at};
use deconflict_yaml::{Loaded, Node};

use crate::collision::list;
use crate::files::{is_kustomization_file, kustomization_of};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds files with Kubernetes objects under `layout.apps` that stand beside a kustomization and that no kustomization
    /// names, no engine deploys and no entry of the configuration reaches.
    ///
    /// ## Why it matters
    /// Whoever committed the file believes that it is applied. A PodDisruptionBudget, an alert or a NetworkPolicy that is
    /// missing from `resources` protects nothing, and nothing complains.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// # apps/payments/gateway/overlays/prod/limits.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway-limits, namespace: payments}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [config.yaml, limits.yaml]
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// # apps/payments/gateway/overlays/prod/limits.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway-limits, namespace: payments}
    /// ```
    ///
    /// ## Options
    /// None. `layout.apps` says where applications lie; `exclude` takes files out of every check.
    ///
    /// ## Known limits
    /// Files that a script, a Makefile, a pipeline, a document, a sentence in the kustomization or another YAML file beside them
    /// names are left out, and so are examples, templates, tests, objects for tools (`config.kubernetes.io/local-config`), and directories whose
    /// kustomization runs plugins, which read what they like. A directory without a kustomization of its own, and a
    /// component that nobody uses, are not told.
    "kus-unreachable-file", "a file with objects that no kustomization lists",
    severity: Info,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let mut tellers = None;
    for path in &context.placements.free {
        let Some((directory, kustomization)) = beside(context, path) else {
            continue;
        };
        let Ok(loaded) = context.library.load(path) else {
            continue;
        };
        let (Some(first), titles) = objects(&loaded) else {
            continue;
        };
        let tellers = tellers.get_or_insert_with(|| Tellers::new(context));
        let file = context.library.files().get(kustomization.file);
        let comment = comment(&file.text, path.file_name());
        if !matches!(comment, Comment::Sentence) && !tellers.name(context, path, &directory) {
            sink.report(finding(context, path, &kustomization, &comment, first, &titles));
        }
    }
}

/// The directory of `path`, and its kustomization, when its files are meant to be listed there.
fn beside(context: &FleetContext<'_>, path: &RepoPath) -> Option<(RepoPath, Arc<Loaded>)> {
    let config = context.config;
    let below = path.below(&config.top)?;
    let is_app = config.layout.apps.iter().any(|glob: &Glob| glob.covers(&below));
    if !is_app || is_by_hand(&below) {
        return None;
    }
    let directory = path.parent()?;
    let kustomization = kustomization_of(context.library, &directory)?;
    let mut documents = kustomization.parsed().documents.iter();
    let root = documents.find_map(|document| document.root.as_ref())?;
    let plugins = ["generators", "transformers", "validators"];
    let runs_plugins = plugins.iter().any(|field| root.get(field).is_some());
    (!runs_plugins).then_some((directory, kustomization))
}

/// Examples, templates and tests, by the names that everybody uses for them.
fn is_by_hand(path: &RepoPath) -> bool {
    const WORDS: [&str; 10] = [
        "example",
        "examples",
        "sample",
        "samples",
        "template",
        "templates",
        "tmpl",
        "tpl",
        "tests",
        "testdata",
    ];
    let has = |part: &str, word: &str| part.split(['.', '-', '_']).any(|own| own == word);
    // A directory called `test` is an environment as often as not.
    has(path.file_name(), "test")
        || path
            .parts()
            .any(|part| part.starts_with('.') || WORDS.iter().any(|word| has(part, word)))
}

/// The name of the first object, and what all are called; none when they are for tools.
fn objects(loaded: &Loaded) -> (Option<Origin>, Vec<String>) {
    let documents = loaded.parsed().documents.iter();
    let roots = documents.filter_map(|document| document.root.as_ref());
    let all: Vec<Arc<Node>> = roots
        .filter(|root| is_manifest(root))
        .flat_map(expand_list)
        .filter(|object| !is_local(object))
        .collect();
    let first = all.first().map(|object| {
        let name = object.at_path(&["metadata", "name"]);
        name.map_or(Origin::start_of(loaded.file), |name| name.at)
    });
    let title = |object: &Arc<Node>| {
        let kind = text_at(object, &["kind"])?;
        let name = text_at(object, &["metadata", "name"])?;
        Some(match text_at(object, &["metadata", "namespace"]) {
            Some(namespace) => format!("{kind} {namespace}/{name}"),
            None => format!("{kind} {name}"),
        })
    };
    (first, all.iter().filter_map(title).collect())
}

fn is_local(object: &Node) -> bool {
    let path = ["metadata", "annotations", "config.kubernetes.io/local-config"];
    text_at(object, &path).is_some_and(|value| value != "false")
}

/// Texts in which somebody may say what to do with a file.
struct Tellers(Vec<(RepoPath, String)>);

/// Longer ones are no instructions.
const LONGEST: usize = 256 << 10;

impl Tellers {
    fn new(context: &FleetContext<'_>) -> Self {
        let snapshot = context.library.snapshot();
        let files = snapshot.files().into_iter().filter(tells);
        let texts = files.filter_map(|path| {
            let bytes = snapshot.read(&path).ok().filter(|bytes| bytes.len() <= LONGEST)?;
            Some((path, String::from_utf8_lossy(&bytes).into_owned()))
        });
        Self(texts.collect())
    }

    /// True when somebody names `path`: those in its directory and above by its name, others by the end of its path.
    fn name(&self, context: &FleetContext<'_>, path: &RepoPath, directory: &RepoPath) -> bool {
        let name = path.file_name();
        let end = directory
            .parts()
            .next_back()
            .map(|parent| format!("{parent}/{name}"));
        let told = self.0.iter().any(|(teller, text)| {
            let is_near = teller.parent().is_some_and(|above| directory.is_within(&above));
            is_near && text.contains(name) || end.as_ref().is_some_and(|end| text.contains(end))
        });
        told || is_input(context, path, directory)
    }
}

/// Scripts, build files, pipelines and documents.
fn tells(path: &RepoPath) -> bool {
    const EXTENSIONS: [&str; 12] = [
        "sh", "bash", "py", "mk", "just", "tf", "ps1", "md", "txt", "adoc", "toml", "rb",
    ];
    const NAMES: [&str; 11] = [
        "Makefile",
        "makefile",
        "GNUmakefile",
        "Justfile",
        "justfile",
        "Taskfile.yaml",
        "Taskfile.yml",
        "Tiltfile",
        "Jenkinsfile",
        "skaffold.yaml",
        ".gitlab-ci.yml",
    ];
    const PIPELINES: [&str; 5] = [".github", ".gitlab", ".tekton", ".circleci", ".ci"];
    path.extension()
        .is_some_and(|extension| EXTENSIONS.contains(&extension))
        || NAMES.contains(&path.file_name())
        || path
            .parts()
            .next()
            .is_some_and(|first| PIPELINES.contains(&first))
}

/// True when another YAML file of the directory names it, as the configuration of a plugin or tool does.
fn is_input(context: &FleetContext<'_>, path: &RepoPath, directory: &RepoPath) -> bool {
    let snapshot = context.library.snapshot();
    let others = snapshot.list(directory).into_iter().filter_map(|(name, _)| {
        let other = directory.join(&name)?;
        let is_yaml = matches!(other.extension(), Some("yaml" | "yml" | "json"));
        (is_yaml && other != *path && !is_kustomization_file(&other)).then_some(other)
    });
    others
        .filter_map(|other| snapshot.read(&other).ok())
        .any(|bytes| String::from_utf8_lossy(&bytes).contains(path.file_name()))
}

fn finding(
    context: &FleetContext<'_>,
    path: &RepoPath,
    kustomization: &Loaded,
    comment: &Comment,
    at: Origin,
    titles: &[String],
) -> Finding {
    let name = path.file_name();
    let file = context.library.files().get(kustomization.file);
    let what = if titles.is_empty() {
        "objects".to_owned()
    } else {
        list(titles, "and")
    };
    let message = format!(
        "{} holds {what}, but {} does not list it and nothing else deploys it",
        path.display(),
        file.path.display()
    );
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
    finding.primary.text = "is not deployed".to_owned();
    finding.related = vec![match comment {
        Comment::Entry(span) => Label::new(Origin::new(kustomization.file, *span), "is commented out"),
        Comment::Nothing | Comment::Sentence => {
            let mut documents = kustomization.parsed().documents.iter();
            let root = documents.find_map(|document| document.root.as_ref());
            let resources = root.and_then(|root| root.get("resources"));
            let at = resources.map_or(Origin::start_of(kustomization.file), |list| list.at);
            Label::new(at, format!("does not list {name}"))
        }
    }];
    finding.help = Some(format!(
        "add `{name}` to `resources` (a patch: to `patches`), or delete the file"
    ));
    finding
}

/// What comments of a kustomization say about a file.
enum Comment {
    Nothing,
    /// An entry that was commented out.
    Entry(Span),
    /// A sentence: somebody knows about it.
    Sentence,
}

fn comment(text: &str, name: &str) -> Comment {
    let mut found = Comment::Nothing;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('#') && trimmed.contains(name) {
            let entry = trimmed.trim_start_matches(['#', '-', ' ', '.', '/']);
            if entry != name {
                return Comment::Sentence;
            }
            let from = start + line.find('#').unwrap_or_default();
            found = Comment::Entry(Span::new(from, from + trimmed.len()));
        }
        start += line.len();
    }
    found
}
