//! The tree after a merge, with `git merge` as the judge.

use deconflict_files::RepoPath;
use deconflict_git::{Merged, Source, merge};

use crate::fingerprint::unchanged;
use crate::repo::{Repo, paths, read};

fn merged(repo: &Repo, source: &Source) -> Result<Merged, String> {
    let location = repo.at("").unwrap();
    unchanged(&repo.top, || merge(&location, source, "main")).map_err(|error| error.to_string())
}

/// A repository whose branches `main` and `change` part after `start`; `change` is checked out.
fn parted(start: &[(&str, &str)], main: impl Fn(&Repo), change: impl Fn(&Repo)) -> Option<Repo> {
    let repo = Repo::init()?;
    for (path, text) in start {
        repo.write(path, text);
    }
    repo.commit("start");
    repo.git("checkout --quiet -b change");
    repo.git("checkout --quiet main");
    main(&repo);
    repo.commit("main");
    repo.git("checkout --quiet change");
    change(&repo);
    Some(repo)
}

fn list(paths: &[RepoPath]) -> String {
    paths.iter().map(RepoPath::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn as_git_merges() {
    let long = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
    let Some(repo) = parted(
        &[
            ("both.yaml", long),
            ("moved.yaml", long),
            ("gone.yaml", "x\n"),
            ("d/keep.yaml", "x\n"),
        ],
        |repo| {
            repo.write("both.yaml", &long.replace("one", "ONE"));
            repo.write("moved.yaml", &long.replace("two", "TWO"));
            repo.write("main.yaml", "m\n");
        },
        |repo| {
            repo.write("both.yaml", &long.replace("eight", "EIGHT"));
            repo.git("mv moved.yaml d/elsewhere.yaml");
            repo.git("rm --quiet gone.yaml");
            repo.write("change.yaml", "c\n");
        },
    ) else {
        return;
    };
    // Once as it lies there.
    let disk = merged(&repo, &Source::Worktree).unwrap();
    // Once from the index, once committed.
    repo.git("add --all");
    let index = merged(&repo, &Source::Staged).unwrap();
    repo.commit("change");
    let commit = merged(&repo, &Source::Revision("change".to_owned())).unwrap();
    repo.git("checkout --quiet main");
    repo.git("merge --quiet --no-edit change");
    let want = paths(&repo.worktree());
    for merged in [&disk, &index, &commit] {
        assert!(merged.conflicts.is_empty());
        assert_eq!(paths(&merged.snapshot), want);
        for path in want.split(' ') {
            assert_eq!(
                read(&merged.snapshot, path),
                std::fs::read_to_string(repo.top.join(path)).unwrap(),
                "{path}"
            );
        }
        assert_eq!(
            paths(&merged.base),
            "both.yaml d/keep.yaml gone.yaml main.yaml moved.yaml"
        );
        assert_eq!(
            list(&merged.changed),
            "both.yaml change.yaml d/elsewhere.yaml gone.yaml moved.yaml"
        );
        let (from, to): (Vec<_>, Vec<_>) = merged.renames.iter().cloned().unzip();
        assert_eq!(
            (list(&from), list(&to)),
            ("moved.yaml".into(), "d/elsewhere.yaml".into())
        );
    }
}

#[test]
fn conflicts_are_listed_and_the_rest_is_there() {
    let Some(repo) = parted(
        &[("a.yaml", "x: 1\n"), ("b.yaml", "y: 1\n"), ("c.yaml", "z: 1\n")],
        |repo| {
            repo.write("a.yaml", "x: 2\n");
            repo.git("rm --quiet c.yaml");
        },
        |repo| {
            repo.write("a.yaml", "x: 3\n");
            repo.write("b.yaml", "y: 2\n");
            repo.write("c.yaml", "z: 2\n");
        },
    ) else {
        return;
    };
    let merged = merged(&repo, &Source::Worktree).unwrap();
    assert_eq!(list(&merged.conflicts), "a.yaml c.yaml");
    assert_eq!(list(&merged.changed), "b.yaml");
    // What the base has stands there: nothing, where it deleted the file.
    assert_eq!(paths(&merged.snapshot), "a.yaml b.yaml");
    assert_eq!(read(&merged.snapshot, "a.yaml"), "x: 2\n");
    assert_eq!(read(&merged.snapshot, "b.yaml"), "y: 2\n");
    assert_eq!(read(&merged.base, "a.yaml"), "x: 2\n");
}

#[test]
fn merge_skew_is_visible() {
    let Some(repo) = parted(
        &[("a.yaml", "x\n")],
        |repo| repo.write("certs/one.yaml", "same\n"),
        |repo| repo.write("certs/two.yaml", "same\n"),
    ) else {
        return;
    };
    let merged = merged(&repo, &Source::Worktree).unwrap();
    assert_eq!(paths(&merged.snapshot), "a.yaml certs/one.yaml certs/two.yaml");
    assert!(merged.conflicts.is_empty());
}

#[test]
fn no_program_of_the_configuration_runs() {
    let long = "one\ntwo\nthree\nfour\nfive\n";
    let Some(repo) = parted(
        &[
            ("a.yaml", long),
            (".gitattributes", "*.yaml merge=evil filter=evil diff=evil\n"),
        ],
        |repo| repo.write("a.yaml", &long.replace("one", "ONE")),
        |repo| repo.write("a.yaml", &long.replace("five", "FIVE")),
    ) else {
        return;
    };
    let mark = repo.outside().join("ran");
    for key in [
        "merge.evil.driver",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
    ] {
        let file = repo.top.join(".git/config");
        let text = std::fs::read_to_string(&file).unwrap();
        let (section, name) = key.rsplit_once('.').unwrap();
        let (kind, driver) = section.split_once('.').unwrap();
        std::fs::write(
            &file,
            format!(
                "{text}[{kind} \"{driver}\"]\n\t{name} = touch {}\n",
                mark.display()
            ),
        )
        .unwrap();
    }
    let merged = merged(&repo, &Source::Worktree).unwrap();
    assert_eq!(read(&merged.snapshot, "a.yaml"), "ONE\ntwo\nthree\nfour\nFIVE\n");
    assert!(!mark.exists());
}

#[test]
fn histories_that_do_not_meet() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "x\n");
    repo.commit("one");
    repo.git("checkout --quiet --orphan change");
    repo.commit("two");
    assert_eq!(
        merged(&repo, &Source::Worktree).unwrap_err(),
        "revision `main`: has no commit in common with what is merged into it"
    );
    repo.git("checkout --quiet main");
    for number in 0..3 {
        repo.write("a.yaml", &format!("{number}\n"));
        repo.commit("more");
    }
    repo.git("checkout --quiet -b later HEAD~2");
    repo.write("b.yaml", "x\n");
    repo.commit("later");
    let url = format!("file://{}", repo.top.display());
    repo.git_at(
        &repo.outside(),
        &format!("clone --quiet --depth 1 --no-single-branch {url} shallow"),
    );
    let location = deconflict_git::discover(&repo.outside().join("shallow"), &repo.environment()).unwrap();
    let error = merge(&location, &Source::Worktree, "origin/main")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("revision `origin/main`: this shallow clone does not reach back"),
        "{error}"
    );
}

#[test]
fn a_sparse_checkout_deletes_nothing() {
    let Some(repo) = parted(
        &[("in/a.yaml", "x\n"), ("out/b.yaml", "x\n")],
        |repo| repo.write("main.yaml", "x\n"),
        |repo| {
            repo.git("sparse-checkout set --cone in");
            repo.write("in/a.yaml", "y\n");
        },
    ) else {
        return;
    };
    let merged = merged(&repo, &Source::Worktree).unwrap();
    assert_eq!(paths(&merged.snapshot), "in/a.yaml main.yaml out/b.yaml");
    assert_eq!(read(&merged.snapshot, "out/b.yaml"), "x\n");
}
