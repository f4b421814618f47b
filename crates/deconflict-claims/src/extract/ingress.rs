//! What Ingresses route.

use deconflict_kube::{Object, bool_at, items_at, text_at};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::{Spot, normalise_host};

/// An Ingress as its controller reads it, before the class is known.
#[derive(Debug, Default)]
pub struct Ingress {
    /// `spec.ingressClassName`, else the annotation `kubernetes.io/ingress.class`.
    pub class: Option<(SmolStr, Spot)>,
    /// Every path of every rule.
    pub paths: Vec<IngressPath>,
    /// The backend of requests that no rule takes.
    pub default_backend: Option<Spot>,
    /// `nginx.ingress.kubernetes.io/canary: "true"`.
    pub canary: bool,
    /// What makes ingress-nginx read all paths of its hosts as regular expressions: the annotation.
    pub regex: Option<Spot>,
}

/// One path of an Ingress.
#[derive(Debug)]
pub struct IngressPath {
    /// The host, normalised; empty for any.
    pub host: SmolStr,
    /// The path; empty when none is given.
    pub path: SmolStr,
    /// `pathType`, `ImplementationSpecific` when none is given.
    pub path_type: SmolStr,
    /// The path's text, else the host's, else the rule's.
    pub spot: Spot,
}

const NGINX: &str = "nginx.ingress.kubernetes.io/";

/// Read `ingress`; versions before v1 have the same fields as far as they matter here.
pub(super) fn read(ingress: &Object) -> Ingress {
    let body = &ingress.body;
    let annotations = body.at_path(&["metadata", "annotations"]);
    let annotation = |name: &str| annotations.and_then(|all| all.get(name)).map(|node| &**node);
    let nginx = |name: &str| annotation(&format!("{NGINX}{name}"));
    let class = body
        .at_path(&["spec", "ingressClassName"])
        .or_else(|| annotation("kubernetes.io/ingress.class"));
    let is_true = |node: &Node| node.text() == Some("true");
    let backend = ["defaultBackend", "backend"]
        .iter()
        .find_map(|name| body.at_path(&["spec", name]));
    Ingress {
        class: class.and_then(|node| {
            Some((
                node.text().filter(|text| !text.is_empty())?.into(),
                Spot::of(node),
            ))
        }),
        paths: items_at(body, &["spec", "rules"]).flat_map(paths).collect(),
        default_backend: backend.map(Spot::of),
        canary: nginx("canary").is_some_and(is_true),
        regex: nginx("use-regex")
            .filter(|node| is_true(node))
            .or_else(|| {
                nginx("rewrite-target").filter(|node| node.text().is_some_and(|text| !text.is_empty()))
            })
            .map(Spot::of),
    }
}

fn paths(rule: &Node) -> Vec<IngressPath> {
    let host = rule.at_path(&["host"]);
    let name = normalise_host(host.and_then(Node::text).unwrap_or_default());
    items_at(rule, &["http", "paths"])
        .map(|item| {
            let path = item.at_path(&["path"]);
            IngressPath {
                host: name.clone(),
                path: path.and_then(Node::text).unwrap_or_default().into(),
                path_type: text_at(item, &["pathType"])
                    .unwrap_or("ImplementationSpecific")
                    .into(),
                spot: Spot::of(path.or(host).unwrap_or(rule)),
            }
        })
        .collect()
}

/// What an IngressClass says.
#[derive(Debug, Default)]
pub struct IngressClass {
    /// `spec.controller`.
    pub controller: SmolStr,
    /// The annotation that makes it the default.
    pub default: Option<Spot>,
}

/// Read an IngressClass.
pub(super) fn read_class(class: &Object) -> IngressClass {
    const DEFAULT: [&str; 3] = [
        "metadata",
        "annotations",
        "ingressclass.kubernetes.io/is-default-class",
    ];
    let default = class.body.at_path(&DEFAULT);
    IngressClass {
        controller: text_at(&class.body, &["spec", "controller"])
            .unwrap_or_default()
            .into(),
        default: default
            .filter(|node| node.text() == Some("true") || bool_at(node, &[]) == Some(true))
            .map(Spot::of),
    }
}
