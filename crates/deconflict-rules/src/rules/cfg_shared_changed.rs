use std::collections::BTreeMap;

use deconflict_claims::pods::{Controller, Pod};
use deconflict_claims::{Placed, Spot};
use deconflict_findings::{Certainty, Severity};
use deconflict_kube::{bool_at, text_at, text_of};
use deconflict_yaml::Node;

use crate::change::Pair;
use crate::collision::{Collision, Side, list};
use crate::config_data::{How, Taken, asked_as, changed, removed, taken};
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds changed data of a ConfigMap or Secret that pods of another application read, and says of each
    /// reader when it will see the change. Only keys that a reader takes count; moved files, a generator in place of a manifest
    /// and metadata are no change.
    ///
    /// ## Why it matters
    /// The other team sees nothing of it in its own files. Its pods go on with the old values until they happen to restart, each at
    /// another time, so that what the change breaks shows up days later and half of the replicas disagree with the others.
    ///
    /// ## Before
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   namespace: payments
    /// data:
    ///   MODE: strict
    /// # apps/checkout/api/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   namespace: payments
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:1.0
    ///       envFrom:
    ///         - configMapRef:
    ///             name: settings
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   namespace: payments
    /// data:
    ///   MODE: lax
    /// # apps/checkout/api/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   namespace: payments
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:1.0
    ///       envFrom:
    ///         - configMapRef:
    ///             name: settings
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   namespace: payments
    /// data:
    ///   MODE: strict
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway-settings
    ///   namespace: payments
    /// data:
    ///   MODE: lax
    /// # apps/checkout/api/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   namespace: payments
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:1.0
    ///       envFrom:
    ///         - configMapRef:
    ///             name: settings
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A warning where a reader belongs to another team, information where all are of the same team; readers of the same
    /// application are not told. A key that is removed while a reader names it is `cfg-key-removed-in-use`; data that is immutable
    /// is `cfg-immutable-data`. Values of encrypted Secrets (SOPS) may be the same behind another text, so that is information
    /// only, and SealedSecrets are not compared at all. Readers other than pods (`substituteFrom`, `valuesFrom`) are not known.
    "cfg-shared-changed", "the change alters data that another application's pods read",
    severity: Warning,
    joins: false,
    check: Change(check),
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    for pair in context.pairs() {
        let (old, new) = (&pair.old.facts.object.body, &pair.new.facts.object.body);
        let is_frozen = bool_at(old, &["immutable"]) == Some(true);
        let is_sealed = pair.new.facts.object.key.group == "bitnami.com";
        let Some(kind) = asked_as(pair.new).filter(|_| !is_frozen && !is_sealed) else {
            continue;
        };
        let data = Data {
            changed: changed(old, new),
            removed: removed(old, new),
        };
        if !data.changed.is_empty() || !data.removed.is_empty() {
            let readers = readers(context, pair.new, kind, &data);
            report(context, sink, pair, (kind, &data), &readers);
        }
    }
}

/// Keys with the nodes of their values.
struct Data<'i> {
    changed: Vec<(&'i str, &'i Node)>,
    removed: Vec<(&'i str, &'i Node)>,
}

impl Data<'_> {
    /// True when a pod gets something else. One that must have a key that is gone gets nothing, which is another rule's.
    fn reaches(&self, taken: &Taken<'_>) -> bool {
        match taken.key {
            None => true,
            Some(node) => {
                let has = |keys: &[(&str, &Node)]| keys.iter().any(|(key, _)| Some(*key) == text_of(node));
                has(&self.changed) || taken.optional && has(&self.removed)
            }
        }
    }
}

/// A workload of another application.
struct Reader<'i> {
    workload: &'i Placed<'i>,
    /// Where it names the object.
    name: &'i Node,
    sees: Sees,
}

/// When a workload gets the new data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sees {
    AtRestart,
    Never,
    InFiles,
    AtNextRun,
    ByReloader,
    InThisChange,
}

impl Sees {
    fn words(self) -> &'static str {
        match self {
            Self::AtRestart => "goes on with the old values until its pods restart",
            Self::Never => "has it mounted with `subPath`: the old text stays until its pods restart",
            Self::InFiles => "gets new files within a minute or two, if the program reads them again",
            Self::AtNextRun => "sees it at its next run",
            Self::ByReloader => "is restarted by Reloader",
            Self::InThisChange => "is rolled out by this change",
        }
    }
}

/// Once per workload, those of other teams first.
fn readers<'i>(
    context: &ChangeContext<'i>,
    source: &Placed<'_>,
    kind: &str,
    data: &Data<'_>,
) -> Vec<Reader<'i>> {
    let name = source.facts.object.key.name.as_str();
    let namespace = source.namespace.as_deref().unwrap_or_default();
    let after = context.after;
    let mut found: Vec<Reader<'_>> = Vec::new();
    for pod in after.pods().of_namespace(namespace) {
        let workload = after.workload(pod);
        let Some(spec) = pod
            .template
            .spec
            .as_deref()
            .filter(|_| workload.app != source.app)
        else {
            continue;
        };
        let hit = |taken: &Taken<'_>| {
            taken.kind == kind && text_of(taken.name) == Some(name) && data.reaches(taken)
        };
        let slowest = taken(spec).into_iter().filter(hit).min_by_key(|taken| taken.how);
        let is_new = !found
            .iter()
            .any(|known| known.workload.identity() == workload.identity());
        if let Some(slowest) = slowest.filter(|_| is_new) {
            found.push(Reader {
                workload,
                name: slowest.name,
                sees: sees(context, pod, workload, (kind, name), slowest.how),
            });
        }
    }
    found.sort_by_key(|reader| is_same_team(source, reader.workload));
    found
}

fn is_same_team(one: &Placed<'_>, other: &Placed<'_>) -> bool {
    one.owner.is_some() && one.owner == other.owner
}

fn sees(
    context: &ChangeContext<'_>,
    pod: &Pod<'_>,
    workload: &Placed<'_>,
    (kind, name): (&str, &str),
    how: How,
) -> Sees {
    let rolls = |pair: &Pair<'_>| {
        let differences = &pair.differences;
        pair.new.identity() == workload.identity()
            && differences
                .iter()
                .any(|difference| difference.path.starts_with("spec.template."))
    };
    if pod.template.controller.ends() {
        Sees::AtNextRun
    } else if !matches!(pod.template.controller, Controller::Pod) && context.pairs().iter().any(rolls) {
        Sees::InThisChange
    } else if is_reloaded(&workload.facts.object.body, (kind, name)) {
        Sees::ByReloader
    } else {
        match how {
            How::Variable => Sees::AtRestart,
            How::Part => Sees::Never,
            How::Files => Sees::InFiles,
        }
    }
}

/// True when Stakater Reloader restarts the workload (its documentation, "Annotations").
fn is_reloaded(workload: &Node, (kind, name): (&str, &str)) -> bool {
    let annotation = |key: &str| {
        let own = text_at(workload, &["metadata", "annotations", key]);
        own.or_else(|| text_at(workload, &["spec", "template", "metadata", "annotations", key]))
    };
    let kind = kind.to_ascii_lowercase();
    let named = annotation(&format!("{kind}.reloader.stakater.com/reload"));
    let auto = [
        "reloader.stakater.com/auto".to_owned(),
        format!("{kind}.reloader.stakater.com/auto"),
    ];
    auto.iter().any(|key| annotation(key) == Some("true"))
        || named.is_some_and(|names| names.split(',').any(|one| one.trim() == name))
}

fn report(
    context: &ChangeContext<'_>,
    sink: &mut Sink,
    pair: &Pair<'_>,
    (kind, data): (&str, &Data<'_>),
    readers: &[Reader<'_>],
) {
    let source = pair.new;
    if readers.is_empty() {
        return;
    }
    let reading = || {
        readers.iter().map(|reader| {
            let label = format!("{} reads it", reader.workload.title());
            Side::new(reader.workload, Spot::of(reader.name)).labelled(label)
        })
    };
    let all: Vec<&str> = data
        .changed
        .iter()
        .chain(&data.removed)
        .map(|(key, _)| *key)
        .collect();
    let keys: Vec<String> = all.iter().map(|key| format!("`{key}`")).collect();
    let keys = list(&keys, "and");
    let message = format!(
        "{} changes {} of {}{}, which {} {}",
        source.who(),
        keys,
        source.title(),
        context.in_cluster(),
        Collision::new(context.files, reading()).who_of(source),
        if readers.len() == 1 { "reads" } else { "read" },
    );
    let spot = data.changed.first().map(|(_, node)| Spot::of(node));
    let own = match spot {
        Some(spot) => Side::new(source, spot),
        None => Side::declared(source),
    };
    let own = own.labelled(format!("{}: {keys} changes", source.title()));
    let at = own.spot.at;
    let sides = std::iter::once(own).chain(reading().take(4));
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return;
    };
    if kind == "Secret" {
        let labels = std::iter::once(&mut finding.primary).chain(&mut finding.related);
        labels
            .filter(|label| label.at == at)
            .for_each(|label| label.masked = true);
    }
    finding
        .objects
        .extend(readers.iter().skip(4).map(|reader| reader.workload.reference()));
    if readers.iter().all(|reader| is_same_team(source, reader.workload)) {
        finding.severity = Severity::Info;
    }
    if pair.new.facts.object.body.at_path(&["sops", "mac"]).is_some() {
        finding.certainty = Certainty::Possible;
    }
    let mut by: BTreeMap<Sees, Vec<String>> = BTreeMap::new();
    for reader in readers {
        by.entry(reader.sees).or_default().push(reader.workload.title());
    }
    finding.notes.extend(
        by.iter()
            .map(|(sees, titles)| format!("{}: {}", list(titles, "and"), sees.words())),
    );
    finding.help = Some(
        "agree with who reads it; where all must see it at once, give it a new name and let the readers change to it"
            .to_owned(),
    );
    sink.report(finding);
}
