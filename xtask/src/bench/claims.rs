//! What claims and joins cost while the number of objects doubles: instructions, because clocks on shared machines lie.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::fleet;

/// Objects of each run. Applications and clusters stay: the groups that are joined grow.
const SIZES: [usize; 4] = [12_500, 25_000, 50_000, 100_000];
/// More than this per doubling is more than linear.
const LIMIT: f64 = 2.2;

/// Instructions by what they were spent on.
#[derive(Debug, Default)]
struct Counts {
    whole: f64,
    /// By function: with all that it calls.
    parts: BTreeMap<String, f64>,
}

impl Counts {
    /// Reading what objects claim, and sorting it by cluster.
    fn claims(&self) -> f64 {
        self.parts
            .iter()
            .filter(|(name, _)| !is_rule(name))
            .map(|(_, cost)| cost)
            .sum()
    }

    /// All rules.
    fn joins(&self) -> f64 {
        self.parts
            .iter()
            .filter(|(name, _)| is_rule(name))
            .map(|(_, cost)| cost)
            .sum()
    }
}

/// A table of doublings up to `largest` objects, and a line for every rule that grows faster than it may.
pub(super) fn table(valgrind: &Path, program: &Path, work: &Path, largest: usize) -> Result<String, String> {
    let mut text = format!(
        "\n| objects of {} applications in {} clusters | claims | growth | joins: all rules | growth | `check`, from files to \
         report | growth |\n|---|---|---|---|---|---|---|\n",
        fleet::APPS,
        fleet::CLUSTERS
    );
    let mut fast = String::new();
    let mut before: Option<Counts> = None;
    for objects in SIZES.into_iter().filter(|size| *size <= largest) {
        let repository = fleet::repository(&work.join(format!("fleet-{objects}")), objects)?;
        let counts = instructions(valgrind, program, &repository, work)?;
        let cells = [Counts::claims, Counts::joins, |counts: &Counts| counts.whole];
        let cells = cells.map(|of| {
            let growth = before.as_ref().map_or_else(
                || "–".to_owned(),
                |before| format!("{:.2}", of(&counts) / of(before)),
            );
            format!("{:.2} billion | {growth}", of(&counts) / 1e9)
        });
        let _ = writeln!(text, "| {objects} | {} |", cells.join(" | "));
        for (name, cost) in &counts.parts {
            let was = before.as_ref().and_then(|before| before.parts.get(name)).copied();
            // What is cheap is not worth a word: a constant part is most of it.
            if let Some(was) = was.filter(|was| cost / was > LIMIT && *cost > counts.joins() / 500.0) {
                let _ = writeln!(
                    fast,
                    "- {objects} objects: `{name}` grows {:.2} times",
                    cost / was
                );
            }
        }
        before = Some(counts);
    }
    if !fast.is_empty() {
        let _ = write!(text, "\nMore than {LIMIT} times per doubling:\n\n{fast}");
    }
    Ok(text)
}

/// Instructions of one `check` on one thread, as callgrind counts them.
fn instructions(valgrind: &Path, program: &Path, repository: &Path, work: &Path) -> Result<Counts, String> {
    let out = work.join("callgrind.out");
    let mut command = Command::new(valgrind);
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .arg("check")
        .arg(repository)
        .args(["--threads", "1", "--format", "concise"])
        .env("GIT_CEILING_DIRECTORIES", work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = command.status().map_err(|error| format!("valgrind: {error}"))?;
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("{command:?}: {status}"));
    }
    counts(&crate::read(&out)?)
}

/// Read callgrind's output: names are told once and then referred to by number; the line after `calls=` ends with what the
/// call cost, with all that was called from there.
fn counts(profile: &str) -> Result<Counts, String> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut counts = Counts::default();
    let (mut caller, mut called, mut is_call) = ("", "", false);
    for line in profile.lines() {
        if let Some(cost) = line
            .strip_prefix("summary: ")
            .or_else(|| line.strip_prefix("totals: "))
        {
            counts.whole = cost.trim().parse().map_err(|_| format!("no number: {line}"))?;
        } else if let Some(name) = line.strip_prefix("fn=") {
            caller = told(name, &mut names);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            called = told(name, &mut names);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if std::mem::take(&mut is_call)
            && part(caller).is_none()
            && let Some(part) = part(called)
        {
            let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<f64>().ok());
            *counts.parts.entry(part.to_owned()).or_default() +=
                cost.ok_or_else(|| format!("no number: {line}"))?;
        }
    }
    Ok(counts)
}

/// The name in `(number) name`, or the one that the number stood for before.
fn told<'p>(text: &'p str, names: &mut BTreeMap<&'p str, &'p str>) -> &'p str {
    match text.split_once(") ") {
        Some((number, name)) => {
            names.insert(number, name);
            name
        }
        None => names.get(text.trim_end_matches(')')).copied().unwrap_or_default(),
    }
}

/// The part of the work that a function stands for: a rule, or the claims.
fn part(function: &str) -> Option<&str> {
    const CLAIMS: [&str; 2] = [
        "deconflict_claims::extract::extract",
        "deconflict_claims::index::ClusterIndex::new",
    ];
    let rule = function
        .strip_prefix("deconflict_rules::rules::")
        .and_then(|rest| rest.split_once("::check"));
    match rule {
        Some((rule, "")) => Some(rule),
        _ => CLAIMS.into_iter().find(|name| *name == function),
    }
}

fn is_rule(part: &str) -> bool {
    !part.contains("::")
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn calls_of_rules_are_added_and_nothing_twice() {
        let profile = "\
events: Ir
fn=(1) deconflict_check::judge::Judge::ask
10 5
cfn=(2) deconflict_rules::rules::net_nodeport_taken::check
calls=2 1
* 700
cfn=(3) core::fmt::write
calls=1 1
+3 900
fn=(2)
1 100
cfn=(4) deconflict_claims::extract::extract
calls=1 1
2 600
fn=(5) other
cfn=(2)
calls=1 1
7 50
totals: 2000
";
        let counts = counts(profile).expect("a profile");
        assert_eq!(
            (counts.joins(), counts.claims(), counts.whole),
            (750.0, 0.0, 2000.0)
        );
    }
}
