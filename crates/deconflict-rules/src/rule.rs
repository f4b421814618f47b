//! What a rule is: data plus a function.

use deconflict_findings::RuleMeta;

use crate::{
    ChangeContext, ClusterContext, FileContext, FleetContext, ObjectContext, ReachContext, RootContext, Sink,
};

/// A rule: data and the function that finds. Held in a `static`; one file each.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it says about itself.
    pub meta: RuleMeta,
    /// How it looks.
    pub check: Check,
}

/// What a rule sees is in the type of its function: one that sees one object cannot become cross-team by accident.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// One file with a manifest, or that should be one.
    File(fn(&FileContext<'_>, &mut Sink)),
    /// One object, rendered or plain.
    Object(fn(&ObjectContext<'_>, &mut Sink)),
    /// One render root.
    Root(fn(&RootContext<'_>, &mut Sink)),
    /// One cluster, or one root that nothing places.
    Cluster(fn(&ClusterContext<'_>, &mut Sink)),
    /// One object, as the API server of a cluster judges it. One pass finds the violations of all these rules:
    /// [`crate::judge_object`].
    Server,
    /// All clusters.
    Fleet(fn(&FleetContext<'_>, &mut Sink)),
    /// One cluster before and after a change; silent without a base.
    Change(fn(&ChangeContext<'_>, &mut Sink)),
    /// What each edit of a change reaches, wherever it is deployed; silent without a base.
    Reach(fn(&ReachContext<'_>, &mut Sink)),
    /// One object before and after, as the API server judges its update: [`crate::judge_updates`].
    Update,
}

/// Declares a rule as `pub(crate) static RULE`. The doc comment is its page, with fixed headings: What it does / Why it
/// matters / Before (of a rule about a change) / Example / Instead / Options / Known limits. A fenced `yaml` block under
/// Before, Example or Instead is a small repository: each file starts with a line `# path/of/file.yaml`.
macro_rules! rule {
    (
        $(#[doc = $doc:expr])+
        $id:literal, $summary:literal,
        severity: $severity:ident,
        joins: $joins:literal,
        check: $kind:ident $(($check:path))? $(,)?
    ) => {
        $(#[doc = $doc])+
        pub(crate) static RULE: $crate::Rule = $crate::Rule {
            meta: deconflict_findings::RuleMeta {
                id: ID,
                summary: $summary,
                docs: concat!($($doc, "\n"),+),
                severity: deconflict_findings::Severity::$severity,
                joins: $joins,
                default_on: true,
                since: "0.1.0",
                file: file!(),
                line: line!(),
            },
            check: $crate::Check::$kind $(($check))?,
        };
        const ID: &str = $id;
    };
}
pub(crate) use rule;
