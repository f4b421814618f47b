//! `check [ROOT]`: the main job.

use deconflict_findings::Report;
use deconflict_report::{
    COMMENT_LIMIT, Detail, closing_lines, concise, github, gitlab, human, json, junit, markdown, sarif,
};

use crate::args::Check;
use crate::format::{Format, Output, outputs};
use crate::open::{Refusal, open_merged};
use crate::timing::Timing;
use crate::{Exit, environment, output, progress, select};

/// Reasons that `--fail-on-skipped` knows: those of the JSON report's `coverage.skipped[].reason`.
const REASONS: [&str; 10] = [
    "remote",
    "helm",
    "plugin",
    "encrypted",
    "ignored",
    "not-found",
    "unsupported",
    "unreadable",
    "failed",
    "conflict",
];

/// Check, write the reports, and say by the exit code how it went.
pub(crate) fn run(args: &Check) -> Exit {
    match checked(args) {
        Ok(exit) => exit,
        Err(refusal) => refusal.say(&args.look),
    }
}

fn checked(args: &Check) -> Result<Exit, Refusal> {
    let outputs = outputs(&args.format)?;
    let rules = super::rules::all();
    select::known(&args.only, &rules)?;
    select::known(&args.skip, &rules)?;
    select::one_of("reason", &args.fail_on_skipped, &REASONS)?;

    let mut timing = Timing::start(args.source.timing);
    let opened = open_merged(&args.source, args.base.as_deref())?;
    timing.lap("read configuration");
    let mut report = progress::during(&args.look, opened.files(), || {
        opened.check(&args.only, &args.skip, args.silent)
    });
    for commit in &args.published {
        if report.findings.iter().all(|finding| finding.old) {
            break;
        }
        let beside = open_merged(&args.source, Some(commit))?.check(&args.only, &args.skip, false);
        // What could not be finished says nothing.
        if beside.unfinished.is_empty() {
            report.keep_new_of(&beside);
        }
    }
    if !args.show_old {
        report.hide_old();
    }
    timing.lap("check");
    let exit = judge(&report, args);
    let says = !args.silent || exit != Exit::Clean || report.findings.iter().any(|finding| !finding.old);
    let exit = if says {
        write(&report, &outputs, args, exit)
    } else {
        exit
    };
    timing.lap("report");
    timing.say();
    if nothing_to_check(&report) && !args.allow_empty {
        let accepts = if args.silent {
            "where that is meant, `deconflict hook install -- --allow-empty` accepts that"
        } else {
            "--allow-empty accepts that"
        };
        output::say_error(&format!(
            "nothing to check: no Kubernetes manifest and no kustomization in {} ({accepts})",
            opened.shown
        ));
    }
    if opened.is_quarantined() {
        return Ok(exit);
    }
    // The process ends here; see `deconflict_check::Options::is_last`.
    std::mem::forget((report, opened));
    Ok(exit)
}

/// The exit code, before anything is written.
fn judge(report: &Report, args: &Check) -> Exit {
    if !report.unfinished.is_empty() {
        return Exit::Unfinished;
    }
    if nothing_to_check(report) && !args.allow_empty {
        return Exit::Usage;
    }
    let mut fresh = report.findings.iter().filter(|finding| !finding.old);
    let mut skipped = report.coverage.skipped.iter();
    // Without a tree after the merge nothing is clean, whatever `--fail-on` says.
    let unmerged = skipped.clone().any(|skip| skip.reason == "conflict");
    let fails = unmerged
        || fresh.any(|finding| args.fail_on.fails(finding.severity))
        || skipped.any(|skip| args.fail_on_skipped.iter().any(|reason| reason == skip.reason));
    if fails { Exit::Findings } else { Exit::Clean }
}

/// True when there is no manifest at all. One that cannot be read is a finding, and one that was skipped is in the
/// coverage: neither is nothing.
fn nothing_to_check(report: &Report) -> bool {
    report.summary.objects == 0
        && report.findings.is_empty()
        && report.summary.suppressed == 0
        && report.summary.old == 0
        && report.coverage.rendered == 0
        && report.coverage.skipped.is_empty()
}

/// Write every report: files first, so that a closed pipe loses none of them.
fn write(report: &Report, outputs: &[Output], args: &Check, exit: Exit) -> Exit {
    let mut exit = exit;
    for output in outputs {
        if let Some(file) = &output.file {
            let text = render(report, output.format, environment::file_style(&args.look));
            exit = output::write_file(file, &text, exit);
        }
    }
    exit = summarise(report, outputs, exit);
    let to_stdout = outputs.iter().find(|output| output.file.is_none());
    if let Some(output) = to_stdout {
        let style = environment::stdout_style(&args.look);
        exit = output::print(&render(report, output.format, style), exit);
    }
    let has_closing = to_stdout.is_some_and(|output| output.format == Format::Human);
    let style = environment::stderr_style(&args.look);
    if !has_closing && style.detail != Detail::Quiet {
        output::say(&closing_lines(report, style));
    }
    exit
}

/// A step's summary: GitHub takes at most 1 MiB of it and refuses all of what is longer.
const SUMMARY_LIMIT: usize = 1 << 20;

/// Workflow commands are capped; what does not fit stands in the step's summary, when the runner offers one.
fn summarise(report: &Report, outputs: &[Output], exit: Exit) -> Exit {
    let wanted = outputs.iter().any(|output| output.format == Format::Github);
    match environment::set("GITHUB_STEP_SUMMARY") {
        Some(file) if wanted => output::append_file(file.as_ref(), &markdown(report, SUMMARY_LIMIT), exit),
        _ => exit,
    }
}

fn render(report: &Report, format: Format, style: deconflict_report::Style) -> String {
    match format {
        Format::Human => human(report, style),
        Format::Concise => concise(report, style),
        Format::Json => json(report),
        Format::Sarif => sarif(report, &super::rules::all()),
        Format::Github => github(report),
        Format::Gitlab => gitlab(report),
        Format::Junit => junit(report),
        Format::Markdown => markdown(report, COMMENT_LIMIT),
    }
}
