//! `init`: a commented `deconflict.yaml` inferred from the repository.

use deconflict_config::CONFIG_FILES;
use deconflict_git::{Environment, Location};
use deconflict_report::escape;

use crate::args::{Init, Source};
use crate::open::{Refusal, open};
use crate::{Exit, output};

/// Print or write the configuration.
pub(crate) fn run(args: &Init) -> Exit {
    match proposed(args) {
        Ok(exit) => exit,
        Err(refusal) => refusal.say(&args.look),
    }
}

fn proposed(args: &Init) -> Result<Exit, Refusal> {
    let location = deconflict_git::discover(&args.root, &Environment::of_process())?;
    if let Some(existing) = existing(&location).filter(|_| !args.stdout) {
        let message = format!(
            "{existing} exists already, and init never overwrites; --stdout shows what it would write"
        );
        return Err(Refusal::Message(message));
    }
    let source = Source {
        root: args.root.clone(),
        staged: false,
        rev: None,
        config: None,
        isolated: true,
        kubernetes_version: None,
        threads: None,
        timing: false,
    };
    let text = open(&source)?.propose(location.origin_url().as_deref());
    if args.stdout {
        return Ok(output::print(&text, Exit::Clean));
    }
    let file = location.base.join(location.top.as_str()).join(CONFIG_FILES[0]);
    let shown = location.top.join(CONFIG_FILES[0]).unwrap_or_default();
    match output::create_file(&file, &text) {
        Ok(true) => {
            if !args.look.quiet {
                let shown = escape(shown.as_str());
                output::say(&format!(
                    "wrote {shown}: look through it, then run `deconflict map`\n"
                ));
            }
            Ok(Exit::Clean)
        }
        Ok(false) => Err(Refusal::Message(format!(
            "{shown} exists already, and init never overwrites"
        ))),
        Err(error) => {
            output::say_error(&format!("cannot write {shown}: {error}"));
            Ok(Exit::Unfinished)
        }
    }
}

/// The configuration that the repository has, also when Git ignores it.
fn existing(location: &Location) -> Option<String> {
    let top = location.base.join(location.top.as_str());
    let found = CONFIG_FILES
        .iter()
        .find(|name| top.join(name).symlink_metadata().is_ok())?;
    Some(location.top.join(found)?.display().to_owned())
}
