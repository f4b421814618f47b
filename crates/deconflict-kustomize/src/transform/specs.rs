//! All field specs of a build: defaults, then what `configurations` and `crds` add (upstream's TransformerConfig).

use std::sync::Arc;

use deconflict_yaml::Node;

use super::fieldspec::{FieldSpec, merge_all, read_specs};
use super::read::Reader;
use super::{crds, defaults};
use crate::Problem;
use crate::model::Gvk;

/// Where the transformers look.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct FieldSpecs {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<BackReferences>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

/// A kind that others refer to by name, and where they do.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct BackReferences {
    /// The kind that is referred to.
    pub(crate) gvk: Gvk,
    /// Where names of it stand.
    pub(crate) referrers: Vec<FieldSpec>,
}

/// Field names of the lists, in the order of [`FieldSpecs::lists`].
const LISTS: [(&str, &str); 10] = [
    ("namePrefix", "NamePrefix"),
    ("nameSuffix", "NameSuffix"),
    ("namespace", "NameSpace"),
    ("commonLabels", "CommonLabels"),
    ("labels", "Labels"),
    ("templateLabels", "TemplateLabels"),
    ("commonAnnotations", "CommonAnnotations"),
    ("varReference", "VarReference"),
    ("images", "Images"),
    ("replicas", "Replicas"),
];

impl FieldSpecs {
    /// The defaults of kustomize 5.5.0.
    pub(crate) fn defaults() -> Arc<Self> {
        defaults::defaults()
    }

    /// Read a `configurations` file.
    ///
    /// # Errors
    /// Unknown fields and values of the wrong type, in the words of Go's JSON decoder.
    pub(crate) fn from_configuration(root: &Node) -> Result<Self, Problem> {
        Self::read(root).map_err(|problem| {
            problem
                .within("while decoding JSON")
                .within("error unmarshaling JSON")
        })
    }

    /// Read a `crds` file: OpenAPI definitions by type name, whose `x-kubernetes-…` extensions say what is a label
    /// selector, an annotation map, a name or a reference.
    ///
    /// # Errors
    /// Conflicting field specs.
    pub(crate) fn from_crds(root: &Node) -> Result<Self, Problem> {
        crds::read(root)
    }

    /// `base` with `more` added. Cheap when there is nothing to add.
    ///
    /// # Errors
    /// `conflicting fieldspecs`: the same field with another `create`.
    pub(crate) fn merged(base: &Arc<Self>, more: &Arc<Self>) -> Result<Arc<Self>, Problem> {
        let defaults = defaults::defaults();
        if Arc::ptr_eq(base, more) || **more == Self::default() {
            return Ok(Arc::clone(base));
        }
        if Arc::ptr_eq(more, &defaults) && **base == Self::default() {
            return Ok(defaults);
        }
        let mut merged = (**base).clone();
        merged.merge_in(more)?;
        Ok(Arc::new(merged))
    }

    /// Add what `more` has.
    pub(super) fn merge_in(&mut self, more: &Self) -> Result<(), Problem> {
        for ((list, other), (_, name)) in self.lists_mut().into_iter().zip(more.lists()).zip(LISTS) {
            merge_all(list, other)
                .map_err(|problem| problem.within(format!("failed to merge {name} fieldSpec")))?;
        }
        for back in &more.name_reference {
            self.add_reference(back)
                .map_err(|problem| problem.within("failed to merge NameReference fieldSpec"))?;
        }
        self.sort();
        Ok(())
    }

    /// Add places that refer to a kind.
    pub(super) fn add_reference(&mut self, back: &BackReferences) -> Result<(), Problem> {
        let known = self.name_reference.iter_mut().find(|known| known.gvk == back.gvk);
        if let Some(known) = known {
            merge_all(&mut known.referrers, &back.referrers)
        } else {
            self.name_reference.push(back.clone());
            Ok(())
        }
    }

    /// All plain lists, in the order of [`LISTS`].
    pub(super) fn lists(&self) -> [&[FieldSpec]; 10] {
        [
            &self.name_prefix,
            &self.name_suffix,
            &self.namespace,
            &self.common_labels,
            &self.labels,
            &self.template_labels,
            &self.common_annotations,
            &self.var_reference,
            &self.images,
            &self.replicas,
        ]
    }

    /// Upstream sorts after every merge. Only the order of references and of replicas (in a message) can be seen.
    pub(super) fn sort(&mut self) {
        self.name_reference.sort_by_cached_key(|back| order(&back.gvk));
        for list in self.lists_mut() {
            list.sort_by_cached_key(|spec| order(&spec.gvk));
        }
    }

    fn lists_mut(&mut self) -> [&mut Vec<FieldSpec>; 10] {
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ]
    }

    fn read(root: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(root, "TransformerConfig")?;
        let mut names: Vec<&str> = LISTS.iter().map(|(name, _)| *name).collect();
        names.push("nameReference");
        reader.only(&names)?;
        let mut specs = Self::default();
        for (list, (name, _)) in specs.lists_mut().into_iter().zip(LISTS) {
            *list = read_specs(reader.list(name, "types.FieldSpec")?, true)?;
        }
        for item in reader.list("nameReference", "builtinconfig.NameBackReferences")? {
            let reader = Reader::new(item, "NameBackReferences")?;
            reader.only(&["group", "version", "kind", "fieldSpecs"])?;
            specs.name_reference.push(BackReferences {
                gvk: Gvk {
                    group: reader.text_or_empty("group")?,
                    version: reader.text_or_empty("version")?,
                    kind: reader.text_or_empty("kind")?,
                },
                referrers: read_specs(reader.list("fieldSpecs", "types.FieldSpec")?, true)?,
            });
        }
        specs.sort();
        Ok(specs)
    }
}

/// Kinds that come first, in this order, and last: the order that kustomize also writes objects in (kustomize.md
/// section 3).
pub(crate) const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
pub(crate) const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What upstream's `Gvk.IsLessThan` compares.
fn order(gvk: &Gvk) -> (u8, usize, String) {
    let first = FIRST.iter().position(|kind| *kind == gvk.kind);
    let last = LAST.iter().position(|kind| *kind == gvk.kind);
    let (class, rank) = match (first, last) {
        (Some(position), _) => (0, position),
        (None, None) => (1, 0),
        (None, Some(position)) => (2, position),
    };
    fn or<'t>(part: &'t str, none: &'t str) -> &'t str {
        if part.is_empty() { none } else { part }
    }
    let text = format!(
        "{}_{}_{}",
        or(&gvk.group, "~G"),
        or(&gvk.version, "~V"),
        or(&gvk.kind, "~K")
    );
    (class, rank, text)
}
