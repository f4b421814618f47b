//! What the API server refuses beyond structure: one function a topic, one row id a check. Rows, effects and sources are
//! those of the API server's validation code (`pkg/apis/*/validation`, `k8s.io/apimachinery/pkg/util/validation`).
//!
//! A row's condition and its sentence are one fact, so the sentence stands beside the condition here; the rules give it
//! an id, a severity and a page.

mod autoscaling;
mod batch;
mod config;
mod cursor;
mod custom;
mod extensions;
mod ingress;
mod list_maps;
mod meta;
mod names;
mod netpol;
mod placeholder;
mod pod;
mod pod_parts;
mod rbac;
mod service;
mod storage;
mod structural;
mod structure;
mod templates;
mod volumes;
mod whole;
mod workload;

use deconflict_files::Origin;

use crate::schema::KubernetesVersion;
use cursor::Cursor;
use deconflict_yaml::Node;
pub(crate) use storage::SOURCES as VOLUME_SOURCES;
pub use whole::{validate, validate_with};

/// Something the API server would not accept, or would accept and later regret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The row of the check table; `api-` and this is the rule's id.
    pub row: &'static str,
    /// What the server does.
    pub effect: Effect,
    /// The text to edit.
    pub at: Origin,
    /// The field's path; empty for the whole object.
    pub path: String,
    /// One sentence without full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that take part, with a few words.
    pub related: Vec<(Origin, String)>,
    /// A text that may replace the one at `at`, where exactly one is right.
    pub repair: Option<Repair>,
}

/// One right text in place of a wrong one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repair {
    /// The scalar or key as the object has it, without quotes. Where the text at the place says something else, because
    /// somebody composed the value, the repair does not apply.
    pub was: String,
    /// What to write there, quotes included.
    pub with: String,
}

/// What the server does with a violation, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// Refuses the object.
    Refused,
    /// Accepts it; a controller or the kubelet fails later.
    FailsLater,
    /// Accepts it, with or without a warning.
    Warned,
    /// Nobody here can tell: a rule that cannot be evaluated. The row is `unanswered`, and it is no finding.
    Unanswered,
}

/// What a check is told about an object.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// API group, empty for core.
    pub group: &'a str,
    /// API version without group.
    pub version: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// The Kubernetes version of the cluster.
    pub kubernetes: KubernetesVersion,
}

/// All violations of a built-in kind's object, in the order of the checks. Objects of other kinds get the checks of
/// metadata only. Structure (unknown fields, types) is [`crate::schema::check_structure`]'s.
pub fn check_object(subject: Subject<'_>, object: &Node) -> Vec<Violation> {
    let mut sink = Sink {
        found: Vec::new(),
        subject,
        pod_effect: Effect::Refused,
    };
    let root = Cursor::root(object);
    meta::check(&mut sink, &root);
    match (subject.group, subject.kind) {
        ("", "Pod") => pod::bare(&mut sink, &root),
        ("", "PodTemplate") => pod::template(&mut sink, &root.path(&["template"]), pod::Restart::Any),
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") => {
            workload::check(&mut sink, &root);
        }
        ("batch", "Job" | "CronJob") => batch::check(&mut sink, &root),
        ("", "Service") => service::check(&mut sink, &root),
        ("networking.k8s.io", "Ingress") => ingress::check(&mut sink, &root),
        ("networking.k8s.io", "NetworkPolicy") => netpol::check(&mut sink, &root),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaling::check(&mut sink, &root),
        ("policy", "PodDisruptionBudget") => workload::disruption_budget(&mut sink, &root),
        ("", "PersistentVolumeClaim") => storage::claim(&mut sink, &root.path(&["spec"]), Effect::Refused),
        ("", "PersistentVolume") => storage::volume(&mut sink, &root),
        ("", "ConfigMap") => config::config_map(&mut sink, &root),
        ("", "Secret") => config::secret(&mut sink, &root),
        ("", "LimitRange") => config::limit_range(&mut sink, &root),
        ("rbac.authorization.k8s.io", _) => rbac::check(&mut sink, &root),
        ("scheduling.k8s.io", "PriorityClass") => extensions::priority_class(&mut sink, &root),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => extensions::custom_resource(&mut sink, &root),
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            extensions::webhooks(&mut sink, &root);
        }
        _ => templates::check(&mut sink, &root),
    }
    sink.found
}

/// Where checks put what they find.
struct Sink<'a> {
    found: Vec<Violation>,
    subject: Subject<'a>,
    /// What a violation inside a pod template does: a StatefulSet's template was not checked before 1.34, and those of custom
    /// resources are not at all.
    pod_effect: Effect,
}

impl Sink<'_> {
    /// Report at a cursor's value.
    fn at(
        &mut self,
        row: &'static str,
        effect: Effect,
        place: &Cursor<'_>,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.push(row, effect, place.at(), place.field_path(), message)
    }

    /// Report a field that is missing below `parent`.
    fn missing(
        &mut self,
        row: &'static str,
        effect: Effect,
        parent: &Cursor<'_>,
        field: &str,
        message: impl Into<String>,
    ) -> &mut Violation {
        let path = parent.field_path_of(field);
        self.push(row, effect, parent.at(), path, message)
    }

    /// Refused.
    fn refuse(
        &mut self,
        row: &'static str,
        place: &Cursor<'_>,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.at(row, Effect::Refused, place, message)
    }

    /// Refused for a missing field.
    fn refuse_missing(
        &mut self,
        row: &'static str,
        parent: &Cursor<'_>,
        field: &str,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.missing(row, Effect::Refused, parent, field, message)
    }

    /// Inside a pod template: refused, or fails later for a StatefulSet before 1.34.
    fn pod(&mut self, row: &'static str, place: &Cursor<'_>, message: impl Into<String>) -> &mut Violation {
        self.at(row, self.pod_effect, place, message)
    }

    /// Inside a pod template, for a missing field.
    fn pod_missing(
        &mut self,
        row: &'static str,
        parent: &Cursor<'_>,
        field: &str,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.missing(row, self.pod_effect, parent, field, message)
    }

    fn push(
        &mut self,
        row: &'static str,
        effect: Effect,
        at: Origin,
        path: String,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.found.push(Violation {
            row,
            effect,
            at,
            path,
            message: message.into(),
            help: None,
            related: Vec::new(),
            repair: None,
        });
        self.found
            .last_mut()
            .expect("because a violation was just pushed")
    }
}

impl Violation {
    fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// Replacing the text `was` by `with` is all there is to do.
    fn repair(&mut self, was: &str, with: impl Into<String>) -> &mut Self {
        self.repair = Some(Repair {
            was: was.to_owned(),
            with: with.into(),
        });
        self
    }

    fn relate(&mut self, at: Origin, text: impl Into<String>) -> &mut Self {
        self.related.push((at, text.into()));
        self
    }
}
