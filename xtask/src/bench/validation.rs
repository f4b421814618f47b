//! What the API server would say, of 10,000 Deployments: against reading them, and against a plain pass of the YAML parser.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Spent, cpu_of};

/// Documents of one file.
const IN_FILE: usize = 100;
/// How often each is run; the cheapest run counts, because what else the machine does only adds.
const TIMES: usize = 3;

/// Measure with `objects` Deployments of 70 lines and give the table.
pub(super) fn table(top: &Path, program: &Path, objects: usize) -> Result<String, String> {
    let directory = top.join(format!("target/bench/deployments-{objects}"));
    let files = deployments(&directory, objects)?;
    let events = example(top, "deconflict-yaml", "events")?;
    let kube = example(top, "deconflict-kube", "validation")?;
    let plain = cheapest(|| {
        let mut command = Command::new(&events);
        command.args(&files);
        command
    })?;
    let asked = |word: &'static str| {
        cheapest(|| {
            let mut command = Command::new(&kube);
            command.arg(word).args(&files);
            command
        })
    };
    let (parsed, judged) = (asked("parse")?, asked("validate")?);
    let whole = cheapest(|| {
        let mut command = Command::new(program);
        command
            .arg("check")
            .arg(&directory)
            .args(["--isolated", "--threads", "1", "--format", "concise"]);
        command.env(
            "GIT_CEILING_DIRECTORIES",
            directory.parent().unwrap_or(&directory),
        );
        command
    })?;
    #[expect(clippy::cast_precision_loss, reason = "documents of a benchmark fit")]
    let per_second = |spent: &Spent| objects as f64 / spent.cpu.max(1e-6);
    let mut text = format!(
        "\n| {objects} Deployments of 70 lines, one thread | CPU s | documents per CPU s | times the plain pass |\n|---|---|---|---|\n"
    );
    for (name, spent) in [
        ("a plain pass of granit-parser", &plain),
        ("text to tree", &parsed),
        ("text to tree, and what the API server would say", &judged),
        ("`check`, from files to report", &whole),
    ] {
        let ratio = spent.cpu / plain.cpu.max(1e-6);
        let _ = writeln!(
            text,
            "| {name} | {:.3} | {:.0} | {ratio:.2} |",
            spent.cpu,
            per_second(spent)
        );
    }
    let share = (judged.cpu - parsed.cpu) / parsed.cpu.max(1e-6);
    let _ = writeln!(
        text,
        "\nValidation of trees takes {:.0} % of what parsing them takes.",
        share * 100.0
    );
    Ok(text)
}

fn cheapest(command: impl Fn() -> Command) -> Result<Spent, String> {
    let mut best: Option<Spent> = None;
    for _ in 0..TIMES {
        let spent = cpu_of(&mut command(), &[0, 1])?;
        if best.as_ref().is_none_or(|best| spent.cpu < best.cpu) {
            best = Some(spent);
        }
    }
    best.ok_or_else(|| "nothing was run".to_owned())
}

fn example(top: &Path, package: &str, name: &str) -> Result<PathBuf, String> {
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--package",
            package,
            "--example",
            name,
        ])
        .current_dir(top)
        .status();
    if !status.map_err(|error| format!("cargo build: {error}"))?.success() {
        return Err(format!("cargo build of {package}'s {name} failed"));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from);
    Ok(target.join("release/examples").join(name))
}

/// Files of Deployments as a plain layout has them.
fn deployments(directory: &Path, objects: usize) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for first in (0..objects).step_by(IN_FILE) {
        let text: String = (first..objects.min(first + IN_FILE)).map(deployment).collect();
        let path = directory.join(format!("clusters/prod/web/part-{first}.yaml"));
        super::inputs::write(&path, &text)?;
        files.push(path);
    }
    Ok(files)
}

/// A Deployment of 70 lines, right in every way.
fn deployment(number: usize) -> String {
    let mut text = format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{number}\n  namespace: shop\n  labels:\n    app: \
         web-{number}\n    team: shop\nspec:\n  replicas: 3\n  revisionHistoryLimit: 5\n  strategy:\n    type: RollingUpdate\n    \
         rollingUpdate:\n      maxSurge: 1\n      maxUnavailable: 0\n  selector:\n    matchLabels:\n      app: web-{number}\n  \
         template:\n    metadata:\n      labels:\n        app: web-{number}\n      annotations:\n        prometheus.io/scrape: \
         \"true\"\n    spec:\n      serviceAccountName: web\n      terminationGracePeriodSeconds: 30\n      securityContext:\n        \
         runAsNonRoot: true\n        fsGroup: 2000\n      containers:\n        - name: web\n          image: \
         registry.example.com/shop/web:1.{number}\n          imagePullPolicy: IfNotPresent\n          args: [serve, --port, \
         \"8080\"]\n          ports:\n            - name: http\n              containerPort: 8080\n          env:\n            - \
         name: LEVEL\n              value: info\n            - name: TOKEN\n              valueFrom:\n                \
         secretKeyRef:\n                  name: web\n                  key: token\n          resources:\n            requests:\n              \
         cpu: 100m\n              memory: 128Mi\n            limits:\n              memory: 256Mi\n          readinessProbe:\n            \
         httpGet:\n              path: /ready\n              port: http\n            periodSeconds: 5\n          livenessProbe:\n            \
         httpGet:\n              path: /live\n              port: http\n          volumeMounts:\n            - name: settings\n              \
         mountPath: /etc/web\n"
    );
    text.push_str(
        "      volumes:\n        - name: settings\n          configMap:\n            name: web-settings\n",
    );
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_deployment_has_70_lines() {
        assert_eq!(super::deployment(1).lines().count(), 70);
    }
}
