//! The order of work for one kustomization (kustomize.md section 3; upstream's `KustTarget`).

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_yaml::{Dialect, Node, resolve_merges};

use super::accumulated::{Accumulated, put};
use super::build::{Build, Built};
use super::documents::{MALFORMED, yaml_words};
use super::generators::{Generated, Generator};
use super::kustomization::Kustomization;
use super::patches::Reads;
use super::remote::{is_remote_file, is_repository};
use crate::merge::PatchReader as _;
use crate::model::Resource;
use crate::transform::vars::Var;
use crate::transform::{FieldSpecs, Sourced};
use crate::{Problem, ProblemKind};

impl Build<'_> {
    /// Everything that `kustomization` says, onto `accumulated`: empty, or for a component what its user has.
    /// `above` are the directories that lead here, without this one.
    pub(super) fn target(
        &mut self,
        kustomization: &Kustomization,
        accumulated: Accumulated,
        above: &[RepoPath],
    ) -> Result<Accumulated, Problem> {
        let mut chain = above.to_vec();
        chain.push(kustomization.directory.clone());
        self.directories.push(kustomization.directory.clone());
        let mut accumulated = accumulated;
        accumulated.set.declare(&self.scopes());
        let resources = kustomization.resources()?;
        self.resources(&mut accumulated, kustomization, &resources, &chain)
            .map_err(|problem| problem.within("accumulating resources"))?;
        self.configurations(&mut accumulated, kustomization)?;
        self.generate(&mut accumulated, kustomization, &chain)?;
        for path in kustomization.texts("components")? {
            accumulated = self
                .component(accumulated, kustomization, &path, &chain)
                .map_err(|problem| problem.at(path.at).within("accumulating components"))?;
        }
        self.transform(&mut accumulated, kustomization, &chain)?;
        self.validate(&mut accumulated, kustomization, &chain)?;
        let vars: Vec<Var> = kustomization
            .items("vars")?
            .iter()
            .map(|item| Var::from_field(item))
            .collect::<Result<_, _>>()?;
        let declared = accumulated.vars.declare(&mut accumulated.set, &vars);
        declared.map_err(|problem| {
            let vars: Vec<String> = vars.iter().map(ToString::to_string).collect();
            problem.within(format!("merging vars [{}]", vars.join(" ")))
        })?;
        Ok(accumulated)
    }

    /// Files, and bases where there is no such file (`accumulateResources`).
    pub(super) fn resources(
        &mut self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        paths: &[Sourced],
        chain: &[RepoPath],
    ) -> Result<(), Problem> {
        for path in paths {
            if is_remote_file(&path.text) {
                self.skip(remote(path));
                continue;
            }
            let Err(as_file) = self.resource_file(accumulated, kustomization, path) else {
                continue;
            };
            if is_repository(&path.text) {
                self.skip(remote(path));
                continue;
            }
            let context = format!("accumulation err='{}'", as_file.full());
            let directory = match self.paths.directory(&kustomization.directory, &path.text) {
                Ok(directory) => directory,
                Err(_) if as_file.message.starts_with(MALFORMED) => return Err(as_file),
                Err(as_base) if as_file.kind == ProblemKind::NotFound => {
                    let is_missing = as_base.kind == ProblemKind::NotFound;
                    let problem = as_base.at(path.at).within(context);
                    if is_missing {
                        self.skip(problem.within("accumulating resources"));
                        continue;
                    }
                    return Err(problem);
                }
                // What is wrong with the file is the cause; that it is no directory either is nothing new.
                Err(as_base) => {
                    let wording = as_base.within(context).full();
                    return Err(as_file.at(path.at).reworded(wording));
                }
            };
            let outer = self.enter(&path.text);
            let merged = self.base(accumulated, &directory, chain);
            self.origin = outer;
            merged.map_err(|problem| problem.at(path.at).within(context))?;
        }
        Ok(())
    }

    fn resource_file(
        &self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        path: &Sourced,
    ) -> Result<(), Problem> {
        let reads = Reads {
            paths: &self.paths,
            directory: &kustomization.directory,
        };
        let objects = reads
            .text(&path.text)
            .and_then(|text| reads.objects(&text))
            .map_err(|problem| problem.within(format!("accumulating resources from '{}'", path.text)))?;
        for object in objects {
            let mut resource = Resource::new(object);
            super::history::take(&mut resource);
            self.stamp_path(&mut resource, &path.text);
            accumulated
                .append(resource)
                .map_err(|problem| problem.within(format!("merging resources from '{}'", path.text)))?;
        }
        Ok(())
    }

    /// Build the base in `directory`, or take it as it was built before, and add it.
    fn base(
        &mut self,
        accumulated: &mut Accumulated,
        directory: &RepoPath,
        chain: &[RepoPath],
    ) -> Result<(), Problem> {
        self.check_cycle(directory, chain)?;
        let is_shared = self.origin.is_none();
        let mut built = if is_shared {
            let (shared, ticket, key) = (self.shared, self.ticket, self.base_key(directory));
            let make = || self.part().build_base(directory, chain);
            shared.bases.get(&key, ticket, |built| !built.is_circular, make)
        } else {
            Arc::new(self.part().build_base(directory, chain))
        };
        let is_above = |inner: &RepoPath| chain.iter().any(|visited| visited.is_within(inner));
        if is_shared && built.directories.iter().any(is_above) {
            // It was built for somebody who may use it; here it leads back to whom it is for.
            built = Arc::new(self.part().build_base(directory, chain));
        }
        self.hear(&built.said);
        self.schema.clone_from(&built.schema);
        self.is_circular |= built.is_circular;
        self.directories.extend(built.directories.iter().cloned());
        if let Some(failure) = &built.failure {
            return Err(failure.clone());
        }
        accumulated.merge(&built.accumulated).map_err(|problem| {
            let shown = self.paths.shown(directory);
            problem.within(format!("recursed merging from path '{shown}'"))
        })?;
        // The base may be the first to bring a schema.
        accumulated.set.declare(&self.scopes());
        Ok(())
    }

    fn build_base(mut self, directory: &RepoPath, chain: &[RepoPath]) -> Built {
        let result = self.base_target(directory, chain);
        self.said.reads.extend(&self.paths.take_reads());
        let (accumulated, failure) = match result {
            Ok(accumulated) => (accumulated, None),
            Err(problem) => (Accumulated::default(), Some(problem)),
        };
        Built {
            accumulated,
            failure,
            is_circular: self.is_circular,
            said: self.said,
            schema: self.schema,
            directories: self.directories,
        }
    }

    fn base_target(&mut self, directory: &RepoPath, chain: &[RepoPath]) -> Result<Accumulated, Problem> {
        let kustomization = self.load(directory)?;
        if kustomization.is_component {
            let shown = self.paths.shown(directory);
            let message = format!("expected kind != 'Component' for path '{shown}'");
            return Err(Problem::build(message).at(kind_place(&kustomization)));
        }
        self.target(&kustomization, Accumulated::default(), chain)
            .map_err(|problem| self.recursed(problem, directory))
    }

    fn load(&mut self, directory: &RepoPath) -> Result<Kustomization, Problem> {
        let (kustomization, warnings) = Kustomization::load(&self.paths, directory).map_err(|problem| {
            let shown = self.paths.shown(directory);
            problem.within(format!("couldn't make target for path '{shown}'"))
        })?;
        self.said.warnings.extend(warnings);
        self.set_schema(&kustomization)?;
        Ok(kustomization)
    }

    fn recursed(&self, problem: Problem, directory: &RepoPath) -> Problem {
        let shown = self.paths.shown(directory);
        problem.within(format!("recursed accumulation of path '{shown}'"))
    }

    fn check_cycle(&mut self, directory: &RepoPath, chain: &[RepoPath]) -> Result<(), Problem> {
        let Some(visited) = chain.iter().rev().find(|visited| visited.is_within(directory)) else {
            return Ok(());
        };
        self.is_circular = true;
        let message = format!(
            "cycle detected: candidate root '{}' contains visited root '{}'",
            self.paths.shown(directory),
            self.paths.shown(visited)
        );
        Err(Problem::build(message))
    }

    /// Apply a component to what there is.
    fn component(
        &mut self,
        accumulated: Accumulated,
        kustomization: &Kustomization,
        path: &Sourced,
        chain: &[RepoPath],
    ) -> Result<Accumulated, Problem> {
        if is_repository(&path.text) {
            self.skip(remote(path).within("accumulating components"));
            return Ok(accumulated);
        }
        let directory = match self.paths.directory(&kustomization.directory, &path.text) {
            Ok(directory) => directory,
            Err(problem) => {
                let problem = problem.at(path.at).within("loader.New");
                if problem.kind != ProblemKind::NotFound {
                    return Err(problem);
                }
                self.skip(problem.within("accumulating components"));
                return Ok(accumulated);
            }
        };
        let within = |problem: Problem| problem.within("accumulateDirectory");
        self.check_cycle(&directory, chain)
            .map_err(|problem| problem.within("loader.New"))?;
        let outer = self.enter(&path.text);
        let component = self.load(&directory).map_err(within)?;
        if !component.is_component {
            let message = format!(
                "expected kind 'Component' for path '{}' but got 'Kustomization'",
                self.paths.shown(&directory)
            );
            return Err(within(Problem::build(message).at(kind_place(&component))));
        }
        let result = self
            .target(&component, accumulated, chain)
            .map_err(|problem| within(self.recursed(problem, &directory)));
        self.origin = outer;
        result
    }

    /// Field specs: the defaults, `configurations` and `crds`.
    fn configurations(
        &self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
    ) -> Result<(), Problem> {
        let mut own = Arc::<FieldSpecs>::default();
        for path in kustomization.texts("configurations")? {
            let at = |problem: Problem| problem.at(path.at);
            let specs = match self.configuration_tree(kustomization, &path)? {
                Some(root) => FieldSpecs::from_configuration(&root).map_err(at)?,
                None => FieldSpecs::default(),
            };
            own = FieldSpecs::merged(&own, &Arc::new(specs)).map_err(at)?;
        }
        let place = kustomization.reader()?.place("configurations");
        let place = place.unwrap_or_else(|| kustomization.start());
        own = FieldSpecs::merged(&own, &FieldSpecs::defaults()).map_err(|problem| problem.at(place))?;
        accumulated
            .configure(&own)
            .map_err(|problem| problem.at(place).within("merging config"))?;
        for path in kustomization.texts("crds")? {
            let within = |problem: Problem| {
                problem
                    .at(path.at)
                    .within(format!(
                        "unable to parse open API definition from '{}'",
                        path.text
                    ))
                    .within("loading CRDs")
            };
            let Some(root) = self.configuration_tree(kustomization, &path).map_err(within)? else {
                continue;
            };
            let specs = FieldSpecs::from_crds(&root).map_err(within)?;
            accumulated
                .configure(&Arc::new(specs))
                .map_err(|problem| problem.at(path.at).within("merging CRDs"))?;
        }
        Ok(())
    }

    /// The first document of a file in the dialect of kustomizations.
    pub(super) fn configuration_tree(
        &self,
        kustomization: &Kustomization,
        path: &Sourced,
    ) -> Result<Option<Arc<Node>>, Problem> {
        let loaded = self
            .paths
            .file(&kustomization.directory, &path.text)
            .map_err(|problem| problem.at(path.at))?;
        let parsed = loaded.parsed();
        let refused = parsed
            .problems
            .iter()
            .find(|problem| problem.document == 0 && problem.kind.is_refused_by(Dialect::Kustomization));
        if let Some(problem) = refused {
            let words = yaml_words(problem, &loaded.text, true);
            return Err(Problem::build(words)
                .within("error converting YAML to JSON")
                .at(problem.at));
        }
        let first = parsed.documents.iter().find(|document| document.index == 0);
        let Some(root) = first.and_then(|document| document.root.as_ref()) else {
            return Ok(None);
        };
        if root.is_null(Dialect::Kustomization) {
            return Ok(None);
        }
        resolve_merges(root, Dialect::Kustomization)
            .map(Some)
            .map_err(|error| Problem::build(format!("yaml: {error}")).at(error.at))
    }

    /// Run the generators, built-in fields first.
    fn generate(
        &mut self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        chain: &[RepoPath],
    ) -> Result<(), Problem> {
        let reader = kustomization.reader()?;
        let options = reader.value("generatorOptions");
        let mut generators = Vec::new();
        for (field, what) in [
            ("configMapGenerator", Generated::ConfigMap),
            ("secretGenerator", Generated::Secret),
        ] {
            for item in kustomization.items(field)? {
                generators.push(Generator::from_field(what, item, options)?);
            }
        }
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            for item in kustomization.items(field)? {
                let context = crate::merge::trouble_configuring("HelmChartInflationGenerator", item);
                let problem = Problem::new(ProblemKind::Helm, "must specify --enable-helm");
                self.skip(problem.within(context).at(item.at));
            }
        }
        let plugins = self.plugin_objects(kustomization, "generators", chain)?;
        for generator in &generators {
            let stamp = self.generator_stamp(kustomization, generator.what());
            self.absorb(accumulated, generator, kustomization, stamp)?;
        }
        for object in &plugins {
            self.generate_plugin(accumulated, kustomization, object)?;
        }
        Ok(())
    }

    /// Run one generator and put what it makes into the set (`appendReplaceOrMerge`).
    pub(super) fn absorb(
        &mut self,
        accumulated: &mut Accumulated,
        generator: &Generator<'_>,
        kustomization: &Kustomization,
        stamp: Option<String>,
    ) -> Result<(), Problem> {
        let made = generator.run(&kustomization.directory, &self.paths);
        let mut resource = match made {
            Ok(resource) => resource,
            Err(problem) if matches!(problem.kind, ProblemKind::NotFound | ProblemKind::Remote) => {
                self.skip(problem.at(generator.at()));
                return Ok(());
            }
            Err(problem) => return Err(problem.at(generator.at())),
        };
        if let Some(stamp) = stamp {
            super::origin::set_origin(&mut resource, &stamp);
        }
        let is_partial = self.said.is_partial;
        match put(accumulated, resource) {
            Err(_) if is_partial => Ok(()),
            result => result.map_err(|problem| problem.at(generator.at())),
        }
    }
}

fn remote(path: &Sourced) -> Problem {
    let message = format!("'{}' is in the network, which is never asked", path.text);
    Problem::new(ProblemKind::Remote, message).at(path.at)
}

fn kind_place(kustomization: &Kustomization) -> Origin {
    let kind = kustomization
        .reader()
        .ok()
        .and_then(|reader| reader.place("kind"));
    kind.unwrap_or_else(|| kustomization.start())
}
