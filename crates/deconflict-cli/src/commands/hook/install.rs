//! `hook install` and `hook uninstall`: scripts where Git looks for hooks. A hook that was there is kept beside ours and
//! runs first.
#![expect(
    clippy::disallowed_methods,
    reason = "hooks are files that the command line asks for"
)]

use std::io;
use std::path::{Path, PathBuf};

use deconflict_git::{Environment, Location};

use crate::args::{HookInstall, HookPlace};
use crate::open::Refusal;
use crate::{Exit, output};

const HOOKS: [&str; 3] = ["pre-commit", "pre-merge-commit", "pre-push"];

/// The line by which we know what is ours.
const MARK: &str = "# Written by `deconflict hook install`; `deconflict hook uninstall` removes it.";

/// What a hook that was there is called now.
const KEPT: &str = ".before-deconflict";

const LIMITS: &str = "\
Hooks on this side are advice. Git passes them by with --no-verify, in rebase, cherry-pick and revert, in fast-forward
merges and merges with --squash, and in every clone where nobody installed them. What must hold belongs where all pass:
`deconflict check --base` in CI with a merge queue, or a pre-receive hook on the server (docs/hooks.md has both).
";

/// Write the hooks.
pub(crate) fn install(args: &HookInstall) -> Result<Exit, Refusal> {
    let (location, directory) = place(&args.place)?;
    let program =
        std::env::current_exe().map_err(|error| format!("cannot tell where this program lies: {error}"))?;
    // Options that `hook run` would refuse later, at every commit, are refused now.
    let line = ["deconflict", "hook", "run", "pre-commit", "."].map(str::to_owned);
    let line = line.iter().chain(&args.options);
    <crate::args::Cli as clap::Parser>::try_parse_from(line).map_err(|error| {
        error
            .to_string()
            .trim_start_matches("error: ")
            .trim_end()
            .to_owned()
    })?;
    // The configuration's directory: hooks run at the top of the working tree.
    let root = if location.top.is_top() {
        "."
    } else {
        location.top.as_str()
    };
    let failed = |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
    std::fs::create_dir_all(&directory).map_err(|error| failed(&directory, error))?;
    let states = HOOKS.map(|name| (name, directory.join(name)));
    for (name, path) in &states {
        if is_there(path) && !is_ours(path) && is_there(&kept(path)) {
            return Err(format!(
                "{name}: {} is not ours, and another hook is kept as {} already; put the two together, then install",
                path.display(),
                kept(path).display()
            )
            .into());
        }
    }
    let mut said = String::new();
    for (name, path) in &states {
        let is_foreign = is_there(path) && !is_ours(path);
        if is_foreign {
            std::fs::rename(path, kept(path)).map_err(|error| failed(path, error))?;
        }
        let text = script(name, root, &program, &args.options);
        write_program(path, &text).map_err(|error| failed(path, error))?;
        said.push_str(&format!("installed {}\n", path.display()));
        if is_there(&kept(path)) {
            said.push_str(&format!("  {} runs first\n", kept(path).display()));
        }
    }
    said.push_str(LIMITS);
    Ok(output::print(&said, Exit::Clean))
}

/// Remove what is ours.
pub(crate) fn uninstall(args: &HookPlace) -> Result<Exit, Refusal> {
    let (_, directory) = place(args)?;
    let mut said = String::new();
    for name in HOOKS {
        let path = directory.join(name);
        if !is_ours(&path) {
            let left = if is_there(&path) {
                "not ours, left alone"
            } else {
                "not there"
            };
            said.push_str(&format!("{}: {left}\n", path.display()));
            continue;
        }
        let kept = kept(&path);
        let done = if is_there(&kept) {
            said.push_str(&format!("put back {}\n", path.display()));
            std::fs::rename(&kept, &path)
        } else {
            said.push_str(&format!("removed {}\n", path.display()));
            std::fs::remove_file(&path)
        };
        done.map_err(|error| format!("cannot change {}: {error}", path.display()))?;
    }
    Ok(output::print(&said, Exit::Clean))
}

fn place(args: &HookPlace) -> Result<(Location, PathBuf), Refusal> {
    let location = deconflict_git::discover(&args.root, &Environment::of_process())?;
    if location.is_bare() {
        let message = format!(
            "{} is bare: nobody commits there; what a server enforces is a pre-receive hook (docs/hooks.md)",
            location.base.display()
        );
        return Err(message.into());
    }
    let hooks = deconflict_git::hooks(&location)?;
    if hooks.shared && !args.shared {
        let message = format!(
            "core.hooksPath names {}, and not in this repository's own configuration: every repository that it holds for \
             would get the hooks. Set core.hooksPath for this repository (`git config core.hooksPath …`), or say --shared",
            hooks.directory.display()
        );
        return Err(message.into());
    }
    Ok((location, hooks.directory))
}

fn kept(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(KEPT);
    name.into()
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_ours(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line == MARK))
}

/// The program that installed it comes first: another one may have this name on PATH.
fn script(name: &str, root: &str, program: &Path, options: &[String]) -> String {
    let program = quoted(&program.to_string_lossy());
    let options: String = options
        .iter()
        .map(|option| format!(" {}", quoted(option)))
        .collect();
    let run = format!(
        "\"$deconflict\" hook run {name} {}{options} -- \"$@\"",
        quoted(root)
    );
    // Git gives pre-push the refs on standard input, and both hooks read them.
    let (read, before, after) = if name == "pre-push" {
        (
            "refs=$(cat; echo .)\nrefs=${refs%.}\n",
            "printf %s \"$refs\" | ",
            "printf %s \"$refs\" | ",
        )
    } else {
        ("", "", "exec ")
    };
    format!(
        "#!/bin/sh
{MARK}
{read}earlier=$0{KEPT}
if [ -x \"$earlier\" ]; then
  {before}\"$earlier\" \"$@\" || exit $?
fi
deconflict={program}
if [ ! -x \"$deconflict\" ]; then
  deconflict=$(command -v deconflict) || {{
    echo 'deconflict is not installed any more: install it, or remove this hook ('\"$0\"')' >&2
    exit 1
  }}
fi
{after}{run}
"
    )
}

/// As the shell reads it back.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn write_program(path: &Path, text: &str) -> io::Result<()> {
    // Never through a link to somewhere else.
    if is_there(path) {
        std::fs::remove_file(path)?;
    }
    std::fs::write(path, text)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
