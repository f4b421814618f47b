//! What is never read: other repositories, what lies outside, what is no file.

use std::os::unix::fs::PermissionsExt as _;

use deconflict_files::{Entry, RepoPath};
use deconflict_git::on_demand;

use crate::repo::{Repo, paths, read};

#[test]
fn other_repositories_inside() {
    let Some(repo) = Repo::init() else { return };
    let Some(other) = Repo::init() else { return };
    other.write("in.yaml", "theirs");
    other.commit("one");
    repo.git(&format!("submodule --quiet add {} sub", other.top.display()));
    repo.write("nested/n.yaml", "x");
    repo.git_at(&repo.top.join("nested"), "init --quiet .");
    repo.write("a.yaml", "x");
    repo.git("worktree add --quiet --orphan -b linked inner");
    repo.write("inner/w.yaml", "x");
    let snapshot = repo.worktree();
    assert_eq!(paths(&snapshot), ".gitmodules a.yaml");
    for path in ["sub", "nested", "inner"] {
        assert_eq!(
            snapshot.entry(&RepoPath::new(path).unwrap()),
            Some(Entry::Other("submodule")),
            "{path}"
        );
        assert_eq!(read(&snapshot, &format!("{path}/in.yaml")), "is a submodule");
        assert!(snapshot.list(&RepoPath::new(path).unwrap()).is_empty());
    }
    // Each is a repository of its own when it is asked about itself.
    assert_eq!(
        paths(&deconflict_git::worktree(&repo.at("sub").unwrap()).unwrap()),
        "in.yaml"
    );
    assert_eq!(
        paths(&deconflict_git::worktree(&repo.at("inner").unwrap()).unwrap()),
        "w.yaml"
    );
}

#[test]
fn links_lead_nowhere_else() {
    let Some(repo) = Repo::init() else { return };
    std::fs::write(repo.outside().join("secret.yaml"), "secret").unwrap();
    std::fs::create_dir(repo.outside().join("elsewhere")).unwrap();
    std::fs::write(repo.outside().join("elsewhere/s.yaml"), "secret").unwrap();
    repo.write("real/a.yaml", "a");
    repo.link("inside", "real");
    repo.link("relative.yaml", "../secret.yaml");
    repo.link(
        "absolute.yaml",
        &format!("{}/secret.yaml", repo.outside().display()),
    );
    repo.link("home.yaml", &format!("{}/real/a.yaml", repo.top.display()));
    repo.link("elsewhere", "../elsewhere");
    repo.link("one", "two");
    repo.link("two", "one");
    repo.link("real/up", "..");
    let snapshot = repo.worktree();
    // Directories behind links are listed where they really are, so loops end.
    assert_eq!(
        paths(&snapshot),
        "absolute.yaml elsewhere home.yaml inside one real/a.yaml real/up relative.yaml two"
    );
    for path in [
        "relative.yaml",
        "absolute.yaml",
        "elsewhere/s.yaml",
        "real/up/relative.yaml",
    ] {
        assert_eq!(read(&snapshot, path), "lies outside the repository", "{path}");
    }
    for path in [
        "inside/a.yaml",
        "home.yaml",
        "real/up/inside/a.yaml",
        "inside/up/real/a.yaml",
    ] {
        assert_eq!(read(&snapshot, path), "a", "{path}");
    }
    assert_eq!(read(&snapshot, "one"), "too many levels of symbolic links");
    // The same for what is read on demand.
    let (snapshot, path) = on_demand(&repo.top.join("real"), &repo.environment()).unwrap();
    assert_eq!(path.as_str(), "real");
    assert_eq!(read(&snapshot, "elsewhere/s.yaml"), "lies outside the repository");
    assert_eq!(read(&snapshot, "inside/a.yaml"), "a");
}

#[test]
fn what_is_no_file() {
    let Some(repo) = Repo::init() else { return };
    repo.write("d.yaml/x", "x");
    repo.write("closed.yaml", "x");
    repo.write("shut/y.yaml", "x");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(repo.top.join("pipe.yaml"))
            .status()
            .unwrap()
            .success()
    );
    let mode = |path: &str, mode| {
        std::fs::set_permissions(repo.top.join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("closed.yaml", 0o000);
    mode("shut", 0o000);
    let readable = std::fs::read(repo.top.join("closed.yaml")).is_ok();
    let snapshot = repo.worktree();
    assert_eq!(read(&snapshot, "pipe.yaml"), "is a special file");
    assert_eq!(read(&snapshot, "d.yaml"), "is a directory");
    // Root reads everything.
    if !readable {
        assert_eq!(paths(&snapshot), "closed.yaml d.yaml/x");
        assert_eq!(read(&snapshot, "closed.yaml"), "permission denied");
        let troubles: Vec<String> = snapshot
            .troubles()
            .iter()
            .map(|(path, why)| format!("{path}: {why}"))
            .collect();
        assert_eq!(troubles, ["shut: permission denied"]);
    }
    mode("shut", 0o700);
}
