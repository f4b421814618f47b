//! Which objects a patch is for.

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Field, Node};
use regex::Regex;

use super::{LabelSelector, Selected};
use crate::Problem;
use crate::model::{Gvk, ResId, ResMap, Resource};
use crate::pattern::{is_simple, strip};

/// An anchored regular expression.
#[derive(Clone, Debug)]
enum Pattern {
    /// What nearly all are, without a machine: characters that mean themselves, dots for any one but a line feed; and
    /// `.*` at the end or not.
    Simple {
        start: String,
        is_open: bool,
    },
    Regex(Regex),
}

impl Pattern {
    /// `pattern`, if it is simple.
    fn simple(pattern: &str) -> Option<Self> {
        let open = pattern.strip_suffix(".*");
        let start = open.unwrap_or(pattern);
        is_simple(start).then(|| Self::Simple {
            start: start.to_owned(),
            is_open: open.is_some(),
        })
    }

    fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(text),
            Self::Simple { start, is_open: true } => {
                strip(start, text).is_some_and(|rest| !rest.contains('\n'))
            }
            Self::Simple {
                start,
                is_open: false,
            } => strip(start, text) == Some(""),
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
    shown: String,
    is_named: bool,
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
        let id = ResId::new(gvk, text("name")?.into(), text("namespace")?.into());
        Ok(Self {
            at: node.at,
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            name_text: text("name")?.to_owned(),
            id_text: id.to_string(),
            shown: shown(node),
            is_named: names_one(node),
            label_selector: text("labelSelector")?.to_owned(),
            annotation_selector: text("annotationSelector")?.to_owned(),
        })
    }

    /// The id that the selector spells, in kustomize's words.
    pub(super) fn id_text(&self) -> String {
        self.id_text.clone()
    }

    /// That it selected so many objects.
    pub(super) fn selected(&self, objects: usize) -> Selected {
        Selected {
            at: self.at,
            selector: self.shown.clone(),
            is_named: self.is_named,
            objects,
        }
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

/// True when a selector asks for one name; by labels or by an expression it means whatever fits.
pub(crate) fn names_one(node: &Node) -> bool {
    let text = |field: &str| node.get(field).and_then(|value| value.text()).unwrap_or_default();
    let name = text("name");
    !name.is_empty()
        && is_simple(name)
        && text("labelSelector").is_empty()
        && text("annotationSelector").is_empty()
}

/// A selector on one line, as a person would write it.
pub(crate) fn shown(node: &Node) -> String {
    let part = |field: &Field| Some(format!("{}: {}", field.name(), field.value.text()?));
    let parts: Vec<String> = node.fields().iter().filter_map(part).collect();
    parts.join(", ")
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
    if let Some(simple) = Pattern::simple(pattern) {
        return Ok(Some(simple));
    }
    let anchored = Regex::new(&format!("^(?:{pattern})$"));
    anchored
        .map(|regex| Some(Pattern::Regex(regex)))
        .map_err(|_| Problem::build(format!("error parsing regexp: `^(?:{pattern})$`")))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::Pattern;

    #[test]
    fn simple_patterns_match_what_the_expressions_would() {
        let texts = [
            "", "a", "ab", "a.b", "axb", "a\nb", "a.bc", "aübc", "ab\n", "b", "a-b/c_1", "a.b\nc",
        ];
        for pattern in ["a", "a.b", "a.*", ".*", ".", "a-b/c_1", "a.b.*", "..", "a.."] {
            let simple = Pattern::simple(pattern).expect("a simple one");
            let regex = Regex::new(&format!("^(?:{pattern})$")).expect("an expression");
            for text in texts {
                assert_eq!(simple.is_match(text), regex.is_match(text), "{pattern} {text:?}");
            }
        }
        for pattern in [
            "a*", "a|b", "a+", "(a)", "a.*b", "^a", "a\\.b", "ü", "[a]", "a?", "a.**",
        ] {
            assert!(Pattern::simple(pattern).is_none(), "{pattern}");
        }
    }
}
