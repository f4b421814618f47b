//! `render DIR`: one deployment's objects as YAML.

use std::sync::Arc;

use deconflict_files::Files;
use deconflict_git::{Environment, on_demand};
use deconflict_kustomize::{
    LoadRestrictor, Options, Problem, Rendered, Reorder, Session, Warning, WarningKind, to_yaml,
};
use deconflict_yaml::Library;

use super::why;
use crate::args::{self, Render};
use crate::{Exit, output};

/// Print what `kustomize build` would.
pub(crate) fn run(args: &Render) -> Exit {
    let (snapshot, root) = match on_demand(&args.directory, &Environment::of_process()) {
        Ok(found) => found,
        Err(error) => {
            output::say_error(&error.to_string());
            return Exit::Findings;
        }
    };
    let files = Arc::new(Files::new());
    let library = Arc::new(Library::new(Arc::new(snapshot), Arc::clone(&files)));
    let session = Session::new(library);
    let rendered = session.build(&root, &options(args));
    let exit = write(args, &rendered, &files);
    // The process ends here: taking large trees apart would cost a tenth of the run.
    std::mem::forget((rendered, session));
    exit
}

fn write(args: &Render, rendered: &Rendered, files: &Files) -> Exit {
    for warning in &rendered.warnings {
        output::say(&warning_line(warning, files));
    }
    let text = match &args.why {
        None => text(rendered),
        Some(wanted) => text(rendered).and_then(|_| why::trail(&rendered.objects, wanted, files)),
    };
    match text {
        Ok(text) => match &args.output {
            Some(file) => output::write_file(file, &text, Exit::Clean),
            None => output::print(&text, Exit::Clean),
        },
        Err(problem) => {
            output::say_error(&problem.full());
            Exit::Findings
        }
    }
}

fn text(rendered: &Rendered) -> Result<String, Problem> {
    match rendered.problems.first() {
        Some(problem) => Err(problem.clone()),
        None => to_yaml(&rendered.objects),
    }
}

fn options(args: &Render) -> Options {
    Options {
        load_restrictor: match args.load_restrictor {
            args::LoadRestrictor::LoadRestrictionsRootOnly => LoadRestrictor::RootOnly,
            args::LoadRestrictor::LoadRestrictionsNone => LoadRestrictor::None,
        },
        reorder: match args.reorder {
            Some(args::Reorder::None) => Reorder::None,
            Some(args::Reorder::Legacy) | None => Reorder::Legacy,
        },
        managed_by_label: args.enable_managedby_label,
    }
}

/// kustomize's own line, or ours with a place.
fn warning_line(warning: &Warning, files: &Files) -> String {
    let message = deconflict_report::escape(&warning.message);
    if matches!(warning.kind, WarningKind::Deprecated(_) | WarningKind::Printed) {
        return format!("{message}\n");
    }
    let file = files.get(warning.at.file);
    let place = file.lines().place(&file.text, warning.at.span.start);
    format!(
        "warning: {}:{}:{}: {message}\n",
        file.path, place.line, place.column
    )
}
