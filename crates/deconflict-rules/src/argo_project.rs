//! What an AppProject allows, as Argo CD's controller decides it (`AppProject.IsSourcePermitted`,
//! `isDestinationMatched` and `IsGroupKindPermitted` in pkg/apis/application/v1alpha1 of argo-cd, read 2026-08-22).
//! Where nobody says a server or a name, a pattern on it counts as allowing.

use std::collections::BTreeMap;

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_kube::{Labels, Selector, items_at, text_at, text_of};
use deconflict_placement::{Engine, Placement, ProjectRequest};
use deconflict_yaml::{Node, parse};
use globset::GlobBuilder;
use smol_str::SmolStr;

use crate::FleetContext;

/// The project of Applications that name none.
pub(crate) const DEFAULT: &str = "default";

/// An AppProject that the tree holds.
#[derive(Clone, Debug)]
pub(crate) struct Project<'i, 'a> {
    pub(crate) placed: &'i Placed<'a>,
    /// Its own `spec`, then those of global projects, whose lists are added to its own.
    specs: Vec<&'i Node>,
}

/// An Application's placement with the project that judges it.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'i, 'a> {
    pub(crate) placement: &'a Placement,
    pub(crate) app: &'a str,
    pub(crate) request: &'a ProjectRequest,
    pub(crate) project: Project<'i, 'a>,
}

/// Every placement of an Application whose project is in the tree, next to that project: they meet in the Argo CD that
/// holds both.
pub(crate) fn judged<'i, 'a>(context: &'i FleetContext<'a>) -> Vec<Judged<'i, 'a>> {
    let objects = context.clusters.iter().flat_map(ClusterIndex::live);
    let projects: Vec<&Placed<'a>> = objects
        .filter(|placed| placed.facts.object.key.is("argoproj.io", "AppProject"))
        .collect();
    let lenders = lenders(context);
    let of_argo = context
        .placements
        .all
        .iter()
        .filter(|placement| placement.engine == Engine::ArgoCd);
    let judged = of_argo.filter_map(|placement| {
        let request = placement.request.as_deref()?;
        let name = placement.project.as_deref()?;
        let is_it = |placed: &&&Placed<'_>| {
            placed.facts.object.key.name == name
                && request.holder.is_some()
                && holder_of(placed) == request.holder
        };
        let placed = *projects.iter().find(is_it)?;
        let spec_of = |placed: &'i Placed<'a>| placed.facts.object.body.get("spec").map(|spec| &**spec);
        let here = |name: &str| {
            let project = projects
                .iter()
                .find(|placed| placed.facts.object.key.name == name && holder_of(placed) == request.holder);
            project.and_then(|placed| spec_of(placed))
        };
        let lends = lenders
            .iter()
            .filter(|lender| lender.holder == request.holder && lender.lends_to(placed));
        Some(Judged {
            placement,
            app: placement.app.as_deref()?,
            request,
            project: Project {
                placed,
                specs: spec_of(placed)
                    .into_iter()
                    .chain(lends.filter_map(|lender| here(&lender.project)))
                    .collect(),
            },
        })
    });
    judged.collect()
}

/// What each placement applies, by its id.
pub(crate) fn by_placement<'i, 'a>(context: &'i FleetContext<'a>) -> BTreeMap<u32, Vec<&'i Placed<'a>>> {
    let mut found: BTreeMap<u32, Vec<&Placed<'a>>> = BTreeMap::new();
    for placed in context.clusters.iter().flat_map(|index| &index.objects) {
        found.entry(placed.placement.id.0).or_default().push(placed);
    }
    found
}

impl<'i, 'a> Project<'i, 'a> {
    pub(crate) fn name(&self) -> &'i str {
        &self.placed.facts.object.key.name
    }

    /// The list of that name, or the whole object where it has none: what a person edits.
    pub(crate) fn place_of(&self, list: &str) -> deconflict_files::Origin {
        let own = self.placed.facts.object.body.get("spec");
        let field = own.and_then(|spec| spec.field(list));
        field.map_or(self.placed.facts.object.declared_at, |field| field.key_at.0)
    }

    /// `sourceRepos`: any pattern that matches allows, a `!` pattern that matches denies at once. So a list of nothing
    /// but denials allows the rest.
    pub(crate) fn allows_source(&self, repo: &str) -> bool {
        let repo = normal(repo);
        let mut allowed = false;
        for pattern in self.items("sourceRepos").filter_map(Node::text) {
            match pattern.strip_prefix('!') {
                Some(denied) if matches(&normal(denied), &repo, Some('/')) => return false,
                Some(_) => allowed = true,
                None => allowed |= pattern == "*" || matches(&normal(pattern), &repo, Some('/')),
            }
        }
        allowed
    }

    /// `destinations`: server or name, and namespace.
    pub(crate) fn allows_destination(&self, request: &ProjectRequest, namespace: &str) -> bool {
        let mut allowed = false;
        for item in self.items("destinations") {
            let text = |name: &str| text_at(item, &[name]).unwrap_or_default();
            let server = among(text("server"), &request.servers);
            let name = among(text("name"), &request.names);
            let space = text("namespace");
            let is_namespace = match space.strip_prefix('!') {
                Some(denied) => !matches(denied, namespace, None),
                None => matches(space, namespace, None),
            };
            let is_place = server == Match::Yes || name == Match::Yes;
            if is_place && is_namespace {
                allowed = true;
                continue;
            }
            let place_denies = (name == Match::Denied || server == Match::Denied) && is_namespace;
            if place_denies || (server == Match::Yes && space.starts_with('!') && !is_namespace) {
                return false;
            }
        }
        allowed
    }

    /// Lists of kinds: without namespace, what `clusterResourceWhitelist` names; with one, everything unless
    /// `namespaceResourceWhitelist` is there; in both cases less the blacklist.
    pub(crate) fn allows_kind(&self, placed: &Placed<'_>) -> bool {
        if placed.namespace.is_some() {
            let mut listed = self
                .specs
                .iter()
                .filter_map(|spec| spec.get("namespaceResourceWhitelist"));
            let is_open = listed.all(|list| list.is_null(deconflict_yaml::Dialect::Kubernetes));
            return (is_open || self.lists("namespaceResourceWhitelist", placed))
                && !self.lists("namespaceResourceBlacklist", placed);
        }
        self.lists("clusterResourceWhitelist", placed) && !self.lists("clusterResourceBlacklist", placed)
    }

    fn lists(&self, list: &str, placed: &Placed<'_>) -> bool {
        let key = &placed.facts.object.key;
        self.items(list).any(|item| {
            let text = |name: &str| text_at(item, &[name]).unwrap_or_default();
            let is_named = text("name").is_empty() || matches(text("name"), &key.name, None);
            is_named
                && matches(text("kind"), &key.kind, Some('/'))
                && matches(text("group"), &key.group, Some('/'))
        })
    }

    fn items<'s>(&'s self, list: &'s str) -> impl Iterator<Item = &'i Node> + use<'s, 'i, 'a> {
        self.specs.iter().flat_map(move |spec| items_at(spec, &[list]))
    }
}

/// An entry of `globalProjects` in `argocd-cm`: a project whose lists are added to those of others (Argo CD documentation,
/// "Configuring Global Projects").
struct Lender {
    holder: Option<SmolStr>,
    project: SmolStr,
    /// `None` for a selector that cannot be read: it may select anything.
    selector: Option<Selector>,
}

impl Lender {
    fn lends_to(&self, project: &Placed<'_>) -> bool {
        let labels = Labels::of(project.facts.object.body.at_path(&["metadata", "labels"]));
        let is_selected = self
            .selector
            .as_ref()
            .is_none_or(|selector| selector.matches(&labels));
        project.facts.object.key.name != self.project && is_selected
    }
}

/// What each Argo CD's settings say about global projects.
fn lenders(context: &FleetContext<'_>) -> Vec<Lender> {
    let objects = context.clusters.iter().flat_map(ClusterIndex::live);
    let settings = objects.filter(|placed| {
        let key = &placed.facts.object.key;
        key.is("", "ConfigMap") && key.name == "argocd-cm"
    });
    let mut found = Vec::new();
    for placed in settings {
        let value = placed.facts.object.body.at_path(&["data", "globalProjects"]);
        let Some((at, text)) = value.and_then(|value| Some((value.at.file, text_of(value)?))) else {
            continue;
        };
        let roots = parse(at, text)
            .documents
            .into_iter()
            .filter_map(|document| document.root);
        for entry in roots.flat_map(|root| root.items().to_vec()) {
            let selector = entry.get("labelSelector");
            found.extend(text_at(&entry, &["projectName"]).map(|name| Lender {
                holder: holder_of(placed),
                project: name.into(),
                selector: selector.map_or_else(
                    || Some(Selector::default()),
                    |selector| Selector::of_label_selector(selector),
                ),
            }));
        }
    }
    found
}

/// The Argo CD, by its cluster, that an object belongs to.
fn holder_of(placed: &Placed<'_>) -> Option<SmolStr> {
    let placement = placed.placement;
    placement.cluster.clone().or_else(|| placement.unnamed.clone())
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Match {
    Yes,
    No,
    /// A `!` pattern says so.
    Denied,
}

/// Whether one of the spellings of a thing matches; without any, whether one could.
fn among(pattern: &str, spellings: &[impl AsRef<str>]) -> Match {
    let mut matching = spellings.iter().map(AsRef::as_ref);
    match pattern.strip_prefix('!') {
        // One thing with several spellings: denied only when there is no doubt.
        Some(denied) if !spellings.is_empty() && matching.all(|text| matches(denied, text, None)) => {
            Match::Denied
        }
        Some(_) => Match::Yes,
        None if pattern.is_empty() => Match::No,
        None if spellings.is_empty() || matching.any(|text| matches(pattern, text, None)) => Match::Yes,
        None => Match::No,
    }
}

/// A glob as gobwas reads it; with a separator `*` stays within a part. A pattern that cannot be read matches nothing.
pub(crate) fn matches(pattern: &str, text: &str, separator: Option<char>) -> bool {
    if pattern == "*" {
        return true;
    }
    let glob = GlobBuilder::new(pattern)
        .literal_separator(separator.is_some())
        .build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(text))
}

/// An address as Argo CD compares it: lower case, without `.git`, and scp style as a path. https and ssh stay different.
fn normal(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let url = url.strip_prefix("ssh://").unwrap_or(url);
    match url.split_once(':') {
        Some((host, path)) if !path.starts_with("//") && host.contains('@') => format!("{host}/{path}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Match, among, matches, normal};

    #[test]
    fn addresses_as_argo_cd_compares_them() {
        let check = |url: &str, expected: &str| assert_eq!(normal(url), expected, "{url}");
        check("git@GitHub.com:Org/Repo.git", "git@github.com/org/repo");
        check("ssh://git@github.com/org/repo", "git@github.com/org/repo");
        check("https://github.com/org/repo/", "https://github.com/org/repo");
        check("https://host:8443/org/repo.git", "https://host:8443/org/repo");
    }

    #[test]
    fn globs() {
        assert!(matches("*", "", None));
        assert!(!matches("", "apps", None));
        assert!(matches(
            "https://github.com/org/*",
            "https://github.com/org/repo",
            Some('/')
        ));
        assert!(!matches(
            "https://github.com/*",
            "https://github.com/org/repo",
            Some('/')
        ));
        assert!(matches(
            "https://github.com/*",
            "https://github.com/org/repo",
            None
        ));
        assert!(!matches("[", "[", None));
    }

    #[test]
    fn what_nobody_says_is_allowed() {
        assert_eq!(among("https://x", &[""; 0]), Match::Yes);
        assert_eq!(among("!https://x", &[""; 0]), Match::Yes);
        assert_eq!(among("", &[""; 0]), Match::No);
        assert_eq!(among("!prod*", &["prod-eu"]), Match::Denied);
        assert_eq!(among("!prod*", &["prod-eu", "eu"]), Match::Yes);
    }
}
