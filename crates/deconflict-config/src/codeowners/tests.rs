use std::fmt::Write as _;
use std::sync::Arc;

use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_yaml::Library;

use super::Codeowners;

fn find(name: &str, text: &str) -> (Codeowners, Arc<Files>) {
    let snapshot = Arc::new(MemoryTree::new().file(name, text).snapshot());
    let files = Arc::new(Files::new());
    let library = Library::new(snapshot, Arc::clone(&files));
    (Codeowners::find(&library, &RepoPath::top()), files)
}

/// Each path's first owner as a team; a path that ends in `/` is asked as a directory.
fn check_in(name: &str, text: &str, cases: &[(&str, &str)]) {
    let (codeowners, _) = find(name, text);
    for (path, want) in cases {
        let at = RepoPath::new(path).unwrap();
        let team = if path.ends_with('/') {
            codeowners.team_of_directory(&at)
        } else {
            codeowners.team_of(&at)
        };
        assert_eq!(team.as_deref().unwrap_or("-"), *want, "{path} in\n{text}");
    }
}

fn check(text: &str, cases: &[(&str, &str)]) {
    check_in(".github/CODEOWNERS", text, cases);
}

#[test]
fn github_patterns() {
    // The examples of GitHub's documentation.
    check(
        "* @global",
        &[("a", "global"), ("a/b/c.yaml", "global"), ("a/", "global")],
    );
    check(
        "*.js @js",
        &[("a.js", "js"), ("x/y/a.js", "js"), ("a.jsx", "-"), ("x/", "-")],
    );
    check(
        "/build/logs/ @doctocat",
        &[
            ("build/logs/a", "doctocat"),
            ("build/logs/b/c", "doctocat"),
            ("x/build/logs/a", "-"),
            ("build/logs/", "doctocat"),
            ("build/", "-"),
        ],
    );
    check(
        "docs/* docs@example.com",
        &[
            ("docs/getting-started.md", "docs@example.com"),
            ("docs/build-app/troubleshooting.md", "-"),
            ("docs/", "docs@example.com"),
            ("docs/build-app/", "-"),
            ("x/docs/a", "-"),
        ],
    );
    check(
        "apps/ @octocat",
        &[("apps/a", "octocat"), ("x/apps/b/c", "octocat"), ("x/apps", "-")],
    );
    check("/docs/ @doctocat", &[("docs/a/b", "doctocat"), ("x/docs/a", "-")]);
    check("/scripts/ @a @b", &[("scripts/x", "a")]);
    check(
        "**/logs @octocat",
        &[
            ("build/logs/x", "octocat"),
            ("logs/x", "octocat"),
            ("deeply/nested/logs/x", "octocat"),
            ("xlogs/x", "-"),
        ],
    );
    check(
        "/apps/ @octocat\n/apps/github\n",
        &[
            ("apps/x", "octocat"),
            ("apps/github/x", "-"),
            ("apps/github", "-"),
            ("apps/github2", "octocat"),
        ],
    );
    // Anchoring: a slash in the middle anchors, one at the end does not.
    check(
        "a/b @t",
        &[("a/b", "t"), ("a/b/c", "t"), ("x/a/b", "-"), ("a/bc", "-")],
    );
    check("/a @t", &[("a", "t"), ("a/b", "t"), ("x/a", "-")]);
    check("a @t", &[("a", "t"), ("x/a/y", "t"), ("xa", "-")]);
    check("/* @t", &[("a", "t"), ("a/b", "-")]);
    check("/** @t", &[("a", "t"), ("a/b", "t")]);
    check("** @t", &[("a", "t"), ("a/b", "t")]);
    check(
        "a/** @t",
        &[
            ("a/b", "t"),
            ("a/b/c", "t"),
            ("a", "-"),
            ("a/", "t"),
            ("x/a/b", "-"),
        ],
    );
    check(
        "a/**/z @t",
        &[("a/z", "t"), ("a/b/z", "t"), ("a/b/c/z/y", "t"), ("a/bz", "-")],
    );
    check(
        "apps/*/overlays @t",
        &[("apps/a/overlays/prod/k.yaml", "t"), ("apps/a/b/overlays/x", "-")],
    );
    check(
        "apps/*-prod/ @t",
        &[("apps/a-prod/x", "t"), ("apps/a-prod-2/x", "-")],
    );
    check("a?c @t", &[("abc", "t"), ("a/c", "-"), ("aéc", "t"), ("ac", "-")]);
    check(
        "*a*b* @t",
        &[("xaxbx", "t"), ("ab", "t"), ("ba", "-"), ("aab", "t")],
    );
    // No ranges, and no negation.
    check("[ab] @t", &[("a", "-"), ("[ab]", "t")]);
    check("* @t\n!a @u\n", &[("a", "t")]);
    check("A @t", &[("a", "-")]);
}

#[test]
fn github_lines() {
    check(
        "* @a\n*.md @b\n/x/ @c\n",
        &[("x/y.md", "c"), ("y.md", "b"), ("y", "a")],
    );
    check(
        "* @org/team-a # the rest\n# x @y\n   \n\t/b\t@b#c\n",
        &[("a", "team-a"), ("b", "b#c")],
    );
    check(
        "/a\\ b/ @t\n/\\#c @u\n/d#e @v\n",
        &[("a b/x", "t"), ("#c", "u"), ("d#e", "v")],
    );
    check("* @a\r\n/x @b\r\n", &[("x", "b"), ("y", "a")]);
    check("\u{feff}/x @b", &[("x", "b")]);
    check("* @a\n/x nobody\n", &[("x", "a")]);
    check("* @a\n/x\n", &[("x", "-"), ("y", "a")]);
    check("* @a\n/x # nobody\n", &[("x", "-")]);
    check("", &[("x", "-")]);
    // A line of brackets is no section to GitHub.
    check("* @a\n[Section]\n/x @b\n", &[("x", "b"), ("y", "a")]);
}

#[test]
fn gitlab_sections() {
    let text = "\
* @admins
/apps/ @everyone

[Payments] @org/unit/payments
/apps/payments/
/apps/payments/docs/ @writers

^[Optional][2] @helpers
/apps/payments/
/misc/

[payments]
!/apps/payments/secret/
/apps/payments/secret/x @late
";
    check_in(
        "CODEOWNERS",
        text,
        &[
            ("a", "admins"),
            ("apps/x", "everyone"),
            ("apps/payments/x", "payments"),
            ("apps/payments/docs/x", "writers"),
            ("apps/payments/secret/x", "everyone"),
            ("misc/x", "admins"),
            ("apps/payments/", "payments"),
        ],
    );
    check_in(
        "CODEOWNERS",
        "^[Optional] @helpers\n/misc/\n",
        &[("misc/x", "helpers")],
    );
    check_in("CODEOWNERS", "[A]\n/x @a\n[B]\n/x\n", &[("x", "a")]);
}

#[test]
fn gitlab_patterns() {
    let check = |text: &str, cases: &[(&str, &str)]| check_in(".gitlab/CODEOWNERS", text, cases);
    check("* @t", &[("a", "t"), ("a/b/c", "t")]);
    check(
        "internal/README.md @t",
        &[("internal/README.md", "t"), ("x/internal/README.md", "t")],
    );
    check("/docs/ @t", &[("docs/a/b", "t"), ("x/docs/a", "-")]);
    check("docs/ @t", &[("docs/a/b", "t"), ("x/docs/a", "t")]);
    check("/docs/* @t", &[("docs/a", "t"), ("docs/a/b", "-")]);
    check(
        "/docs/**/*.md @t",
        &[("docs/a.md", "t"), ("docs/a/b.md", "t"), ("docs/b", "-")],
    );
    check("/docs @t", &[("docs", "t"), ("docs/a", "-")]);
    check("/docs/** @t", &[("docs/a", "t"), ("docs/a/b", "-")]);
    check(
        "/[ab]x[^c-d] @t",
        &[("axb", "t"), ("bxz", "t"), ("axc", "-"), ("cxb", "-")],
    );
    check("\\#x @t", &[("#x", "t")]);
    check("/x y @@maintainer\n", &[("x", "maintainer")]);
    check("/a b@c.example\n", &[("a", "b@c.example")]);
}

#[test]
fn problems_have_places() {
    let (codeowners, files) = find("docs/CODEOWNERS", "* @a\n!/x @b\n/y  team @b\n");
    let mut out = String::new();
    for problem in &codeowners.problems {
        let file = files.get(problem.at.file);
        let text = &file.text[problem.at.span.range()];
        writeln!(out, "{text}: {problem}").unwrap();
    }
    assert_eq!(
        out,
        "!/x: `!/x`: GitHub skips this line, because patterns cannot be negated\nteam: `team` is no owner: GitHub skips this line\n"
    );
    assert_eq!(
        codeowners.file.as_ref().map(RepoPath::as_str),
        Some("docs/CODEOWNERS")
    );
}

#[test]
fn the_first_file_counts_and_patterns_count_from_the_top() {
    let tree = MemoryTree::fixture(
        "//- t/CODEOWNERS\n/a @top\n//- t/.github/CODEOWNERS\n/a @github\n//- CODEOWNERS\n* @outer\n",
    );
    let library = Library::new(Arc::new(tree.snapshot()), Arc::default());
    let codeowners = Codeowners::find(&library, &RepoPath::new("t").unwrap());
    let team = |path: &str| codeowners.team_of(&RepoPath::new(path).unwrap());
    assert_eq!(team("t/a").as_deref(), Some("github"));
    assert_eq!(team("a"), None);
}

/// Hostile patterns and paths cost no more than their product.
#[test]
fn no_pattern_explodes() {
    let stars = "*a".repeat(2_000);
    let directories = "**/a/".repeat(60);
    let text = format!("{stars} @a\n/{directories}b @b\n");
    let (codeowners, _) = find("CODEOWNERS", &text);
    let path = RepoPath::new(&format!("{}{}", "a/".repeat(120), "a".repeat(4_000))).unwrap();
    assert_eq!(codeowners.team_of(&path).as_deref(), Some("a"));
    let deep = RepoPath::new(&"a/".repeat(5_000)).unwrap();
    assert_eq!(codeowners.team_of(&deep), None);
}
