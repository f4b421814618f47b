//! ValueAddTransformer: puts one text at several paths.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Kind, Node};
use smol_str::SmolStr;

use super::fieldspec::{Creation, FieldSpec, Prepared};
use super::read::{Reader, Sourced};
use super::value::{scalar_of, set_from, text_scalar};
use crate::Problem;
use crate::merge::Target;
use crate::model::{Gvk, ResMap};

/// What goes where.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    value: Sourced,
    targets: Vec<Place>,
    /// A file with more targets; see [`Config::add_targets`].
    pub(crate) target_file: Option<Sourced>,
}

#[derive(Clone, Debug)]
struct Place {
    select: Option<Target>,
    path: SmolStr,
    /// Above zero: insert the value into the slash-separated text, at this position from one.
    position: i64,
}

impl Config {
    /// From a ValueAddTransformer. Without a value it is `directory`, the name of the kustomization's directory.
    pub(crate) fn from_plugin(node: &Node, directory: &str) -> Result<Self, Problem> {
        let reader = Reader::new(node, "ValueAddTransformer")?;
        let value = reader.text("value")?.unwrap_or(Sourced {
            text: SmolStr::default(),
            at: node.at,
        });
        let text = match value.text.trim() {
            "" if directory.is_empty() => {
                return Err(Problem::build("must specify a value").at(value.at));
            }
            "" => directory.into(),
            text => text.into(),
        };
        let value = Sourced { text, at: value.at };
        let mut config = Self {
            value,
            targets: Vec::new(),
            target_file: reader
                .text("targetFilePath")?
                .filter(|path| !path.text.is_empty()),
        };
        config.add(reader.list("targets", "types.Target")?)?;
        if config.target_file.is_none() && config.targets.is_empty() {
            return Err(Problem::build("must specify at least one target").at(node.at));
        }
        Ok(config)
    }

    /// Add the targets of the file: a map with `targets`.
    pub(crate) fn add_targets(&mut self, root: &Node) -> Result<(), Problem> {
        let items = match &root.kind {
            Kind::List(items) => items,
            _ => Reader::new(root, "TargetList")?.list("targets", "types.Target")?,
        };
        self.add(items)
    }

    fn add(&mut self, items: &[Arc<Node>]) -> Result<(), Problem> {
        for item in items {
            let reader = Reader::new(item, "Target")?;
            let select = reader.value("selector");
            self.targets.push(Place {
                select: select.map(|select| Target::read(select)).transpose()?,
                path: reader.text_or_empty("fieldPath")?,
                position: reader.integer("filePathPosition")?.unwrap_or(0),
            });
        }
        Ok(())
    }
}

/// Put the value at every target.
pub(crate) fn apply(set: &mut ResMap, config: &Config) -> Result<(), Problem> {
    for place in &config.targets {
        let positions = match &place.select {
            Some(select) => select.select(set)?,
            None => (0..set.len()).collect(),
        };
        let at: Origin = config.value.at;
        let spec = FieldSpec {
            gvk: Gvk::default(),
            path: place.path.clone(),
            create: true,
        };
        let prepared = Prepared::new(&spec);
        let mut put = |node: &Arc<Node>| {
            let text = inserted(&scalar_of(node)?.text, place.position, &config.value.text);
            Ok(Some(set_from(node, text_scalar(text), at, "value")))
        };
        for position in positions {
            let body = set.get(position).body();
            let changed = prepared
                .rewrite(body, Creation::Scalar, at, &mut put)
                .map_err(|problem| problem.at(at))?;
            if let Some(body) = changed {
                set.update(position, |resource| resource.set_body(body));
            }
        }
    }
    Ok(())
}

/// `value`, or `path` with it inserted at `position`. An absolute path stays one; positions past the end append.
fn inserted(path: &str, position: i64, value: &str) -> SmolStr {
    if position <= 0 || path.is_empty() {
        return value.into();
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    if path == "/" {
        parts.pop();
    }
    let mut position = usize::try_from(position - 1)
        .unwrap_or(usize::MAX)
        .min(parts.len());
    if parts[0].is_empty() && position < parts.len() {
        position += 1;
    }
    parts.insert(position, value);
    parts.join("/").into()
}
