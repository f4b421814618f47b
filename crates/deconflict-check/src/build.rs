//! Roots, wave by wave: each is rendered once, in parallel, and fed back, because what comes out may deploy more.

use std::sync::Arc;

use deconflict_claims::Footprint;
use deconflict_files::{Origin, Reads, RepoPath};
use deconflict_findings::PlacementStatus;
use deconflict_kube::{Object, settle};
use deconflict_kustomize::{Problem, ProblemKind, Rendered, Session, Warning};
use deconflict_placement::{Feed, Placements, Plan, Root, RootKind};
use deconflict_yaml::Library;
use rayon::prelude::*;

use crate::Input;
use crate::guard::Losses;

/// A root and what came out of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// The root.
    pub(crate) root: Root,
    /// Its objects and what they claim.
    pub(crate) footprint: Footprint,
    /// Why it, or a part of it, cannot be built.
    pub(crate) problems: Vec<Problem>,
    /// What is odd about it.
    pub(crate) warnings: Vec<Warning>,
    /// Entries of kustomizations that selected something in it.
    pub(crate) used: Vec<Origin>,
    /// What was read on the way.
    pub(crate) reads: Reads,
}

/// Everything that is deployed.
#[derive(Debug, Default)]
pub(crate) struct Deployed {
    /// Roots, sorted.
    pub(crate) roots: Vec<Built>,
    /// Who deploys them where.
    pub(crate) placements: Placements,
}

/// Render all there is. Deterministic: waves are sorted, and results are taken in order.
pub(crate) fn build(input: &Input, losses: &Losses) -> Deployed {
    let session = Session::new(Arc::clone(&input.library));
    let mut plan = Plan::new(
        Arc::clone(&input.library),
        Arc::clone(&input.config),
        Arc::clone(&input.codeowners),
    )
    .with_origin(input.origin.as_deref());
    let mut roots = Vec::new();
    loop {
        let wave = plan.next();
        if wave.is_empty() {
            break;
        }
        let mut rendered: Vec<Rendered> = wave
            .par_iter()
            .map(|root| render(root, &session, losses))
            .collect();
        for problem in rendered.iter_mut().flat_map(|rendered| &mut rendered.problems) {
            problem.message = from_top(&problem.message, &input.library);
        }
        for (root, rendered) in wave.iter().zip(&rendered) {
            let (status, reason) = status(&rendered.problems);
            let feed = Feed {
                objects: &rendered.objects,
                reads: &rendered.reads,
                status,
                reason,
            };
            plan.feed(root, &feed);
        }
        let built = wave.into_par_iter().zip(rendered);
        roots.par_extend(built.map(|(root, rendered)| read(root, rendered, losses)));
    }
    // Sorted, because a wave says nothing about a root but how it was found.
    roots.sort_by(|a: &Built, b| a.root.cmp(&b.root));
    Deployed {
        roots,
        placements: plan.finish(),
    }
}

fn render(root: &Root, session: &Session, losses: &Losses) -> Rendered {
    let lost = || format!("rendering {}: its objects are lost", root.path.display());
    losses
        .guard(lost, || root.render(session))
        .unwrap_or_else(|| Rendered {
            problems: vec![Problem::new(ProblemKind::Plugin, "not finished")],
            ..Rendered::default()
        })
}

fn read(root: Root, rendered: Rendered, losses: &Losses) -> Built {
    let mut objects = rendered.objects;
    if root.kind == RootKind::Kustomize {
        for body in &mut objects {
            *body = settle(body);
        }
    }
    let lost = || format!("reading the objects of {}: they are lost", root.path.display());
    // A body without identity is reported with its file or by the build: nothing can be said about it here.
    let footprint = losses.guard(lost, || {
        Footprint::new(
            objects
                .into_iter()
                .filter_map(|body| Object::new(body, None).ok()),
        )
    });
    Built {
        root,
        footprint: footprint.unwrap_or_default(),
        problems: rendered.problems,
        warnings: rendered.warnings,
        used: rendered.used,
        reads: rendered.reads,
    }
}

/// kustomize's words name files by absolute path; a report is the same wherever the repository lies.
fn from_top(message: &str, library: &Library) -> String {
    let top = library.snapshot().absolute(&RepoPath::top());
    if top == "/" {
        return message.to_owned();
    }
    let below = message.replace(&format!("{top}/"), "");
    below.replace(&format!("'{top}'"), "'.'")
}

/// What became of a root with these problems, and why.
fn status(problems: &[Problem]) -> (PlacementStatus, Option<String>) {
    let Some(worst) = problems.iter().min_by_key(|problem| rank(problem.kind)) else {
        return (PlacementStatus::Rendered, None);
    };
    match reason(worst.kind) {
        Some(word) => (PlacementStatus::Skipped, Some(word.to_owned())),
        None => (PlacementStatus::Failed, Some(worst.message.clone())),
    }
}

/// The user's own mistakes come first: they can be mended here.
fn rank(kind: ProblemKind) -> u8 {
    match kind {
        ProblemKind::Build | ProblemKind::NoTarget | ProblemKind::Crash => 0,
        ProblemKind::NotFound => 1,
        ProblemKind::Remote => 2,
        ProblemKind::Helm => 3,
        ProblemKind::Plugin => 4,
    }
}

/// The contract's word for what is not built on purpose; `None` for mistakes.
pub(crate) fn reason(kind: ProblemKind) -> Option<&'static str> {
    match kind {
        ProblemKind::Build | ProblemKind::NotFound | ProblemKind::NoTarget | ProblemKind::Crash => None,
        ProblemKind::Remote => Some("remote"),
        ProblemKind::Helm => Some("helm"),
        ProblemKind::Plugin => Some("plugin"),
    }
}
