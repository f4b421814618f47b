//! `generators`, `transformers` and `validators`: the built-in ones, from files, directories and inline text.

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::Node;

use super::accumulated::Accumulated;
use super::build::Build;
use super::documents::through_json;
use super::generators::{Generated, Generator};
use super::kustomization::Kustomization;
use super::origin;
use super::steps::{Step, What};
use crate::merge::{PatchEntry, PatchReader as _};
use crate::model::Resource;
use crate::transform::affix::Side;
use crate::transform::{Reader, affix, images, labels, namespace, replacements, replicas, value_add};
use crate::{Problem, ProblemKind};

/// Kinds of built-in generators.
const GENERATORS: [&str; 4] = [
    "ConfigMapGenerator",
    "SecretGenerator",
    "HelmChartInflationGenerator",
    "IAMPolicyGenerator",
];

/// Kinds of built-in transformers. SortOrderTransformer is none.
const TRANSFORMERS: [&str; 15] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
    "LegacyOrderTransformer",
];

impl Build<'_> {
    /// The configurations that a field lists: inline ones first, then those of files and directories.
    pub(super) fn plugin_objects(
        &mut self,
        kustomization: &Kustomization,
        field: &str,
        chain: &[RepoPath],
    ) -> Result<Vec<Resource>, Problem> {
        let items = kustomization.items(field)?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut accumulated = Accumulated::default();
        let mut paths = Vec::new();
        let texts = kustomization.texts(field)?;
        for (item, text) in items.iter().zip(texts) {
            let reads = self.reads(kustomization);
            let Ok(objects) = reads.objects(&reads.embedded(item)) else {
                paths.push(text);
                continue;
            };
            for object in objects {
                let mut plugin = Resource::new(object);
                if let Some(way) = &self.origin {
                    let path = origin::join(way, kustomization.file_name);
                    origin::set_origin(&mut plugin, &format!("path: {path}\n"));
                }
                accumulated.append(plugin).map_err(|problem| {
                    let kind = field.strip_suffix('s').unwrap_or(field);
                    problem.within(format!("configuring external {kind}"))
                })?;
            }
        }
        self.resources(&mut accumulated, kustomization, &paths, chain)
            .map_err(|problem| match field {
                "generators" => problem.within("loading generator plugins"),
                _ => problem,
            })?;
        Ok(accumulated.set.into_vec())
    }

    /// What is built in of a plugin; the rest is left out.
    fn built_in<'p>(&mut self, plugin: &'p Resource) -> Option<&'p str> {
        let gvk = plugin.gvk();
        if gvk.group.is_empty() && gvk.version == "builtin" {
            return Some(&gvk.kind);
        }
        let message = format!(
            "external plugins disabled; unable to load external plugin '{}'",
            plugin.original_id().gvk.kind
        );
        self.skip(Problem::new(ProblemKind::Plugin, message).at(plugin.declared_at));
        None
    }

    /// Run a generator plugin.
    pub(super) fn generate_plugin(
        &mut self,
        accumulated: &mut Accumulated,
        kustomization: &Kustomization,
        plugin: &Resource,
    ) -> Result<(), Problem> {
        let Some(kind) = self.built_in(plugin) else {
            return Ok(());
        };
        let at = |problem: Problem| problem.at(plugin.declared_at);
        let what = match kind {
            "ConfigMapGenerator" => Generated::ConfigMap,
            "SecretGenerator" => Generated::Secret,
            "HelmChartInflationGenerator" => {
                let problem = Problem::new(ProblemKind::Helm, "must specify --enable-helm");
                let context = format!("plugin {} fails configuration", plugin.original_id());
                self.skip(at(problem.within(context)));
                return Ok(());
            }
            "IAMPolicyGenerator" => return self.iam_policy(accumulated, plugin).map_err(at),
            kind => return Err(at(not_a("generator", kind, plugin))),
        };
        let config = through_json(plugin.body()).map_err(at)?;
        let generator =
            Generator::from_plugin(what, &config).map_err(|problem| configuring(plugin, problem))?;
        let stamp = self.origin.as_ref().and_then(|_| Self::plugin_stamp(plugin));
        self.absorb(accumulated, &generator, kustomization, stamp)
    }

    /// A service account for a workload identity (kustomize's IAMPolicyGenerator).
    fn iam_policy(&mut self, accumulated: &mut Accumulated, plugin: &Resource) -> Result<(), Problem> {
        let config = through_json(plugin.body())?;
        let mut resource = super::generators::service_account(&config)?;
        if let Some(stamp) = self.origin.as_ref().and_then(|_| Self::plugin_stamp(plugin)) {
            origin::set_origin(&mut resource, &stamp);
        }
        super::accumulated::put(accumulated, resource)
    }

    /// The steps that a transformer plugin takes.
    pub(super) fn plugin_steps(
        &mut self,
        kustomization: &Kustomization,
        plugin: &Resource,
    ) -> Result<Vec<Step>, Problem> {
        let Some(kind) = self.built_in(plugin) else {
            return Ok(Vec::new());
        };
        let at = |problem: Problem| problem.at(plugin.declared_at);
        if !TRANSFORMERS.contains(&kind) {
            return Err(at(not_a("transformer", kind, plugin)));
        }
        let config = through_json(plugin.body()).map_err(at)?;
        let stamp = self.origin.as_ref().and_then(|_| Self::plugin_stamp(plugin));
        let whats = self
            .configured(kustomization, kind, &config)
            .map_err(|problem| configuring(plugin, problem))?;
        // Whatever its steps, it is noted once.
        let last = whats.len().saturating_sub(1);
        let steps = whats.into_iter().enumerate().map(|(index, what)| Step {
            what,
            stamp: stamp.clone().filter(|_| index == last),
        });
        Ok(steps.collect())
    }

    fn configured(
        &mut self,
        kustomization: &Kustomization,
        kind: &str,
        config: &Arc<Node>,
    ) -> Result<Vec<What>, Problem> {
        let reads = self.reads(kustomization);
        Ok(match kind {
            "AnnotationsTransformer" => {
                vec![What::Labels(labels::Config::from_annotations_plugin(config)?)]
            }
            "HashTransformer" => vec![What::Hash],
            "ImageTagTransformer" => vec![What::Image(images::Config::from_plugin(config)?)],
            "LabelTransformer" => vec![What::Labels(labels::Config::from_label_plugin(config)?)],
            "NamespaceTransformer" => vec![What::Namespace(namespace::Config::from_plugin(config)?)],
            "PatchJson6902Transformer" => vec![What::Patch(PatchEntry::json6902(config, &reads)?)],
            "PatchStrategicMergeTransformer" => {
                let reader = Reader::new(config, "PatchStrategicMergeTransformer")?;
                let paths = reader.list("paths", "types.PatchStrategicMerge")?;
                let inline = reader.value("patches").map(|patches| &**patches);
                vec![What::Patch(PatchEntry::strategic_merge(
                    config.at, paths, inline, &reads,
                )?)]
            }
            "PatchTransformer" => vec![What::Patch(PatchEntry::patches(config, &reads)?)],
            "PrefixSuffixTransformer" => {
                // Two transformers that read the same configuration.
                vec![
                    What::Affix(affix::Config::from_plugin(Side::Prefix, config)?),
                    What::Affix(affix::Config::from_plugin(Side::Suffix, config)?),
                ]
            }
            "PrefixTransformer" => vec![What::Affix(affix::Config::from_plugin(Side::Prefix, config)?)],
            "SuffixTransformer" => vec![What::Affix(affix::Config::from_plugin(Side::Suffix, config)?)],
            "ReplacementTransformer" => {
                let entries = replacements::Entry::from_plugin(config)?;
                vec![What::Replacements(self.replacements(kustomization, entries)?)]
            }
            "ReplicaCountTransformer" => vec![What::Replicas(replicas::Config::from_plugin(config)?)],
            "ValueAddTransformer" => {
                let mut value = value_add::Config::from_plugin(config, kustomization.directory.file_name())?;
                if let Some(path) = value.target_file.clone() {
                    match self.configuration_tree(kustomization, &path)? {
                        Some(root) => value.add_targets(&root)?,
                        None => return Err(Problem::build("must specify at least one target").at(path.at)),
                    }
                }
                vec![What::ValueAdd(value)]
            }
            _ => Vec::new(),
        })
    }
}

fn configuring(plugin: &Resource, problem: Problem) -> Problem {
    problem
        .at(plugin.declared_at)
        .within(format!("plugin {} fails configuration", plugin.original_id()))
}

fn not_a(wanted: &str, kind: &str, plugin: &Resource) -> Problem {
    let id = plugin.original_id();
    if GENERATORS.contains(&kind) || TRANSFORMERS.contains(&kind) {
        return Problem::build(format!("plugin {id} not a {wanted}"));
    }
    Problem::build(format!("unable to load builtin {}", id.gvk))
}
