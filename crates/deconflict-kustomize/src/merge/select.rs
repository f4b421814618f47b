//! Which objects a patch is for.

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node};
use regex::Regex;

use super::LabelSelector;
use crate::Problem;
use crate::model::{Gvk, ResId, ResMap, Resource};

/// An anchored regular expression. Most are plain names, which need no machine.
#[derive(Clone, Debug)]
enum Pattern {
    Name(String),
    Regex(Regex),
}

impl Pattern {
    fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Name(name) => name == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A target selector: every given part must match. Names, namespaces and kinds are anchored regular expressions.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where it is written.
    pub(crate) at: Origin,
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    /// The name as written, for the transformer that insists on one.
    pub(super) name_text: String,
    id_text: String,
    label_selector: String,
    annotation_selector: String,
}

impl Target {
    /// Read a selector. `node` is a map; field names are matched as Go's JSON decoder does, in any case.
    pub(crate) fn read(node: &Node) -> Result<Self, Problem> {
        let text = |name: &str| {
            let value =
                super::entry::field(node, name).filter(|value| !value.is_null(Dialect::Kustomization));
            value.map_or(Ok(""), |value| {
                super::entry::string(value, &format!("Selector.{name}"))
            })
        };
        let pattern = |name: &str| anchored(text(name)?);
        let gvk = Gvk {
            group: text("group")?.into(),
            version: text("version")?.into(),
            kind: text("kind")?.into(),
        };
        let id = ResId {
            gvk,
            name: text("name")?.into(),
            namespace: text("namespace")?.into(),
        };
        Ok(Self {
            at: node.at,
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            name_text: text("name")?.to_owned(),
            id_text: id.to_string(),
            label_selector: text("labelSelector")?.to_owned(),
            annotation_selector: text("annotationSelector")?.to_owned(),
        })
    }

    /// The id that the selector spells, in kustomize's words.
    pub(super) fn id_text(&self) -> String {
        self.id_text.clone()
    }

    /// The positions of the objects it selects, in order. Names and namespaces count as they are now and as they were
    /// loaded.
    pub(crate) fn select(&self, set: &ResMap) -> Result<Vec<usize>, Problem> {
        let labels = LabelSelector::parse(&self.label_selector).map_err(|problem| problem.at(self.at))?;
        let annotations =
            LabelSelector::parse(&self.annotation_selector).map_err(|problem| problem.at(self.at))?;
        let is_selected = |resource: &Resource| {
            let (now, before) = (resource.id(), resource.original_id());
            let either = |pattern: &Option<Pattern>, now: &str, before: &str| {
                pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.is_match(before) || pattern.is_match(now))
            };
            let one = |pattern: &Option<Pattern>, text: &str| {
                pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
            };
            one(&self.kind, &now.gvk.kind)
                && one(&self.group, &now.gvk.group)
                && one(&self.version, &now.gvk.version)
                && either(&self.name, &now.name, &before.name)
                && either(
                    &self.namespace,
                    now.effective_namespace(),
                    before.effective_namespace(),
                )
                && labels.matches(|key| in_metadata(resource, "labels", key))
                && annotations.matches(|key| in_metadata(resource, "annotations", key))
        };
        Ok(set
            .iter()
            .enumerate()
            .filter(|(_, resource)| is_selected(resource))
            .map(|(position, _)| position)
            .collect())
    }
}

fn in_metadata<'r>(resource: &'r Resource, map: &str, key: &str) -> Option<&'r str> {
    let value = resource.body().at_path(&["metadata", map])?.get(key)?;
    Some(value.text().unwrap_or_default())
}

/// `^(?:pattern)$`, or nothing for an empty pattern.
fn anchored(pattern: &str) -> Result<Option<Pattern>, Problem> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    if pattern.bytes().all(is_literal) {
        return Ok(Some(Pattern::Name(pattern.to_owned())));
    }
    let anchored = Regex::new(&format!("^(?:{pattern})$"));
    anchored
        .map(|regex| Some(Pattern::Regex(regex)))
        .map_err(|_| Problem::build(format!("error parsing regexp: `^(?:{pattern})$`")))
}
