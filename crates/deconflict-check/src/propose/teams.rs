//! Teams: those of CODEOWNERS, and those that directories between `apps/` and applications are called after.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_config::{team_key, team_name};
use deconflict_files::RepoPath;
use deconflict_findings::Report;

use super::class::is_environment;
use super::engines::ClusterGuess;
use super::layout::LayoutGuess;
use crate::Input;

/// A team to list.
#[derive(Debug)]
pub(super) struct TeamGuess {
    pub(super) name: String,
    pub(super) paths: Vec<String>,
    pub(super) namespaces: Vec<String>,
    /// Why it is listed.
    pub(super) because: &'static str,
}

/// All teams, by name.
pub(super) fn read(
    input: &Input,
    report: &Report,
    clusters: &[ClusterGuess],
    layout: &LayoutGuess,
) -> Vec<TeamGuess> {
    let mut teams: BTreeMap<String, TeamGuess> = BTreeMap::new();
    for owner in input.codeowners.rules.iter().flat_map(|rule| &rule.owners) {
        // People are no teams.
        if owner.starts_with('@') && owner.contains('/') {
            let name = team_name(owner).to_owned();
            teams.entry(team_key(owner).to_string()).or_insert(TeamGuess {
                name,
                paths: Vec::new(),
                namespaces: Vec::new(),
                because: "CODEOWNERS says which paths",
            });
        }
    }
    for directory in team_directories(layout, clusters) {
        let path = input.config.top.join(directory.as_str()).unwrap_or_default();
        // Who owns it is said already.
        if input.codeowners.team_of_directory(&path).is_some() {
            continue;
        }
        let name = directory.file_name().to_owned();
        let team = teams.entry(team_key(&name).to_string()).or_insert(TeamGuess {
            name,
            paths: Vec::new(),
            namespaces: Vec::new(),
            because: "its directory",
        });
        team.paths.push(format!("{}/**", directory.as_str()));
    }
    for (namespace, owner) in namespaces(report) {
        if let Some(team) = teams.get_mut(&*team_key(&owner)) {
            team.namespaces.push(namespace);
        }
    }
    teams.into_values().collect()
}

/// Directories directly below `apps` that hold applications, but are no application, environment or cluster.
fn team_directories<'l>(layout: &'l LayoutGuess, clusters: &[ClusterGuess]) -> Vec<&'l RepoPath> {
    if !layout.standard.contains(&"apps") {
        return Vec::new();
    }
    let is_place = |name: &str| {
        is_environment(name)
            || matches!(
                name,
                "base" | "overlays" | "common" | "shared" | "components" | "clusters"
            )
            || clusters.iter().any(|cluster| cluster.name == name)
    };
    let below = |directory: &RepoPath| -> Vec<&'l RepoPath> {
        let directories = layout.directories.iter();
        directories
            .filter(|path| path.parent().as_ref() == Some(directory))
            .collect()
    };
    let apps: Vec<&RepoPath> = layout
        .directories
        .iter()
        .filter(|path| path.as_str() == "apps")
        .collect();
    let teams = apps.into_iter().flat_map(below);
    teams
        .filter(|directory| {
            let children = below(directory);
            // An application's directories are bases, overlays or environments; a team's hold applications.
            let holds_apps = children.iter().any(|child| {
                !is_place(child.file_name())
                    && below(child)
                        .iter()
                        .any(|part| matches!(part.file_name(), "base" | "overlays"))
            });
            !is_place(directory.file_name())
                && holds_apps
                && !children.iter().any(|child| is_place(child.file_name()))
        })
        .collect()
}

/// Namespaces that deployments of exactly one team, and of nobody else, go to.
fn namespaces(report: &Report) -> Vec<(String, String)> {
    let mut owners: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for row in &report.placements {
        if let Some(namespace) = &row.namespace {
            owners.entry(namespace).or_default().insert(row.owner.as_deref());
        }
    }
    let single = owners.into_iter().filter_map(|(namespace, owners)| {
        let owner = owners.first().copied().flatten().filter(|_| owners.len() == 1)?;
        Some((namespace.to_owned(), owner.to_owned()))
    });
    single.collect()
}
