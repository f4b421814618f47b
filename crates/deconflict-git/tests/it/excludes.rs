//! What Git ignores, with `git ls-files` as the judge.

use crate::repo::{Repo, paths};

/// Small and repeatable; quality does not matter.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

const DIRECTORIES: [&str; 9] = [
    "",
    "a/",
    "b/",
    "a/b/",
    "a/a/",
    "b/c/",
    "a/b/c/",
    "x y/",
    "a/.hidden/",
];
const FILES: [&str; 8] = ["a", "b.yaml", "c.log", ".d", "e.yaml", "keep.log", "[f]", "#g"];
const PATTERNS: [&str; 30] = [
    "*.log",
    "!keep.log",
    "/a",
    "a/",
    "b",
    "/b/",
    "*",
    "!*.yaml",
    "!*/",
    "**/c",
    "a/**",
    "a/*/c.log",
    "[ab]*",
    "?.yaml",
    "\\[f]",
    "\\#g",
    "# comment",
    "",
    "a/b/*",
    "!a/b/",
    "/*",
    "!/a",
    "x y/",
    "*.yaml ",
    "**/b/**",
    "c/*.yaml",
    ".*",
    "!.d",
    "/a/b",
    "**",
];

/// Git's own answer: tracked and untracked files that are there.
fn listed(repo: &Repo) -> String {
    let listed = repo.git("ls-files -z --cached --others --exclude-standard");
    let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
    paths.retain(|path| repo.top.join(path).symlink_metadata().is_ok());
    paths.sort_unstable();
    paths.dedup();
    paths.join(" ")
}

#[test]
fn random_trees_are_listed_as_git_lists_them() {
    for seed in 0..60 {
        let Some(repo) = Repo::init() else { return };
        let mut dice = Dice(seed);
        for _ in 0..25 {
            let path = format!("{}{}", dice.pick(&DIRECTORIES), dice.pick(&FILES));
            if !repo.top.join(&path).is_dir() {
                let parent = repo.top.join(&path);
                // A file may stand where a directory is wanted.
                if parent.ancestors().skip(1).all(|above| !above.is_file()) {
                    repo.write(&path, "x\n");
                }
            }
        }
        // Some are tracked before the patterns come.
        let tracked = repo.git("ls-files -z --others");
        let mut tracked: Vec<String> = tracked
            .split('\0')
            .filter(|path| !path.is_empty() && !path.contains(' '))
            .map(|path| format!(":(literal){path}"))
            .collect();
        tracked.retain(|_| dice.below(3) == 0);
        if !tracked.is_empty() {
            repo.git(&format!("add -f -- {}", tracked.join(" ")));
        }
        for _ in 0..=dice.below(3) {
            let directory = dice.pick(&DIRECTORIES);
            let patterns: Vec<&str> = (0..=dice.below(4)).map(|_| dice.pick(&PATTERNS)).collect();
            if repo.top.join(directory).is_dir() {
                repo.write(&format!("{directory}.gitignore"), &(patterns.join("\n") + "\n"));
            }
        }
        if dice.below(3) == 0 {
            repo.write(".git/info/exclude", dice.pick(&PATTERNS));
        }
        if dice.below(3) == 0 {
            let file = repo.outside().join("global");
            std::fs::write(&file, dice.pick(&PATTERNS)).unwrap();
            repo.git(&format!("config core.excludesFile {}", file.display()));
        }
        let (got, want) = (paths(&repo.worktree()), listed(&repo));
        assert_eq!(got, want, "seed {seed}");
    }
}

#[test]
fn deleted_files_are_gone_and_new_ones_there() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.yaml", "1");
    repo.write("b.yaml", "1");
    repo.commit("one");
    std::fs::remove_file(repo.top.join("a.yaml")).unwrap();
    repo.write("c.yaml", "1");
    assert_eq!(paths(&repo.worktree()), "b.yaml c.yaml");
}

#[test]
fn a_split_index_counts() {
    let Some(repo) = Repo::init() else { return };
    repo.write("a.log", "1");
    repo.write("d/b.log", "1");
    repo.git("add --all");
    repo.git("update-index --split-index");
    repo.write("d/c.log", "1");
    repo.git("add d/c.log");
    repo.write(".gitignore", "*.log\nd/\n");
    repo.write("z.log", "1");
    assert_eq!(paths(&repo.worktree()), ".gitignore a.log d/b.log d/c.log");
}
