//! What a reader asks for.

use std::collections::BTreeSet;

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_config::Glob;
use deconflict_findings::closest;

/// Clusters, applications and teams to show, each a name or a glob; none for all. An application is also known by what
/// follows its namespace.
#[derive(Clone, Debug, Default)]
pub struct Only {
    clusters: Vec<Glob>,
    apps: Vec<Glob>,
    owners: Vec<Glob>,
}

impl Only {
    /// The names or globs.
    ///
    /// # Errors
    /// The sentence to say about a glob that is none.
    pub fn new(clusters: &[String], apps: &[String], owners: &[String]) -> Result<Self, String> {
        let globs = |texts: &[String]| -> Result<Vec<Glob>, String> {
            let globs = texts
                .iter()
                .map(|text| Glob::new(text).map_err(|why| format!("`{text}` is no glob: {why}")));
            globs.collect()
        };
        Ok(Self {
            clusters: globs(clusters)?,
            apps: globs(apps)?,
            owners: globs(owners)?,
        })
    }

    pub(super) fn is_asked(&self, placed: &Placed<'_>) -> bool {
        let fits = |globs: &[Glob], name: Option<&str>| {
            globs.is_empty() || name.is_some_and(|name| globs.iter().any(|glob| glob.is_match(name)))
        };
        fits(&self.clusters, placed.placement.cluster.as_deref())
            && (fits(&self.apps, Some(&placed.app)) || fits(&self.apps, short(&placed.app)))
            && fits(&self.owners, placed.owner.as_deref())
    }

    /// An error when a name fits nothing: most likely it is misspelt, and an empty difference would be wrong.
    pub(super) fn check<'a>(&self, indexes: &[&'a ClusterIndex<'a>]) -> Result<(), String> {
        let placed = || indexes.iter().flat_map(|index| &index.objects);
        for (what, globs, names) in [
            (
                "cluster",
                &self.clusters,
                names(&self.clusters, || {
                    placed().filter_map(|placed| placed.placement.cluster.as_deref())
                }),
            ),
            (
                "application",
                &self.apps,
                names(&self.apps, || {
                    placed().flat_map(|placed| std::iter::once(placed.app.as_str()).chain(short(&placed.app)))
                }),
            ),
            (
                "owner",
                &self.owners,
                names(&self.owners, || {
                    placed().filter_map(|placed| placed.owner.as_deref())
                }),
            ),
        ] {
            for glob in globs {
                if !names.iter().any(|name| glob.is_match(name)) {
                    let hint = closest(glob.text(), names.iter().copied())
                        .map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
                    return Err(format!(
                        "no {what} `{}` has objects before or after the change{hint}",
                        glob.text()
                    ));
                }
            }
        }
        Ok(())
    }
}

fn names<'a, I: Iterator<Item = &'a str>>(globs: &[Glob], all: impl Fn() -> I) -> BTreeSet<&'a str> {
    if globs.is_empty() {
        BTreeSet::new()
    } else {
        all().collect()
    }
}

/// `web` of `argocd/web`.
fn short(app: &str) -> Option<&str> {
    app.rsplit_once('/').map(|(_, name)| name)
}
