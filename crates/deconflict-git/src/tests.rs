//! Trees on disk in, listings out.

use std::path::Path;

use deconflict_files::{RepoPath, Snapshot};

use crate::{Environment, Error, Location, discover, on_demand, worktree};

/// A directory with files: `path`, `path => link target`, `path = content`; a path that ends in `/` is a directory.
/// `.git` makes the directory before it a repository.
fn tree(lines: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for line in lines.split(',').map(str::trim).filter(|line| !line.is_empty()) {
        let (path, content) = line.split_once(" = ").unwrap_or((line, ""));
        let (path, link) = path
            .split_once(" => ")
            .map_or((path, None), |(path, link)| (path, Some(link)));
        let absolute = directory.path().join(path);
        std::fs::create_dir_all(absolute.parent().unwrap()).unwrap();
        if path.rsplit('/').next() == Some(".git") {
            gix::init(absolute.parent().unwrap()).unwrap();
        } else if let Some(link) = link {
            std::os::unix::fs::symlink(link, absolute).unwrap();
        } else if path.ends_with('/') {
            std::fs::create_dir_all(absolute).unwrap();
        } else {
            #[expect(clippy::disallowed_methods, reason = "the test makes its own tree")]
            std::fs::write(absolute, content.replace("\\n", "\n")).unwrap();
        }
    }
    directory
}

/// No environment, and nothing above the test's directory.
fn quiet(directory: &Path) -> Environment {
    Environment {
        ceilings: directory.parent().map(Into::into),
        ..Environment::default()
    }
}

fn at(directory: &tempfile::TempDir, root: &str) -> Result<Location, Error> {
    discover(&directory.path().join(root), &quiet(directory.path()))
}

fn listing(snapshot: &Snapshot) -> String {
    let mut lines: Vec<String> = snapshot
        .files()
        .iter()
        .map(|path| path.as_str().to_owned())
        .collect();
    lines.extend(
        snapshot
            .troubles()
            .iter()
            .map(|(path, why)| format!("{path}: {why}")),
    );
    lines.join(" ")
}

/// The files of the tree as `check ROOT` sees them.
fn check(lines: &str, root: &str, want: &str) {
    let directory = tree(lines);
    let snapshot = worktree(&at(&directory, root).unwrap()).unwrap();
    assert_eq!(listing(&snapshot), want, "{lines}");
}

#[test]
fn ignored_files_are_absent() {
    check("b.yaml, a/c.yaml, a-b/d.yaml", "", "a-b/d.yaml a/c.yaml b.yaml");
    check(
        ".git, .gitignore = *.log\\n/out/\\n!keep.log, x.log, keep.log, out/a.yaml, a/out/b.yaml",
        "",
        ".gitignore a/out/b.yaml keep.log",
    );
    check(
        ".git, a/.gitignore = *\\n!y.yaml, a/x.yaml, a/y.yaml, x.yaml",
        "",
        "a/y.yaml x.yaml",
    );
    // Without a repository there is nobody to ask.
    check(".gitignore = *.yaml, x.yaml", "", ".gitignore x.yaml");
    check(".git, sub/.git, sub/a.yaml, b.yaml", "", "b.yaml");
    check(".git, b.yaml, sub/a.yaml", "sub", "b.yaml sub/a.yaml");
}

#[test]
fn a_nested_top_forgets_the_patterns_above() {
    check(
        ".git, .gitignore = *.yaml, x/deconflict.yaml, x/a/b.yaml, x/.gitignore = c.yaml, x/a/c.yaml, d.yaml",
        "x/a",
        "x/.gitignore x/a/b.yaml x/deconflict.yaml",
    );
}

#[test]
fn tracked_files_are_there_though_ignored() {
    let directory =
        tree(".git, .gitignore = out/\\n*.log, out/deep/a.yaml, out/deep/b.yaml, x.log, y.log, out/z/c");
    let git = gix::open(directory.path()).unwrap();
    let mut index = gix::index::File::from_state(gix::index::State::new(git.object_hash()), git.index_path());
    for path in ["out/deep/a.yaml", "x.log"] {
        index.dangerously_push_entry(
            gix::index::entry::Stat::default(),
            gix::ObjectId::empty_blob(git.object_hash()),
            gix::index::entry::Flags::empty(),
            gix::index::entry::Mode::FILE,
            path.into(),
        );
    }
    index.sort_entries();
    index.write(gix::index::write::Options::default()).unwrap();
    let snapshot = worktree(&at(&directory, "").unwrap()).unwrap();
    assert_eq!(listing(&snapshot), ".gitignore out/deep/a.yaml x.log");
    let ignored = |path: &str| snapshot.is_ignored(&RepoPath::new(path).unwrap());
    assert!(ignored("out/z/c") && ignored("y.log") && ignored("out/deep/b.yaml"));
    assert!(!ignored("x.log") && !ignored("nowhere"));
}

#[test]
fn tops() {
    let check = |lines: &str, root: &str, want: &str| {
        let directory = tree(lines);
        let got = match at(&directory, root) {
            Ok(found) => {
                let base = found
                    .base
                    .strip_prefix(directory.path().canonicalize().unwrap())
                    .unwrap();
                let config = found.config.as_ref().map_or("-", RepoPath::as_str);
                format!(
                    "{:?} {:?} {:?} {config}",
                    base.to_str().unwrap(),
                    found.top,
                    found.root
                )
            }
            Err(error) => error.to_string().replace(directory.path().to_str().unwrap(), ""),
        };
        assert_eq!(got, want, "{lines} {root}");
    };
    check("a/b/c", "a", r#""a" "" "" -"#);
    check("deconflict.yaml, a/b/c", "a/b", r#""" "" "a/b" deconflict.yaml"#);
    check(
        "a/.github/deconflict.yaml, a/b/c",
        "a/b",
        r#""a" "" "b" .github/deconflict.yaml"#,
    );
    check(
        ".git, a/deconflict.yaml, a/b/c",
        "a/b",
        r#""" "a" "a/b" a/deconflict.yaml"#,
    );
    check("deconflict.yaml, a/.git, a/b/c", "a/b", r#""a" "" "b" -"#);
    check("a/b", "missing", "`/missing` does not exist");
    check("a/b", "a/b", "`/a/b` is not a directory");
    check("a/b", "a/b/c", "`/a/b/c` is not a directory");
    check(
        ".git",
        ".git/refs",
        "`/.git/refs` lies inside a Git directory, not in a working tree",
    );
    check(
        "loop => loop",
        "loop",
        "cannot open `/loop`: Too many levels of symbolic links (os error 40)",
    );
}

#[test]
fn ceilings_hide_repositories() {
    let directory = tree(".git, deconflict.yaml, a/b/c");
    let root = directory.path().join("a/b");
    let ceiling = Some(directory.path().join("a").into_os_string());
    let found = discover(
        &root,
        &Environment {
            ceilings: ceiling,
            ..Environment::default()
        },
    )
    .unwrap();
    assert_eq!(
        (found.is_git(), found.base),
        (false, root.canonicalize().unwrap())
    );
}

#[test]
fn odd_files_are_values() {
    let directory = tree("d/x, big.yaml, bell\u{7}.yaml, l => nowhere, m => m, n => ../../../../etc/passwd");
    let big = std::fs::OpenOptions::new()
        .write(true)
        .open(directory.path().join("big.yaml"))
        .unwrap();
    big.set_len(100 << 20).unwrap();
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"bad\xff.yaml");
    #[expect(clippy::disallowed_methods, reason = "the test makes its own tree")]
    std::fs::write(directory.path().join(name), "").unwrap();
    let snapshot = worktree(&at(&directory, "").unwrap()).unwrap();
    assert_eq!(
        listing(&snapshot),
        "bell\u{7}.yaml big.yaml d/x l m n bad\u{fffd}.yaml: its name is not UTF-8"
    );
    let read = |path: &str| {
        let read = snapshot.read(&RepoPath::new(path).unwrap());
        read.map(|bytes| bytes.len()).map_err(|error| error.to_string())
    };
    assert_eq!(
        read("big.yaml"),
        Err("is 104857600 bytes, more than the limit of 67108864".to_owned())
    );
    assert_eq!(read("l"), Err("no such file or directory".to_owned()));
    assert_eq!(read("m"), Err("too many levels of symbolic links".to_owned()));
    assert_eq!(read("n"), Err("lies outside the repository".to_owned()));
    assert_eq!(read("d"), Err("is a directory".to_owned()));
    assert_eq!(read("d/x"), Ok(0));
    assert_eq!(read("d/x/y"), Err("no such file or directory".to_owned()));
}

#[test]
fn render_reads_ignored_files_too() {
    let directory = tree(".git, .gitignore = *, a/x.yaml = x");
    let (snapshot, path) = on_demand(&directory.path().join("a"), &quiet(directory.path())).unwrap();
    let file = path.join("x.yaml").unwrap();
    assert_eq!(
        (file.as_str(), snapshot.read(&file).as_deref()),
        ("a/x.yaml", Ok(b"x".as_slice()))
    );

    let directory = tree("a/x.yaml = x, b/y");
    let (snapshot, path) = on_demand(&directory.path().join("a"), &quiet(directory.path())).unwrap();
    assert_eq!(format!("/{}", path.as_str()), snapshot.absolute(&path));
    let other = path.join("../b/y").unwrap();
    assert_eq!(snapshot.read(&other).map(|bytes| bytes.len()), Ok(0));
}
