//! What a program costs.

use std::ops::AddAssign;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// CPU seconds, user and system, and the highest memory in bytes.
#[derive(Clone, Default, Debug)]
pub(super) struct Spent {
    pub(super) cpu: f64,
    pub(super) peak: Option<u64>,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.peak = self.peak.max(other.peak);
    }
}

impl Spent {
    /// The mean of `times` runs.
    pub(super) fn over(mut self, times: u32) -> Self {
        self.cpu /= f64::from(times);
        self
    }
}

/// Run `command` to its end. Any exit code but `codes` means that the figure would mean nothing.
pub(super) fn cpu_of(command: &mut Command, codes: &[i32]) -> Result<Spent, String> {
    let before = usage()?;
    let name = format!("{command:?}");
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let status = status.map_err(|error| format!("{name}: {error}"))?;
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        return Err(format!("{name}: {status}"));
    }
    let after = usage()?;
    // The kernel keeps the peak of the largest child: it belongs to this one only if it grew.
    let peak = (after.max_rss() > before.max_rss()).then(|| after.max_rss().unsigned_abs() * 1024);
    Ok(Spent {
        cpu: seconds(&after) - seconds(&before),
        peak,
    })
}

/// The mean of `times` runs of [`cpu_of`].
pub(super) fn mean(command: &mut Command, codes: &[i32], times: u32) -> Result<Spent, String> {
    let mut spent = Spent::default();
    for _ in 0..times {
        spent += cpu_of(command, codes)?;
    }
    Ok(spent.over(times))
}

fn usage() -> Result<Usage, String> {
    getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| format!("getrusage: {error}"))
}

fn seconds(usage: &Usage) -> f64 {
    let (user, system) = (usage.user_time(), usage.system_time());
    #[expect(clippy::cast_precision_loss, reason = "seconds of a benchmark fit")]
    let whole = (user.tv_sec() + system.tv_sec()) as f64;
    #[expect(clippy::cast_precision_loss, reason = "microseconds below two million fit")]
    let rest = (user.tv_usec() + system.tv_usec()) as f64;
    whole + rest / 1e6
}

/// Instructions of a run of `program`, as callgrind counts them; of a part of it when `functions` (names with `*`) are
/// given: while one of them is on the stack.
pub(super) fn instructions(
    valgrind: &Path,
    functions: &[&str],
    program: &mut Command,
) -> Result<f64, String> {
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.args(functions.iter().map(|name| format!("--toggle-collect={name}")));
    command.arg(program.get_program()).args(program.get_args());
    command.envs(
        program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command.stdout(Stdio::null()).output();
    let output = output.map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split("Collected :").nth(1));
    line.and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| format!("valgrind said no number:\n{said}"))
}
