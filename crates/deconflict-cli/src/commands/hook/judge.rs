//! `hook run HOOK`: what Git is about to do, judged against what is there. Only what it brings blocks.

use std::collections::BTreeSet;
use std::io::Read as _;

use deconflict_git::{Environment, Location, Start};

use crate::args::{Check, HookName, HookRun, Look, Source};
use crate::open::Refusal;
use crate::{Exit, clock, output};

/// The index or a commit, and what it is compared with.
type Pair = (deconflict_git::Source, Start);

/// Judge, and say by the exit code whether Git may go on.
pub(crate) fn judge(args: &HookRun) -> Result<Exit, Refusal> {
    let location = deconflict_git::discover(&args.root, &Environment::of_process())?;
    let mut exit = Exit::Clean;
    for (source, start) in pairs(args, &location)? {
        let changes = deconflict_git::changes(&location, &source, start.base.as_deref())?;
        if !deconflict_check::concerns(&changes.before, &changes.after, &changes.paths) {
            continue;
        }
        exit = exit.max(super::super::check::run(&check(args, source, start)));
    }
    if exit != Exit::Clean {
        output::say(&format!(
            "deconflict: {} is refused{}\n",
            what(args.hook).0,
            what(args.hook).1
        ));
    }
    Ok(exit)
}

/// What is refused, and how to do it all the same.
fn what(hook: HookName) -> (&'static str, &'static str) {
    match hook {
        HookName::PreCommit => ("the commit", "; `git commit --no-verify` makes it all the same"),
        HookName::PreMergeCommit => (
            "the merge",
            "; `git merge --abort` undoes it, `git commit --no-verify` makes it all the same",
        ),
        HookName::PrePush => ("the push", "; `git push --no-verify` pushes all the same"),
        HookName::PreReceive => ("the push", ""),
    }
}

fn pairs(args: &HookRun, location: &Location) -> Result<Vec<Pair>, Refusal> {
    match args.hook {
        HookName::PreCommit | HookName::PreMergeCommit => {
            let start = deconflict_git::start(location, clock::now())?;
            Ok(vec![(deconflict_git::Source::Staged, start)])
        }
        HookName::PrePush => {
            let remote = args
                .given
                .first()
                .and_then(|name| name.to_str())
                .unwrap_or("origin");
            // <local ref> <local id> <remote ref> <remote id> (githooks(5))
            moves([1, 3], location, |tip, known| {
                deconflict_git::fork(location, tip, known, remote)
            })
        }
        // <old id> <new id> <ref>
        HookName::PreReceive => moves([1, 0], location, |tip, known| {
            deconflict_git::received_fork(location, tip, known)
        }),
    }
}

/// The commits that the lines of standard input bring, each with the commit it starts from. `places` are those of the
/// new and the old id. A deletion brings nothing, and neither does what is no commit.
fn moves(
    places: [usize; 2],
    location: &Location,
    fork: impl Fn(&str, Option<&str>) -> Result<Start, deconflict_git::Error>,
) -> Result<Vec<Pair>, Refusal> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the refs from standard input: {error}"))?;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (Some(tip), Some(old)) = (words.get(places[0]), words.get(places[1])) else {
            return Err(format!("standard input: `{line}` is no line that Git gives this hook").into());
        };
        let is_something = |id: &str| id.bytes().any(|byte| byte != b'0');
        if !is_something(tip) {
            continue;
        }
        if !deconflict_git::is_commit(location, tip) {
            if is_blob_or_tree_tag(&words) {
                continue;
            }
            return Err(format!("`{tip}` is no commit that can be read here").into());
        }
        let start = fork(tip, Some(*old).filter(|id| is_something(id)))?;
        found.insert(((*tip).to_owned(), start));
    }
    let pair = |(tip, start)| (deconflict_git::Source::Revision(tip), start);
    Ok(found.into_iter().map(pair).collect())
}

/// Tags may name anything; branches are commits.
fn is_blob_or_tree_tag(words: &[&str]) -> bool {
    words.iter().any(|word| word.starts_with("refs/tags/"))
}

fn check(args: &HookRun, source: deconflict_git::Source, start: Start) -> Check {
    let rev = match source {
        deconflict_git::Source::Revision(rev) => Some(rev),
        _ => None,
    };
    Check {
        source: Source {
            root: args.root.clone(),
            staged: rev.is_none(),
            rev,
            config: None,
            isolated: false,
            kubernetes_version: None,
            threads: None,
            timing: false,
        },
        base: start.base,
        show_old: false,
        silent: true,
        published: start.published,
        only: args.only.clone(),
        skip: args.skip.clone(),
        format: Vec::new(),
        fail_on: args.fail_on,
        fail_on_skipped: Vec::new(),
        allow_empty: args.allow_empty,
        look: Look {
            color: args.look.color,
            quiet: args.look.quiet,
            verbose: args.look.verbose,
        },
    }
}
