//! `labels`, `commonLabels` and `commonAnnotations`: kustomize's LabelTransformer and AnnotationsTransformer.

use std::borrow::Cow;
use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::Node;
use smol_str::SmolStr;

use super::fieldspec::{Creation, FieldSpec, Grouped, merge_all, merge_one, read_specs};
use super::read::{Reader, Sourced};
use super::{FieldSpecs, entries};
use crate::Problem;
use crate::model::{Gvk, ResMap};

/// Pairs to set in maps.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The entry in the kustomization, or the plugin's file.
    pub(crate) at: Origin,
    pairs: Vec<(SmolStr, Sourced)>,
    places: Places,
}

/// Which maps.
#[derive(Clone, Debug)]
enum Places {
    /// An item of `labels`.
    Labels {
        include_selectors: bool,
        include_templates: bool,
        fields: Vec<FieldSpec>,
    },
    CommonLabels,
    CommonAnnotations,
    /// A plugin's own field specs.
    Plugin(Vec<FieldSpec>, &'static str),
}

/// What happened besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    /// Objects with a selector that got the pairs.
    pub(crate) selectors: usize,
}

impl Config {
    /// From one item of `labels`.
    pub(crate) fn from_field(item: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(item, "Label")?;
        Ok(Self {
            at: item.at,
            pairs: reader.pairs("pairs")?,
            places: Places::Labels {
                include_selectors: reader.flag("includeSelectors")?,
                include_templates: reader.flag("includeTemplates")?,
                fields: read_specs(reader.list("fields", "types.FieldSpec")?, false)?,
            },
        })
    }

    /// From `commonLabels`: the kustomization itself, whose field is read.
    pub(crate) fn from_common_labels(kustomization: &Node) -> Result<Self, Problem> {
        Self::common(kustomization, "commonLabels", Places::CommonLabels)
    }

    /// From `commonAnnotations`: the kustomization itself, whose field is read.
    pub(crate) fn from_common_annotations(kustomization: &Node) -> Result<Self, Problem> {
        Self::common(kustomization, "commonAnnotations", Places::CommonAnnotations)
    }

    /// From a LabelTransformer.
    pub(crate) fn from_label_plugin(node: &Node) -> Result<Self, Problem> {
        Self::plugin(node, "LabelTransformer", "labels", "labels")
    }

    /// From an AnnotationsTransformer.
    pub(crate) fn from_annotations_plugin(node: &Node) -> Result<Self, Problem> {
        Self::plugin(node, "AnnotationsTransformer", "annotations", "commonAnnotations")
    }

    fn common(node: &Node, field: &str, places: Places) -> Result<Self, Problem> {
        let reader = Reader::new(node, "Kustomization")?;
        Ok(Self {
            at: reader.value(field).map_or(node.at, |value| value.at),
            pairs: reader.pairs(field)?,
            places,
        })
    }

    fn plugin(node: &Node, of: &'static str, field: &str, by: &'static str) -> Result<Self, Problem> {
        let reader = Reader::new(node, of)?;
        let specs = read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, false)?;
        Ok(Self {
            at: node.at,
            pairs: reader.pairs(field)?,
            places: Places::Plugin(specs, by),
        })
    }

    fn by(&self) -> &'static str {
        match &self.places {
            Places::Labels { .. } => "labels",
            Places::CommonLabels => "commonLabels",
            Places::CommonAnnotations => "commonAnnotations",
            Places::Plugin(_, by) => by,
        }
    }

    /// The field specs that count, with the merges that upstream does for each item.
    fn specs<'s>(&'s self, specs: &'s FieldSpecs) -> Result<Cow<'s, [FieldSpec]>, Problem> {
        match &self.places {
            Places::CommonLabels => Ok(specs.common_labels.as_slice().into()),
            Places::CommonAnnotations => Ok(specs.common_annotations.as_slice().into()),
            Places::Plugin(own, _) => Ok(own.as_slice().into()),
            Places::Labels {
                include_selectors,
                include_templates,
                fields,
            } => {
                let mut merged = fields.clone();
                let fail = |problem: Problem| problem.within("failed to merge labels").at(self.at);
                if *include_selectors {
                    merge_all(&mut merged, &specs.common_labels).map_err(fail)?;
                    return Ok(merged.into());
                }
                if *include_templates {
                    merge_all(&mut merged, &specs.template_labels).map_err(|problem| {
                        problem.within("failed to merge template fieldSpec").at(self.at)
                    })?;
                }
                merge_all(&mut merged, &specs.labels).map_err(fail)?;
                let metadata = FieldSpec {
                    gvk: Gvk::default(),
                    path: SmolStr::new_static("metadata/labels"),
                    create: true,
                };
                merge_one(&mut merged, &metadata).map_err(fail)?;
                Ok(merged.into())
            }
        }
    }
}

/// Set the pairs in every object.
pub(crate) fn apply(set: &mut ResMap, config: &Config, specs: &FieldSpecs) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::default();
    let specs = config.specs(specs)?;
    let grouped = Grouped::new(&*specs);
    if config.pairs.is_empty() {
        return Ok(outcome);
    }
    let by = config.by();
    set.try_update_all(|resource| {
        let selector = |node: &Node| node.at_path(&["spec", "selector"]).is_some();
        let before = Arc::clone(resource.body());
        let mut set_pairs = |map: &Arc<Node>| entries::with_pairs(map, &config.pairs, by);
        grouped
            .apply(resource, Creation::Map, config.at, &mut set_pairs)
            .map_err(|problem| problem.at(config.at))?;
        let moved = |name: &str| match (before.get("spec"), resource.body().get("spec")) {
            (Some(before), Some(after)) => match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) => !Arc::ptr_eq(before, after),
                _ => false,
            },
            _ => false,
        };
        if selector(&before) && moved("selector") {
            outcome.selectors += 1;
        }
        Ok::<(), Problem>(())
    })?;
    Ok(outcome)
}
