//! Whether a plan says the same about a tree after a change.

use deconflict_files::{Entry, RepoPath};
use deconflict_yaml::{Library, Loaded};

use super::Plan;
use crate::entry;
use crate::survey::{Traits, is_kustomization_file, may_substitute};

impl Plan {
    /// True when the plan of the tree in `after`, which differs from this one's at `changed`, would hand out the same roots
    /// and place them in the same way, as far as the texts tell: the same files are there, and of those that changed the
    /// plan uses nothing but traits that did not change. What roots that were rendered have read is for the caller to
    /// compare. To be asked when nothing is left to hand out.
    pub fn stands(&self, after: &Library, changed: &[RepoPath]) -> bool {
        changed.iter().all(|path| self.ignores(after, path))
    }

    fn ignores(&self, after: &Library, path: &RepoPath) -> bool {
        let is_file = |library: &Library| library.snapshot().entry(path) == Some(Entry::File);
        let is_asked = self.library.has_loaded(path) || self.config.file.as_ref() == Some(path);
        if is_asked || !is_file(&self.texts) || !is_file(after) {
            return false;
        }
        if !is_kustomization_file(path) && !matches!(path.extension(), Some("yaml" | "yml" | "json")) {
            return true;
        }
        let (Ok(old), Ok(new)) = (self.texts.load(path), after.load(path)) else {
            return false;
        };
        let is_silent = |loaded: &Loaded| {
            entry::raw(loaded).is_empty() && !may_substitute(loaded) && !self.leads(path, loaded)
        };
        let traits = |library, loaded: &Loaded| Traits::of(&self.survey, library, path, loaded);
        is_silent(&old) && is_silent(&new) && traits(&self.texts, &old) == traits(after, &new)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use crate::testing::Setup;

    const TREE: &str = "\
//- clusters/prod/sets.yaml
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: apps, namespace: argocd}
spec:
  generators: [{git: {repoURL: \"https://git.example/infra\", files: [{path: envs/*.json}]}}]
  template:
    metadata: {name: web}
    spec:
      source: {repoURL: \"https://git.example/infra\", path: \"{{path_to_use}}\"}
      destination: {server: \"https://kubernetes.default.svc\", namespace: web}
//- envs/prod.json
{\"path_to_use\": \"apps/web\"}
//- other/settings.json
{\"a\": \"b\"}
//- apps/web/kustomization.yaml
resources: [pod.yaml]
//- apps/web/pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: web}
//- README.md
read me
";

    /// Whether the plan of `TREE` stands after `turn`.
    fn check(what: &str, turn: impl Fn(&str) -> String, expected: bool) {
        let setup = Setup::new(TREE)
            .cluster("prod", &["clusters/prod"])
            .source("https://git.example/infra", "");
        let plan = setup.plan();
        let after = turn(TREE);
        assert_ne!(after, TREE, "{what}");
        let library = |text: &str| {
            Library::new(
                Arc::new(MemoryTree::fixture(text).snapshot()),
                Arc::new(Files::new()),
            )
        };
        let (before, after) = (library(TREE), library(&after));
        let paths = |library: &Library| library.snapshot().files();
        let read = |library: &Library, path: &RepoPath| library.snapshot().read(path).ok();
        let mut changed: Vec<RepoPath> = [paths(&before), paths(&after)].concat();
        changed.sort();
        changed.dedup();
        changed.retain(|path| read(&before, path) != read(&after, path));
        assert_eq!(plan.stands(&after, &changed), expected, "{what}: {changed:?}");
    }

    #[test]
    fn what_a_plan_looks_at() {
        let turn = |from: &'static str, to: &'static str| move |tree: &str| tree.replace(from, to);
        let more = |text: &'static str| move |tree: &str| format!("{tree}{text}");
        // What is in an object, or beside the lists of a kustomization, moves nothing.
        check(
            "a field",
            turn("name: web}\n//- README", "name: web}\nspec: {}\n//- README"),
            true,
        );
        check(
            "a comment",
            turn("resources: [pod.yaml]", "# x\nresources: [pod.yaml]"),
            true,
        );
        check(
            "a transformer",
            turn("resources: [pod.yaml]", "resources: [pod.yaml]\nnamePrefix: a-"),
            true,
        );
        check("a text", turn("read me", "read it"), true);
        check("other JSON", turn("\"b\"", "\"c\""), true);
        // The rest may.
        check(
            "a file that a generator reads",
            turn("\"apps/web\"", "\"apps/wed\""),
            false,
        );
        check(
            "an engine's object",
            turn("namespace: web}", "namespace: wed}"),
            false,
        );
        check(
            "a new engine's object",
            turn(
                "kind: Pod",
                "kind: Pod\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application",
            ),
            false,
        );
        check(
            "a new definition",
            turn(
                "v1\nkind: Pod",
                "apiextensions.k8s.io/v1\nkind: CustomResourceDefinition",
            ),
            false,
        );
        check(
            "a new name",
            turn(
                "resources: [pod.yaml]",
                "resources: [pod.yaml, ../../other/settings.json]",
            ),
            false,
        );
        check(
            "a component",
            turn("resources: [pod.yaml]", "kind: Component\nresources: [pod.yaml]"),
            false,
        );
        check(
            "no manifest any more",
            turn("apiVersion: v1\nkind: Pod", "a: b"),
            false,
        );
        check("a new file", more("//- apps/web/more.yaml\na: b\n"), false);
        check("a file that goes", turn("//- README.md\nread me\n", ""), false);
        check(
            "variables",
            turn(
                "name: web}\n//- README",
                "name: web}\nsubstituteFrom: []\n//- README",
            ),
            false,
        );
    }
}
