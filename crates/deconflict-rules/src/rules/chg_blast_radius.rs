use std::collections::BTreeSet;

use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::text_at;

use crate::collision::list;
use crate::{Reach, ReachContext, Sink, context, rule};

rule! {
    /// ## What it does
    /// With `--base`, tells of a changed file how far it reaches, where that is further than the options allow: the
    /// applications, teams and clusters whose rendered objects are other ones after the change, because what deploys them
    /// reads the file or is declared in it.
    ///
    /// ## Why it matters
    /// Three lines of a base look small in a review, and everybody gets them at once: what is wrong with them is wrong in
    /// every cluster before anybody has seen it in one.
    ///
    /// ## Before
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// rules:
    ///   chg-blast-radius: {clusters: 1}
    /// # apps/payments/gateway/base/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   MODE: strict
    /// # apps/payments/gateway/base/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/staging/kustomization.yaml
    /// resources: [../../base]
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [../../base]
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// rules:
    ///   chg-blast-radius: {clusters: 1}
    /// # apps/payments/gateway/base/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   MODE: lax
    /// # apps/payments/gateway/base/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/staging/kustomization.yaml
    /// resources: [../../base]
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [../../base]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// rules:
    ///   chg-blast-radius: {clusters: 1}
    /// # apps/payments/gateway/base/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   MODE: strict
    /// # apps/payments/gateway/base/kustomization.yaml
    /// resources: [config.yaml]
    /// # apps/payments/gateway/overlays/staging/mode.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   MODE: lax
    /// # apps/payments/gateway/overlays/staging/kustomization.yaml
    /// resources: [../../base]
    /// patches: [{path: mode.yaml}]
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [../../base]
    /// ```
    ///
    /// ## Options
    /// `applications` (default 10), `teams` (default 3), `clusters` (default 3): an edit that reaches more of any of them is
    /// told.
    ///
    /// ## Known limits
    /// A file counts for every deployment that reads it and whose objects change, also where another file of the same change did
    /// that. What goes along with a deployment that comes or goes as a whole is its own doing. Objects that nothing places are not
    /// counted.
    "chg-blast-radius", "an edit changes what many applications, teams or clusters get",
    severity: Info,
    joins: false,
    check: Reach(check),
}

fn check(context: &ReachContext<'_>, sink: &mut Sink) {
    let allowed = |name: &str, default: usize| {
        let options = context::options(context.config, ID);
        let given = options.and_then(|options| text_at(options, &[name])?.parse().ok());
        given.unwrap_or(default)
    };
    let allowed = [
        allowed("applications", 10),
        allowed("teams", 3),
        allowed("clusters", 3),
    ];
    for reach in context.reaches {
        let counts = Counts::of(reach);
        let is_far = counts
            .all()
            .iter()
            .zip(allowed)
            .any(|(names, most)| names.len() > most);
        if is_far && let Some(finding) = finding(context, reach, &counts) {
            sink.report(finding);
        }
    }
}

/// Who gets something else.
struct Counts<'i> {
    applications: BTreeSet<&'i str>,
    teams: BTreeSet<&'i str>,
    clusters: BTreeSet<&'i str>,
}

impl<'i> Counts<'i> {
    fn of(reach: &Reach<'i>) -> Self {
        let placed = || reach.objects.iter();
        Self {
            applications: placed().map(|object| object.app.as_str()).collect(),
            teams: placed().filter_map(|object| object.owner.as_deref()).collect(),
            clusters: placed()
                .filter_map(|object| {
                    let placement = object.placement;
                    placement.cluster.as_deref().or(placement.unnamed.as_deref())
                })
                .collect(),
        }
    }

    fn all(&self) -> [&BTreeSet<&'i str>; 3] {
        [&self.applications, &self.teams, &self.clusters]
    }
}

fn finding(context: &ReachContext<'_>, reach: &Reach<'_>, counts: &Counts<'_>) -> Option<Finding> {
    let (first, others) = reach.files.split_first()?;
    let name = |at: &deconflict_files::Origin| context.files.get(at.file).path.display().to_owned();
    let names: Vec<String> = reach.files.iter().map(name).collect();
    let teams = match counts.teams.len() {
        0 | 1 => String::new(),
        number => format!(" of {number} teams"),
    };
    let message = format!(
        "the edit of {} changes {} of {}{teams} in {}",
        list(&names, "and"),
        number(reach.objects.len(), "object"),
        number(counts.applications.len(), "application"),
        number(counts.clusters.len(), "cluster"),
    );
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, *first);
    finding.primary = Label::new(*first, "edited here");
    finding.related = others.iter().map(|at| Label::new(*at, "and here")).collect();
    finding.certainty = Certainty::Witnessed;
    for (what, names) in ["applications", "teams", "clusters"]
        .into_iter()
        .zip(counts.all())
    {
        if names.len() > 1 {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            finding.notes.push(format!("{what}: {}", list(&names, "and")));
        }
    }
    finding.help =
        Some("try it in one overlay first, and let the teams know before it reaches all".to_owned());
    Some(finding)
}

fn number(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
