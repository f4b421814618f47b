//! The command line's definition. Help, completions and the manual page come from it.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use deconflict_findings::Severity;

use crate::format::{Output, TableFormat};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on
  1  findings; for render: the input cannot be built
  2  wrong usage or configuration, or nothing to check
  3  the tool could not finish; what was lost is reported";

/// Finds what Git cannot see: collisions between teams in GitOps repositories, before the merge.
#[derive(Parser, Debug)]
#[command(name = "deconflict", version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Render everything the repository deploys and report what would break
    Check(Check),
    /// Print one deployment's objects as YAML: the very bytes of `kustomize build DIR`
    Render(Render),
    /// Show who deploys what where
    Map(Map),
    /// Show what a change does to the rendered objects, by cluster and application
    Diff(Diff),
    /// Show a rule's page: what, why, a bad and a good example, known limits
    Explain(Explain),
    /// List all rules
    Rules(Rules),
    /// Write a commented deconflict.yaml inferred from the repository; never overwrites one
    Init(Init),
    /// Accept what is found today: counted, not shown, and it fails nothing
    Baseline(Baseline),
    /// Hooks that refuse what a commit, merge or push would break
    Hook(Hook),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// How text for people looks.
#[derive(Args, Debug)]
pub(crate) struct Look {
    /// When to use colours; auto: on a terminal, minding NO_COLOR, FORCE_COLOR and TERM=dumb
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(crate) color: Color,
    /// Findings only: no closing lines, no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Whole lists instead of the first five, and every path that was not checked
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// What is judged, and with which configuration.
#[derive(Args, Debug)]
pub(crate) struct Source {
    /// Directory to report on; the whole repository around it is analysed, because a collision has two sides
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Judge the index, what `git commit` would make, instead of the working tree
    #[arg(long, conflicts_with = "rev")]
    pub(crate) staged: bool,
    /// Judge this commit instead of the working tree
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
    /// Read this configuration file instead of deconflict.yaml at the top
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    pub(crate) isolated: bool,
    /// Kubernetes version of every cluster, whatever the configuration says
    #[arg(long, value_name = "X.Y", value_parser = kubernetes_version)]
    pub(crate) kubernetes_version: Option<String>,
    /// How many threads to use; the report is the same for any number [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Say on standard error how long each step took
    #[arg(long, help_heading = "Output")]
    pub(crate) timing: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Merge what is judged into this commit, in memory, and judge the result; what the commit has already is old, is
    /// not shown and fails nothing
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Show old findings too
    #[arg(long, help_heading = "Output")]
    pub(crate) show_old: bool,
    /// Say nothing when nothing is found, as hooks do.
    #[arg(skip)]
    pub(crate) silent: bool,
    /// Commits besides the base whose findings are no news either, as hooks know them.
    #[arg(skip)]
    pub(crate) published: Vec<String>,
    /// Rules or families to run, and no others
    #[arg(long, value_name = "RULE_OR_FAMILY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Rules or families not to run
    #[arg(long, value_name = "RULE_OR_FAMILY", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Report format: human, concise, json, sarif, github, gitlab, junit or markdown; with =FILE into a file.
    /// Repeatable
    #[arg(long, value_name = "NAME[=FILE]", help_heading = "Output")]
    pub(crate) format: Vec<Output>,
    /// Lowest severity that makes the exit code 1
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "error",
        help_heading = "Exit code"
    )]
    pub(crate) fail_on: FailOn,
    /// Fail too when something was not checked for one of these reasons: remote, helm, plugin, encrypted, ignored,
    /// not-found, unsupported …
    #[arg(
        long,
        value_name = "REASON",
        value_delimiter = ',',
        help_heading = "Exit code"
    )]
    pub(crate) fail_on_skipped: Vec<String>,
    /// Exit 0 when there is no manifest at all
    #[arg(long, help_heading = "Exit code")]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    /// True when a finding of this severity makes the run fail.
    pub(crate) fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => severity >= Severity::Info,
            Self::Never => false,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Render {
    /// Directory with a kustomization
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Which files a kustomization may load
    #[arg(long, value_name = "MODE", default_value = "LoadRestrictionsRootOnly")]
    pub(crate) load_restrictor: LoadRestrictor,
    /// Order of the objects before they are printed [default: what the kustomization says]
    #[arg(long, value_name = "ORDER")]
    pub(crate) reorder: Option<Reorder>,
    /// Label every object with app.kubernetes.io/managed-by
    #[arg(long)]
    pub(crate) enable_managedby_label: bool,
    /// An environment variable for functions, as in kustomize; functions are not run
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Write here instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say where one value comes from, step by step, for example Deployment/web:spec.replicas
    #[arg(long, value_name = "KIND/NAME:PATH")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "PascalCase")]
pub(crate) enum LoadRestrictor {
    /// Only files in or below the kustomization's directory
    LoadRestrictionsRootOnly,
    /// Files from anywhere in the repository
    LoadRestrictionsNone,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reorder {
    /// Namespaces first, webhooks last
    Legacy,
    /// As loaded
    None,
}

#[derive(Args, Debug)]
pub(crate) struct Map {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Output format
    #[arg(long, value_name = "NAME", default_value = "human", help_heading = "Output")]
    pub(crate) format: TableFormat,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Merge what is judged into this commit, in memory, and compare the result with it
    #[arg(long, value_name = "REV", required = true)]
    pub(crate) base: String,
    /// Show these clusters only; a name or a glob
    #[arg(long, value_name = "CLUSTER", value_delimiter = ',', help_heading = "Filters")]
    pub(crate) cluster: Vec<String>,
    /// Show these applications only; a name, with or without its namespace, or a glob
    #[arg(long, value_name = "APP", value_delimiter = ',', help_heading = "Filters")]
    pub(crate) app: Vec<String>,
    /// Show what these teams own only; a name or a glob
    #[arg(long, value_name = "TEAM", value_delimiter = ',', help_heading = "Filters")]
    pub(crate) owner: Vec<String>,
    /// Output format: human, markdown or json; with =FILE into a file. Repeatable
    #[arg(long, value_name = "NAME[=FILE]", value_parser = crate::format::diff_output, help_heading = "Output")]
    pub(crate) format: Vec<Output>,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The rule's id, for example net-nodeport-taken
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,
}

#[derive(Args, Debug)]
pub(crate) struct Rules {
    /// Output format
    #[arg(long, value_name = "NAME", default_value = "human", help_heading = "Output")]
    pub(crate) format: TableFormat,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Directory whose repository gets the file, at its top
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Print it instead of writing it
    #[arg(long)]
    pub(crate) stdout: bool,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    pub(crate) action: BaselineAction,
}

#[derive(Subcommand, Debug)]
pub(crate) enum BaselineAction {
    /// Write deconflict-baseline.yaml at the top: everything that the working tree shows now
    Create(BaselineCreate),
    /// Remove from deconflict-baseline.yaml what is gone; never adds anything
    Prune(BaselineTree),
}

#[derive(Args, Debug)]
pub(crate) struct BaselineCreate {
    #[command(flatten)]
    pub(crate) tree: BaselineTree,
    /// Replace a baseline that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BaselineTree {
    /// Directory whose repository has the baseline, at its top
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Read this configuration file instead of deconflict.yaml at the top
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Kubernetes version of every cluster, whatever the configuration says
    #[arg(long, value_name = "X.Y", value_parser = kubernetes_version)]
    pub(crate) kubernetes_version: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct Hook {
    #[command(subcommand)]
    pub(crate) action: HookAction,
}

#[derive(Subcommand, Debug)]
pub(crate) enum HookAction {
    /// Install pre-commit, pre-merge-commit and pre-push; hooks that are there are kept and run first
    Install(HookInstall),
    /// Remove what install wrote, and put back the hooks that were there
    Uninstall(HookPlace),
    /// Judge what a hook is about, as Git calls it; what changes nothing that is read passes at once
    Run(HookRun),
}

#[derive(Args, Debug)]
pub(crate) struct HookPlace {
    /// Directory whose repository gets the hooks
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Also when core.hooksPath names a directory that other repositories use too
    #[arg(long)]
    pub(crate) shared: bool,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Args, Debug)]
pub(crate) struct HookInstall {
    #[command(flatten)]
    pub(crate) place: HookPlace,
    /// Options of `hook run` for every hook, for example -- --fail-on warning
    #[arg(value_name = "OPTION", last = true)]
    pub(crate) options: Vec<String>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::enum_variant_names, reason = "the names are Git's")]
pub(crate) enum HookName {
    PreCommit,
    PreMergeCommit,
    PrePush,
    /// On a server
    PreReceive,
}

#[derive(Args, Debug)]
pub(crate) struct HookRun {
    /// The hook
    #[arg(value_name = "HOOK")]
    pub(crate) hook: HookName,
    /// Directory to report on
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Rules or families to run, and no others
    #[arg(long, value_name = "RULE_OR_FAMILY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Rules or families not to run
    #[arg(long, value_name = "RULE_OR_FAMILY", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Lowest severity that blocks
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "error",
        help_heading = "Exit code"
    )]
    pub(crate) fail_on: FailOn,
    /// Pass when there is no manifest at all
    #[arg(long, help_heading = "Exit code")]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) look: Look,
    /// What Git gives the hook
    #[arg(value_name = "ARGUMENT", last = true)]
    pub(crate) given: Vec<std::ffi::OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", action = ArgAction::Set)]
    pub(crate) shell: clap_complete::Shell,
}

/// `1.34`, and nothing else: patch versions do not change what an API server accepts.
fn kubernetes_version(text: &str) -> Result<String, String> {
    let minor = text
        .strip_prefix("1.")
        .filter(|minor| !minor.is_empty() && minor.len() <= 3);
    match minor {
        Some(minor) if minor.bytes().all(|byte| byte.is_ascii_digit()) => Ok(text.to_owned()),
        _ => Err("expected a version like 1.34".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Cli, kubernetes_version};

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn versions_are_major_and_minor() {
        let check = |text: &str, ok: bool| assert_eq!(kubernetes_version(text).is_ok(), ok, "{text}");
        check("1.34", true);
        check("1.9", true);
        check("v1.34", false);
        check("1.34.2", false);
        check("1.", false);
        check("2.0", false);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let check = |line: &str| {
            let result = Cli::try_parse_from(line.split_whitespace());
            assert!(result.is_err(), "{line}");
        };
        check("deconflict check --threads 0");
        check("deconflict check --config a --isolated");
        check("deconflict check -q -v");
        check("deconflict check a b");
        check("deconflict check --format yaml");
        check("deconflict check --fail-on errors");
        check("deconflict");
    }
}
