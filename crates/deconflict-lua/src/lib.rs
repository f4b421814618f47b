//! Floor 1: Lua scripts that judge the health of an object, as Argo CD runs them (`util/lua` of argo-cd, read
//! 2026-08-22; gopher-lua, which is Lua 5.1). A script is parsed, read for libraries that Argo CD does not give it, and
//! run over made-up objects in a sandbox: no library but `table` and the basic functions, and a limit on steps, memory
//! and time. No type of the interpreter shows in the interface.

mod run;
mod words;

/// The states that Argo CD knows.
pub const STATES: [&str; 6] = [
    "Degraded",
    "Healthy",
    "Missing",
    "Progressing",
    "Suspended",
    "Unknown",
];

/// Scripts that are longer are not looked at; Argo CD's own are a tenth of it.
const MAX_BYTES: usize = 64 * 1024;

/// What is wrong with a script.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault {
    /// The line, from 1; `None` for the script as a whole.
    pub line: Option<usize>,
    /// What it is.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FaultKind {
    /// It is no Lua. In the interpreter's words.
    Syntax(String),
    /// It uses something that Argo CD does not give to a script: `os.execute`, `string`.
    Library(String),
    /// It sets a state that Argo CD does not know.
    State(String),
    /// It returns no table but this.
    Returns(&'static str),
    /// It does not end within the limit on steps.
    Endless,
}

/// What is wrong with a health script for objects of `group` and `kind`, sorted. With `open_libraries` it may use all
/// libraries, and is then only read, not run.
pub fn check_health(script: &str, open_libraries: bool, group: &str, kind: &str) -> Vec<Fault> {
    if script.len() > MAX_BYTES {
        return Vec::new();
    }
    // First, because the interpreter bounds nesting.
    if let Err(fault) = run::parse(script) {
        return vec![fault];
    }
    let mut faults = words::read(script, open_libraries);
    if !open_libraries {
        for fault in run::run(script, group, kind) {
            let is_known = faults.iter().any(|known| known.kind == fault.kind);
            if !is_known {
                faults.push(fault);
            }
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests {
    use super::{FaultKind, check_health};

    fn check(script: &str, expected: &[(Option<usize>, FaultKind)]) {
        let found = check_health(script, false, "apps", "Deployment");
        let found: Vec<_> = found.into_iter().map(|fault| (fault.line, fault.kind)).collect();
        assert_eq!(found, expected, "{script}");
    }

    fn library(name: &str) -> FaultKind {
        FaultKind::Library(name.to_owned())
    }

    fn state(name: &str) -> FaultKind {
        FaultKind::State(name.to_owned())
    }

    #[test]
    fn what_argo_cd_accepts() {
        check(
            "hs = {}\nhs.status = \"Progressing\"\nif obj.status ~= nil then\n  hs.status = \"Healthy\"\nend\nreturn hs",
            &[],
        );
        check(
            "local os = require(\"os\")\nreturn {status = \"Healthy\", message = os.date()}",
            &[],
        );
        check(
            "local string = {find = 1}\nreturn {status = \"Healthy\", message = string.find}",
            &[],
        );
        check(
            "return {status = \"Healthy\", string = obj.string, os = obj.os.execute}",
            &[],
        );
        check(
            "-- os.execute\nreturn {status = \"Healthy\", message = \"os.execute\"}",
            &[],
        );
        // Another table's field.
        check(
            "hs = {status = \"Healthy\"}\nx = {}\nx.status = \"True\"\nreturn hs",
            &[],
        );
        // It needs a field that made-up objects have not.
        check("return {status = obj.status.phase.name}", &[]);
    }

    #[test]
    fn what_it_refuses() {
        let found = check_health("return {", false, "", "Pod");
        assert!(
            matches!(found.as_slice(), [fault] if matches!(fault.kind, FaultKind::Syntax(_)) && fault.line == Some(1)),
            "{found:?}"
        );
        check(
            "hs = {}\nos.execute(\"rm -rf /\")\nhs.status = \"Healthy\"\nreturn hs",
            &[(Some(2), library("os.execute"))],
        );
        check(
            "if obj.never then io.open(\"x\") end\nreturn {status = \"Healthy\"}",
            &[(Some(1), library("io"))],
        );
        check(
            "return {status = \"Healthy\", message = string.format(\"%d\", 1)}",
            &[(Some(1), library("string"))],
        );
        check(
            "hs = {}\nif obj.never then hs.status = \"Ok\" end\nreturn hs",
            &[(Some(2), state("Ok"))],
        );
        check("return {status = \"healthy\"}", &[(Some(1), state("healthy"))]);
        check(
            "hs = {}\nhs.status = \"heal\" .. \"thy\"\nreturn hs",
            &[(None, state("healthy"))],
        );
        check("return \"Healthy\"", &[(None, FaultKind::Returns("string"))]);
        check("while true do end", &[(None, FaultKind::Endless)]);
    }

    #[test]
    fn hostile_scripts_end() {
        check("local t = {} while true do t[#t + 1] = {} end", &[]);
        check("while true do pcall(function() while true do end end) end", &[]);
        check("local f = loadstring(\"\\27Lua\") f()", &[]);
        check(
            &format!("return {}1{}", "(".repeat(100), ")".repeat(100)),
            &[(None, FaultKind::Returns("number"))],
        );
        let deep = format!("return {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(check_health(&deep, false, "", "Pod").len(), 1);
        let long = format!("return {}1", "not ".repeat(10_000));
        assert_eq!(check_health(&long, false, "", "Pod").len(), 1);
    }

    #[test]
    fn open_libraries_are_read_not_run() {
        let found = check_health("os.execute(\"x\")\nreturn {status = \"Bad\"}", true, "", "Pod");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].kind, state("Bad"));
    }
}
