//! `images`: kustomize's ImageTagTransformer.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Node};
use regex::Regex;
use smol_str::SmolStr;

use super::FieldSpecs;
use super::fieldspec::{Creation, FieldSpec, Grouped, read_specs, with_kind};
use super::read::{Reader, Sourced};
use super::value::{scalar_of, set_from, text_scalar, wrong_kind};
use crate::model::ResMap;
use crate::pattern::{is_simple, strip};
use crate::{Problem, ProblemKind};

/// What becomes of images of a name.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The entry.
    pub(crate) at: Origin,
    /// The expression that upstream makes of the name; its error is reported when there is an image to compare with. `None`
    /// for a name that needs none.
    pattern: Option<Result<Regex, String>>,
    /// The name as written.
    pub(crate) name: Sourced,
    new_name: Option<Sourced>,
    new_tag: Option<Sourced>,
    tag_suffix: Option<Sourced>,
    digest: Option<Sourced>,
    specs: Option<Vec<FieldSpec>>,
}

/// What happened besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    /// Images of that name, counted each time they were met.
    pub(crate) matched: usize,
    /// Where the name stands, when as an expression it matches an image of another name.
    pub(crate) beyond_name: Option<Origin>,
}

impl Config {
    /// From one item of `images`.
    pub(crate) fn from_field(item: &Node) -> Result<Self, Problem> {
        Self::read(item, None)
    }

    /// From an ImageTagTransformer.
    pub(crate) fn from_plugin(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "ImageTagTransformer")?;
        let specs = read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, false)?;
        match reader.value("imageTag") {
            Some(image) => Self::read(image, Some(specs)),
            None => Self::read(&Node::map(node.at), Some(specs)),
        }
    }

    fn read(item: &Node, specs: Option<Vec<FieldSpec>>) -> Result<Self, Problem> {
        let reader = Reader::new(item, "Image")?;
        let filled = |name: &str| -> Result<Option<Sourced>, Problem> {
            Ok(reader.text(name)?.filter(|text| !text.text.is_empty()))
        };
        let name = reader.text("name")?.unwrap_or(Sourced {
            text: SmolStr::default(),
            at: item.at,
        });
        let pattern = (!is_simple(&name.text)).then(|| {
            let pattern = format!(
                "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
                name.text
            );
            Regex::new(&pattern).map_err(|_| pattern)
        });
        Ok(Self {
            at: item.at,
            pattern,
            name,
            new_name: filled("newName")?,
            new_tag: filled("newTag")?,
            tag_suffix: filled("tagSuffix")?,
            digest: filled("digest")?,
            specs,
        })
    }

    fn is_match(&self, image: &str) -> Result<bool, Problem> {
        match &self.pattern {
            None => Ok(strip(&self.name.text, image).is_some_and(is_version)),
            Some(Ok(pattern)) => Ok(pattern.is_match(image)),
            Some(Err(pattern)) => {
                let message = format!("error parsing regexp: `{pattern}`: kustomize 5.5.0 crashes");
                Err(Problem::new(ProblemKind::Crash, message).at(self.name.at))
            }
        }
    }

    /// The image that `image` becomes; `None` when the name is another.
    fn replace(&self, image: &str) -> Result<Option<SmolStr>, Problem> {
        if !self.is_match(image)? {
            return Ok(None);
        }
        let (name, mut tag, mut digest) = split(image);
        let suffixed: String;
        match (&self.new_tag, &self.digest, &self.tag_suffix) {
            (Some(new_tag), new_digest, _) => {
                tag = &new_tag.text;
                digest = new_digest.as_ref().map_or("", |digest| &digest.text);
            }
            (None, Some(new_digest), _) => {
                tag = "";
                digest = &new_digest.text;
            }
            (None, None, Some(suffix)) => {
                suffixed = format!("{tag}{}", suffix.text);
                tag = &suffixed;
                digest = "";
            }
            (None, None, None) => {}
        }
        let mut result = String::from(self.new_name.as_ref().map_or(name, |name| &name.text));
        for (sign, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                result.push(sign);
                result.push_str(part);
            }
        }
        Ok(Some(result.into()))
    }

    /// The text to edit for another image.
    fn source(&self) -> Origin {
        let parts = [&self.new_tag, &self.digest, &self.new_name, &self.tag_suffix];
        parts.into_iter().flatten().next().map_or(self.at, |part| part.at)
    }
}

/// Replace the images of a name in every object.
///
/// # Errors
/// A name that is no regular expression, when there is an image; containers and images of the wrong shape.
pub(crate) fn apply(set: &mut ResMap, config: &Config, specs: &FieldSpecs) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::default();
    let mut replace = |node: &Arc<Node>| {
        let image = &scalar_of(node)?.text;
        let Some(text) = config.replace(image)? else {
            return Ok(None);
        };
        outcome.matched += 1;
        if !image.starts_with(config.name.text.as_str()) {
            outcome.beyond_name = Some(config.name.at);
        }
        // The second pass meets most images again.
        if text == *image && node.at == config.source() {
            return Ok(None);
        }
        Ok(Some(set_from(node, text_scalar(text), config.source(), "images")))
    };
    // The whole set once for the containers anywhere, then once for the field specs.
    set.try_update_all(|resource| {
        if resource.gvk().kind == "CustomResourceDefinition" {
            return Ok(());
        }
        let changed =
            walk(resource.body(), &mut replace).map_err(|problem: Problem| problem.at(config.at))?;
        if let Some(body) = changed {
            resource.set_body(body);
        }
        Ok::<(), Problem>(())
    })?;
    let grouped = Grouped::new(config.specs.as_ref().unwrap_or(&specs.images));
    set.try_update_all(|resource| {
        grouped
            .apply(resource, Creation::Never, config.at, &mut replace)
            .map_err(|problem| problem.at(config.at))
    })?;
    Ok(outcome)
}

type Replace<'r> = dyn FnMut(&Arc<Node>) -> Result<Option<Arc<Node>>, Problem> + 'r;

/// True for a tag, a digest, both or neither: `(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?`.
fn is_version(rest: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-');
    let rest = rest
        .strip_prefix(':')
        .map_or(rest, |tag| tag.trim_start_matches(is_part));
    let rest = rest
        .strip_prefix("@sha256:")
        .map_or(rest, |digest| digest.trim_start_matches(is_part));
    rest.is_empty()
}

/// Every `image` in a list under `containers` or `initContainers`, at any depth.
fn walk(node: &Arc<Node>, replace: &mut Replace<'_>) -> Result<Option<Arc<Node>>, Problem> {
    match &node.kind {
        Kind::Scalar(_) => Ok(None),
        Kind::List(items) => {
            let mut changed: Option<Vec<Arc<Node>>> = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(new) = walk(item, replace)? {
                    changed.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            Ok(changed.map(|items| with_kind(node, Kind::List(items))))
        }
        Kind::Map(fields) => {
            let mut changed = None;
            for (index, field) in fields.iter().enumerate() {
                let mut value = walk(&field.value, replace)?;
                if matches!(field.name(), "containers" | "initContainers") {
                    let containers = value.as_ref().unwrap_or(&field.value);
                    value = in_containers(containers, replace)?.or(value);
                }
                if let Some(new) = value {
                    changed.get_or_insert_with(|| fields.clone())[index].value = new;
                }
            }
            Ok(changed.map(|fields| with_kind(node, Kind::Map(fields))))
        }
    }
}

fn in_containers(containers: &Arc<Node>, replace: &mut Replace<'_>) -> Result<Option<Arc<Node>>, Problem> {
    let Kind::List(items) = &containers.kind else {
        return Ok(None);
    };
    let mut changed: Option<Vec<Arc<Node>>> = None;
    for (index, item) in items.iter().enumerate() {
        let Kind::Map(fields) = &item.kind else {
            if item.is_null(Dialect::Resource) {
                continue;
            }
            return Err(wrong_kind("MappingNode", item));
        };
        let Some(position) = fields.iter().position(|field| field.name() == "image") else {
            continue;
        };
        if let Some(new) = replace(&fields[position].value)? {
            let mut fields = fields.clone();
            fields[position].value = new;
            changed.get_or_insert_with(|| items.clone())[index] = with_kind(item, Kind::Map(fields));
        }
    }
    Ok(changed.map(|items| with_kind(containers, Kind::List(items))))
}

/// Name, tag and digest. Signs count after the first slash, so that the port of a registry is no tag.
fn split(image: &str) -> (&str, &str, &str) {
    let start = image.find('/').unwrap_or(0);
    let digest_at = image[start..].find('@').map(|at| at + start);
    let tag_at = image[start..].find(':').map(|at| at + start);
    match (tag_at, digest_at) {
        (None, None) => (image, "", ""),
        (Some(tag_at), None) => (&image[..tag_at], trimmed(&image[tag_at..], ':'), ""),
        (Some(tag_at), Some(digest_at)) if tag_at < digest_at => (
            &image[..tag_at],
            trimmed(&image[tag_at..digest_at], ':'),
            trimmed(&image[digest_at..], '@'),
        ),
        (_, Some(digest_at)) => (&image[..digest_at], "", trimmed(&image[digest_at..], '@')),
    }
}

fn trimmed(text: &str, sign: char) -> &str {
    text.strip_prefix(sign).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{is_version, strip};

    #[test]
    fn simple_names_match_what_the_expression_would() {
        let images = [
            "",
            "a",
            "a:1",
            "a:",
            "a@sha256:0f",
            "a:1@sha256:0f",
            "a:1@sha256",
            "a:1:2",
            "a/b",
            "b",
            "a:{x}-y_z.1",
            "a@sha256:0f:1",
            "axb:1",
            "a.b:1",
            "a\nb",
            "r:5000/a:1",
            ":1",
        ];
        for name in ["", "a", "a.b", "r:5000/a", "a/b"] {
            let expression = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
            let regex = Regex::new(&expression).expect("an expression");
            for image in images {
                let simple = strip(name, image).is_some_and(is_version);
                assert_eq!(simple, regex.is_match(image), "{name} {image:?}");
            }
        }
    }
}
