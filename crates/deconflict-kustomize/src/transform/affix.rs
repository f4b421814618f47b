//! `namePrefix` and `nameSuffix`: kustomize's PrefixTransformer and SuffixTransformer.

use std::sync::Arc;

use deconflict_yaml::Node;
use smol_str::{SmolStr, format_smolstr};

use super::FieldSpecs;
use super::fieldspec::{Creation, FieldSpec, Grouped, read_specs};
use super::read::{Reader, Sourced};
use super::value::{composed, scalar_of};
use crate::Problem;
use crate::model::{Gvk, ResMap};

/// Which end of the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// `namePrefix`
    Prefix,
    /// `nameSuffix`
    Suffix,
}

impl Side {
    fn by(self) -> &'static str {
        match self {
            Self::Prefix => "namePrefix",
            Self::Suffix => "nameSuffix",
        }
    }
}

/// What to add.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    side: Side,
    text: Option<Sourced>,
    specs: Option<Vec<FieldSpec>>,
}

impl Config {
    /// From the kustomization's field.
    pub(crate) fn from_field(side: Side, text: Sourced) -> Self {
        Self {
            side,
            text: Some(text),
            specs: None,
        }
    }

    /// From a PrefixTransformer or SuffixTransformer.
    pub(crate) fn from_plugin(side: Side, node: &Node) -> Result<Self, Problem> {
        let (of, field) = match side {
            Side::Prefix => ("PrefixTransformer", "prefix"),
            Side::Suffix => ("SuffixTransformer", "suffix"),
        };
        let reader = Reader::new(node, of)?;
        let text = reader.text(field)?;
        if reader.value("fieldSpecs").is_none() {
            return Err(Problem::build("fieldSpecs is not expected to be nil").at(node.at));
        }
        let specs = read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, false)?;
        Ok(Self {
            side,
            text,
            specs: Some(specs),
        })
    }
}

/// Kinds whose names stay: (group, kind).
const UNTOUCHED: [(&str, &str); 3] = [
    ("", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("", "Namespace"),
];

fn is_untouched(gvk: &Gvk) -> bool {
    UNTOUCHED
        .iter()
        .any(|(group, kind)| *kind == gvk.kind && (group.is_empty() || *group == gvk.group))
}

/// Add the text to the names, and remember them for references.
pub(crate) fn apply(set: &mut ResMap, config: &Config, specs: &FieldSpecs) -> Result<(), Problem> {
    let Some(affix) = config.text.as_ref().filter(|affix| !affix.text.is_empty()) else {
        return Ok(());
    };
    let defaults = match config.side {
        Side::Prefix => &specs.name_prefix,
        Side::Suffix => &specs.name_suffix,
    };
    let grouped = Grouped::new(config.specs.as_ref().unwrap_or(defaults));
    let mut compose = |node: &Arc<Node>| {
        let old = &scalar_of(node)?.text;
        let text: SmolStr = match config.side {
            Side::Prefix => format_smolstr!("{}{old}", affix.text),
            Side::Suffix => format_smolstr!("{old}{}", affix.text),
        };
        Ok(Some(composed(node, text, affix.at, config.side.by())))
    };
    set.try_update_all(|resource| {
        let original = resource.original_id();
        if is_untouched(&original.gvk) {
            return Ok(());
        }
        for (_, prepared) in grouped.of(&original.gvk) {
            if prepared.spec.path == "metadata/name" {
                match config.side {
                    Side::Prefix => resource.prefixes.push(affix.text.clone()),
                    Side::Suffix => resource.suffixes.push(affix.text.clone()),
                }
                resource.remember_id();
            }
            // The filter compares the current kind once more.
            if !resource.gvk().is_selected_by(&prepared.spec.gvk) {
                continue;
            }
            let changed = prepared
                .rewrite(resource.body(), Creation::Scalar, affix.at, &mut compose)
                .map_err(|problem| prepared.explain(resource, problem).at(affix.at))?;
            if let Some(body) = changed {
                resource.set_body(body);
            }
        }
        Ok(())
    })
}
