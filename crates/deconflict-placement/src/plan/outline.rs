//! What a root reads and whether it leads on, told from texts, without rendering it.

use deconflict_files::{Reads, RepoPath};
use memchr::memmem;

use super::Plan;
use crate::survey::KUSTOMIZATION_FILES;
use crate::{Root, RootKind};

/// What a text holds that may become something that a plan looks at in the output: an engine's object, its settings, or
/// a definition that gives kinds their scope. Escapes may spell any of them.
const MARKS: [&str; 8] = [
    "argoproj.io",
    "argocd",
    "fluxcd",
    "CustomResourceDefinition",
    "\\x",
    "\\u",
    "\\U",
    "\\\n",
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
        let loaded = self.library.load(path);
        let is_marked = loaded.is_ok_and(|loaded| self.marks(&loaded.text));
        self.marked.insert(path.clone(), is_marked);
        is_marked
    }

    fn marks(&self, text: &str) -> bool {
        let holds = |mark: &&str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        MARKS.iter().any(&holds) || (self.uses_flux && VARIABLES.iter().any(holds))
    }
}
