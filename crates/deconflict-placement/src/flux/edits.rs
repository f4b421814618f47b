//! What a Flux Kustomization changes in the kustomization file before the build (fluxcd/pkg kustomize
//! `Generator.WriteFile`).

use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_kube::{bool_at, items_at, text_at, text_of};
use deconflict_yaml::{Kind, Node, Scalar};

use crate::edit;
use crate::survey::Survey;

/// Edit `content` of the kustomization at `path` as `spec` says.
pub(crate) fn apply(content: &mut Node, spec: &Node, survey: &Survey, path: &RepoPath) {
    for (field, name) in [
        ("targetNamespace", "namespace"),
        ("namePrefix", "namePrefix"),
        ("nameSuffix", "nameSuffix"),
    ] {
        if let Some(value) = spec
            .get(field)
            .filter(|value| text_of(value).is_some_and(|text| !text.is_empty()))
        {
            edit::put(content, name, value);
        }
    }
    edit::append(
        content,
        "patches",
        spec.get("patches").map_or(&[], |list| list.items()),
    );
    let lenient = bool_at(spec, &["ignoreMissingComponents"]) == Some(true);
    let components: Vec<Arc<Node>> = spec
        .get("components")
        .map_or(&[][..], |list| list.items())
        .iter()
        .filter(|component| {
            let target = component.text().and_then(|text| path.join(text));
            !lenient || target.is_some_and(|target| survey.is_directory(&target))
        })
        .cloned()
        .collect();
    edit::append(content, "components", &components);
    images(content, spec);
}

/// An image of the file with the same name is replaced, tag and digest together.
fn images(content: &mut Node, spec: &Node) {
    for image in items_at(spec, &["images"]) {
        let Some(name) = text_at(image, &["name"]) else {
            continue;
        };
        let mut entry = Node::map(image.at);
        edit::put_text(&mut entry, "name", name, image);
        for field in ["newName", "newTag", "digest"] {
            if let Some(value) = image.get(field) {
                edit::put(&mut entry, field, value);
            }
        }
        let known = content
            .get("images")
            .map(|list| list.items().to_vec())
            .unwrap_or_default();
        let same = |known: &Arc<Node>| text_at(known, &["name"]) == Some(name);
        let all = match known.iter().position(same) {
            Some(at) => {
                let mut all = known;
                all[at] = Arc::new(entry);
                all
            }
            None => known.into_iter().chain([Arc::new(entry)]).collect(),
        };
        content.set("images", image.at, Node::new(Kind::List(all), image.at));
    }
}

/// True when `spec` changes anything.
pub(crate) fn changes(spec: &Node) -> bool {
    let says = |name: &str| {
        spec.get(name).is_some_and(|value| match &value.kind {
            Kind::Scalar(Scalar { text, .. }) => !text.is_empty(),
            Kind::List(items) => !items.is_empty(),
            Kind::Map(_) => false,
        })
    };
    [
        "targetNamespace",
        "namePrefix",
        "nameSuffix",
        "patches",
        "components",
        "images",
    ]
    .into_iter()
    .any(says)
}
