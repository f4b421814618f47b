//! What a root reads and whether it leads on, told from texts, without rendering it.

use deconflict_files::{Reads, RepoPath};
use deconflict_yaml::{Loaded, Node};
use memchr::memmem;

use super::Plan;
use crate::survey::{KUSTOMIZATION_FILES, is_kustomization_file};
use crate::{Root, RootKind};

/// What a text holds that may become something that a plan looks at in the output: an engine's object, its settings, or
/// a definition that gives kinds their scope.
const MARKS: [&str; 6] = [
    "argoproj.io/v",
    "secret-type",
    "fluxcd.io/v",
    "fluxcd.controlplane.io/v",
    "CustomResourceDefinition",
    // Replacements may put an API version together.
    "delimiter",
];

/// Where Flux takes variables from: what it replaces with them may be paths.
const VARIABLES: [&str; 4] = ["ConfigMap", "Secret", "configMapGenerator", "secretGenerator"];

impl Plan {
    /// What rendering `root` would read, and perhaps more, when its texts show that nothing in its output leads to
    /// another root or says how others are read. `None` in doubt: then only rendering tells.
    pub fn outline(&mut self, root: &Root) -> Option<Reads> {
        if root.build.substitution.is_some() {
            return None;
        }
        if let Some(edited) = &root.build.kustomization
            && self.marks(edited.json())
        {
            return None;
        }
        let reach = self.reach_of(root);
        if root.kind == RootKind::Kustomize && !reach.directories.contains(&root.path) {
            return None;
        }
        let mut reads = Reads::default();
        for directory in &reach.directories {
            let kustomization = self.survey.kustomizations.get(directory)?;
            let is_known = |path| self.survey.kustomizations.contains_key(path);
            if kustomization.is_opaque || !kustomization.directories.iter().all(is_known) {
                return None;
            }
            for file in &kustomization.maybe {
                reads.note(file, true);
            }
            for name in KUSTOMIZATION_FILES {
                let path = directory.join(name)?;
                reads.note(&path, self.survey.is_file(&path));
            }
        }
        for file in &reach.files {
            reads.note(file, true);
        }
        let leads = reads.found.iter().any(|path| self.is_marked(path));
        (!leads).then_some(reads)
    }

    fn is_marked(&mut self, path: &RepoPath) -> bool {
        if let Some(known) = self.marked.get(path) {
            return *known;
        }
        let loaded = self.texts.load(path);
        let is_marked = loaded.is_ok_and(|loaded| self.leads(path, &loaded));
        self.marked.insert(path.clone(), is_marked);
        is_marked
    }

    /// Whether what a file holds may become something that a plan looks at.
    pub(super) fn leads(&self, path: &RepoPath, loaded: &Loaded) -> bool {
        let marks = |text: &str| self.marks(text);
        marks(&loaded.text) || (is_escaped(&loaded.text) && spells(loaded, path, &marks))
    }

    fn marks(&self, text: &str) -> bool {
        let holds = |mark: &&str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        MARKS.iter().any(&holds) || (self.survey.may_substitute && VARIABLES.iter().any(holds))
    }
}

/// True for a text with escapes that may spell anything, as far as double quotes stand around them.
fn is_escaped(text: &str) -> bool {
    let escapes = ["\\x", "\\u", "\\U", "\\\n", "\\\r"];
    escapes
        .iter()
        .any(|escape| memmem::find(text.as_bytes(), escape.as_bytes()).is_some())
}

/// Whether what a file with escapes spells `marks`. Patches in a kustomization are texts in which escapes count again.
fn spells(loaded: &Loaded, path: &RepoPath, marks: &dyn Fn(&str) -> bool) -> bool {
    let parsed = loaded.parsed();
    let is_again = is_kustomization_file(path);
    let is_marked = |text: &str| marks(text) || (is_again && is_escaped(text));
    let roots = parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_deref());
    let mut todo: Vec<&Node> = roots.collect();
    let is_broken = parsed.problems.iter().any(|problem| problem.kind.is_fatal());
    while let Some(node) = todo.pop() {
        todo.extend(node.items().iter().map(|item| &**item));
        todo.extend(node.fields().iter().map(|field| &*field.value));
        if node.text().is_some_and(is_marked) || node.fields().iter().any(|field| is_marked(field.name())) {
            return true;
        }
    }
    is_broken
}
