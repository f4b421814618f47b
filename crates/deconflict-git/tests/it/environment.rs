//! What the environment says about Git, and where a run happens.

use deconflict_git::{Environment, discover, worktree};

use crate::repo::{Repo, paths};

#[test]
fn hooks_name_the_repository() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a/b.yaml", "x");
    repo.write("c.log", "x");
    repo.git("add --all");
    let with = |root: &str, git_dir: Option<&str>, work_tree: Option<&str>, index: Option<&str>| {
        let absolute = |path: &str| Some(repo.top.join(path).into_os_string());
        let environment = Environment {
            git_dir: git_dir.and_then(absolute),
            work_tree: work_tree.and_then(absolute),
            index_file: index.and_then(absolute),
            ..repo.environment()
        };
        let location = discover(&repo.top.join(root), &environment).unwrap();
        (location.base.clone(), worktree(&location).unwrap())
    };
    let (base, _) = with("a", Some(".git"), None, None);
    assert_eq!(base, repo.top);
    // The repository may lie beside its working tree.
    std::fs::rename(repo.top.join(".git"), repo.outside().join("git")).unwrap();
    repo.write("w/d.yaml", "x");
    let (base, snapshot) = with("w", Some("../git"), Some("w"), None);
    assert_eq!(
        (base, paths(&snapshot)),
        (repo.top.join("w"), "d.yaml".to_owned())
    );
    std::fs::rename(repo.outside().join("git"), repo.top.join(".git")).unwrap();
    // `git commit -- path` names a temporary index.
    repo.write(".gitignore", "*.log\n");
    let (_, snapshot) = with("", None, None, None);
    assert_eq!(paths(&snapshot), ".gitignore a/b.yaml c.log w/d.yaml");
    std::fs::copy(repo.top.join(".git/index"), repo.top.join(".git/next")).unwrap();
    repo.git("rm --quiet --cached c.log");
    let (_, snapshot) = with("", None, None, None);
    assert_eq!(paths(&snapshot), ".gitignore a/b.yaml w/d.yaml");
    let (_, snapshot) = with("", None, None, Some(".git/next"));
    assert_eq!(paths(&snapshot), ".gitignore a/b.yaml c.log w/d.yaml");
    // It is the index of that repository, not of another one that is asked about.
    let Some(other) = Repo::init() else { return };
    other.write("c.log", "x");
    other.write(".gitignore", "*.log\n");
    let environment = Environment {
        git_dir: Some(repo.top.join(".git").into_os_string()),
        index_file: Some(repo.top.join(".git/next").into_os_string()),
        ..other.environment()
    };
    let location = discover(&other.top, &environment).unwrap();
    assert_eq!(location.base, other.top);
    assert_eq!(paths(&worktree(&location).unwrap()), ".gitignore");
}

#[test]
fn linked_worktrees_and_ceilings() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a/b.yaml", "x");
    repo.commit("one");
    let linked = repo.outside().join("linked");
    repo.git(&format!("worktree add --quiet {} -b other", linked.display()));
    let location = discover(&linked.join("a"), &repo.environment()).unwrap();
    assert_eq!((&location.base, location.root.as_str()), (&linked, "a"));
    assert_eq!(paths(&worktree(&location).unwrap()), "a/b.yaml");
    let environment = Environment {
        ceilings: Some(repo.top.clone().into()),
        ..Environment::default()
    };
    assert!(!discover(&repo.top.join("a"), &environment).unwrap().is_git());
    assert!(discover(&repo.top, &environment).unwrap().is_git());
}

#[test]
fn top_and_root() {
    let Some(repo) = Repo::init() else { return };
    repo.write("team/.github/deconflict.yaml", "version: 1\n");
    repo.write("team/apps/a.yaml", "x");
    repo.write("other/b.yaml", "x");
    let location = repo.at("team/apps").unwrap();
    assert_eq!(
        (location.top.as_str(), location.root.as_str()),
        ("team", "team/apps")
    );
    assert_eq!(
        paths(&worktree(&location).unwrap()),
        "team/.github/deconflict.yaml team/apps/a.yaml"
    );
    let location = repo.at("other").unwrap();
    assert_eq!((location.top.as_str(), location.root.as_str()), ("", "other"));
    assert_eq!(
        paths(&worktree(&location).unwrap()),
        "other/b.yaml team/.github/deconflict.yaml team/apps/a.yaml"
    );
    let error = |root: &str| {
        repo.at(root)
            .unwrap_err()
            .to_string()
            .replace(repo.top.to_str().unwrap(), "")
    };
    assert_eq!(error("nowhere"), "`/nowhere` does not exist");
    assert_eq!(error("other/b.yaml"), "`/other/b.yaml` is not a directory");
    assert_eq!(
        error(".git/refs"),
        "`/.git/refs` lies inside a Git directory, not in a working tree"
    );
}

#[test]
fn no_repository_at_all() {
    let Some(repo) = Repo::empty() else { return };
    repo.write(".gitignore", "*");
    repo.write("a/b.yaml", "x");
    let location = repo.at("").unwrap();
    assert!(!location.is_git());
    assert_eq!(paths(&worktree(&location).unwrap()), ".gitignore a/b.yaml");
}

#[test]
fn other_object_formats() {
    let Some(repo) = Repo::empty() else { return };
    repo.git("init --quiet --object-format=sha256 .");
    repo.write("a.log", "x");
    repo.git("add --all");
    repo.write(".gitignore", "*.log\n");
    repo.write("b.log", "x");
    assert_eq!(paths(&repo.worktree()), ".gitignore a.log");
}
