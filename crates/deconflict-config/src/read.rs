//! Reading `deconflict.yaml`.

use std::sync::Arc;

use deconflict_files::{Origin, ReadError, RepoPath};
use deconflict_yaml::{Dialect, Library, Loaded, Node, Problem, ProblemKind, resolve_merges};

use crate::build::build;
use crate::schema::{Checker, Key, TOP};
use crate::{Baseline, Config, ConfigProblem};

/// Where a configuration may stand below Top; the first that exists is read.
pub const CONFIG_FILES: [&str; 2] = ["deconflict.yaml", ".github/deconflict.yaml"];

/// Names that look like ours and are not read.
const NEARLY: [&str; 4] = [
    "deconflict.yml",
    ".github/deconflict.yml",
    ".deconflict.yaml",
    ".deconflict.yml",
];

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
    let present = |names: &[&'static str]| -> Vec<(&'static str, RepoPath)> {
        let paths = names.iter().filter_map(|name| Some((*name, top.join(name)?)));
        paths
            .filter(|(_, path)| library.snapshot().entry(path).is_some())
            .collect()
    };
    let files = present(&CONFIG_FILES);
    let Some((name, path)) = files.first() else {
        let mut found = Found::at(top);
        for (name, path) in present(&NEARLY) {
            let at = start_of(library, &path);
            let problem = ConfigProblem::new(at, format!("`{name}` is not read"));
            found
                .problems
                .push(problem.help("rename it to `deconflict.yaml`"));
        }
        return found.with_baseline(library);
    };
    let mut found = parse(library, path, top, rules);
    for (other, path) in &files[1..] {
        let at = start_of(library, path);
        let problem = ConfigProblem::new(
            at,
            format!("`{other}` is not read, because `{name}` stands at the top too"),
        );
        found.problems.push(problem.help("keep one of the two"));
    }
    found
}

/// The configuration in the file at `path`, its globs counting from `top`.
pub fn parse(library: &Library, path: &RepoPath, top: &RepoPath, rules: &[&str]) -> Found {
    let mut found = Found::at(top);
    found.config.file = Some(path.clone());
    match library.load(path) {
        Ok(loaded) => found.read(&loaded, rules),
        Err(error) => {
            let reason = match error {
                ReadError::NotFound => "leads nowhere".to_owned(),
                error => error.to_string(),
            };
            let problem = ConfigProblem::new(start_of(library, path), format!("the configuration {reason}"));
            found.problems.push(problem);
        }
    }
    let mut problems = std::mem::take(&mut found.problems);
    problems.sort_by_key(|problem| (problem.at.span.start, problem.at.span.end));
    found.problems = problems;
    found.with_baseline(library)
}

/// The start of the file at `path`, also when it cannot be read.
pub(crate) fn start_of(library: &Library, path: &RepoPath) -> Origin {
    let file = match library.load(path) {
        Ok(loaded) => loaded.file,
        Err(_) => library.files().intern(path, &Arc::from("")),
    };
    Origin::start_of(file)
}

impl Found {
    fn at(top: &RepoPath) -> Self {
        Self {
            config: Config {
                top: top.clone(),
                ..Config::default()
            },
            problems: Vec::new(),
        }
    }

    fn read(&mut self, loaded: &Loaded, rules: &[&str]) {
        if let Some(root) = fitting(loaded, TOP, rules, &mut self.problems) {
            build(&root, &mut self.config, &mut self.problems);
        }
    }

    /// With the baseline beside it, whichever file the configuration is.
    fn with_baseline(mut self, library: &Library) -> Self {
        let top = &self.config.top;
        self.config.baseline = Baseline::find(library, top, &mut self.problems);
        self
    }
}

/// What of a file of ours fits `keys`.
pub(crate) fn fitting(
    loaded: &Loaded,
    keys: &'static [Key],
    rules: &[&str],
    problems: &mut Vec<ConfigProblem>,
) -> Option<Arc<Node>> {
    if !loaded.is_utf8() {
        let at = Origin::start_of(loaded.file);
        problems.push(ConfigProblem::new(at, "the configuration is not UTF-8"));
        return None;
    }
    let parsed = loaded.parsed();
    problems.extend(parsed.problems.iter().filter_map(spelled));
    let mut roots = parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref());
    // Nothing but comments says nothing.
    let root = roots.next()?;
    if let Some(second) = roots.next() {
        let problem = ConfigProblem::new(second.at, "a second document, which is not read");
        problems.push(problem.help("keep one document"));
    }
    if root.is_null(Dialect::Resource) {
        return None;
    }
    // A map's own keys win over merged ones, as the specification of merge keys says.
    let root = match resolve_merges(root, Dialect::Resource) {
        Ok(root) => root,
        Err(error) => {
            problems.push(ConfigProblem::new(error.at, error.to_string()));
            return None;
        }
    };
    let mut checker = Checker {
        rules,
        problems: Vec::new(),
    };
    let fitting = checker.top(&root, keys);
    problems.append(&mut checker.problems);
    fitting
}

/// What the parser found, as far as it matters for a configuration.
fn spelled(problem: &Problem) -> Option<ConfigProblem> {
    let message = match &problem.kind {
        ProblemKind::Syntax(why) => format!("this is not YAML: {why}"),
        ProblemKind::TabIndent => "a tab, where only spaces may indent".to_owned(),
        ProblemKind::TooDeep => "nested too deeply".to_owned(),
        ProblemKind::TooLarge => "the configuration is too large".to_owned(),
        ProblemKind::ControlCharacter(character) => {
            format!("a control character (U+{:04X})", u32::from(*character))
        }
        ProblemKind::InvalidUtf8 { .. } => "the configuration is not UTF-8".to_owned(),
        ProblemKind::UnknownAlias(name) => format!("no anchor `&{name}` stands before this alias"),
        ProblemKind::AliasCycle(name) => format!("alias `*{name}` stands inside its own anchor"),
        ProblemKind::AliasBomb => "aliases that stand for too much".to_owned(),
        ProblemKind::ComplexKey => "a key that is a list or a map".to_owned(),
        ProblemKind::NullKey => "a key without a name".to_owned(),
        ProblemKind::DuplicateKey { key, .. } => {
            let problem =
                ConfigProblem::new(problem.at, format!("key `{key}` stands twice; the first is read"));
            return Some(problem.help("bring the two together"));
        }
        ProblemKind::UnknownTag(tag) => format!("unknown tag `{tag}`"),
        _ => return None,
    };
    Some(ConfigProblem::new(problem.at, message))
}
