//! One build, and what the builds of a run share.

use std::sync::Arc;

use deconflict_files::{Origin, Reads, RepoPath};
use deconflict_yaml::Library;

use super::accumulated::Accumulated;
use super::cache::{Cache, Ticket};
use super::finish::finish;
use super::kustomization::Kustomization;
use super::paths::Paths;
use crate::merge::{Outcome, PatchQuirkKind, Schema, Selected};
use crate::model::Scopes;
use crate::session::{Options, Rendered};
use crate::transform::FieldSpecs;
use crate::{LoadRestrictor, Problem, Quirk, Warning, WarningKind};

/// What all builds of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) library: Arc<Library>,
    pub(super) bases: Cache<BaseKey, Built>,
    pub(super) schemas: Cache<RepoPath, Arc<Schema>>,
}

impl Shared {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        Self {
            library,
            bases: Cache::default(),
            schemas: Cache::default(),
        }
    }

    pub(crate) fn library(&self) -> &Arc<Library> {
        &self.library
    }
}

/// What a base depends on besides its files.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct BaseKey {
    pub(super) directory: RepoPath,
    restrictor: LoadRestrictor,
    /// Which schema is in force; the address stands for it, as the run keeps all schemas.
    schema: usize,
}

/// A base as its overlays get it.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) accumulated: Accumulated,
    /// Why there is no such base.
    pub(super) failure: Option<Problem>,
    /// It fails because of who asks.
    pub(super) is_circular: bool,
    pub(super) said: Said,
    /// The schema in force afterwards.
    pub(super) schema: Option<Arc<Schema>>,
    /// Directories of all kustomizations in it.
    pub(super) directories: Vec<RepoPath>,
}

/// What a build says besides its objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
    /// Entries that selected something.
    pub(super) used: Vec<Origin>,
    pub(super) reads: Reads,
    /// A part could not be loaded, so what refers to it is no mistake.
    pub(super) is_partial: bool,
}

/// A build at work.
pub(super) struct Build<'s> {
    pub(super) shared: &'s Shared,
    pub(super) paths: Paths<'s>,
    pub(super) options: Options,
    pub(super) ticket: Ticket,
    pub(super) said: Said,
    pub(super) schema: Option<Arc<Schema>>,
    pub(super) directories: Vec<RepoPath>,
    pub(super) is_circular: bool,
    /// The way from the root of the build to the kustomization at work, when objects are to tell where they are from.
    pub(super) origin: Option<String>,
}

impl<'s> Build<'s> {
    pub(super) fn new(shared: &'s Shared, options: Options, ticket: Ticket) -> Self {
        Self {
            shared,
            paths: Paths::new(&shared.library, options.load_restrictor),
            options,
            ticket,
            said: Said::default(),
            schema: None,
            directories: Vec::new(),
            is_circular: false,
            origin: None,
        }
    }

    /// A build of a part of this one.
    pub(super) fn part(&self) -> Self {
        Self {
            schema: self.schema.clone(),
            origin: self.origin.clone(),
            ..Self::new(self.shared, self.options, self.ticket)
        }
    }

    pub(super) fn base_key(&self, directory: &RepoPath) -> BaseKey {
        BaseKey {
            directory: directory.clone(),
            restrictor: self.options.load_restrictor,
            schema: self
                .schema
                .as_ref()
                .map_or(0, |schema| Arc::as_ptr(schema) as usize),
        }
    }

    /// The merge keys in force.
    pub(super) fn schema(&self) -> Arc<Schema> {
        Arc::clone(self.schema.as_ref().unwrap_or(Schema::builtin()))
    }

    /// What the schema in force says of custom kinds.
    pub(super) fn scopes(&self) -> Scopes {
        self.schema
            .as_ref()
            .map(|schema| schema.scopes().clone())
            .unwrap_or_default()
    }

    /// Leave a part out: the build fails, and the rest goes on.
    pub(super) fn skip(&mut self, problem: Problem) {
        self.said.is_partial = true;
        self.said.problems.push(problem);
    }

    /// Take over what a part said.
    pub(super) fn hear(&mut self, said: &Said) {
        self.said.problems.extend(said.problems.iter().cloned());
        self.said.warnings.extend(said.warnings.iter().cloned());
        self.said.used.extend(&said.used);
        self.said.is_partial |= said.is_partial;
        self.paths.extend(&said.reads);
    }

    /// Warn of what a patch does without a word.
    pub(super) fn note(&mut self, outcome: Outcome) {
        for quirk in outcome.quirks {
            let (kind, message) = match quirk.kind {
                PatchQuirkKind::ReplaceIgnored => (
                    Quirk::ReplaceIgnored,
                    "`$patch: replace` does nothing on a list element or a whole object",
                ),
                PatchQuirkKind::EmptiesList => (
                    Quirk::PatchEmptiesList,
                    "an element without its merge key empties the list",
                ),
                PatchQuirkKind::DirectiveCopied => (
                    Quirk::DirectiveCopied,
                    "kustomize does not know this directive and copies it into the object",
                ),
            };
            self.warn(WarningKind::Quirk(kind), message, quirk.at);
        }
        for found in outcome.matches {
            self.selected(&found);
        }
    }

    /// Note what a target selected, or that it selected nothing: of what could be loaded.
    pub(super) fn selected(&mut self, found: &Selected) {
        if found.objects > 0 {
            self.said.used.push(found.at);
        } else if !self.said.is_partial {
            let message = format!("no object matches `{}`", found.selector);
            let kind = if found.is_named {
                WarningKind::NoTarget
            } else {
                WarningKind::NoMatch
            };
            self.warn(kind, message, found.at);
        }
    }

    /// Warn, once.
    pub(super) fn warn(&mut self, kind: WarningKind, message: impl Into<String>, at: Origin) {
        let warning = Warning {
            kind,
            message: message.into(),
            at,
        };
        if !self.said.warnings.contains(&warning) {
            self.said.warnings.push(warning);
        }
    }

    /// Set the schema that a kustomization asks for. The root's counts; below, the first one.
    pub(super) fn set_schema(&mut self, kustomization: &Kustomization) -> Result<(), Problem> {
        let pairs = kustomization.reader()?.pairs("openapi")?;
        let find = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let loaded = match find("path") {
            None => None,
            Some(path) => Some(
                self.paths
                    .file(&kustomization.directory, &path.text)
                    .map_err(|problem| problem.at(path.at))?,
            ),
        };
        if self.schema.is_some() {
            return Ok(());
        }
        match (loaded, find("version")) {
            (None, None) => {}
            (Some(_), Some(version)) => {
                let message = "builtin version and custom schema provided, cannot use both";
                return Err(Problem::build(message).at(version.at));
            }
            (None, Some(version)) => match version.text.as_str() {
                "" => {}
                "v1.21.2" => self.schema = Some(Arc::clone(Schema::builtin())),
                _ => {
                    let message = "the specified OpenAPI version is not built in";
                    return Err(Problem::build(message).at(version.at));
                }
            },
            (Some(loaded), None) => {
                let path = self.paths.library().files().get(loaded.file).path.clone();
                let schema = self.shared.schemas.get(
                    &path,
                    self.ticket,
                    |_| true,
                    || {
                        let documents = &loaded.parsed().documents;
                        let root = documents.first().and_then(|document| document.root.as_ref());
                        root.map_or_else(Arc::default, |root| Arc::new(Schema::from_openapi(root)))
                    },
                );
                self.schema = Some(Arc::clone(&schema));
            }
        }
        Ok(())
    }
}

/// The field specs of an accumulated set; none yet is none at all.
pub(super) fn specs_of(accumulated: &Accumulated) -> Arc<FieldSpecs> {
    accumulated.specs.clone().unwrap_or_default()
}

/// `kustomize build` of the directory `root`.
///
/// With `content` as if its kustomization file held that.
pub(crate) fn run(
    shared: &Shared,
    root: &RepoPath,
    content: Option<&Arc<deconflict_yaml::Node>>,
    options: Options,
) -> Rendered {
    let mut build = Build::new(shared, options, shared.bases.ticket());
    let result = root_of(&mut build, root, content);
    let mut said = build.said;
    said.reads.extend(&build.paths.take_reads());
    let objects = match result {
        Ok(objects) => objects,
        Err(problem) => {
            said.problems.push(problem);
            Vec::new()
        }
    };
    Rendered {
        objects,
        problems: said.problems,
        warnings: said.warnings,
        used: said.used,
        reads: said.reads,
    }
}

fn root_of(
    build: &mut Build<'_>,
    root: &RepoPath,
    content: Option<&Arc<deconflict_yaml::Node>>,
) -> Result<Vec<Arc<deconflict_yaml::Node>>, Problem> {
    let directory = build.paths.root(root)?;
    let (kustomization, warnings) = match content {
        Some(content) => Kustomization::of_content(&build.paths, &directory, content)?,
        None => Kustomization::load(&build.paths, &directory)?,
    };
    build.said.warnings.extend(warnings);
    build.set_schema(&kustomization)?;
    if !kustomization.texts("buildMetadata")?.is_empty() {
        build.origin = Some(String::new());
    }
    let accumulated = build.target(&kustomization, Accumulated::default(), &[])?;
    finish(build, &kustomization, accumulated)
}
