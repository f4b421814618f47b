//! The text, with a comment for each line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::class::class_of;
use super::engines::{ClusterGuess, Engines, OwnSource};
use super::layout::LayoutGuess;
use super::teams::TeamGuess;
use super::text::{count, list, scalar};

/// What to write.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) layout: LayoutGuess,
    pub(super) clusters: Vec<ClusterGuess>,
    pub(super) likely: BTreeMap<String, Vec<String>>,
    /// Globs of what belongs to no cluster.
    pub(super) tops: Vec<String>,
    pub(super) teams: Vec<TeamGuess>,
    pub(super) sources: Vec<OwnSource>,
    pub(super) has_codeowners: bool,
    pub(super) engines: Engines,
}

const HEAD: &str = "\
# yaml-language-server: $schema=https://raw.githubusercontent.com/deconflict/deconflict/main/schemas/deconflict.schema.json
# What deconflict cannot read from the tree, as far as `deconflict init` could guess it. Everything has a default: any
# line may be changed or deleted. All keys: https://github.com/deconflict/deconflict/blob/main/docs/configuration.md
# `deconflict map` shows what follows from it.
version: 1

# Kubernetes version of clusters that name none; it decides which APIs and fields exist.
# kubernetes: \"1.34\"
";

const TAIL: &str = "
# Sharing on purpose: the teams that may, who agreed, and until when. A finding that a contract covers is not shown.
# contracts:
#   - {rule: sto-pvc-shared, object: PersistentVolumeClaim/shared/reports, allow: [a, b], approved_by: storage, reason: read-only archive, expires: 2030-06-30}

# What exists in the clusters but is made elsewhere, so that references to it are no mistake.
# external:
#   - {kind: StorageClass, name: fast}

# Fields whose values are never printed, besides those of Secrets.
# secret_fields: [\"*.spec.password\"]

# Rules: \"off\", a severity (info, warning, error), or a map with options. `deconflict rules` lists them all.
# rules:
#   lay-unknown-layout: \"off\"

# What is not looked at.
# exclude: [\"**/testdata/**\"]
";

/// A line with its comment behind it, the comments of short lines below each other.
fn line(out: &mut String, text: &str, comment: &str) {
    if comment.is_empty() {
        let _ = writeln!(out, "{text}");
    } else {
        let _ = writeln!(out, "{text:<38}  # {comment}");
    }
}

pub(super) fn write(proposal: &Proposal) -> String {
    let mut out = HEAD.to_owned();
    layout(&mut out, &proposal.layout);
    clusters(&mut out, proposal);
    sources(&mut out, &proposal.sources);
    teams(&mut out, proposal);
    out.push_str(TAIL);
    out
}

fn layout(out: &mut String, layout: &LayoutGuess) {
    out.push_str(
        "\n# Where applications, shared infrastructure and policies lie. In plain layouts a directory between apps/ and an\n\
         # application is its team, and infrastructure without environment belongs to every cluster.\n",
    );
    let standard = |wanted: &[&str]| -> Vec<String> {
        let names = layout.standard.iter().filter(|name| wanted.contains(name));
        names.map(|name| format!("{name}/**")).collect()
    };
    let found = [
        ("apps", standard(&["apps"])),
        ("infra", standard(&["infra", "infrastructure"])),
        ("policies", standard(&["policies"])),
    ];
    let mut lines = String::new();
    for (key, paths) in &found {
        if !paths.is_empty() {
            line(&mut lines, &format!("  {key}: {}", list(paths)), "");
        }
    }
    if lines.is_empty() {
        out.push_str("# layout:\n");
    } else {
        out.push_str("layout:\n");
        out.push_str(&lines);
    }
    for (key, _) in found.iter().filter(|(_, paths)| paths.is_empty()) {
        let others: Vec<String> = layout
            .others
            .iter()
            .filter(|(meaning, _)| meaning == key)
            .map(|(_, path)| format!("{path}/**"))
            .take(5)
            .collect();
        if !others.is_empty() {
            line(
                out,
                &format!("#   {key}: {}", list(&others)),
                "perhaps, by its name",
            );
        }
    }
}

fn clusters(out: &mut String, proposal: &Proposal) {
    out.push_str(
        "\n# Clusters. `class` is guessed from the name: in production a collision between teams weighs more. Say more where you\n\
         # know it: `kubernetes` (its version), `servers` (every other spelling: Argo CD server or name, Flux kubeConfig Secret),\n\
         # `roots` (what is applied by hand), `manages` (the clusters registered in this one's Argo CD), `nodes`.\n",
    );
    if proposal.engines.has_cluster_generator {
        return registered(out, proposal);
    }
    if proposal.clusters.is_empty() && !proposal.likely.is_empty() {
        out.push_str(
            "# None is named by clusters/NAME, overlays/NAME or a destination. These directories are called like environments: make\n\
             # them clusters where each is one, or nothing in them collides with anything else.\n# clusters:\n",
        );
        for (name, roots) in &proposal.likely {
            let _ = writeln!(out, "#   - name: {}", scalar(name));
            if let Some(class) = class_of(name) {
                let _ = writeln!(out, "#     class: {class}");
            }
            let _ = writeln!(out, "#     roots: {}", list(roots));
        }
        return;
    }
    if proposal.clusters.is_empty() && !proposal.tops.is_empty() {
        out.push_str(
            "# None is named by clusters/NAME, overlays/NAME or a destination. If what lies here goes to one cluster, take the `# `\n\
             # away from these lines and give it its name; until then nothing collides with anything.\n# clusters:\n#   - name: main\n\
             #     class: production\n",
        );
        let _ = writeln!(out, "#     roots: {}", list(&proposal.tops));
        return;
    }
    if proposal.clusters.is_empty() {
        out.push_str(
            "# None is named by clusters/NAME, overlays/NAME or a destination.\n\
             # clusters:\n\
             #   - name: prod-eu\n\
             #     class: production\n\
             #     roots: [\"deploy/prod/**\"]\n",
        );
        return;
    }
    out.push_str("clusters:\n");
    for guess in &proposal.clusters {
        cluster(out, guess);
    }
}

fn cluster(out: &mut String, cluster: &ClusterGuess) {
    line(
        out,
        &format!("  - name: {}", scalar(&cluster.name)),
        &cluster.because,
    );
    match cluster.class {
        Some(class) => line(out, &format!("    class: {class}"), ""),
        None => line(out, "    # class: production", "its name does not say"),
    }
    if !cluster.servers.is_empty() {
        line(out, &format!("    servers: {}", list(&cluster.servers)), "");
    }
}

/// Clusters in comments: cluster generators choose among those that are listed, so half a list is worse than none.
fn registered(out: &mut String, proposal: &Proposal) {
    out.push_str(
        "# ApplicationSets here generate from the clusters that Argo CD has registered. Without a list their applications are\n\
         # checked as if they shared one cluster; with one they go to the listed clusters only. So list all, or none.\n",
    );
    let labels = &proposal.engines.labels;
    if !labels.is_empty() {
        out.push_str("# They choose by labels, so each cluster needs its own of these:\n");
        for label in labels {
            let _ = writeln!(out, "#   {}", scalar(label));
        }
    }
    let mut clusters = String::from("clusters:\n");
    for guess in &proposal.clusters {
        cluster(&mut clusters, guess);
    }
    let known = |name: &String| proposal.clusters.iter().any(|cluster| cluster.name == *name);
    for name in proposal.engines.candidates.iter().filter(|name| !known(name)) {
        let guess = ClusterGuess {
            name: name.clone(),
            class: class_of(name),
            servers: Vec::new(),
            because: "named by a list generator".to_owned(),
        };
        cluster(&mut clusters, &guess);
    }
    for text in clusters.lines() {
        let _ = writeln!(out, "# {text}");
    }
}

fn sources(out: &mut String, sources: &[OwnSource]) {
    out.push_str(
        "\n# The URLs under which Argo CD and Flux know this repository, and the branch that merges reach. For other Flux sources:\n\
         # {name: namespace/name, path: the directory they are made from}.\n",
    );
    if sources.is_empty() {
        out.push_str(
            "# sources:\n#   - {name: \"https://git.example/org/gitops\", path: \".\", branch: main}\n",
        );
        return;
    }
    out.push_str("sources:\n");
    for source in sources {
        line(
            out,
            &format!("  - name: {}", scalar(&source.url)),
            &source.because,
        );
        line(out, "    path: \".\"", "");
        match &source.branch {
            Some(branch) => line(out, &format!("    branch: {}", scalar(branch)), ""),
            None => line(out, "    # branch: main", "no object names one"),
        }
    }
}

fn teams(out: &mut String, proposal: &Proposal) {
    out.push_str(
        "\n# Teams: `paths` decide before CODEOWNERS, which decides before labels of objects; `namespaces` say whose they are.\n",
    );
    if proposal.has_codeowners {
        out.push_str("# CODEOWNERS is read as it stands: repeat here only what it does not say.\n");
    }
    if proposal.teams.is_empty() {
        out.push_str(
            "# teams:\n#   - {name: payments, paths: [\"apps/payments/**\"], namespaces: [payments, \"payments-*\"]}\n",
        );
        return;
    }
    out.push_str("teams:\n");
    for team in &proposal.teams {
        line(out, &format!("  - name: {}", scalar(&team.name)), team.because);
        if !team.paths.is_empty() {
            line(out, &format!("    paths: {}", list(&team.paths)), "");
        }
        if !team.namespaces.is_empty() {
            let comment = format!(
                "{} that only it deploys to",
                count(team.namespaces.len(), "namespace")
            );
            line(
                out,
                &format!("    namespaces: {}", list(&team.namespaces)),
                &comment,
            );
        }
    }
}
