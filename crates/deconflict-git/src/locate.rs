//! Where a run happens: ROOT, Top and the reading boundary (CONTRACT.md, Words).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use deconflict_files::RepoPath;

use crate::Error;
use crate::parents::Author;
use crate::quarantine::{self, Quarantine};
use crate::read::words;

/// What the environment says about Git (git(1), "Environment Variables").
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `GIT_CEILING_DIRECTORIES`: no repository is looked for in these directories or above.
    pub ceilings: Option<OsString>,
    /// `GIT_DIR`: the repository, if its working tree holds the directory that is asked about.
    pub git_dir: Option<OsString>,
    /// `GIT_WORK_TREE`.
    pub work_tree: Option<OsString>,
    /// `GIT_INDEX_FILE`.
    pub index_file: Option<OsString>,
    /// `GIT_OBJECT_DIRECTORY`: in a server's hook, the quarantine with what is pushed.
    pub objects: Option<OsString>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`.
    pub alternates: Option<OsString>,
    /// The commits that `git merge` is about to merge into HEAD: the names of `GITHEAD_<id>`, which is all that says so
    /// in a pre-merge-commit hook.
    pub merging: Vec<String>,
    /// The author of the commit that is about to be made, in hooks of `git commit`.
    pub author: Option<Author>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self {
            ceilings: std::env::var_os("GIT_CEILING_DIRECTORIES"),
            git_dir: std::env::var_os("GIT_DIR"),
            work_tree: std::env::var_os("GIT_WORK_TREE"),
            index_file: std::env::var_os("GIT_INDEX_FILE"),
            objects: std::env::var_os("GIT_OBJECT_DIRECTORY"),
            alternates: std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES"),
            merging: std::env::vars_os()
                .filter_map(|(name, _)| Some(name.to_str()?.strip_prefix("GITHEAD_")?.to_owned()))
                .collect(),
            author: Author::read(|name| std::env::var_os(name)),
        }
    }
}

/// Where a run happens.
#[derive(Clone)]
pub struct Location {
    /// The top of the Git repository, else Top: the top of every snapshot, nothing outside is read. Absolute, links
    /// resolved.
    pub base: PathBuf,
    /// Top: what is analysed as a whole, seen from `base`.
    pub top: RepoPath,
    /// ROOT: what is reported, seen from `base`; within Top.
    pub root: RepoPath,
    /// The configuration that makes `top` the Top.
    pub config: Option<RepoPath>,
    pub(crate) git: Option<gix::ThreadSafeRepository>,
    /// The repository has no working tree; `base` is its Git directory.
    pub(crate) bare: bool,
    /// Where the objects lie, when the environment says so.
    pub(crate) quarantine: Option<Quarantine>,
    /// What `git merge` is about to merge into HEAD.
    pub(crate) merging: Vec<String>,
    /// Who commits, in a hook.
    pub(crate) author: Option<Author>,
}

impl Location {
    /// True inside a Git repository.
    pub fn is_git(&self) -> bool {
        self.git.is_some()
    }

    /// True for a repository without working tree: only its index and revisions can be judged.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// True when reading needs a temporary directory, which is removed when all that reads is dropped.
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.is_some()
    }

    /// The URL of the remote `origin`, as the repository's configuration has it.
    pub fn origin_url(&self) -> Option<String> {
        let git = self.git.as_ref()?.to_thread_local();
        git.config_snapshot()
            .string("remote.origin.url")
            .map(|url| url.to_string())
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} top {} root {}", self.base.display(), self.top, self.root)
    }
}

/// Where the configuration stands below its Top.
pub(crate) const CONFIGS: [&str; 2] = ["deconflict.yaml", ".github/deconflict.yaml"];

/// Where a run over `root` happens.
pub fn discover(root: &Path, environment: &Environment) -> Result<Location, Error> {
    let given = || root.to_path_buf();
    let absolute = root.canonicalize().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { path: given() },
        std::io::ErrorKind::NotADirectory => Error::NotADirectory { path: given() },
        _ => Error::Io {
            path: given(),
            source,
        },
    })?;
    if !absolute.is_dir() {
        return Err(Error::NotADirectory { path: given() });
    }
    let ceilings: Vec<PathBuf> = environment
        .ceilings
        .as_deref()
        .map(split_ceilings)
        .unwrap_or_default();
    let found = repository(&absolute, environment, &ceilings)?;
    let bare = found.as_ref().is_some_and(|found| found.bare);
    let ceiling = found.as_ref().map(|found| found.top.as_path());
    // What lies in a Git directory is no configuration; a revision may hold one.
    let config = if bare {
        None
    } else {
        config_above(&absolute, ceiling, &ceilings)
    };
    let base = match (&found, &config) {
        (Some(Repository { top, .. }), _) | (None, Some((top, _))) => top.clone(),
        (None, None) => absolute.clone(),
    };
    let top = config.as_ref().map_or(&base, |(top, _)| top);
    let location = Location {
        top: seen_from(&base, top)?,
        root: seen_from(&base, &absolute)?,
        config: config
            .as_ref()
            .map(|(top, name)| seen_from(&base, &top.join(name)))
            .transpose()?,
        quarantine: found.as_ref().and_then(|found| found.quarantine.clone()),
        merging: environment.merging.clone(),
        author: environment.author.clone(),
        git: found.map(|found| found.git),
        bare,
        base,
    };
    if location.root.parts().any(|part| part == ".git") {
        return Err(Error::InsideGit { path: given() });
    }
    Ok(location)
}

/// The nearest directory from `from` upwards that holds a configuration, and which one.
fn config_above(from: &Path, git: Option<&Path>, ceilings: &[PathBuf]) -> Option<(PathBuf, &'static str)> {
    for directory in from.ancestors() {
        // A ceiling does not hide the directory that was asked about itself.
        if directory != from && git.is_none() && ceilings.iter().any(|ceiling| ceiling == directory) {
            return None;
        }
        if let Some(name) = CONFIGS.iter().find(|name| directory.join(name).is_file()) {
            return Some((directory.to_owned(), name));
        }
        if git == Some(directory) {
            return None;
        }
    }
    None
}

/// The absolute ones, with links resolved where they exist; git skips the others.
fn split_ceilings(list: &OsStr) -> Vec<PathBuf> {
    let absolute = std::env::split_paths(list).filter(|path| path.is_absolute());
    absolute.map(|path| path.canonicalize().unwrap_or(path)).collect()
}

/// A repository, the top of its working tree (of a bare one: its Git directory).
struct Repository {
    git: gix::ThreadSafeRepository,
    top: PathBuf,
    bare: bool,
    quarantine: Option<Quarantine>,
}

/// The repository whose working tree holds `directory`, or the bare one that it is.
fn repository(
    directory: &Path,
    environment: &Environment,
    ceilings: &[PathBuf],
) -> Result<Option<Repository>, Error> {
    let mut environment = environment.clone();
    if let Some(git_dir) = environment.git_dir.as_deref().filter(|path| !path.is_empty()) {
        let found = open(Path::new(git_dir), None, &environment)?;
        if directory.starts_with(&found.top) {
            return Ok(Some(found));
        }
        // All that it says is about that repository.
        environment = Environment::default();
    }
    let options = gix::discover::upwards::Options {
        ceiling_dirs: ceilings.to_vec(),
        match_ceiling_dir_or_error: false,
        ..Default::default()
    };
    let Ok((path, trust)) = gix::discover::upwards_opts(directory, options) else {
        return Ok(None);
    };
    let (git_dir, _) = path.into_repository_and_work_tree_directories();
    environment.work_tree = None;
    let found = open(&git_dir, Some(trust), &environment)?;
    // gix looks into the ceiling itself, git stops before it unless it starts there.
    let hides = |ceiling: &PathBuf| {
        ceiling != directory && directory.starts_with(ceiling) && ceiling.starts_with(&found.top)
    };
    if ceilings.iter().any(hides) {
        return Ok(None);
    }
    let inside_git = found.bare && directory != found.top;
    if inside_git || !directory.starts_with(&found.top) {
        return Err(Error::InsideGit {
            path: directory.to_owned(),
        });
    }
    Ok(Some(found))
}

fn open(
    git_dir: &Path,
    trust: Option<gix::sec::Trust>,
    environment: &Environment,
) -> Result<Repository, Error> {
    let mut options = gix::open::Options::default();
    if let Some(trust) = trust {
        options = options.with(trust);
    }
    let index = environment.index_file.as_deref().and_then(OsStr::to_str);
    if let Some(index) = index.filter(|path| !path.is_empty()) {
        let index = std::path::absolute(index).unwrap_or_else(|_| index.into());
        options = options.config_overrides([format!("gitoxide.core.indexFile={}", index.display())]);
    }
    let mut git =
        gix::ThreadSafeRepository::open_opts(git_dir, options).map_err(|error| Error::git(git_dir, error))?;
    let quarantine = quarantine::enter(&mut git, environment)?;
    let local = git.to_thread_local();
    // `GIT_WORK_TREE` comes first, then what the repository says.
    let work_tree = environment
        .work_tree
        .as_deref()
        .map(Path::new)
        .or(local.workdir());
    let top = work_tree.unwrap_or(local.git_dir());
    Ok(Repository {
        top: top
            .canonicalize()
            .map_err(|error| Error::git(local.git_dir(), words(&error)))?,
        bare: work_tree.is_none(),
        git,
        quarantine,
    })
}

fn seen_from(base: &Path, path: &Path) -> Result<RepoPath, Error> {
    let below = path.strip_prefix(base).unwrap_or(Path::new(""));
    let text = below.to_str().ok_or_else(|| Error::NotUtf8 {
        path: path.to_owned(),
    })?;
    Ok(RepoPath::new(text).unwrap_or_default())
}
