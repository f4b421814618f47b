//! Random layers over one object, whose truth is known because they are made of it: the value of every scalar, its place
//! and every step of its trail.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, Origin, RepoPath};
use deconflict_kustomize::{Options, Session, find};
use deconflict_yaml::Library;
use proptest::prelude::*;

/// Base: each scalar on a line of its own.
const BASE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: old
  labels:
    app: web
  annotations:
    note: none
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: main
        image: nginx:0
        env:
        - name: LEVEL
          value: low
";

/// Paths of the base's scalars and their lines.
const SCALARS: [(&str, &str, usize); 11] = [
    ("apiVersion", "apps/v1", 1),
    ("kind", "Deployment", 2),
    ("metadata.name", "web", 4),
    ("metadata.namespace", "old", 5),
    ("metadata.labels.app", "web", 7),
    ("metadata.annotations.note", "none", 9),
    ("spec.replicas", "1", 11),
    ("spec.template.spec.containers[0].name", "main", 15),
    ("spec.template.spec.containers[0].image", "nginx:0", 16),
    ("spec.template.spec.containers[0].env[0].name", "LEVEL", 18),
    ("spec.template.spec.containers[0].env[0].value", "low", 19),
];

/// What a layer may do; in this order, which is kustomize's. The number makes its values unlike all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    /// A strategic merge patch in a file: replicas and the environment.
    PatchFile,
    /// One in place: the image and a new label.
    PatchInline,
    /// A JSON patch in place: the note.
    JsonInline,
    Namespace,
    Prefix,
    Suffix,
    Labels,
    Replicas,
    Images,
}

const ACTS: [Act; 9] = [
    Act::PatchFile,
    Act::PatchInline,
    Act::JsonInline,
    Act::Namespace,
    Act::Prefix,
    Act::Suffix,
    Act::Labels,
    Act::Replicas,
    Act::Images,
];

/// A value that is to come out.
#[derive(Clone, Debug)]
struct Truth {
    text: String,
    at: String,
    /// Newest first.
    steps: Vec<String>,
}

/// The files so far, and what is true of them.
struct World {
    tree: MemoryTree,
    truth: BTreeMap<String, Truth>,
}

impl World {
    fn new() -> Self {
        let tree = MemoryTree::new()
            .file("l0/web.yaml", BASE)
            .file("l0/kustomization.yaml", "resources: [web.yaml]\n");
        let truth = SCALARS.iter().map(|(path, text, line)| {
            let truth = Truth {
                text: (*text).to_owned(),
                at: format!("l0/web.yaml:{line}"),
                steps: Vec::new(),
            };
            ((*path).to_owned(), truth)
        });
        Self {
            tree,
            truth: truth.collect(),
        }
    }

    /// Another text from another place; `what` names who moved it, and where the old one stood is noted.
    fn replace(&mut self, path: &str, text: String, at: String, what: &str) {
        if let Some(truth) = self.truth.get_mut(path) {
            truth.steps.insert(0, format!("{what} {}", truth.at));
            truth.text = text;
            truth.at = at;
        } else {
            let steps = match what.strip_prefix("transformed ") {
                Some(_) => vec![format!("{what} {at}")],
                None => Vec::new(),
            };
            self.truth.insert(path.to_owned(), Truth { text, at, steps });
        }
    }

    /// More text around a value.
    fn compose(&mut self, path: &str, text: impl Fn(&str) -> String, at: &str, what: &str) {
        if let Some(truth) = self.truth.get_mut(path) {
            truth.text = text(&truth.text);
            truth.steps.insert(0, format!("{what} {at}"));
        }
    }

    /// Add the kustomization `directory` that does `acts`; `first` are its first lines.
    fn layer(&mut self, directory: &str, first: &str, number: usize, acts: &[Act]) {
        let mut text = first.to_owned();
        let mut has_patches = false;
        for act in ACTS.into_iter().filter(|act| acts.contains(act)) {
            let line = |text: &str, add: usize| {
                format!("{directory}/kustomization.yaml:{}", text.lines().count() + add)
            };
            if matches!(act, Act::PatchFile | Act::PatchInline | Act::JsonInline) && !has_patches {
                text.push_str("patches:\n");
                has_patches = true;
            }
            match act {
                Act::PatchFile => {
                    let patch = format!(
                        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: any\nspec:\n  replicas: {number}0\n  template:\n    \
                         spec:\n      containers:\n      - name: main\n        env:\n        - name: LEVEL\n          value: v{number}\n"
                    );
                    self.tree =
                        std::mem::take(&mut self.tree).file(&format!("{directory}/patch.yaml"), patch);
                    text.push_str("- path: patch.yaml\n  target: {kind: Deployment}\n");
                    let at = |line: usize| format!("{directory}/patch.yaml:{line}");
                    self.replace("spec.replicas", format!("{number}0"), at(6), "patched patches");
                    let value = "spec.template.spec.containers[0].env[0].value";
                    self.replace(value, format!("v{number}"), at(13), "patched patches");
                }
                Act::PatchInline => {
                    let image = "spec.template.spec.containers[0].image";
                    self.replace(
                        image,
                        format!("nginx:p{number}"),
                        line(&text, 14),
                        "patched patches",
                    );
                    let label = format!("metadata.labels.l{number}");
                    self.replace(&label, "patched".to_owned(), line(&text, 8), "patched patches");
                    let _ = write!(
                        text,
                        "- target: {{kind: Deployment}}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      \
                         name: any\n      labels:\n        l{number}: patched\n    spec:\n      template:\n        spec:\n          \
                         containers:\n          - name: main\n            image: nginx:p{number}\n"
                    );
                }
                Act::JsonInline => {
                    let note = "metadata.annotations.note";
                    self.replace(note, format!("j{number}"), line(&text, 5), "patched patches");
                    let _ = write!(
                        text,
                        "- target: {{kind: Deployment}}\n  patch: |\n    - op: replace\n      path: /metadata/annotations/note\n      \
                         value: j{number}\n"
                    );
                }
                Act::Namespace => {
                    let at = line(&text, 1);
                    self.replace(
                        "metadata.namespace",
                        format!("ns{number}"),
                        at,
                        "transformed namespace",
                    );
                    let _ = writeln!(text, "namespace: ns{number}");
                }
                Act::Prefix => {
                    let name = |name: &str| format!("p{number}-{name}");
                    self.compose("metadata.name", name, &line(&text, 1), "transformed namePrefix");
                    let _ = writeln!(text, "namePrefix: p{number}-");
                }
                Act::Suffix => {
                    let name = |name: &str| format!("{name}-s{number}");
                    self.compose("metadata.name", name, &line(&text, 1), "transformed nameSuffix");
                    let _ = writeln!(text, "nameSuffix: -s{number}");
                }
                Act::Labels => {
                    let at = line(&text, 3);
                    self.replace(
                        "metadata.labels.team",
                        format!("t{number}"),
                        at,
                        "transformed labels",
                    );
                    let _ = write!(text, "labels:\n- pairs:\n    team: t{number}\n");
                }
                Act::Replicas => {
                    let at = line(&text, 3);
                    self.replace("spec.replicas", format!("{number}"), at, "transformed replicas");
                    let _ = write!(text, "replicas:\n- name: web\n  count: {number}\n");
                }
                Act::Images => {
                    let image = "spec.template.spec.containers[0].image";
                    self.replace(
                        image,
                        format!("nginx:i{number}"),
                        line(&text, 3),
                        "transformed images",
                    );
                    let _ = write!(text, "images:\n- name: nginx\n  newTag: i{number}\n");
                }
            }
        }
        self.tree = std::mem::take(&mut self.tree).file(&format!("{directory}/kustomization.yaml"), text);
    }

    /// Build `root` and compare every scalar.
    fn check(self, root: &str) -> Result<(), TestCaseError> {
        let files = Arc::new(Files::new());
        let session = Session::new(Arc::new(Library::new(
            Arc::new(self.tree.snapshot()),
            Arc::clone(&files),
        )));
        let rendered = session.build(&RepoPath::new(root).unwrap_or_default(), &Options::default());
        prop_assert!(rendered.problems.is_empty(), "{:?}", rendered.problems);
        let place = |at: Origin| {
            let file = files.get(at.file);
            format!(
                "{}:{}",
                file.path,
                file.lines().place(&file.text, at.span.start).line
            )
        };
        let name = &self.truth["metadata.name"].text;
        for (path, truth) in &self.truth {
            let found =
                find(&rendered.objects, &format!("Deployment/{name}:{path}")).map_err(TestCaseError::fail)?;
            let steps: Vec<String> = found
                .steps()
                .map(|step| format!("{} {} {}", step.action.word(), step.by, place(step.at)))
                .collect();
            prop_assert_eq!(found.node.text().unwrap_or_default(), &truth.text, "{}", path);
            prop_assert_eq!(place(found.node.at), truth.at.clone(), "{}", path);
            prop_assert_eq!(&steps, &truth.steps, "{}", path);
        }
        Ok(())
    }
}

/// A layer: what its component does, if it has one, and what itself does.
fn layer() -> impl Strategy<Value = (Option<Vec<Act>>, Vec<Act>)> {
    let acts = || prop::collection::vec(prop::sample::select(&ACTS[..]), 0..5);
    (prop::option::of(acts()), acts())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_scalar_has_its_trail(layers in prop::collection::vec(layer(), 0..5)) {
        let mut world = World::new();
        let mut root = "l0".to_owned();
        for (index, (component, acts)) in layers.iter().enumerate() {
            let number = 2 * index + 1;
            let mut first = format!("resources: [../{root}]\n");
            if let Some(acts) = component {
                let header = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {}\n";
                world.layer(&format!("c{number}"), header, number, acts);
                let _ = writeln!(first, "components: [../c{number}]");
            }
            root = format!("l{number}");
            world.layer(&root, &first, number + 1, acts);
        }
        world.check(&root)?;
    }
}
