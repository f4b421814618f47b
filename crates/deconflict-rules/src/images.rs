//! Images of the containers that an object declares.

use deconflict_claims::{Detail, Placed};
use deconflict_kube::{items_at, text_at, text_of};
use deconflict_yaml::Node;

/// An image and the container that runs it.
pub(crate) struct Image<'n> {
    pub(crate) container: &'n str,
    /// The image's text.
    pub(crate) node: &'n Node,
    pub(crate) name: Name<'n>,
}

/// The parts of an image's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'n> {
    /// As written.
    pub(crate) text: &'n str,
    /// Without tag and digest.
    path: &'n str,
    pub(crate) tag: Option<&'n str>,
    pub(crate) digest: bool,
}

impl<'n> Name<'n> {
    pub(crate) fn of(text: &'n str) -> Self {
        let (named, digest) = text
            .split_once('@')
            .map_or((text, false), |(named, _)| (named, true));
        // A colon before the last slash is that of a port.
        let start = named.rfind('/').map_or(0, |slash| slash + 1);
        let (path, tag) = match named[start..].split_once(':') {
            Some((last, tag)) => (&named[..start + last.len()], Some(tag)),
            None => (named, None),
        };
        Self {
            text,
            path,
            tag,
            digest,
        }
    }

    /// With the registry that a name without one means.
    pub(crate) fn repository(&self) -> String {
        let (first, rest) = self.path.split_once('/').unwrap_or(("", self.path));
        let is_host = first.contains(['.', ':']) || first == "localhost";
        match (is_host, first) {
            (true, "index.docker.io" | "registry-1.docker.io") => format!("docker.io/{rest}"),
            (true, _) => self.path.to_owned(),
            (false, "") => format!("docker.io/library/{rest}"),
            (false, _) => format!("docker.io/{}", self.path),
        }
    }
}

/// The images of all containers, those that something fills in later aside: `$(IMAGE)`, `ko://import/path`.
pub(crate) fn images<'n>(placed: &'n Placed<'_>) -> Vec<Image<'n>> {
    let Detail::Pods(templates) = &placed.facts.detail else {
        return Vec::new();
    };
    let specs = templates.iter().filter_map(|template| template.spec.as_deref());
    let containers = specs.flat_map(|spec| {
        let fields = ["initContainers", "containers", "ephemeralContainers"].into_iter();
        fields.flat_map(|field| items_at(spec, &[field]))
    });
    let image = |container: &'n Node| {
        let node = container.at_path(&["image"])?;
        let text = text_of(node)
            .filter(|text| !text.is_empty() && !text.contains(['$', '{', ' ']) && !text.contains("://"))?;
        // An injector replaces it (Istio, Linkerd).
        (text != "auto").then_some(Image {
            container: text_at(container, &["name"]).unwrap_or_default(),
            node,
            name: Name::of(text),
        })
    };
    containers.filter_map(image).collect()
}
