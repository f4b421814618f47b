//! `baseline create|prune`: adopt in a repository full of old findings.

use std::path::PathBuf;

use deconflict_config::{BASELINE_FILE, Baseline};
use deconflict_findings::Report;
use deconflict_git::Environment;
use deconflict_report::escape;

use crate::args::{Baseline as Args, BaselineAction, BaselineCreate, BaselineTree, Source};
use crate::open::{Opened, Refusal, open};
use crate::{Exit, output, progress};

/// Write the baseline anew, or what is left of it.
pub(crate) fn run(args: &Args) -> Exit {
    let (tree, done) = match &args.action {
        BaselineAction::Create(args) => (&args.tree, create(args)),
        BaselineAction::Prune(tree) => (tree, prune(tree)),
    };
    match done {
        Ok(exit) => exit,
        Err(refusal) => refusal.say(&tree.look),
    }
}

fn create(args: &BaselineCreate) -> Result<Exit, Refusal> {
    let (file, shown) = place(&args.tree)?;
    if !args.force && file.symlink_metadata().is_ok() {
        return Err(Refusal::Message(format!(
            "{shown} exists already; `baseline prune` removes what is gone, `baseline create --force` accepts everything anew"
        )));
    }
    let opened = source(&args.tree)?;
    let report = progress::during(&args.tree.look, opened.files(), || opened.check_all());
    if let Some(exit) = unfinished(&report) {
        return Ok(exit);
    }
    let baseline = deconflict_check::make_baseline(&report);
    let accepted = findings(baseline.entries.len());
    Ok(write(
        &args.tree,
        &file,
        &baseline,
        &format!("wrote {shown}: {accepted} accepted\n"),
    ))
}

fn prune(tree: &BaselineTree) -> Result<Exit, Refusal> {
    let (file, shown) = place(tree)?;
    if file.symlink_metadata().is_err() {
        return Err(Refusal::Message(format!(
            "there is no {shown}; `baseline create` writes one"
        )));
    }
    let opened = source(tree)?;
    let report = progress::during(&tree.look, opened.files(), || opened.check_all());
    if let Some(exit) = unfinished(&report) {
        return Ok(exit);
    }
    let (left, changed) = opened.prune_baseline(&report);
    let still = findings(left.entries.len());
    if changed == 0 {
        say(tree, &format!("{shown}: nothing is gone, {still} accepted\n"));
        return Ok(Exit::Clean);
    }
    let removed = opened.accepted() - left.entries.len();
    let narrowed = match changed - removed {
        0 => String::new(),
        more => format!(" and narrowed {more}"),
    };
    let said = format!("wrote {shown}: removed {removed}{narrowed}, {still} still accepted\n");
    Ok(write(tree, &file, &left, &said))
}

/// Where the baseline lies, and how messages call it.
fn place(tree: &BaselineTree) -> Result<(PathBuf, String), Refusal> {
    let location = deconflict_git::discover(&tree.root, &Environment::of_process())?;
    let file = location.base.join(location.top.as_str()).join(BASELINE_FILE);
    let shown = location.top.join(BASELINE_FILE).unwrap_or_default();
    Ok((file, escape(shown.as_str()).into_owned()))
}

fn source(tree: &BaselineTree) -> Result<Opened, Refusal> {
    open(&Source {
        root: tree.root.clone(),
        staged: false,
        rev: None,
        config: tree.config.clone(),
        isolated: false,
        kubernetes_version: tree.kubernetes_version.clone(),
        threads: None,
        timing: false,
    })
}

/// What was lost is not gone, so nothing is written from a run that could not finish.
fn unfinished(report: &Report) -> Option<Exit> {
    for lost in &report.unfinished {
        output::say_error(&format!("not finished: {lost}"));
    }
    (!report.unfinished.is_empty()).then_some(Exit::Unfinished)
}

fn write(tree: &BaselineTree, file: &std::path::Path, baseline: &Baseline, said: &str) -> Exit {
    let exit = output::write_file(file, &baseline.to_text(), Exit::Clean);
    if exit == Exit::Clean {
        say(tree, said);
    }
    exit
}

fn say(tree: &BaselineTree, text: &str) {
    if !tree.look.quiet {
        output::say(text);
    }
}

fn findings(number: usize) -> String {
    match number {
        1 => "1 finding".to_owned(),
        number => format!("{number} findings"),
    }
}
