//! An Application, or the template of an ApplicationSet: the same fields one level deeper.

use deconflict_files::Origin;
use deconflict_kube::{Object, text_at};
use deconflict_yaml::Node;

/// What an Application says, or an ApplicationSet makes all of its own say.
#[derive(Clone, Debug)]
pub(crate) struct Application<'o> {
    /// `Application argocd/web`, or what makes them.
    pub(crate) title: String,
    /// The `spec` of Applications.
    pub(crate) spec: &'o Node,
    at: Origin,
    prefix: &'static str,
}

/// The Application that `object` is or makes.
pub(crate) fn application(object: &Object) -> Option<Application<'_>> {
    let key = &object.key;
    if key.group != "argoproj.io" {
        return None;
    }
    let (path, prefix): (&[&str], _) = match key.kind.as_str() {
        "Application" => (&["spec"], "spec"),
        "ApplicationSet" => (&["spec", "template", "spec"], "spec.template.spec"),
        _ => return None,
    };
    let spec = object.body.at_path(path).filter(|spec| spec.is_map())?;
    Some(Application {
        title: key.to_string(),
        spec,
        at: object.declared_at,
        prefix,
    })
}

impl<'o> Application<'o> {
    /// The text at a path below `spec`.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&'o str> {
        text_at(self.spec, path)
    }

    /// The place of the value at a path below `spec`; else where the object is declared.
    pub(crate) fn place_of(&self, path: &[&str]) -> Origin {
        self.spec.at_path(path).map_or(self.at, |node| node.at)
    }

    /// The path of a field below `spec`, from the object's top.
    pub(crate) fn field(&self, below: &str) -> String {
        format!("{}.{below}", self.prefix)
    }
}
