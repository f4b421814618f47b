//! What the command line's contract names and this version does not do yet: refused by name, so that nobody takes it for
//! a typing error.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

const LATER_COMMANDS: [&str; 10] = [
    "policy", "together", "collect", "join", "drift", "risk", "fix", "fetch", "lsp", "cache",
];

const LATER_FLAGS: [(&str, &[&str]); 1] = [(
    "render",
    &[
        "--release-name",
        "-n",
        "--namespace",
        "-f",
        "--values",
        "--set",
        "--set-string",
        "--set-file",
        "--set-json",
        "--set-literal",
        "--kube-version",
        "-a",
        "--api-versions",
        "--include-crds",
        "--no-hooks",
        "--skip-tests",
        "--skip-schema-validation",
        "--helm",
    ],
)];

/// The message for an error that is about something to come.
pub(crate) fn explain(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = named(ContextKind::InvalidSubcommand)?;
            let known = LATER_COMMANDS.contains(&name);
            known.then(|| format!("`deconflict {name}` is not available yet in this version"))
        }
        ErrorKind::UnknownArgument => {
            let flag = named(ContextKind::InvalidArg)?;
            let flag = flag.split('=').next().unwrap_or(flag);
            let command = arguments.get(1)?.to_str()?;
            let (_, flags) = LATER_FLAGS.iter().find(|(name, _)| *name == command)?;
            flags
                .contains(&flag)
                .then(|| format!("`{command} {flag}` is not available yet in this version"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::Parser as _;

    use super::explain;
    use crate::args::Cli;

    #[test]
    fn things_to_come_are_named() {
        let check = |line: &str, want: Option<&str>| {
            let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let error = Cli::try_parse_from(&arguments).expect_err(line);
            assert_eq!(explain(&error, &arguments).as_deref(), want, "{line}");
        };
        check(
            "deconflict policy test .",
            Some("`deconflict policy` is not available yet in this version"),
        );
        check(
            "deconflict render x -f v.yaml",
            Some("`render -f` is not available yet in this version"),
        );
        check("deconflict chekc", None);
        check("deconflict check --stagd", None);
    }
}
