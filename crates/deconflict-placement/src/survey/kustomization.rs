//! What a kustomization names, without building it.

use std::collections::BTreeSet;

use deconflict_files::{Kind, RepoPath};
use deconflict_yaml::{Library, Loaded, Node};

use super::Survey;

/// A kustomization file and what it names in this repository.
#[derive(PartialEq, Eq, Debug, Default)]
pub(crate) struct Kustomization {
    /// `kind: Component`.
    pub(crate) is_component: bool,
    /// It may read more than can be told: it lists directories of plugins, or merge keys bring fields.
    pub(crate) is_opaque: bool,
    /// Directories it builds on.
    pub(crate) directories: BTreeSet<RepoPath>,
    /// Files it uses in any way.
    pub(crate) files: BTreeSet<RepoPath>,
    /// What the settings of its plugins may name: every text in them that is a file.
    pub(crate) maybe: BTreeSet<RepoPath>,
}

/// Fields of a kustomization that list files or directories.
pub const KUSTOMIZATION_LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];

/// Fields that list settings of plugins, which name files in turn.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];

impl Kustomization {
    pub(crate) fn read(survey: &Survey, library: &Library, directory: &RepoPath, loaded: &Loaded) -> Self {
        let mut read = Self::default();
        // A file without a document, or with a broken one, is a kustomization all the same; its build says what is wrong.
        let root = loaded
            .parsed()
            .documents
            .iter()
            .find_map(|document| document.root.as_ref());
        if let Some(root) = root {
            read.is_component = root.get("kind").and_then(|kind| kind.text()) == Some("Component");
            read.is_opaque = loaded.text.contains("<<");
            for path in named(root) {
                read.add(survey, library, directory, path);
            }
            for item in PLUGINS.iter().flat_map(|field| items(root, field)) {
                read.add_plugin(survey, library, directory, item);
            }
        }
        read
    }

    fn add(&mut self, survey: &Survey, library: &Library, directory: &RepoPath, named: &str) {
        let Some(path) = directory.join(named).filter(|path| path != directory) else {
            return;
        };
        if survey.is_file(&path) {
            self.files.insert(path);
        } else if survey.is_directory(&path) {
            self.directories.insert(path);
        } else {
            // Through a symbolic link, above Top, or nowhere.
            match library.snapshot().resolve(&path) {
                Ok((real, Kind::Directory)) => self.directories.insert(real),
                Ok((real, Kind::File)) => self.files.insert(real),
                Err(_) => return,
            };
        }
    }

    /// What the settings of a plugin may name, from the directory of the kustomization.
    fn add_plugin(&mut self, survey: &Survey, library: &Library, directory: &RepoPath, item: &Node) {
        let path = path_of(item).and_then(|path| directory.join(path));
        let file = path.filter(|path| survey.is_file(path));
        let Some(loaded) = file.and_then(|path| library.load(&path).ok()) else {
            // Settings in place, a directory of them, or nothing.
            self.is_opaque = true;
            return;
        };
        let mut todo: Vec<&Node> = loaded
            .parsed()
            .documents
            .iter()
            .filter_map(|document| document.root.as_deref())
            .collect();
        while let Some(node) = todo.pop() {
            todo.extend(node.items().iter().map(|item| &**item));
            todo.extend(node.fields().iter().map(|field| &*field.value));
            let Some(text) = node.text() else { continue };
            // `key=path`, or several paths on lines of their own.
            let words = text.split(['\n', '=', ' ', ',']);
            let paths = words.filter_map(|word| directory.join(word));
            for path in paths.filter(|path| path != directory) {
                if survey.is_file(&path) {
                    self.maybe.insert(path);
                } else if survey.is_directory(&path) || library.snapshot().resolve(&path).is_ok() {
                    self.is_opaque = true;
                }
            }
        }
    }
}

/// Every text in the kustomization that may be a path.
fn named(root: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    for list in KUSTOMIZATION_LISTS {
        found.extend(items(root, list).filter_map(path_of));
    }
    for list in ["patches", "patchesJson6902", "replacements"] {
        found.extend(items(root, list).filter_map(|item| path_of(item.get("path")?)));
    }
    for list in ["configMapGenerator", "secretGenerator"] {
        for generator in items(root, list) {
            found.extend(items(generator, "envs").filter_map(path_of));
            found.extend(generator.get("env").and_then(|env| path_of(env)));
            let files = items(generator, "files").filter_map(path_of);
            found.extend(files.map(|file| file.split_once('=').map_or(file, |(_, path)| path)));
        }
    }
    for chart in items(root, "helmCharts") {
        found.extend(chart.get("valuesFile").and_then(|file| path_of(file)));
        found.extend(items(chart, "additionalValuesFiles").filter_map(path_of));
    }
    found.extend(root.at_path(&["openapi", "path"]).and_then(path_of));
    found
}

fn items<'n>(node: &'n Node, name: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
    node.get(name)
        .map(|list| list.items())
        .unwrap_or_default()
        .iter()
        .map(|item| &**item)
}

/// A scalar on one line that is no address.
fn path_of(node: &Node) -> Option<&str> {
    node.text()
        .filter(|text| !text.is_empty() && !text.contains(['\n', '{']) && !text.contains("://"))
}
