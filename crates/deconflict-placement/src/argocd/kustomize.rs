//! `source.kustomize` of an Application: Argo CD edits the kustomization file at the path before it builds
//! (argo-cd util/kustomize `Build`).

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_kube::{bool_at, items_at, text_at, text_of};
use deconflict_yaml::{Field, Kind, Node, Scalar};
use smol_str::SmolStr;

use crate::edit;
use crate::survey::Survey;

/// What `${ARGOCD_APP_…}` stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables(pub(crate) Vec<(&'static str, SmolStr)>);

impl Variables {
    fn fill(&self, text: &str) -> Option<String> {
        if !text.contains('$') {
            return None;
        }
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled
                .replace(&format!("${{{name}}}"), value)
                .replace(&format!("${name}"), value);
        }
        (filled != text).then_some(filled)
    }
}

/// The kustomization `file` as the stanza edits it; `None` when the stanza changes nothing.
pub(crate) fn edited(
    survey: &Survey,
    path: &RepoPath,
    file: &Node,
    stanza: &Node,
    variables: &Variables,
) -> Option<Node> {
    let mut content = file.clone();
    for name in ["namePrefix", "nameSuffix", "namespace"] {
        if let Some(value) = stanza
            .get(name)
            .filter(|value| text_of(value).is_some_and(|text| !text.is_empty()))
        {
            edit::put(&mut content, name, value);
        }
    }
    images(&mut content, stanza, variables);
    replicas(&mut content, stanza);
    labels(&mut content, stanza, variables);
    annotations(&mut content, stanza, variables);
    edit::append(
        &mut content,
        "patches",
        stanza.get("patches").map_or(&[], |list| list.items()),
    );
    components(&mut content, survey, path, stanza);
    (content != *file).then_some(content)
}

/// `name[=newName][:tag][@digest]` for each image; an entry of the file with that name is replaced.
fn images(content: &mut Node, stanza: &Node, variables: &Variables) {
    for image in items_at(stanza, &["images"]) {
        let Some(text) = text_of(image) else { continue };
        let text = variables.fill(text).unwrap_or_else(|| text.to_owned());
        let (name, new) = text.split_once('=').unwrap_or(("", &text));
        let (rest, digest) = new
            .split_once('@')
            .map_or((new, None), |(rest, digest)| (rest, Some(digest)));
        // A colon before the last slash is a port.
        let (image_name, tag) = match rest.rsplit_once(':') {
            Some((before, tag)) if !tag.contains('/') => (before, Some(tag)),
            _ => (rest, None),
        };
        let mut entry = Node::map(image.at);
        let is_renamed = !name.is_empty() && name != image_name;
        edit::put_text(
            &mut entry,
            "name",
            if name.is_empty() { image_name } else { name },
            image,
        );
        if is_renamed {
            edit::put_text(&mut entry, "newName", image_name, image);
        }
        if let Some(tag) = tag {
            edit::put_text(&mut entry, "newTag", tag, image);
        }
        if let Some(digest) = digest {
            edit::put_text(&mut entry, "digest", digest, image);
        }
        upsert(content, "images", entry);
    }
}

fn replicas(content: &mut Node, stanza: &Node) {
    for entry in items_at(stanza, &["replicas"]) {
        if text_at(entry, &["name"]).is_some() && entry.get("count").is_some() {
            upsert(
                content,
                "replicas",
                Node::clone(&*edit::as_typed(&Arc::new(entry.clone()))),
            );
        }
    }
}

/// Put an entry with a `name` in place of the one of that name, or at the end.
fn upsert(content: &mut Node, list: &str, entry: Node) {
    let same = |known: &Arc<Node>| text_at(known, &["name"]) == text_at(&entry, &["name"]);
    let kept: Vec<Arc<Node>> = content
        .get(list)
        .map(|known| {
            known
                .items()
                .iter()
                .filter(|known| !same(known))
                .cloned()
                .collect()
        })
        .unwrap_or_default();
    let at = entry.at;
    let all = kept.into_iter().chain([Arc::new(entry)]).collect();
    content.set(list, at, Node::new(Kind::List(all), at));
}

fn labels(content: &mut Node, stanza: &Node, variables: &Variables) {
    let Some(labels) = stanza
        .get("commonLabels")
        .filter(|labels| !labels.fields().is_empty())
    else {
        return;
    };
    let labels = edit::rewrite(labels, &mut |scalar| {
        variables.fill(&scalar.text).map(Scalar::string)
    });
    if bool_at(stanza, &["labelWithoutSelector"]) == Some(true) {
        let mut entry = Node::map(labels.at);
        edit::put(&mut entry, "pairs", &labels);
        for (field, source) in [("includeSelectors", false), ("includeTemplates", true)] {
            let on = source && bool_at(stanza, &["labelIncludeTemplates"]) == Some(true);
            let value = Node::scalar(Scalar::plain(if on { "true" } else { "false" }), labels.at);
            entry.set(field, labels.at, value);
        }
        edit::append(content, "labels", &[Arc::new(entry)]);
    } else {
        put_all(content, "commonLabels", labels.fields());
    }
}

fn annotations(content: &mut Node, stanza: &Node, variables: &Variables) {
    let Some(annotations) = stanza
        .get("commonAnnotations")
        .filter(|map| !map.fields().is_empty())
    else {
        return;
    };
    let filled = if bool_at(stanza, &["commonAnnotationsEnvsubst"]) == Some(true) {
        edit::rewrite(annotations, &mut |scalar| {
            variables.fill(&scalar.text).map(Scalar::string)
        })
    } else {
        Arc::clone(annotations)
    };
    put_all(content, "commonAnnotations", filled.fields());
}

fn put_all(content: &mut Node, name: &str, fields: &[Field]) {
    let Some(first) = fields.first() else { return };
    if !content.get(name).is_some_and(|map| map.is_map()) {
        content.set(name, first.key_at.0, Node::map(first.value.at));
    }
    let Some(map) = content.get_mut(name) else { return };
    for field in fields {
        map.set(field.name(), field.key_at.0, edit::as_typed(&field.value));
    }
}

fn components(content: &mut Node, survey: &Survey, path: &RepoPath, stanza: &Node) {
    let components = stanza.get("components").map_or(&[][..], |list| list.items());
    let lenient = bool_at(stanza, &["ignoreMissingComponents"]) == Some(true);
    let is_there = |component: &&Arc<Node>| {
        let target = component.text().and_then(|text| path.join(text));
        target.is_some_and(|target| survey.is_directory(&target))
    };
    let kept: Vec<Arc<Node>> = components
        .iter()
        .filter(|component| !lenient || is_there(component))
        .cloned()
        .collect();
    edit::append(content, "components", &kept);
}
