//! What lies where: kustomizations, charts, templates, manifests. Looks at texts, builds nothing.

mod graph;
mod kustomization;
mod look;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use deconflict_config::Config;
use deconflict_files::{Entry, ReadError, RepoPath};
use deconflict_findings::Skipped;
use deconflict_yaml::{Library, Loaded};
use rustc_hash::FxHashSet;

use crate::{Problem, ProblemKind};
pub(crate) use graph::Reach;
pub use kustomization::KUSTOMIZATION_LISTS;
pub(crate) use kustomization::Kustomization;
use look::{Look, is_client_side};
pub(crate) use look::{is_client_side_object, may_substitute};

/// Names of a kustomization file.
pub(crate) const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The tree as far as placement asks.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Every file below Top, sorted, excluded ones too.
    pub(crate) files: Vec<RepoPath>,
    /// Every directory that holds a file, at any depth; not the top.
    pub(crate) directories: FxHashSet<RepoPath>,
    /// Kustomizations by directory; without those of charts, templates and excluded paths.
    pub(crate) kustomizations: BTreeMap<RepoPath, Kustomization>,
    /// Directories with a `Chart.yaml` that are no sub-chart.
    pub(crate) charts: BTreeSet<RepoPath>,
    /// Directories that hold templates of another tool.
    pub(crate) templates: Vec<RepoPath>,
    /// Files with a manifest, kustomization files included, sorted.
    pub(crate) manifests: Vec<RepoPath>,
    /// Those that hold objects for a cluster: no kustomization files, no settings of tools on a person's machine.
    pub(crate) objects: BTreeSet<RepoPath>,
    /// Settings of an Argo CD in the tree let kustomizations name files outside their directory.
    pub(crate) argo_is_unrestricted: bool,
    /// Some text may tell Flux to take variables from a ConfigMap or Secret.
    pub(crate) may_substitute: bool,
    /// Files that say what Flux sources leave out, sorted.
    pub(crate) source_ignores: Vec<RepoPath>,
    /// What is not looked at, and why.
    pub(crate) skipped: Vec<Skipped>,
    /// What cannot be read.
    pub(crate) problems: Vec<Problem>,
}

impl Survey {
    /// Look at everything below the configuration's Top.
    pub(crate) fn new(library: &Library, config: &Config) -> Self {
        let mut survey = Self {
            files: library.snapshot().files(),
            ..Self::default()
        };
        survey.files.retain(|path| path.is_within(&config.top));
        for file in &survey.files {
            let mut at = file.parent();
            while let Some(directory) = at {
                at = directory.parent();
                if directory.is_top() || !survey.directories.insert(directory) {
                    break;
                }
            }
        }
        let ignores = survey
            .files
            .iter()
            .filter(|file| file.file_name() == ".sourceignore");
        survey.source_ignores = ignores.cloned().collect();
        survey.find_charts(config);
        let mut kustomizations = Vec::new();
        let mut texts = Vec::new();
        for path in &survey.files {
            if config.is_excluded(path) || survey.is_of_chart(path, config) {
                continue;
            }
            if is_kustomization_file(path) {
                kustomizations.push(path.clone());
            } else if matches!(path.extension(), Some("yaml" | "yml" | "json")) && !is_ours(path, config) {
                texts.push(path.clone());
            }
        }
        survey.templates = templates::find(library, &kustomizations, &texts);
        for path in kustomizations {
            survey.take_kustomization(library, path);
        }
        for path in texts {
            survey.take_file(library, path);
        }
        survey.take_charts(config);
        for directory in survey.templates.clone() {
            survey.skip(&directory, "template", "files that another tool fills in first");
        }
        for (path, why) in library.snapshot().troubles() {
            survey.skip(&path, "unreadable", why);
        }
        survey.manifests.sort();
        survey
    }

    /// The files below `directory`, sorted.
    pub(crate) fn below(&self, directory: &RepoPath) -> &[RepoPath] {
        if directory.is_top() {
            return &self.files;
        }
        let prefix = format!("{}/", directory.as_str());
        let from = self.files.partition_point(|path| path.as_str() < prefix.as_str());
        let rest = &self.files[from..];
        let count = rest.partition_point(|path| path.as_str().starts_with(&prefix));
        &rest[..count]
    }

    /// True when a directory with files is there.
    pub(crate) fn is_directory(&self, path: &RepoPath) -> bool {
        path.is_top() || self.directories.contains(path)
    }

    /// True when a file is there.
    pub(crate) fn is_file(&self, path: &RepoPath) -> bool {
        self.files.binary_search(path).is_ok()
    }

    /// Note that `path` is not checked.
    pub(crate) fn skip(&mut self, path: &RepoPath, reason: &'static str, detail: impl Into<String>) {
        self.skipped.push(Skipped {
            path: path.display().to_owned(),
            reason,
            detail: detail.into(),
        });
    }

    fn find_charts(&mut self, config: &Config) {
        let with_chart = self
            .files
            .iter()
            .filter(|path| path.file_name() == "Chart.yaml" && !config.is_excluded(path))
            .filter_map(RepoPath::parent);
        for directory in with_chart {
            // Sorted by path, so a chart comes before the charts inside it.
            let inside = |chart: &RepoPath| directory != *chart && belongs(&directory, chart, config);
            if !self.charts.iter().any(inside) {
                self.charts.insert(directory);
            }
        }
    }

    fn is_of_chart(&self, path: &RepoPath, config: &Config) -> bool {
        self.charts.iter().any(|chart| belongs(path, chart, config))
    }

    fn take_charts(&mut self, config: &Config) {
        for chart in self.charts.clone() {
            if !self.kustomizations.contains_key(&chart) && !config.is_excluded(&chart) {
                self.skip(&chart, "helm", "a chart: charts are not rendered");
            }
        }
    }

    fn take_kustomization(&mut self, library: &Library, path: RepoPath) {
        let Some(directory) = path.parent() else { return };
        if templates::holds(&self.templates, &path) {
            return;
        }
        if self.kustomizations.contains_key(&directory) {
            // Two files in one directory: the build says so.
            self.manifests.push(path);
            return;
        }
        match library.load(&path) {
            Ok(loaded) => {
                self.may_substitute |= may_substitute(&loaded);
                self.manifests.push(path.clone());
                let read = Kustomization::read(self, library, &directory, &loaded);
                self.kustomizations.insert(directory, read);
            }
            Err(why) => self.unreadable(path, why),
        }
    }

    fn take_file(&mut self, library: &Library, path: RepoPath) {
        if templates::holds(&self.templates, &path) {
            return;
        }
        if matches!(library.snapshot().entry(&path), Some(Entry::Symlink(_))) {
            // What it points at is looked at where it lies, or not at all when that is outside.
            if let Err(why) = library.snapshot().resolve(&path) {
                self.unreadable(path, why);
            }
            return;
        }
        let loaded = match library.load(&path) {
            Ok(loaded) => loaded,
            Err(why) => return self.unreadable(path, why),
        };
        self.may_substitute |= may_substitute(&loaded);
        match look::look(&loaded) {
            Look::Nothing => {}
            Look::Binary => self.unreadable(path, ReadError::Unreadable("is binary, not YAML".to_owned())),
            Look::Encrypted => self.skip(&path, "encrypted", "the whole file is encrypted"),
            Look::Pointer => self.skip(&path, "unsupported", "a Git LFS pointer instead of the file"),
            Look::Manifest { sealed } => {
                if sealed {
                    self.skip(
                        &path,
                        "encrypted",
                        "values are encrypted with SOPS; names are checked",
                    );
                }
                if !is_client_side(&loaded) {
                    self.argo_is_unrestricted |= look::lifts_restrictions(&loaded);
                    self.objects.insert(path.clone());
                }
                self.manifests.push(path);
            }
        }
    }

    fn unreadable(&mut self, path: RepoPath, why: ReadError) {
        self.skip(&path, "unreadable", why.to_string());
        let kind = ProblemKind::Unreadable { path, why };
        self.problems.push(Problem { kind, at: None });
    }
}

/// What the content of a file that stays where it is means to a survey.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Traits {
    look: Look,
    is_client_side: bool,
    lifts_restrictions: bool,
    has_placeholders: bool,
    kustomization: Option<Kustomization>,
}

impl Traits {
    /// Those of the file at `path`, in a tree with the same files as that of `survey`.
    pub(crate) fn of(survey: &Survey, library: &Library, path: &RepoPath, loaded: &Loaded) -> Self {
        let directory = path.parent().filter(|_| is_kustomization_file(path));
        Self {
            look: look::look(loaded),
            is_client_side: is_client_side(loaded),
            lifts_restrictions: look::lifts_restrictions(loaded),
            has_placeholders: templates::has_placeholders(loaded, directory.is_some()),
            kustomization: directory
                .map(|directory| Kustomization::read(survey, library, &directory, loaded)),
        }
    }
}

/// True for a name of a kustomization file.
pub(crate) fn is_kustomization_file(path: &RepoPath) -> bool {
    KUSTOMIZATION_FILES.contains(&path.file_name())
}

/// Files that belong to the chart at `chart`: everything below it, but for a chart at Top only what Helm reads, so
/// that it does not swallow the repository.
fn belongs(path: &RepoPath, chart: &RepoPath, config: &Config) -> bool {
    let Some(inside) = path.below(chart) else {
        return false;
    };
    if *chart != config.top {
        // A kustomization beside a Chart.yaml makes the directory a kustomization (argo-cd, source type of a path).
        return !(is_kustomization_file(path) && inside.parts().count() == 1);
    }
    matches!(
        inside.parts().next(),
        Some("templates" | "charts" | "crds" | "ci" | "Chart.yaml" | "values.yaml")
    )
}

fn is_ours(path: &RepoPath, config: &Config) -> bool {
    config.file.as_ref() == Some(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_config::{Config, Glob};
    use deconflict_files::{Files, MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use super::Survey;

    fn check(fixture: &str, exclude: &[&str], expected: &str) {
        let snapshot = Arc::new(MemoryTree::fixture(fixture).snapshot());
        let library = Library::new(snapshot, Arc::new(Files::new()));
        let config = Config {
            exclude: exclude.iter().filter_map(|text| Glob::new(text).ok()).collect(),
            ..Config::default()
        };
        let survey = Survey::new(&library, &config);
        let list = |paths: &[RepoPath]| paths.iter().map(RepoPath::display).collect::<Vec<_>>().join(" ");
        let mut out = format!("leaves: {}\n", list(&survey.leaves()));
        let objects: Vec<RepoPath> = survey.objects.iter().cloned().collect();
        out += &format!("objects: {}\n", list(&objects));
        for row in &survey.skipped {
            out += &format!("{}: {}\n", row.path, row.reason);
        }
        assert_eq!(out, expected);
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

    #[test]
    fn leaves_are_what_nobody_builds_on() {
        check(
            "//- a/base/kustomization.yaml\nresources: [pod.yaml]\n//- a/base/pod.yaml\napiVersion: v1\nkind: Pod\n\
             //- a/overlays/x/kustomization.yaml\nresources: [../../base]\ncomponents: [../../c]\n\
             //- a/c/kustomization.yaml\nkind: Component\n//- lone/Kustomization\n\
             //- unused/kustomization.yml\nkind: Component\n",
            &[],
            "leaves: a/overlays/x lone\nobjects: a/base/pod.yaml\n",
        );
    }

    #[test]
    fn a_cycle_has_one_root() {
        check(
            "//- a/kustomization.yaml\nresources: [../b]\n//- b/kustomization.yaml\nresources: [../a]\n",
            &[],
            "leaves: a\nobjects: \n",
        );
    }

    #[test]
    fn charts_and_templates_are_said_to_be_skipped() {
        check(
            &format!(
                "//- c/Chart.yaml\nname: c\n//- c/templates/pod.yaml\n{POD}//- c/charts/d/Chart.yaml\nname: d\n\
                 //- hack/templates/x/kustomization.yaml\nresources: ['{{{{ name }}}}']\n\
                 //- hack/templates/y/kustomization.yaml\nresources: [pod.yaml]\n//- hack/templates/pod.yaml\n{POD}\
                 //- k/templates/pod.yaml\n{POD}"
            ),
            &[],
            "leaves: \nobjects: k/templates/pod.yaml\nc: helm\nhack/templates: template\n",
        );
    }

    #[test]
    fn excluded_files_do_not_count() {
        check(
            &format!("//- a/pod.yaml\n{POD}//- b/kustomization.yaml\n//- c/pod.yaml\n{POD}"),
            &["a/**", "b"],
            "leaves: \nobjects: c/pod.yaml\n",
        );
    }
}
