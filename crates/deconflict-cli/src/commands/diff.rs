//! `diff [ROOT] --base REV`: what a change does to the rendered objects.

use deconflict_check::Only;
use deconflict_findings::Difference;
use deconflict_report::{
    COMMENT_LIMIT, Detail, Style, diff_closing_lines, diff_human, diff_json, diff_markdown,
};

use crate::args::Diff;
use crate::format::{Format, Output, outputs};
use crate::open::{Refusal, open_merged};
use crate::timing::Timing;
use crate::{Exit, environment, output, progress};

/// Compare, write, and say by the exit code whether there was something to compare: a difference is no failure.
pub(crate) fn run(args: &Diff) -> Exit {
    compared(args).unwrap_or_else(|refusal| refusal.say(&args.look))
}

fn compared(args: &Diff) -> Result<Exit, Refusal> {
    let outputs = outputs(&args.format)?;
    let only = Only::new(&args.cluster, &args.app, &args.owner)?;
    let mut timing = Timing::start(args.source.timing);
    let opened = open_merged(&args.source, Some(&args.base))?;
    timing.lap("read configuration");
    let difference = progress::during(&args.look, opened.files(), || opened.diff(&only))?;
    timing.lap("diff");
    let exit = write(&difference, &outputs, args, judge(&difference));
    timing.lap("report");
    timing.say();
    if is_nothing(&difference) {
        output::say_error(&format!(
            "nothing to compare: no Kubernetes manifest and no kustomization in {}, before the change or after it",
            opened.shown
        ));
    }
    for path in &difference.conflicts {
        output::say_error(&format!(
            "{path} cannot be merged into {}; what that has was compared",
            args.base
        ));
    }
    if opened.is_quarantined() {
        return Ok(exit);
    }
    // The process ends here; see `deconflict_check::Options::is_last`.
    std::mem::forget((difference, opened));
    Ok(exit)
}

fn judge(difference: &Difference) -> Exit {
    if !difference.unfinished.is_empty() {
        Exit::Unfinished
    } else if !difference.conflicts.is_empty() {
        // There is no tree after the merge: what is shown is not what will be.
        Exit::Findings
    } else if is_nothing(difference) {
        Exit::Usage
    } else {
        Exit::Clean
    }
}

/// True when there is nothing on either side, rendered or not.
fn is_nothing(difference: &Difference) -> bool {
    let sides = [&difference.before, &difference.after];
    difference.objects == [0, 0]
        && sides
            .iter()
            .all(|side| side.rendered == 0 && side.skipped.is_empty())
}

/// Write every report: files first, so that a closed pipe loses none of them.
fn write(difference: &Difference, outputs: &[Output], args: &Diff, exit: Exit) -> Exit {
    let mut exit = exit;
    for output in outputs {
        if let Some(file) = &output.file {
            let text = render(difference, output.format, environment::file_style(&args.look));
            exit = output::write_file(file, &text, exit);
        }
    }
    let to_stdout = outputs.iter().find(|output| output.file.is_none());
    if let Some(output) = to_stdout {
        let style = environment::stdout_style(&args.look);
        exit = output::print(&render(difference, output.format, style), exit);
    }
    let style = environment::stderr_style(&args.look);
    if to_stdout.is_none_or(|output| output.format != Format::Human) && style.detail != Detail::Quiet {
        output::say(&diff_closing_lines(difference, style));
    }
    exit
}

fn render(difference: &Difference, format: Format, style: Style) -> String {
    match format {
        Format::Json => diff_json(difference),
        Format::Markdown => diff_markdown(difference, COMMENT_LIMIT),
        _ => diff_human(difference, style),
    }
}
