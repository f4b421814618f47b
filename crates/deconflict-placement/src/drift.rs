//! What an Argo CD Application does about fields that something else changed.

use deconflict_files::Origin;
use deconflict_kube::{bool_at, items_at, text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

/// What an Application does about fields that something else changed (Argo CD documentation, "Diffing Customization" and
/// "Automated Sync Policy").
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drift {
    /// The text that turns self-healing on: every difference is set back at once.
    pub self_heal: Option<Origin>,
    /// A sync leaves ignored fields alone too (`RespectIgnoreDifferences=true`).
    pub respects_ignored: bool,
    /// Fields whose differences do not count.
    pub ignored: Vec<Ignored>,
}

/// Fields of some objects whose differences do not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ignored {
    /// API group, a glob.
    pub group: SmolStr,
    /// Kind, a glob.
    pub kind: SmolStr,
    /// Name; any when there is none.
    pub name: Option<SmolStr>,
    /// Namespace; any when there is none.
    pub namespace: Option<SmolStr>,
    /// JSON pointers and jq expressions; an empty one stands for whatever some field manager wrote.
    pub fields: Vec<SmolStr>,
}

impl Drift {
    /// What `spec` of an Application says.
    pub(crate) fn of(spec: &Node) -> Self {
        let automated = spec.at_path(&["syncPolicy", "automated"]);
        let is_on = |automated: &&Node| {
            bool_at(automated, &["enabled"]) != Some(false) && bool_at(automated, &["selfHeal"]) == Some(true)
        };
        let mut options = items_at(spec, &["syncPolicy", "syncOptions"]);
        Self {
            self_heal: automated
                .filter(is_on)
                .and_then(|automated| automated.get("selfHeal"))
                .map(|heals| heals.at),
            respects_ignored: options.any(|option| text_of(option) == Some("RespectIgnoreDifferences=true")),
            ignored: items_at(spec, &["ignoreDifferences"]).map(Ignored::of).collect(),
        }
    }

    /// True when it neither mends nor counts anything in particular.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Ignored {
    /// An entry of `ignoreDifferences`.
    pub fn of(entry: &Node) -> Self {
        let text = |name: &str| {
            text_at(entry, &[name])
                .filter(|text| !text.is_empty())
                .map(SmolStr::from)
        };
        Self {
            group: text("group").unwrap_or_default(),
            kind: text("kind").unwrap_or_default(),
            name: text("name"),
            namespace: text("namespace"),
            fields: Self::fields(entry),
        }
    }

    /// The fields that an entry, or a setting of the whole Argo CD, names.
    pub fn fields(entry: &Node) -> Vec<SmolStr> {
        let listed = |name: &'static str| items_at(entry, &[name]).filter_map(text_of).map(SmolStr::from);
        let mut fields: Vec<SmolStr> = listed("jsonPointers")
            .chain(listed("jqPathExpressions"))
            .collect();
        if listed("managedFieldsManagers").next().is_some() {
            fields.push(SmolStr::default());
        }
        fields
    }
}
