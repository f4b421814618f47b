//! The transformers of one kustomization, in kustomize's order (kustomize.md section 3, step 5).

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::{Kind, Node, Scalar};

use super::accumulated::Accumulated;
use super::build::{Build, specs_of};
use super::kustomization::Kustomization;
use super::patches::Reads;
use super::{hash, origin};
use crate::merge::{MergeContext, Outcome, PatchEntry, apply_patches, trouble_configuring};
use crate::model::{ResMap, Resource};
use crate::transform::affix::Side;
use crate::transform::{affix, images, labels, namespace, replacements, replicas, value_add};
use crate::{Problem, ProblemKind, Quirk, WarningKind};

/// One transformer, configured.
pub(super) struct Step {
    pub(super) what: What,
    /// What is noted on every object afterwards.
    pub(super) stamp: Option<String>,
}

/// The transformers.
pub(super) enum What {
    Patch(PatchEntry),
    Namespace(namespace::Config),
    Affix(affix::Config),
    Labels(labels::Config),
    Replicas(replicas::Config),
    Image(images::Config),
    Replacements(Vec<replacements::Config>),
    ValueAdd(value_add::Config),
    Hash,
}

impl Build<'_> {
    /// Configure and run all transformers.
    pub(super) fn transform(
        &mut self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        chain: &[RepoPath],
    ) -> Result<(), Problem> {
        let mut steps = self.built_in_steps(kustomization)?;
        for plugin in self.plugin_objects(kustomization, "transformers", chain)? {
            steps.extend(self.plugin_steps(kustomization, &plugin)?);
        }
        for step in &steps {
            match self.run(&mut accumulated.set, accumulated.specs.as_ref(), &step.what) {
                // What could not be loaded may be what it is about.
                Err(_) if self.said.is_partial => {}
                result => result?,
            }
            if let Some(stamp) = &step.stamp {
                origin::add_transformation(&mut accumulated.set, stamp);
            }
            accumulated.set.retain(|resource| !is_empty(resource));
        }
        Ok(())
    }

    /// Run the validators, which must not change anything.
    pub(super) fn validate(
        &mut self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        chain: &[RepoPath],
    ) -> Result<(), Problem> {
        let specs = specs_of(accumulated);
        for plugin in self.plugin_objects(kustomization, "validators", chain)? {
            for step in self.plugin_steps(kustomization, &plugin)? {
                let before = accumulated.set.clone();
                self.run(&mut accumulated.set, Some(&specs), &step.what)?;
                let is_same = before.len() == accumulated.set.len()
                    && before
                        .iter()
                        .zip(accumulated.set.iter())
                        .all(|(before, after)| is_unchanged(before, after));
                if !is_same {
                    let message = "validator shouldn't modify the resource map";
                    return Err(Problem::build(message).at(plugin.declared_at));
                }
            }
        }
        Ok(())
    }

    fn built_in_steps(&mut self, kustomization: &Kustomization) -> Result<Vec<Step>, Problem> {
        let mut steps = Vec::new();
        let reader = kustomization.reader()?;
        let mut add = |what: What, kind: &str, build: &Build<'_>| {
            steps.push(Step {
                what,
                stamp: build.stamp(kustomization, kind),
            });
        };
        let paths = kustomization.items("patchesStrategicMerge")?;
        if !paths.is_empty() {
            let at = reader
                .place("patchesStrategicMerge")
                .unwrap_or_else(|| kustomization.start());
            let entry = PatchEntry::strategic_merge(at, paths, None, &self.reads(kustomization));
            let config = strategic_config(paths, at);
            if let Some(entry) = self.tolerate(entry, "PatchStrategicMergeTransformer", &config)? {
                add(What::Patch(entry), "PatchStrategicMergeTransformer", self);
            }
        }
        for item in kustomization.items("patches")? {
            let entry = PatchEntry::patches(item, &self.reads(kustomization));
            if let Some(entry) = self.tolerate(entry, "PatchTransformer", item)? {
                add(What::Patch(entry), "PatchTransformer", self);
            }
        }
        if let Some(text) = reader.text("namespace")?.filter(|text| !text.text.is_empty()) {
            let config = namespace::Config::from_field(text);
            add(What::Namespace(config), "NamespaceTransformer", self);
        }
        for (side, field, kind) in [
            (Side::Prefix, "namePrefix", "PrefixTransformer"),
            (Side::Suffix, "nameSuffix", "SuffixTransformer"),
        ] {
            if let Some(text) = reader.text(field)?.filter(|text| !text.text.is_empty()) {
                add(What::Affix(affix::Config::from_field(side, text)), kind, self);
            }
        }
        for item in kustomization.items("labels")? {
            let config = labels::Config::from_field(item)?;
            add(What::Labels(config), "LabelTransformer", self);
        }
        if reader.value("commonLabels").is_some() || !kustomization.items("labels")?.is_empty() {
            let config = labels::Config::from_common_labels(&kustomization.node)?;
            add(What::Labels(config), "LabelTransformer", self);
        }
        if reader
            .value("commonAnnotations")
            .is_some_and(|annotations| !annotations.fields().is_empty())
        {
            let config = labels::Config::from_common_annotations(&kustomization.node)?;
            add(What::Labels(config), "AnnotationsTransformer", self);
        }
        for item in kustomization.items("patchesJson6902")? {
            let entry = PatchEntry::json6902(item, &self.reads(kustomization));
            if let Some(entry) = self.tolerate(entry, "PatchJson6902Transformer", item)? {
                add(What::Patch(entry), "PatchJson6902Transformer", self);
            }
        }
        for item in kustomization.items("replicas")? {
            let config = replicas::Config::from_field(item)?;
            add(What::Replicas(config), "ReplicaCountTransformer", self);
        }
        for item in kustomization.images()? {
            let config = images::Config::from_field(&item)?;
            add(What::Image(config), "ImageTagTransformer", self);
        }
        let items = kustomization.items("replacements")?;
        if !items.is_empty() {
            let entries = items.iter().map(|item| replacements::Entry::from_field(item));
            let configs = self.replacements(kustomization, entries.collect::<Result<_, _>>()?)?;
            add(What::Replacements(configs), "ReplacementTransformer", self);
        }
        Ok(steps)
    }

    pub(super) fn reads<'r>(&'r self, kustomization: &'r Kustomization) -> Reads<'r> {
        Reads {
            paths: &self.paths,
            directory: &kustomization.directory,
        }
    }

    /// A patch whose file is not there is left out.
    fn tolerate(
        &mut self,
        entry: Result<PatchEntry, Problem>,
        transformer: &str,
        config: &Node,
    ) -> Result<Option<PatchEntry>, Problem> {
        match entry {
            Ok(entry) => Ok(Some(entry)),
            Err(problem) => {
                let problem = problem
                    .at(config.at)
                    .within(trouble_configuring(transformer, config));
                if matches!(problem.kind, ProblemKind::NotFound | ProblemKind::Remote) {
                    self.skip(problem);
                    return Ok(None);
                }
                Err(problem)
            }
        }
    }

    /// Replacements with those in files.
    pub(super) fn replacements(
        &self,
        kustomization: &Kustomization,
        entries: Vec<replacements::Entry>,
    ) -> Result<Vec<replacements::Config>, Problem> {
        let mut configs = Vec::new();
        for entry in entries {
            match entry {
                replacements::Entry::Inline(config) => configs.push(*config),
                replacements::Entry::File(path) => {
                    let root = self.configuration_tree(kustomization, &path)?;
                    let read = replacements::Config::from_file(root.as_deref());
                    configs.extend(read.map_err(|problem| problem.at(path.at))?);
                }
            }
        }
        Ok(configs)
    }

    /// Run one transformer.
    pub(super) fn run(
        &mut self,
        set: &mut ResMap,
        specs: Option<&Arc<crate::transform::FieldSpecs>>,
        what: &What,
    ) -> Result<(), Problem> {
        let default = Arc::default();
        let specs = specs.unwrap_or(&default);
        match what {
            What::Patch(entry) => {
                let schema = self.schema();
                let context = MergeContext {
                    schema: &schema,
                    files: self.shared.library.files(),
                };
                let mut outcome = Outcome {
                    tolerate_missing: self.said.is_partial,
                    ..Outcome::default()
                };
                let result = apply_patches(set, std::slice::from_ref(entry), &context, &mut outcome);
                self.note(outcome);
                result
            }
            What::Namespace(config) => namespace::apply(set, config, specs),
            What::Affix(config) => affix::apply(set, config, specs),
            What::Labels(config) => labels::apply(set, config, specs).map(drop),
            What::Replicas(config) => replicas::apply(set, config, specs),
            What::Image(config) => {
                let outcome = images::apply(set, config, specs)?;
                if let Some(at) = outcome.beyond_name {
                    let message =
                        "the image name is a regular expression to kustomize, and matches another name";
                    self.warn(WarningKind::Quirk(Quirk::ImagePattern), message, at);
                }
                let name = &config.name;
                if outcome.matched > 0 {
                    self.said.used.push(name.at);
                } else if !self.said.is_partial {
                    let message = format!("no image is named `{}`", name.text);
                    self.warn(WarningKind::NoImage, message, name.at);
                }
                Ok(())
            }
            What::Replacements(configs) => {
                let mut found = Vec::new();
                let result = configs
                    .iter()
                    .try_for_each(|config| replacements::apply(set, config, &mut found));
                for found in found {
                    self.selected(&found);
                }
                result
            }
            What::ValueAdd(config) => value_add::apply(set, config),
            What::Hash => add_hashes(set),
        }
    }
}

/// Put the content's hash behind the names that want one.
pub(super) fn add_hashes(set: &mut ResMap) -> Result<(), Problem> {
    for position in 0..set.len() {
        if !set.get(position).needs_hash {
            continue;
        }
        let suffix = hash::suffix(set.get(position).body())?;
        set.update(position, |resource| resource.add_hash(&suffix));
    }
    Ok(())
}

fn is_empty(resource: &Resource) -> bool {
    match &resource.body().kind {
        Kind::Map(fields) => fields.is_empty(),
        Kind::List(items) => items.is_empty(),
        Kind::Scalar(_) => resource.body().is_null(deconflict_yaml::Dialect::Resource),
    }
}

/// Validators may leave the label `validated-by`.
fn is_unchanged(before: &Resource, after: &Resource) -> bool {
    if Arc::ptr_eq(before.body(), after.body()) {
        return true;
    }
    let mut body = (**after.body()).clone();
    if let Some(labels) = body
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("labels"))
    {
        labels.remove("validated-by");
        if labels.fields().is_empty()
            && before.body().at_path(&["metadata", "labels"]).is_none()
            && let Some(metadata) = body.get_mut("metadata")
        {
            metadata.remove("labels");
        }
    }
    body == **before.body()
}

/// The configuration that kustomize makes of `patchesStrategicMerge`, for messages.
fn strategic_config(paths: &[Arc<Node>], at: deconflict_files::Origin) -> Node {
    let mut config = Node::map(at);
    let paths: Vec<Arc<Node>> = paths
        .iter()
        .map(|path| {
            let text = path.text().unwrap_or_default();
            Arc::new(Node::scalar(Scalar::string(text), path.at))
        })
        .collect();
    config.set("paths", at, Node::new(Kind::List(paths), at));
    config
}
