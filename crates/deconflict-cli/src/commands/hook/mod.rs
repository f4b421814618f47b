//! `hook install|uninstall|run`.

mod install;
mod judge;

use crate::Exit;
use crate::args::{Hook, HookAction};

/// Do what the command line says.
pub(crate) fn run(args: &Hook) -> Exit {
    let (done, look) = match &args.action {
        HookAction::Install(args) => (install::install(args), &args.place.look),
        HookAction::Uninstall(args) => (install::uninstall(args), &args.look),
        HookAction::Run(args) => (judge::judge(args), &args.look),
    };
    done.unwrap_or_else(|refusal| refusal.say(look))
}
