use std::collections::BTreeMap;

use deconflict_claims::Placed;
use deconflict_findings::{Certainty, Label};
use deconflict_kube::text_of;
use deconflict_yaml::Node;

use crate::change::Pair;
use crate::collision::{Collision, Side, list};
use crate::config_data::{How, asked_as, is_filled, removed, taken};
use crate::refs::World;
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds keys that the change takes out of a ConfigMap, Secret or SealedSecret while a container of the
    /// cluster still names them: in a variable, in `items` of a volume, or as `subPath` of a mount.
    ///
    /// ## Why it matters
    /// Running pods go on, so the merge looks fine. The next pod that starts, perhaps at night on another node, does not:
    /// `CreateContainerConfigError` for a variable, `FailedMount` for a volume, and an empty directory where `subPath` named
    /// a file.
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
    ///   LEVEL: info
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
    ///       env:
    ///         - name: MODE
    ///           valueFrom:
    ///             configMapKeyRef:
    ///               name: settings
    ///               key: MODE
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
    ///   LEVEL: info
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
    ///       env:
    ///         - name: MODE
    ///           valueFrom:
    ///             configMapKeyRef:
    ///               name: settings
    ///               key: MODE
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
    ///       env:
    ///         - name: MODE
    ///           valueFrom:
    ///             configMapKeyRef:
    ///               name: settings
    ///               key: MODE
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// What a container reads through `envFrom` or a whole volume is not in Git. Optional references are left out, and so is an
    /// object that a controller fills. Variables that Flux takes from the object (`substituteFrom`) are `flux-var-undefined`;
    /// a name with a generator's hash is another object, so that is `ref-key-missing`.
    "cfg-key-removed-in-use", "the change removes a key that a container still reads",
    severity: Error,
    joins: false,
    check: Change(check),
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    let cluster = context.cluster();
    let Some(world) = World::new(&cluster) else { return };
    for pair in context.pairs() {
        let (old, new) = (&pair.old.facts.object.body, &pair.new.facts.object.body);
        let Some(kind) = asked_as(pair.new).filter(|_| !is_filled(new)) else {
            continue;
        };
        let gone = removed(old, new);
        if gone.is_empty() {
            continue;
        }
        let readers = readers(context, pair.new, kind);
        for (key, node) in gone {
            if let Some(readers) = readers.get(key) {
                report(context, &world, sink, pair, (kind, key, node), readers);
            }
        }
    }
}

/// A workload that cannot do without a key, and where it names it.
type Reader<'i> = (&'i Placed<'i>, &'i Node, How);

/// By key, once per workload.
fn readers<'i>(
    context: &ChangeContext<'i>,
    source: &Placed<'_>,
    kind: &str,
) -> BTreeMap<&'i str, Vec<Reader<'i>>> {
    let mut found: BTreeMap<&str, Vec<Reader<'_>>> = BTreeMap::new();
    let namespace = source.namespace.as_deref().unwrap_or_default();
    let after = context.after;
    for pod in after.pods().of_namespace(namespace) {
        let workload = after.workload(pod);
        let Some(spec) = pod.template.spec.as_deref() else {
            continue;
        };
        let of_source = taken(spec).into_iter().filter(|taken| {
            taken.kind == kind
                && !taken.optional
                && text_of(taken.name) == Some(&source.facts.object.key.name)
        });
        for taken in of_source {
            let Some((node, key)) = taken.key.and_then(|node| Some((node, text_of(node)?))) else {
                continue;
            };
            let known = found.entry(key).or_default();
            if !known
                .iter()
                .any(|(known, ..)| known.identity() == workload.identity())
            {
                known.push((workload, node, taken.how));
            }
        }
    }
    found
}

fn report(
    context: &ChangeContext<'_>,
    world: &World<'_, '_>,
    sink: &mut Sink,
    pair: &Pair<'_>,
    (kind, key, node): (&str, &str, &Node),
    readers: &[Reader<'_>],
) {
    let source = pair.new;
    let titles: Vec<String> = readers.iter().map(|(workload, ..)| workload.title()).collect();
    let message = format!(
        "{} takes key {key} out of {}{}, and {} still {} it",
        source.who(),
        source.title(),
        context.in_cluster(),
        list(&titles, "and"),
        if titles.len() == 1 { "reads" } else { "read" }
    );
    let reading = readers.iter().map(|(workload, node, how)| {
        let label = format!("{} {}", workload.title(), words(*how).0);
        Side::new(workload, deconflict_claims::Spot::of(node)).labelled(label)
    });
    let own = Side::declared(source).labelled(format!("{} no longer has it", source.title()));
    let sides = std::iter::once(own).chain(reading.take(4));
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return;
    };
    let was = if kind == "Secret" {
        Label::secret(node.at, "was here before the change")
    } else {
        Label::new(node.at, "was here before the change")
    };
    finding.related.push(was);
    let further = readers.iter().skip(4).map(|(workload, ..)| workload.reference());
    finding.objects.extend(further);
    let namespace = source.namespace.as_deref();
    if world.may_be_made(namespace, &source.facts.object.key.name) {
        finding.certainty = Certainty::Possible;
    }
    finding.key = Some(format!("{kind} {} {key}", source.facts.object.key.name));
    let mut hows: Vec<How> = readers.iter().map(|(.., how)| *how).collect();
    hows.sort();
    hows.dedup();
    finding
        .notes
        .extend(hows.into_iter().map(|how| words(how).1.to_owned()));
    finding.help = Some(
        "keep the key until nobody reads it, or change the readers in the same change (`optional: true` where they can do \
         without)"
            .to_owned(),
    );
    sink.report(finding);
}

/// How it reads, and what happens without.
fn words(how: How) -> (&'static str, &'static str) {
    match how {
        How::Variable => (
            "sets a variable from it",
            "the next container that starts does not: CreateContainerConfigError",
        ),
        How::Files => (
            "mounts it",
            "the next pod that starts waits for its volume: FailedMount",
        ),
        How::Part => (
            "mounts it alone",
            "the next pod that starts has no file there: an empty directory for `subPath`, FailedMount for `items`",
        ),
    }
}
