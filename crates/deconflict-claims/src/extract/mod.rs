//! From an object to what it claims.

mod ingress;
mod secret;
mod service;
mod singleton;
mod volume;

use deconflict_kube::Object;

use crate::Claim;
use crate::budget::{LimitRange, Quota};
use crate::pods::{Scaler, Template, templates};
pub use ingress::{Ingress, IngressClass, IngressPath};
pub use volume::pod_spec_path;

/// What the kind of an object means to the structured spaces.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// Hosts and paths.
    Ingress(Ingress),
    /// A controller's name, and whether Ingresses without class go to it.
    IngressClass(IngressClass),
    /// It makes pods.
    Pods(Vec<Template>),
    /// It changes how many pods run, or how large they are.
    Scaler(Scaler),
    /// It bounds what a namespace may take.
    Quota(Quota),
    /// It has defaults and bounds for containers, pods and claims of a namespace.
    LimitRange(LimitRange),
}

impl Detail {
    fn of(object: &Object) -> Self {
        if object.key.is("", "ResourceQuota") {
            return Self::Quota(Quota::of(object));
        }
        if object.key.is("", "LimitRange") {
            return Self::LimitRange(LimitRange::of(object));
        }
        if let Some(scaler) = Scaler::of(object) {
            return Self::Scaler(scaler);
        }
        match templates(object) {
            templates if templates.is_empty() => Self::None,
            templates => Self::Pods(templates),
        }
    }
}

/// Everything that `object` claims.
pub(crate) fn extract(object: &Object) -> (Vec<Claim>, Detail) {
    let mut claims = Vec::new();
    secret::producers(object, &mut claims);
    volume::writers(object, &mut claims);
    if object.key.is("", "Service") {
        service::ports(object, &mut claims);
        service::cluster_ips(object, &mut claims);
        service::load_balancer_ips(object, &mut claims);
    }
    singleton::defaults(object, &mut claims);
    singleton::volumes(object, &mut claims);
    if let Some(namespace) = &object.key.namespace {
        singleton::helm_release(object, namespace, &mut claims);
    }
    let detail = match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => Detail::Ingress(ingress::read(object)),
        ("networking.k8s.io", "IngressClass") => Detail::IngressClass(ingress::read_class(object)),
        _ => Detail::of(object),
    };
    (claims, detail)
}
