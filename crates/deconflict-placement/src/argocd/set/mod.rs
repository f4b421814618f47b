//! ApplicationSets: generators make parameters, a template makes Applications of them.

mod generators;
mod git;
mod merge;
mod params;
mod render;
mod selector;

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_kube::{bool_at, items_at, text_at};
use deconflict_yaml::{Field, Kind, Node, Scalar, parse};
use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use crate::entry::full_name;
use crate::inventory::Inventory;
use crate::origin::Own;
use crate::plan::{Plan, SiteId};
use crate::survey::Survey;
use crate::{ProblemKind, edit};

use super::DEFAULT_NAMESPACE;
use generators::Generators;
pub(crate) use params::normalize;
use render::Renderer;

/// What generators ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) library: &'a deconflict_yaml::Library,
    pub(crate) survey: &'a Survey,
    pub(crate) inventory: &'a Inventory,
    pub(crate) own: &'a Own,
    /// The cluster that holds the ApplicationSet.
    pub(crate) holder: Option<&'a SmolStr>,
    /// Clusters that lists of any set name, for when nobody declares any.
    pub(crate) hints: &'a BTreeSet<String>,
}

/// An Application that a set makes.
struct Made {
    object: Arc<Node>,
    is_guess: bool,
    /// Its parameters name a cluster.
    is_of_cluster: bool,
}

impl Plan {
    /// Note the clusters that the lists of a set name.
    pub(crate) fn note_hints(&mut self, object: &Node) {
        self.hints
            .extend(generators::hints(items_at(object, &["spec", "generators"])));
    }

    /// Place what an ApplicationSet deploys; `site` is where it was found.
    pub(crate) fn application_set(&mut self, site: SiteId, object: &Arc<Node>) {
        let placement = &self.site(site).placement;
        let holder = placement.cluster.clone();
        let Some((namespace, name)) = full_name(object, placement.namespace.as_deref()) else {
            return;
        };
        let namespace = if namespace.is_empty() {
            DEFAULT_NAMESPACE.into()
        } else {
            namespace
        };
        let set = format_smolstr!("{namespace}/{name}");
        let context = Context {
            library: &self.library,
            survey: &self.survey,
            inventory: &self.inventory,
            own: &self.own,
            holder: holder.as_ref(),
            hints: &self.hints,
        };
        let (made, problems) = make(context, &set, &namespace, object);
        let place = object
            .at_path(&["metadata", "name"])
            .map_or(object.at, |name| name.at);
        for problem in problems {
            self.problem(problem, Some(place));
        }
        for made in made {
            self.application(site, &made.object, made.is_guess);
        }
    }
}

fn make(
    context: Context<'_>,
    set: &SmolStr,
    namespace: &str,
    object: &Arc<Node>,
) -> (Vec<Made>, Vec<ProblemKind>) {
    let mut problems = Vec::new();
    let invalid = |why: String| ProblemKind::SetInvalid {
        app: set.clone(),
        why,
    };
    let Some(spec) = object.get("spec") else {
        return (Vec::new(), problems);
    };
    let options = items_at(spec, &["goTemplateOptions"]).filter_map(Node::text);
    let renderer = Renderer {
        go: bool_at(spec, &["goTemplate"]) == Some(true),
        strict: options.into_iter().any(|option| option == "missingkey=error"),
    };
    let generators: Vec<&Node> = items_at(spec, &["generators"]).collect();
    let mut generation = Generators::new(context, &renderer, &generators);
    let mut made: Vec<Made> = Vec::new();
    let mut names = FxHashSet::default();
    for generator in &generators {
        for (params, own_template) in generation.top(generator) {
            let template = spec.get("template").cloned();
            let template = match (template, own_template) {
                (Some(template), Some(over)) => edit::merge(&template, &over),
                (Some(template), None) | (None, Some(template)) => template,
                (None, None) => continue,
            };
            let rendered = renderer.node(&template, &params);
            let rendered = rendered.and_then(|template| match spec.get("templatePatch") {
                Some(patch) => patched(renderer, &template, patch, &params),
                None => Ok(template),
            });
            let template = match rendered {
                Ok(template) => template,
                Err(why) => {
                    problems.push(invalid(why));
                    continue;
                }
            };
            let application = application(&template, namespace);
            if let Some(name) = text_at(&application, &["metadata", "name"])
                && !names.insert(SmolStr::from(name))
            {
                problems.push(invalid(format!("two Applications would be called {name}")));
                continue;
            }
            made.push(Made {
                object: application,
                is_guess: generation.guessed,
                is_of_cluster: params.contains_key("nameNormalized"),
            });
        }
    }
    if generation.is_hearsay() {
        drop_copies(&mut made);
    }
    for generator in std::mem::take(&mut generation.not_evaluated) {
        let app = set.clone();
        problems.push(ProblemKind::GeneratorNotEvaluated { app, generator });
    }
    for why in std::mem::take(&mut generation.errors) {
        problems.push(invalid(why));
    }
    if made.is_empty() && problems.is_empty() && !generation.guessed {
        problems.push(ProblemKind::SetEmpty { app: set.clone() });
    }
    problems.dedup();
    (made, problems)
}

/// Drop what differs from the Application for any cluster only in its destination: that other sets name a cluster does
/// not say that this one makes an Application for it.
fn drop_copies(made: &mut Vec<Made>) {
    let spec = |made: &Made| {
        let mut spec = Node::clone(made.object.get("spec")?);
        spec.remove("destination");
        Some(spec)
    };
    let general = made.iter().filter(|made| !made.is_of_cluster);
    let general: Vec<Node> = general.filter_map(spec).collect();
    made.retain(|made| !made.is_of_cluster || !spec(made).is_some_and(|spec| general.contains(&spec)));
}

/// The Application that a rendered template is.
fn application(template: &Arc<Node>, namespace: &str) -> Arc<Node> {
    let at = template.at;
    let text = |text: &str| Arc::new(Node::scalar(Scalar::plain(text), at));
    let mut metadata = match template.get("metadata") {
        Some(metadata) => Node::clone(metadata),
        None => Node::map(at),
    };
    metadata.set("namespace", at, text(namespace));
    let mut fields = vec![
        Field::new("apiVersion", at, text("argoproj.io/v1alpha1")),
        Field::new("kind", at, text("Application")),
        Field::new("metadata", at, metadata),
    ];
    if let Some(spec) = template.get("spec") {
        fields.push(Field::new("spec", at, Arc::clone(spec)));
    }
    Arc::new(Node::new(Kind::Map(fields), at))
}

/// `templatePatch` laid over the template: its text is rendered as a whole, and may change anything but the project.
fn patched(
    renderer: Renderer,
    template: &Arc<Node>,
    patch: &Node,
    params: &params::Params,
) -> Result<Arc<Node>, String> {
    let Some(text) = patch.text() else {
        return Ok(Arc::clone(template));
    };
    let text = renderer.text(text, params)?;
    let parsed = parse(patch.at.file, &text);
    let Some(root) = parsed.documents.into_iter().find_map(|document| document.root) else {
        return match parsed.problems.first() {
            Some(_) => Err("templatePatch does not give YAML".to_owned()),
            None => Ok(Arc::clone(template)),
        };
    };
    let root = params::placed_at(&root, patch.at);
    let mut merged = Node::clone(&*edit::merge(template, &root));
    if let Some(project) = template.at_path(&["spec", "project"]).cloned()
        && let Some(spec) = merged.get_mut("spec")
    {
        spec.set("project", project.at, project);
    }
    Ok(Arc::new(merged))
}
