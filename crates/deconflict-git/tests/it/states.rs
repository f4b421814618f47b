//! Repositories in states that show another text than the one that is judged, or none.

use deconflict_files::RepoPath;
use deconflict_git::{Environment, Location, Source, discover, merge, open};

use crate::fingerprint::unchanged;
use crate::repo::{Repo, paths, read};

fn said(location: &Location, source: &Source) -> String {
    match unchanged(&location.base, || open(location, source)) {
        Ok(opened) => paths(&opened.snapshot),
        Err(error) => error.to_string(),
    }
}

fn revision(name: &str) -> Source {
    Source::Revision(name.to_owned())
}

#[test]
fn what_is_pushed_stands_in_a_quarantine() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.commit("one");
    let bare = repo.outside().join("bare.git");
    repo.git(&format!("clone --quiet --bare . {}", bare.display()));
    // As git-receive-pack does it: the new objects lie in a directory of their own.
    repo.write("b.yaml", "2");
    let pushed = repo.commit("two");
    let quarantine = repo.outside().join("quarantine");
    std::fs::create_dir_all(quarantine.join("pack")).unwrap();
    repo.git(&format!(
        "pack-objects --quiet --all --revs {}",
        quarantine.join("pack/pack").display()
    ));
    let main = bare.join("objects");
    let with = |objects: Option<&std::path::Path>, alternates: Option<String>| {
        let environment = Environment {
            git_dir: Some(bare.clone().into()),
            objects: objects.map(Into::into),
            alternates: alternates.map(Into::into),
            ..repo.environment()
        };
        discover(&bare, &environment).unwrap()
    };
    let unknown = format!("revision `{pushed}`: no such commit");
    assert_eq!(said(&with(None, None), &revision(&pushed)), unknown);
    let here = with(Some(&quarantine), Some(main.display().to_string()));
    assert_eq!(said(&here, &revision(&pushed)), "a.yaml b.yaml");
    assert_eq!(said(&here, &revision("main")), "a.yaml");
    let merged = merge(&here, &revision(&pushed), "main").unwrap();
    assert_eq!(merged.changed, [RepoPath::new("b.yaml").unwrap()]);
    // What is read later is still found.
    let opened = open(&here, &revision(&pushed)).unwrap();
    drop(here);
    assert_eq!(read(&opened.snapshot, "b.yaml"), "2");
    let other = with(None, Some(format!("/nowhere:\"{}\"", quarantine.display())));
    assert_eq!(said(&other, &revision(&pushed)), "a.yaml b.yaml");
    // It is not the quarantine of another repository that is asked about.
    let environment = Environment {
        git_dir: Some(bare.clone().into()),
        objects: Some(quarantine.into()),
        ..repo.environment()
    };
    let location = discover(&repo.top, &environment).unwrap();
    assert_eq!(said(&location, &revision("main")), "a.yaml b.yaml");
}

#[test]
fn reftables_hide_names_but_no_objects() {
    let Some(repo) = Repo::empty() else { return };
    let made = repo.try_git_at(
        &repo.top,
        "init --quiet --initial-branch main --ref-format=reftable .",
    );
    if !made.status.success() {
        println!("skipped: this git makes no reftables");
        return;
    }
    repo.write("a.yaml", "1");
    let id = repo.commit("one");
    repo.write("b.yaml", "2");
    repo.git("add --all");
    let location = repo.at("").unwrap();
    assert_eq!(said(&location, &Source::Staged), "a.yaml b.yaml");
    assert_eq!(said(&location, &revision(&id)), "a.yaml");
    let why = |name: &str| {
        format!(
            "revision `{name}`: this repository keeps its refs in reftables, which cannot be read: name the commit by its \
             full id, or change the format (`git refs migrate --ref-format=files`)"
        )
    };
    assert_eq!(said(&location, &revision("main")), why("main"));
    assert_eq!(said(&location, &revision("HEAD")), why("HEAD"));
    let error = merge(&location, &Source::Staged, &id).unwrap_err();
    assert_eq!(error.to_string(), why("HEAD"));
    let error = merge(&location, &revision(&id), "main").unwrap_err();
    assert_eq!(error.to_string(), why("main"));
    assert!(merge(&location, &revision(&id), &id).is_ok());
    // What the message says helps.
    if repo
        .try_git_at(&repo.top, "refs migrate --ref-format=files")
        .status
        .success()
    {
        assert_eq!(said(&repo.at("").unwrap(), &revision("main")), "a.yaml");
    }
}

#[test]
fn clones_with_a_filter_say_what_they_lack() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.write("b.txt", "2");
    repo.commit("one");
    repo.git("config uploadpack.allowFilter true");
    let url = format!("file://{}", repo.top.display());
    let clone = |filter: &str, name: &str| {
        let words = format!("clone --quiet --no-checkout --filter={filter} {url} {name}");
        repo.git_at(&repo.outside(), &words);
        repo.outside().join(name)
    };
    let lacking = |top: &std::path::Path, source: &Source| {
        let location = discover(top, &repo.environment()).unwrap();
        let lacking = open(&location, source).unwrap().lacking;
        lacking
            .iter()
            .map(|path| path.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    let blobless = clone("blob:none", "blobless");
    for source in [Source::Staged, revision("HEAD")] {
        assert_eq!(lacking(&blobless, &source), ["a.yaml", "b.txt"]);
    }
    let location = discover(&blobless, &repo.environment()).unwrap();
    let error = merge(&location, &revision("HEAD"), "HEAD").unwrap_err();
    assert!(error.to_string().contains("lacks what is needed"), "{error}");
    let treeless = clone("tree:0", "treeless");
    let location = discover(&treeless, &repo.environment()).unwrap();
    let error = open(&location, &revision("HEAD")).unwrap_err().to_string();
    let advice = "`git fetch --refetch --no-filter` brings everything";
    assert!(
        error.contains("was made with a filter and lacks what is needed") && error.ends_with(advice),
        "{error}"
    );
    // What the message says helps.
    if repo
        .try_git_at(&treeless, "fetch --quiet --refetch --no-filter")
        .status
        .success()
    {
        assert!(lacking(&treeless, &revision("HEAD")).is_empty());
    }
}

#[test]
fn nothing_is_staged_in_a_bare_repository() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.commit("one");
    let bare = repo.outside().join("bare.git");
    repo.git(&format!("clone --quiet --bare . {}", bare.display()));
    let location = discover(&bare, &repo.environment()).unwrap();
    let want = format!(
        "the Git repository `{}` is bare: nothing is staged there, so name a revision",
        bare.display()
    );
    assert_eq!(said(&location, &Source::Staged), want);
}

#[test]
fn sha256_from_every_source() {
    let Some(repo) = Repo::empty() else { return };
    repo.git("init --quiet --initial-branch main --object-format=sha256 .");
    repo.write("a.yaml", "1");
    repo.commit("one");
    repo.write("b.yaml", "2");
    repo.git("add --all");
    let location = repo.at("").unwrap();
    assert_eq!(said(&location, &revision("main")), "a.yaml");
    assert_eq!(said(&location, &Source::Staged), "a.yaml b.yaml");
    let merged = merge(&location, &Source::Staged, "main").unwrap();
    assert_eq!(merged.changed, [RepoPath::new("b.yaml").unwrap()]);
}

#[test]
fn a_conflict_that_a_person_solved_is_none() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.commit("one");
    repo.git("checkout --quiet -b other");
    repo.write("a.yaml", "2");
    repo.commit("two");
    repo.git("checkout --quiet main");
    repo.write("a.yaml", "3");
    repo.commit("three");
    assert!(!repo.try_git_at(&repo.top, "merge --quiet other").status.success());
    repo.write("a.yaml", "4");
    repo.git("add a.yaml");
    // The index holds both sides, so it goes into either without a question.
    for base in ["main", "other"] {
        let merged = merge(&repo.at("").unwrap(), &Source::Staged, base).unwrap();
        assert_eq!(merged.conflicts, [], "{base}");
        assert_eq!(read(&merged.snapshot, "a.yaml"), "4", "{base}");
    }
}
