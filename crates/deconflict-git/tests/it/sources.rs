//! The index and commits: objects are read, never the working tree.

use deconflict_files::{Entry, RepoPath};
use deconflict_git::{Environment, Source, discover, open, worktree};

use crate::fingerprint::unchanged;
use crate::repo::{Repo, paths, read};

fn staged(repo: &Repo) -> deconflict_files::Snapshot {
    let location = repo.at("").unwrap();
    let opened = unchanged(&repo.top, || open(&location, &Source::Staged));
    opened.unwrap().snapshot
}

fn revision(repo: &Repo, name: &str) -> Result<deconflict_files::Snapshot, String> {
    let location = repo.at("").unwrap();
    let source = Source::Revision(name.to_owned());
    let opened = unchanged(&repo.top, || open(&location, &source));
    opened
        .map(|opened| opened.snapshot)
        .map_err(|error| error.to_string())
}

#[test]
fn the_index_is_not_the_working_tree() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "committed");
    repo.write("gone.yaml", "committed");
    repo.commit("one");
    repo.write("a.yaml", "staged");
    repo.write("d/new.yaml", "staged");
    repo.git("add a.yaml d");
    repo.git("rm --quiet gone.yaml");
    repo.write("a.yaml", "unstaged");
    repo.write("untracked.yaml", "x");
    repo.write("announced.yaml", "x");
    repo.git("add --intent-to-add announced.yaml");
    std::fs::remove_file(repo.top.join("d/new.yaml")).unwrap();
    let snapshot = staged(&repo);
    assert_eq!(paths(&snapshot), "a.yaml d/new.yaml");
    assert_eq!(read(&snapshot, "a.yaml"), "staged");
    assert_eq!(read(&snapshot, "d/new.yaml"), "staged");
    assert_eq!(read(&snapshot, "untracked.yaml"), "no such file or directory");
    assert_eq!(read(&repo.worktree(), "a.yaml"), "unstaged");
    assert_eq!(snapshot.list(&RepoPath::top()).len(), 2);
}

#[test]
fn commits_by_any_name() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.link("link.yaml", "a.yaml");
    repo.link("out.yaml", "../../etc/passwd");
    let first = repo.commit("one");
    repo.git("tag -a -m t v1");
    repo.write("a.yaml", "2");
    repo.write("x y/b.yaml", "2");
    repo.commit("two");
    repo.write("a.yaml", "3");
    for name in [
        first.as_str(),
        &first[..8],
        "HEAD~1",
        "v1",
        "main^",
        "refs/tags/v1",
    ] {
        let snapshot = revision(&repo, name).unwrap();
        assert_eq!(paths(&snapshot), "a.yaml link.yaml out.yaml", "{name}");
        assert_eq!(read(&snapshot, "a.yaml"), "1", "{name}");
        assert_eq!(read(&snapshot, "link.yaml"), "1", "{name}");
        assert_eq!(
            read(&snapshot, "out.yaml"),
            "lies outside the repository",
            "{name}"
        );
    }
    assert_eq!(read(&revision(&repo, "main").unwrap(), "x y/b.yaml"), "2");
    assert_eq!(
        revision(&repo, "nope").unwrap_err(),
        "revision `nope`: no such commit"
    );
    assert_eq!(
        revision(&repo, "HEAD:a.yaml").unwrap_err(),
        "revision `HEAD:a.yaml`: is no commit"
    );
}

#[test]
fn top_is_that_of_the_revision() {
    let Some(repo) = Repo::init() else { return };
    repo.write("team/a/x.yaml", "1");
    repo.write("b.yaml", "1");
    repo.commit("one");
    repo.write("team/deconflict.yaml", "version: 1\n");
    repo.commit("two");
    let top = |revision: &str| {
        let source = Source::Revision(revision.to_owned());
        let opened = open(&repo.at("team/a").unwrap(), &source).unwrap();
        (opened.location.top.as_str().to_owned(), paths(&opened.snapshot))
    };
    assert_eq!(top("HEAD~1"), (String::new(), "b.yaml team/a/x.yaml".to_owned()));
    assert_eq!(
        top("HEAD"),
        ("team".to_owned(), "team/a/x.yaml team/deconflict.yaml".to_owned())
    );
}

#[test]
fn bare_repositories_have_revisions_only() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.commit("one");
    let bare = repo.outside().join("bare.git");
    repo.git(&format!("clone --quiet --bare . {}", bare.display()));
    let location = discover(&bare, &repo.environment()).unwrap();
    assert!(location.is_bare());
    assert_eq!(
        worktree(&location).unwrap_err().to_string(),
        format!(
            "the Git repository `{}` is bare: it has no working tree, so name a revision",
            bare.display()
        )
    );
    let opened = open(&location, &Source::Revision("main".to_owned())).unwrap();
    assert_eq!(read(&opened.snapshot, "a.yaml"), "1");
    assert!(discover(&bare.join("refs"), &repo.environment()).is_err());
    // As a hook on the server is called.
    let environment = Environment {
        git_dir: Some(bare.clone().into()),
        ..repo.environment()
    };
    assert!(discover(&bare, &environment).unwrap().is_bare());
}

#[test]
fn clones_that_lack_objects() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.commit("one");
    repo.write("b.yaml", "2");
    repo.commit("two");
    repo.git("config uploadpack.allowFilter true");
    let url = format!("file://{}", repo.top.display());
    repo.git_at(&repo.outside(), &format!("clone --quiet --depth 1 {url} shallow"));
    let location = discover(&repo.outside().join("shallow"), &repo.environment()).unwrap();
    let error = open(&location, &Source::Revision("HEAD~1".to_owned()))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "revision `HEAD~1`: no such commit in this shallow clone; fetch it (in CI, set the checkout's fetch depth to 0)"
    );
    let head = open(&location, &Source::Revision("HEAD".to_owned())).unwrap();
    assert_eq!(paths(&head.snapshot), "a.yaml b.yaml");
    repo.git_at(
        &repo.outside(),
        &format!("clone --quiet --bare --filter=blob:none {url} partial"),
    );
    let location = discover(&repo.outside().join("partial"), &repo.environment()).unwrap();
    let head = open(&location, &Source::Revision("HEAD".to_owned())).unwrap();
    assert_eq!(paths(&head.snapshot), "a.yaml b.yaml");
    let why = read(&head.snapshot, "a.yaml");
    assert!(
        why.starts_with("is not in this clone (object ") && why.ends_with("clone without a filter"),
        "{why}"
    );
}

#[test]
fn sparse_checkouts_miss_nothing() {
    let Some(repo) = Repo::init() else { return };
    for path in ["in/a.yaml", "out/b.yaml", "out/deep/c.yaml", "top.yaml"] {
        repo.write(path, path);
    }
    repo.commit("one");
    for sparse in ["--no-sparse-index", "--sparse-index"] {
        repo.git(&format!("sparse-checkout set --cone {sparse} in"));
        assert!(!repo.top.join("out").exists());
        for snapshot in [repo.worktree(), staged(&repo), revision(&repo, "HEAD").unwrap()] {
            assert_eq!(
                paths(&snapshot),
                "in/a.yaml out/b.yaml out/deep/c.yaml top.yaml",
                "{sparse}"
            );
            assert_eq!(read(&snapshot, "out/deep/c.yaml"), "out/deep/c.yaml", "{sparse}");
            assert_eq!(snapshot.list(&RepoPath::top()).len(), 3, "{sparse}");
            let out = RepoPath::new("out/deep").unwrap();
            assert_eq!(snapshot.entry(&out), Some(Entry::Directory), "{sparse}");
        }
        repo.git("sparse-checkout disable");
    }
}

#[test]
fn what_only_stands_for_content() {
    let Some(repo) = Repo::init() else { return };
    let Some(other) = Repo::init() else { return };
    other.write("x.yaml", "x");
    other.commit("one");
    repo.write(
        "lfs.yaml",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
    );
    repo.write("crypt.yaml", "\0GITCRYPT\0abc");
    repo.git(&format!("submodule --quiet add {} sub", other.top.display()));
    repo.commit("one");
    for snapshot in [repo.worktree(), staged(&repo), revision(&repo, "HEAD").unwrap()] {
        assert_eq!(paths(&snapshot), ".gitmodules crypt.yaml lfs.yaml");
        assert_eq!(
            read(&snapshot, "lfs.yaml"),
            "is a Git LFS pointer; the working tree has the content after `git lfs pull`, Git has not"
        );
        assert_eq!(read(&snapshot, "crypt.yaml"), "is encrypted with git-crypt");
        assert_eq!(read(&snapshot, "sub/x.yaml"), "is a submodule");
    }
}

#[test]
fn what_is_not_merged_yet_is_said() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.write("b.yaml", "1");
    repo.commit("one");
    repo.git("checkout --quiet -b other");
    repo.write("a.yaml", "2");
    repo.commit("two");
    repo.git("checkout --quiet main");
    repo.write("a.yaml", "3");
    repo.commit("three");
    assert!(!repo.try_git_at(&repo.top, "merge --quiet other").status.success());
    let snapshot = staged(&repo);
    assert_eq!(paths(&snapshot), "b.yaml");
    let troubles = snapshot.troubles();
    assert_eq!(
        troubles,
        [(RepoPath::new("a.yaml").unwrap(), "is not merged yet".to_owned())]
    );
}

#[test]
fn outside_git_there_is_only_the_directory() {
    let Some(repo) = Repo::empty() else { return };
    let location = repo.at("").unwrap();
    assert!(open(&location, &Source::Worktree).is_ok());
    for source in [Source::Staged, Source::Revision("HEAD".to_owned())] {
        let error = open(&location, &source).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("`{}` lies in no Git repository", repo.top.display())
        );
    }
}
