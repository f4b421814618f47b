//! Roots, wave by wave: each is rendered once, in parallel, and fed back, because what comes out may deploy more.

use std::sync::Arc;

use deconflict_claims::Footprint;
use deconflict_files::{Origin, Reads, RepoPath};
use deconflict_findings::PlacementStatus;
use deconflict_kube::{Object, settle};
use deconflict_kustomize::{Problem, ProblemKind, Rendered, Session, Warning};
use deconflict_placement::{Feed, Placements, Plan, Root, RootKind};
use deconflict_yaml::{Library, Node};
use rayon::prelude::*;

use crate::Input;
use crate::change::Inputs;
use crate::guard::Losses;

/// A root and what came out of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// The root.
    pub(crate) root: Root,
    /// What came out of it, as its engine's objects are looked for in it.
    objects: Vec<Arc<Node>>,
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
    /// It is not rendered yet, because it leads to nothing: see [`Plan::outline`]. `reads` are what it would read.
    pub(crate) waits: bool,
}

/// Which roots are rendered.
#[derive(Clone, Copy)]
pub(crate) enum Extent<'n> {
    /// All.
    All,
    /// Those that may lead to others; the rest waits for somebody who wants it. With the tree after the change, whether the
    /// plan is the same there is told.
    Leading(Option<Next<'n>>),
}

/// Everything that is deployed.
#[derive(Debug, Default)]
pub(crate) struct Deployed {
    /// Roots, sorted.
    pub(crate) roots: Vec<Arc<Built>>,
    /// Who deploys them where.
    pub(crate) placements: Placements,
    /// The plan is the same in the tree after the change.
    pub(crate) stands: bool,
}

/// The tree after the change, for what is built before it.
#[derive(Clone, Copy)]
pub(crate) struct Next<'n> {
    /// Its files.
    pub(crate) library: &'n Library,
    /// Where it differs.
    pub(crate) changed: &'n [RepoPath],
}

/// What another tree's roots gave, for those that would give the same here.
pub(crate) struct Known<'k> {
    /// Sorted by root.
    pub(crate) roots: &'k [Arc<Built>],
    /// Where the trees differ.
    pub(crate) inputs: &'k Inputs<'k>,
}

impl Known<'_> {
    /// What `root` gave, if it reads nothing that differs. One that waits must also wait here, for the same.
    fn find(&self, root: &Root, outline: Option<&Reads>) -> Option<Arc<Built>> {
        let at = self.roots.binary_search_by(|built| built.root.cmp(root)).ok()?;
        let built = &self.roots[at];
        let is_same = root.stands_as(&built.root)
            && (!built.waits || outline == Some(&built.reads))
            && self.inputs.are_same(&built.reads);
        is_same.then(|| Arc::clone(built))
    }
}

/// Render all there is, but for what is `known` and what may wait. Deterministic: waves are sorted, and results are taken
/// in order.
pub(crate) fn build(
    input: &Input,
    known: Option<&Known<'_>>,
    extent: Extent<'_>,
    losses: &Losses,
) -> Deployed {
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
        let wave: Vec<(Root, Option<Reads>)> = wave
            .into_iter()
            .map(|root| {
                let may_wait = matches!(extent, Extent::Leading(_));
                let outline = may_wait.then(|| plan.outline(&root)).flatten();
                (root, outline)
            })
            .collect();
        let wave: Vec<Arc<Built>> = wave
            .into_par_iter()
            .map(|(root, outline)| {
                let same = known.and_then(|known| known.find(&root, outline.as_ref()));
                same.unwrap_or_else(|| {
                    Arc::new(match outline {
                        Some(reads) => waiting(root, reads),
                        None => built(root, &session, losses),
                    })
                })
            })
            .collect();
        for built in &wave {
            let (status, reason) = status(&built.problems);
            let feed = Feed {
                objects: &built.objects,
                reads: &built.reads,
                status,
                reason,
            };
            plan.feed(&built.root, &feed);
        }
        roots.extend(wave);
    }
    let stands = match extent {
        Extent::Leading(Some(next)) => plan.stands(next.library, next.changed),
        _ => false,
    };
    // Sorted, because a wave says nothing about a root but how it was found.
    roots.sort_by(|a: &Arc<Built>, b| a.root.cmp(&b.root));
    Deployed {
        roots,
        placements: plan.finish(),
        stands,
    }
}

/// What is deployed after a change under which the plan of `base` stands and that nothing which was rendered reads.
pub(crate) fn carried(base: &Deployed, inputs: &Inputs<'_>) -> Option<Deployed> {
    if !base.stands {
        return None;
    }
    let carry = |built: &Arc<Built>| match (inputs.are_same(&built.reads), built.waits) {
        (true, _) => Some(Arc::clone(built)),
        // The kustomizations name the same, so that it would read the same.
        (false, true) => Some(Arc::new(waiting(built.root.clone(), built.reads.clone()))),
        (false, false) => None,
    };
    let roots: Option<Vec<_>> = base.roots.par_iter().map(carry).collect();
    Some(Deployed {
        roots: roots?,
        placements: base.placements.clone(),
        stands: true,
    })
}

/// Render what waits in `deployed` and is wanted; `known` are roots that were rendered for another tree.
pub(crate) fn complete(
    deployed: &mut Deployed,
    wanted: &[bool],
    input: &Input,
    known: Option<&Known<'_>>,
    losses: &Losses,
) {
    let session = Session::new(Arc::clone(&input.library));
    let Deployed {
        roots, placements, ..
    } = deployed;
    let rendered: Vec<Option<Arc<Built>>> = roots
        .par_iter()
        .zip(wanted)
        .map(|(waiting, wanted)| {
            (*wanted && waiting.waits).then(|| {
                let same = known.and_then(|known| known.find(&waiting.root, None));
                same.unwrap_or_else(|| Arc::new(built(waiting.root.clone(), &session, losses)))
            })
        })
        .collect();
    for (slot, rendered) in roots.iter_mut().zip(rendered) {
        let Some(built) = rendered else { continue };
        let (status, reason) = status(&built.problems);
        placements.settle(&built.root, status, reason.as_deref());
        *slot = built;
    }
}

fn waiting(root: Root, reads: Reads) -> Built {
    Built {
        root,
        objects: Vec::new(),
        footprint: Footprint::default(),
        problems: Vec::new(),
        warnings: Vec::new(),
        used: Vec::new(),
        reads,
        waits: true,
    }
}

fn built(root: Root, session: &Session, losses: &Losses) -> Built {
    let mut rendered = render(&root, session, losses);
    for problem in &mut rendered.problems {
        problem.message = from_top(&problem.message, session.library());
    }
    read(root, rendered, losses)
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
    let mut objects = rendered.objects.clone();
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
        objects: rendered.objects,
        footprint: footprint.unwrap_or_default(),
        problems: rendered.problems,
        warnings: rendered.warnings,
        used: rendered.used,
        reads: rendered.reads,
        waits: false,
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
