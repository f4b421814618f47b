//! What a path says where no engine and no configuration does (CONTRACT.md, placement without an engine).

use deconflict_config::{Config, Glob};
use deconflict_files::RepoPath;
use smol_str::{SmolStr, format_smolstr};

/// What a root's path says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Reading {
    /// The application: the path of its directory, seen from `apps` where it lies there, so that two teams' `web` are
    /// two.
    pub(crate) app: Option<SmolStr>,
    /// Directories between `apps` and the application.
    pub(crate) team: Option<SmolStr>,
    /// The directory below `overlays`.
    pub(crate) environment: Option<SmolStr>,
    /// The directory below `clusters`.
    pub(crate) cluster: Option<SmolStr>,
    /// Shared middleware without environment: it belongs to every cluster.
    pub(crate) everywhere: bool,
    /// Lies where the layout keeps applications or shared middleware.
    pub(crate) in_layout: bool,
}

/// Read the path of a root (of the snapshot).
pub(crate) fn read(config: &Config, path: &RepoPath) -> Reading {
    let Some(path) = path.below(&config.top) else {
        return Reading::default();
    };
    let parts: Vec<&str> = path.parts().collect();
    let cluster = after(&parts, "clusters").map(SmolStr::from);
    let apps = depth_below(&config.layout.apps, &path);
    let infra = depth_below(&config.layout.infra, &path);
    let mut reading = Reading {
        cluster,
        in_layout: apps.or(infra).is_some(),
        ..Reading::default()
    };
    if parts.is_empty() || reading.cluster.is_some() {
        return reading;
    }
    let home = parts
        .iter()
        .rposition(|part| matches!(*part, "base" | "overlays"));
    let end = home.unwrap_or(parts.len());
    reading.environment = after(&parts, "overlays").map(SmolStr::from);
    // An application at the very top, or directly in `apps/base`, has no directory of its own.
    let start = apps.filter(|start| *start < end).unwrap_or(0);
    if end > start && (home.is_some() || reading.in_layout) {
        reading.app = Some(parts[start..end].join("/").into());
    }
    if apps.is_some() && end > start + 1 {
        reading.team = Some(parts[start..end - 1].join("/").into());
    }
    let is_base = home.is_some_and(|home| parts[home] == "base" && home + 1 == parts.len());
    let is_home = home.is_none() || is_base;
    reading.everywhere = infra.is_some_and(|start| is_home && end == start + 1);
    reading
}

/// The part that follows the last `name`.
fn after<'p>(parts: &[&'p str], name: &str) -> Option<&'p str> {
    let at = parts.iter().rposition(|part| *part == name)?;
    parts.get(at + 1).copied()
}

/// How many parts of `path` stand before what a glob's first wildcard stands for: 1 for `apps/x` and `apps/**`.
fn depth_below(globs: &[Glob], path: &RepoPath) -> Option<usize> {
    globs
        .iter()
        .filter(|glob| glob.covers(path))
        .map(|glob| {
            let prefix = glob.literal_prefix();
            prefix.split('/').filter(|part| !part.is_empty()).count()
        })
        .max()
}

/// How a plain application is called in messages when nobody named it.
pub(crate) fn app_of(config: &Config, path: &RepoPath, reading: &Reading) -> SmolStr {
    match (&reading.app, &reading.cluster) {
        (Some(app), _) => app.clone(),
        (None, Some(_)) => path.below(&config.top).unwrap_or_default().display().into(),
        (None, None) => format_smolstr!("{}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_files::RepoPath;

    use super::read;

    fn check(path: &str, expected: &str) {
        let reading = read(&Config::default(), &RepoPath::new(path).unwrap());
        let mut got = Vec::new();
        let mut add = |name: &str, value: &Option<smol_str::SmolStr>| {
            if let Some(value) = value {
                got.push(format!("{name}={value}"));
            }
        };
        add("app", &reading.app);
        add("team", &reading.team);
        add("environment", &reading.environment);
        add("cluster", &reading.cluster);
        if reading.everywhere {
            got.push("everywhere".to_owned());
        }
        assert_eq!(got.join(" "), expected, "{path}");
    }

    #[test]
    fn paths_say_application_team_environment_and_cluster() {
        check("apps/web/overlays/prod", "app=web environment=prod");
        check(
            "apps/payments/web/overlays/prod",
            "app=payments/web team=payments environment=prod",
        );
        check("apps/web", "app=web");
        check("apps/payments/web/base", "app=payments/web team=payments");
        check(
            "services/web/overlays/prod/eu",
            "app=services/web environment=prod",
        );
        check("infra/redis", "app=infra/redis everywhere");
        check("infra/redis/base", "app=infra/redis everywhere");
        check("infra/redis/overlays/prod", "app=infra/redis environment=prod");
        check("infrastructure/kafka/topics", "app=infrastructure/kafka/topics");
        check("clusters/prod-eu/apps", "cluster=prod-eu");
        check("clusters", "");
        check("other/thing", "");
        check("overlays/prod", "environment=prod");
        check("", "");
    }
}
