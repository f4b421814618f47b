//! A change is judged with shortcuts: what is the same in both trees is rendered and judged once, and a hook does not even
//! build what the change cannot reach. Random changes of real repositories say the same with and without them.
//!
//! A few of each repository are tried; `DECONFLICT_CHANGES=50 cargo test --release -p deconflict-check --test shortcuts --
//! --nocapture` tries that many of each, and `DECONFLICT_REPOSITORY=fluxcd` those of one.
#![expect(clippy::disallowed_methods, reason = "tests read real repositories")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deconflict_check::{Change, Input, Options, check_change};
use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Judged, Report};
use deconflict_yaml::Library;

/// Real repositories, and how many changes of each are tried.
const REPOSITORIES: [(&str, usize); 4] = [
    ("fluxcd__flux2-kustomize-helm-example", 30),
    ("wahooli__gitops-repo", 1),
    ("tektoncd__plumbing", 4),
    ("redhat-appstudio__infra-deployments", 0),
];

/// Texts by path.
type Tree = BTreeMap<String, String>;

const CONFIG: &str = "deconflict.yaml";

#[test]
fn random_changes_say_the_same_with_and_without_shortcuts() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(|| top.join("../shared"), PathBuf::from);
    let Ok(corpus) = shared.join("corpus").canonicalize() else {
        println!("skipped: no corpus at {}", shared.display());
        return;
    };
    let asked: Option<usize> = std::env::var("DECONFLICT_CHANGES")
        .ok()
        .and_then(|count| count.parse().ok());
    let only = std::env::var("DECONFLICT_REPOSITORY").unwrap_or_default();
    let wanted = REPOSITORIES.into_iter().filter(|(name, _)| name.contains(&only));
    let (mut loud, mut short) = (0, 0);
    for (repository, count) in wanted {
        let mut before = Tree::new();
        read(&corpus.join(repository), "", &mut before);
        let config = corpus.join(format!("configs/{repository}.yaml"));
        before.insert(
            CONFIG.to_owned(),
            std::fs::read_to_string(config).expect("a configuration"),
        );
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        println!("{repository}");
        for number in 0..asked.unwrap_or(count) {
            let mut after = before.clone();
            let what = dice.change(&mut after);
            let what = format!("{repository}, change {number}: {what}");
            let [apart, known, quick] = judge(&before, &after);
            assert_eq!(lines(&apart), lines(&known), "{what}");
            if apart.findings.iter().any(|finding| !finding.old) {
                assert_eq!(lines(&apart), lines(&quick), "{what}");
                loud += 1;
            } else {
                assert!(quick.findings.iter().all(|finding| finding.old), "{what}");
                // Objects that were not built are not counted.
                short += usize::from(quick.summary.objects < apart.summary.objects);
            }
        }
    }
    println!("{loud} with something new, {short} in part");
    assert!(
        asked.is_some() || (loud > 10 && short > 3),
        "{loud} with something new, {short} in part"
    );
}

#[test]
fn a_schema_judges_objects_of_roots_that_do_not_read_it() {
    let tree = |schema: &str| {
        let config =
            "clusters: [{name: c, roots: [apps]}]\nschemas: [{schema: s.json, kinds: [ConfigMap]}]\n";
        let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: a}\ndata: {k: v}\n";
        let files = [(CONFIG, config), ("s.json", schema), ("apps/a.yaml", object)];
        files
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into()
    };
    let [apart, known, quick] = judge(&tree("{}"), &tree("{\"required\": [\"spec\"]}"));
    assert!(
        apart
            .findings
            .iter()
            .any(|finding| finding.rule == "lay-schema-violation" && !finding.old)
    );
    assert_eq!(lines(&apart), lines(&known));
    assert_eq!(lines(&apart), lines(&quick));
}

fn read(directory: &Path, below: &str, into: &mut Tree) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let path = format!("{below}{}", entry.file_name().to_str().expect("UTF-8"));
        if entry.file_type().expect("a type").is_dir() {
            read(&entry.path(), &format!("{path}/"), into);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            into.insert(path, text);
        }
    }
}

/// The change judged without shortcuts, with what is shared between the trees, and as a hook judges it.
fn judge(before: &Tree, after: &Tree) -> [Report; 3] {
    let options = |apart, only_new| Options {
        apart,
        only_new,
        ..Options::default()
    };
    [options(true, false), options(false, false), options(false, true)].map(|options| {
        let snapshot = |tree: &Tree| {
            let add = |memory: MemoryTree, (path, text): (&String, &String)| memory.file(path, text);
            Arc::new(tree.iter().fold(MemoryTree::new(), add).snapshot())
        };
        let table = Arc::new(Files::new());
        let base = Arc::new(Library::new(snapshot(before), Arc::clone(&table)));
        let paths = before.keys().chain(after.keys());
        let mut changed: Vec<RepoPath> = paths
            .filter(|path| before.get(*path) != after.get(*path))
            .map(|path| RepoPath::new(path).expect("a path"))
            .collect();
        changed.sort();
        changed.dedup();
        let library = if options.apart {
            Library::new(snapshot(after), table)
        } else {
            Library::beside(&base, snapshot(after), changed.iter().cloned())
        };
        let ids: Vec<&str> = deconflict_check::rules().iter().map(|meta| meta.id).collect();
        let input = Input {
            config: Arc::new(deconflict_config::find(&library, &RepoPath::top(), &ids).config),
            codeowners: Arc::new(Codeowners::find(&library, &RepoPath::top())),
            library: Arc::new(library),
            origin: None,
            judged: Judged {
                kind: "worktree",
                base: Some("main".to_owned()),
                merged: true,
            },
        };
        let change = Change {
            base,
            changed,
            renames: Vec::new(),
            conflicts: Vec::new(),
        };
        check_change(&input, &change, &options)
    })
}

/// All of a report that a person sees, ids of files excepted.
fn lines(report: &Report) -> Vec<String> {
    let line = |finding: &deconflict_findings::Finding| {
        let at = |file| report.files.get(file).path.clone();
        let related: Vec<_> = finding
            .related
            .iter()
            .map(|label| (at(label.at.file), label.at.span, &label.text))
            .collect();
        format!(
            "{} {:?} {} {:?} {} old: {} {:?} {:?} {related:?} {:?} {:?}",
            finding.rule,
            finding.severity,
            at(finding.primary.at.file),
            finding.primary.at.span,
            finding.message,
            finding.old,
            finding.certainty,
            finding.seen_in,
            finding.notes,
            finding.help,
        )
    };
    report.findings.iter().map(line).collect()
}

/// Numbers that look random and are the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        (mixed % limit.max(1) as u64) as usize
    }

    /// One of `tree`'s files that `fits`.
    fn file(&mut self, tree: &Tree, fits: impl Fn(&str, &str) -> bool) -> Option<String> {
        let fitting: Vec<&String> = tree
            .iter()
            .filter(|(path, text)| fits(path, text))
            .map(|(path, _)| path)
            .collect();
        fitting.get(self.below(fitting.len())).map(|path| (*path).clone())
    }

    /// Change `tree`, and say how.
    fn change(&mut self, tree: &mut Tree) -> String {
        loop {
            let done = match self.below(10) {
                0..3 => self.collide(tree),
                3 => self.edit(tree, "what is asked for", |text| {
                    ["replicas:", "cpu:", "memory:", "storage:"]
                        .iter()
                        .any(|key| text.contains(key))
                }),
                4 => self.edit(tree, "an entry of an engine", |text| {
                    ["kind: Application", "toolkit.fluxcd.io"]
                        .iter()
                        .any(|kind| text.contains(kind))
                }),
                5 => self.edit(tree, "a kustomization", |text| text.contains("resources:")),
                6 => self.cut(tree, |path| path == CONFIG),
                7 => self.cut(tree, is_yaml),
                8 => self.file(tree, |path, _| is_yaml(path)).map(|path| {
                    tree.remove(&path);
                    format!("{path} goes")
                }),
                _ => self.edit(tree, "anything", |_| true),
            };
            if let Some(done) = done {
                return done;
            }
        }
    }

    /// A copy of a manifest in what another kustomization lists.
    fn collide(&mut self, tree: &mut Tree) -> Option<String> {
        let from = self.file(tree, |path, text| {
            is_yaml(path) && text.contains("\nkind: ") && !text.contains("kind: Kustom")
        })?;
        let into = self.file(tree, |path, text| {
            path.ends_with("/kustomization.yaml") && text.contains("\nresources:\n")
        })?;
        let text = tree[&from].clone();
        let list = tree[&into].clone();
        let (head, rest) = list.split_once("\nresources:\n")?;
        let indent = &rest[..rest.find('-')?];
        if !indent.trim().is_empty() {
            return None;
        }
        tree.insert(
            into.clone(),
            format!("{head}\nresources:\n{indent}- copied.yaml\n{rest}"),
        );
        tree.insert(into.replace("kustomization.yaml", "copied.yaml"), text);
        Some(format!("{from} is copied beside {into}"))
    }

    /// Another value on a random line of a file that `fits`.
    fn edit(&mut self, tree: &mut Tree, what: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        let path = self.file(tree, |path, text| is_yaml(path) && path != CONFIG && fits(text))?;
        let mut lines: Vec<String> = tree[&path].lines().map(str::to_owned).collect();
        let at: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(": ")).collect();
        let at = *at.get(self.below(at.len()))?;
        let line = lines[at].clone();
        let (key, value) = line.split_once(": ")?;
        let value = match value.parse::<u64>() {
            Ok(number) => (number * 7 + 1).to_string(),
            Err(_) => format!("{}-x", value.trim_matches('"')),
        };
        lines[at] = format!("{key}: {value}");
        tree.insert(path.clone(), lines.join("\n") + "\n");
        Some(format!(
            "{what}: line {} of {path} is {}",
            at + 1,
            lines[at].trim()
        ))
    }

    /// One line less in a file that `fits`.
    fn cut(&mut self, tree: &mut Tree, fits: impl Fn(&str) -> bool) -> Option<String> {
        let path = self.file(tree, |path, _| fits(path))?;
        let mut lines: Vec<&str> = tree[&path].lines().collect();
        if lines.is_empty() {
            return None;
        }
        let at = self.below(lines.len());
        let gone = lines.remove(at).trim().to_owned();
        let text = lines.join("\n") + "\n";
        tree.insert(path.clone(), text);
        Some(format!("line {} of {path} goes: {gone}", at + 1))
    }
}

fn is_yaml(path: &str) -> bool {
    matches!(path.rsplit_once('.'), Some((_, "yaml" | "yml")))
}
