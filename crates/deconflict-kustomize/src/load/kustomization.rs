//! The kustomization file: found, read strictly, checked.

use std::sync::Arc;

use deconflict_files::{FileId, Origin, RepoPath};
use deconflict_yaml::{Dialect, Kind, Node, resolve_merges};

use super::documents::yaml_words;
use super::paths::Paths;
use super::shape;
use crate::transform::{Reader, Sourced};
use crate::{Problem, ProblemKind, Warning, WarningKind};

/// The names of a kustomization file. A directory may hold one of them.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Deprecated fields, what to write instead, and the words between.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "'resources'"),
    ("imageTags", "'images'"),
    ("patchesJson6902", "'patches'"),
    ("patchesStrategicMerge", "'patches'"),
    ("commonLabels", "'labels'"),
    ("vars", "'replacements'"),
];

/// A kustomization file that passed its checks.
#[derive(Clone, Debug)]
pub(super) struct Kustomization {
    /// Its content; an empty map for a file of nothing but `kind`.
    pub(super) node: Arc<Node>,
    /// The file.
    pub(super) file: FileId,
    /// Its name.
    pub(super) file_name: &'static str,
    /// The directory it stands in, links followed.
    pub(super) directory: RepoPath,
    /// Its kind is `Component`.
    pub(super) is_component: bool,
}

impl Kustomization {
    /// Read the kustomization file of `directory`, and the warnings that kustomize prints about it.
    pub(super) fn load(paths: &Paths<'_>, directory: &RepoPath) -> Result<(Self, Vec<Warning>), Problem> {
        let shown = paths.shown(directory);
        let found: Vec<&'static str> = FILE_NAMES
            .into_iter()
            .filter(|name| paths.has_file(directory, name))
            .collect();
        let file_name = match found[..] {
            [name] => name,
            [] => {
                return Err(Problem::new(
                    ProblemKind::NotFound,
                    format!(
                        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory \
                         '{shown}'"
                    ),
                ));
            }
            [first, second, ..] => {
                let at = |name| Some(Origin::start_of(paths.file(directory, name).ok()?.file));
                let mut problem =
                    Problem::build(format!("Found multiple kustomization files under: {shown}"));
                problem.at = at(first);
                problem.related.extend(at(second));
                return Err(problem);
            }
        };
        let loaded = paths.file(directory, file_name)?;
        let start = Origin::start_of(loaded.file);
        let invalid = |problem: Problem| problem.within("invalid Kustomization").at(start);
        let parsed = loaded.parsed();
        let refused = parsed
            .problems
            .iter()
            .find(|problem| problem.document == 0 && problem.kind.is_refused_by(Dialect::Kustomization));
        if let Some(problem) = refused {
            let words = yaml_words(problem, &loaded.text, true);
            return Err(invalid(
                Problem::build(words)
                    .within("error converting YAML to JSON")
                    .at(problem.at),
            ));
        }
        let first = parsed.documents.iter().find(|document| document.index == 0);
        let node = match first.and_then(|document| document.root.as_ref()) {
            Some(root) => resolve_merges(root, Dialect::Kustomization).map_err(|error| {
                invalid(
                    Problem::build(format!("yaml: {error}"))
                        .within("error converting YAML to JSON")
                        .at(error.at),
                )
            })?,
            None => Arc::new(Node::map(start)),
        };
        Self::of(node, loaded.file, file_name, directory, &shown)
    }

    /// As if the kustomization file of `directory` held `content`.
    pub(super) fn of_content(
        paths: &Paths<'_>,
        directory: &RepoPath,
        content: &Arc<Node>,
    ) -> Result<(Self, Vec<Warning>), Problem> {
        let file_name = FILE_NAMES
            .into_iter()
            .find(|name| paths.has_file(directory, name))
            .unwrap_or(FILE_NAMES[0]);
        let shown = paths.shown(directory);
        Self::of(Arc::clone(content), content.at.file, file_name, directory, &shown)
    }

    fn of(
        node: Arc<Node>,
        file: FileId,
        file_name: &'static str,
        directory: &RepoPath,
        shown: &str,
    ) -> Result<(Self, Vec<Warning>), Problem> {
        let start = Origin::start_of(file);
        let invalid = |problem: Problem| problem.within("invalid Kustomization").at(start);
        shape::check(&node, &shape::KUSTOMIZATION).map_err(invalid)?;
        let node = if node.is_map() {
            node
        } else {
            Arc::new(Node::map(start))
        };
        let reader = Reader::new(&node, "Kustomization")?;
        let warnings = deprecations(&reader);
        let (kind, version) = (reader.text("kind")?, reader.text("apiVersion")?);
        if is_empty(&node) {
            return Err(Problem::build("kustomization.yaml is empty").at(start));
        }
        let kind_text = kind.as_ref().map_or("", |kind| kind.text.as_str());
        let is_component = kind_text == "Component";
        let fail = |message: String, at: Option<&Sourced>| {
            let message = format!("Failed to read kustomization file under {shown}:\n{message}");
            Err(Problem::build(message).at(at.map_or(start, |at| at.at)))
        };
        if !matches!(kind_text, "" | "Kustomization" | "Component") {
            return fail(
                "kind should be Kustomization or Component".to_owned(),
                kind.as_ref(),
            );
        }
        let (wanted, kind_text) = if is_component {
            ("kustomize.config.k8s.io/v1alpha1", "Component")
        } else {
            ("kustomize.config.k8s.io/v1beta1", "Kustomization")
        };
        if version
            .as_ref()
            .is_some_and(|version| !version.text.is_empty() && version.text != wanted)
        {
            return fail(
                format!("apiVersion for {kind_text} should be {wanted}"),
                version.as_ref(),
            );
        }
        let kustomization = Self {
            file,
            file_name,
            directory: directory.clone(),
            is_component,
            node,
        };
        Ok((kustomization, warnings))
    }

    /// For reading fields.
    pub(super) fn reader(&self) -> Result<Reader<'_>, Problem> {
        Reader::new(&self.node, "Kustomization")
    }

    /// A list of texts.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<Sourced>, Problem> {
        self.reader()?.texts(field)
    }

    /// The items of a list.
    pub(super) fn items(&self, field: &str) -> Result<&[Arc<Node>], Problem> {
        self.reader()?.list(field, "")
    }

    /// `resources`, then the deprecated `bases`.
    pub(super) fn resources(&self) -> Result<Vec<Sourced>, Problem> {
        let mut resources = self.texts("resources")?;
        resources.extend(self.texts("bases")?);
        Ok(resources)
    }

    /// `images`, then the deprecated `imageTags`.
    pub(super) fn images(&self) -> Result<Vec<Arc<Node>>, Problem> {
        Ok([self.items("images")?, self.items("imageTags")?].concat())
    }

    /// True when `buildMetadata` has `option`.
    pub(super) fn has_build_metadata(&self, option: &str) -> bool {
        self.texts("buildMetadata")
            .is_ok_and(|options| options.iter().any(|known| known.text == option))
    }

    /// Where the file begins.
    pub(super) fn start(&self) -> Origin {
        Origin::start_of(self.file)
    }
}

/// True when the header is all there is. Null is as good as absent.
fn is_empty(node: &Node) -> bool {
    let is_header = |name: &str| {
        ["apiVersion", "kind"]
            .iter()
            .any(|header| header.eq_ignore_ascii_case(name))
    };
    // A text that is empty, and a map or list of pointers that is not, make no difference to Go.
    node.fields().iter().all(|field| {
        is_header(field.name())
            || match &field.value.kind {
                Kind::Scalar(scalar) => scalar.text.is_empty() || field.value.is_null(Dialect::Kustomization),
                _ => false,
            }
    })
}

fn deprecations(reader: &Reader<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (field, instead) in DEPRECATED {
        let Some(at) = reader.place(field) else {
            continue;
        };
        let experimental = if field == "vars" { "[EXPERIMENTAL] " } else { "" };
        let message = format!(
            "# Warning: '{field}' is deprecated. Please use {instead} instead. {experimental}Run 'kustomize edit fix' to \
             update your Kustomization automatically."
        );
        let kind = WarningKind::Deprecated(field);
        warnings.push(Warning { kind, message, at });
    }
    warnings
}
